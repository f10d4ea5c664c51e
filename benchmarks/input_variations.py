"""One small study written in hundreds of ways: the same answer, a said assumption, a refusal, or wrong?

A way of writing that keeps the content (another date format, delimiter, encoding) must give the same tables, or be refused.
What can be read in two ways must be said. What is lost or spoilt must be said or refused. Anything else is wrong.

Run: python benchmarks/input_variations.py [--list] [KIND …]     --list names those that are wrong
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
from inputs.base_study import base_study
from inputs.shapes import shape_variations
from inputs.values import value_variations
from inputs.variation import Variation, write_csv

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.intake.check.all_tables import CheckedTables, read_and_check
from whychurn.intake.check.table_facts import table_facts
from whychurn.intake.read.source import open_source

TODAY = dt.date(2026, 1, 1)
OUTCOMES = ("same answer", "said assumption", "left empty, said", "refused", "wrong", "traceback")


def main() -> None:
    """Try all; print a table by kind, as in README.md."""
    plain: dict[Any, CheckedTables] = {None: _read(Variation("", "", "same"))}
    plain[None].raise_problems()
    counts: dict[str, Counter[str]] = {}
    kinds = [word for word in sys.argv[1:] if word != "--list"]
    for variation in [*value_variations(), *shape_variations()]:
        if kinds and variation.kind not in kinds:
            continue
        if variation.reference not in plain:
            plain[variation.reference] = _read(Variation("", "", "same", variation.reference))
        outcome, why = judge(variation, plain[variation.reference])
        counts.setdefault(variation.kind, Counter())[outcome] += 1
        if "--list" in sys.argv and outcome in ("wrong", "traceback"):
            print(f"{outcome}: {variation.kind}: {variation.what}: {why}")
    print(f"| kind | tried | {' | '.join(OUTCOMES)} |\n|---|{'---|' * (len(OUTCOMES) + 1)}")
    for kind, found in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        print(f"| {kind} | {found.total()} | {' | '.join(str(found[outcome]) for outcome in OUTCOMES)} |")


def judge(variation: Variation, plain: CheckedTables) -> tuple[str, str]:
    """Outcome of one variation beside the study as it is, and why it is wrong."""
    try:
        found = _read(variation)
    except WhychurnError:
        return "refused", ""
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {error}"
    if found.problems or found.decisions:
        return "refused", ""
    differs = [name for name in plain.tables if not _same(plain, found, name)]
    said = _said(found) - _said(plain)
    if not differs:
        return ("said assumption", "") if said else ("same answer", "")
    if variation.expected != "same" and said:
        return "said assumption", ""
    if said and all(_only_emptied(plain, found, name) for name in differs):
        return "left empty, said", ""
    return "wrong", f"differs in {', '.join(differs)}; said {sorted(key for key, _ in said)}"


def _read(variation: Variation) -> CheckedTables:
    params = load_params(StudyPaths.at(PROJECT), {"intake": {"source": ".", **variation.params}})
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(place)
        tables = variation.change(base_study()) if variation.change else base_study()
        (variation.write or write_csv)(tables, folder)
        source = open_source(StudyPaths(folder), params.intake)
        return read_and_check(source, params, TODAY)


def _same(one: CheckedTables, two: CheckedTables, table: str) -> bool:
    first, second = (_sorted(tables.tables[table].good) for tables in (one, two))
    return first.equals(second)


def _only_emptied(one: CheckedTables, two: CheckedTables, table: str) -> bool:
    """Whether the second differs from the first by rows set aside and cells left empty alone."""
    plain, found = one.tables[table], two.tables[table]
    if len(plain.frame) != len(found.frame):
        return False
    good = found.row_reasons.good
    first, second = plain.frame[good].astype(str), found.frame[good].astype(str)
    return bool(((first == second) | found.frame[good].isna()).to_numpy().all())


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows by member and time, without keys that intake makes and without kinds of dtypes."""
    text = frame.astype(str).mask(frame.isna(), "")
    text = text[[name for name in text if name not in ("order_id", "event_id", "membership_id")]]
    return text.sort_values(list(text.columns)).reset_index(drop=True)


def _said(tables: CheckedTables) -> set[tuple[str, str]]:
    """All that was told: notices, rows set aside, cells left empty, rows folded or warned of."""
    told = {
        (key, str(sorted(map(str, values.items()))))
        for checked in tables.tables.values()
        for key, values in checked.notices
    }
    for name, checked in tables.tables.items():
        facts = table_facts(checked)
        for part in ("reasons", "cells_blanked", "warnings"):
            told |= {(f"{name}.{part}", f"{key} {n}") for key, n in facts[part].items()}
        told |= {
            (f"{name}.{part}", str(facts[part]))
            for part in ("folded", "duplicates", "netted")
            if facts.get(part)
        }
    return told


if __name__ == "__main__":
    main()
