"""Tables of the data report, from what intake, panel and retention left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from whychurn.contract.suppression import suppress_small_counts
from whychurn.contract.tables import INTERACTIONS, TABLES
from whychurn.labels import join
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.panel.leakage.member_columns import leak_sentence
from whychurn.report.words import say, say_or
from whychurn.report.words.readable_names import definition_name

if TYPE_CHECKING:
    from whychurn.report.page.report_page import Page

_COUNTS: Final = ("read", "derived", "kept", "quarantined", "folded", "duplicates", "netted")
_RARE: Final = ("derived", "folded", "duplicates", "netted")  # shown where there are any


def tables_read(intake: dict[str, Any], lang: str) -> pd.DataFrame:
    """Rows per input table, which balance: read + derived = all the others.

    Returns
    -------
    DataFrame
        ``table`` (in words), the counts (`_RARE` ones only where there are any), ``first_day`` and
        ``last_day`` of the rows kept, ``share`` of the rows read that is quarantined.
    """
    found = {name: intake["tables"][name] for name in TABLES if name in intake["tables"]}
    frame = pd.DataFrame(
        [[entry.get(column, 0) for column in _COUNTS] for entry in found.values()], columns=list(_COUNTS)
    )
    frame.insert(0, "table", [_table_words(name, lang) for name in found])
    for name in ("first_day", "last_day"):
        frame[name] = [entry.get(name) or "" for entry in found.values()]
    unused = [column for column in _RARE if not frame[column].any()]
    return frame.drop(columns=unused).assign(
        share=frame["quarantined"] / frame["read"].where(frame["read"] > 0)
    )


def reasons_table(intake: dict[str, Any], lang: str) -> pd.DataFrame:
    """Quarantined rows by table and reason, most first: ``table``, ``reason`` (both in words), ``rows``."""
    rows = [
        (_table_words(table, lang), say_or(f"intake.reason_{reason}", lang, reason), count)
        for table, entry in intake["tables"].items()
        for reason, count in entry.get("reasons", {}).items()
        if count
    ]
    frame = pd.DataFrame(rows, columns=["table", "reason", "rows"])
    return frame.sort_values(["rows", "table", "reason"], ascending=[False, True, True], ignore_index=True)


def redactions_table(intake: dict[str, Any], lang: str) -> pd.DataFrame:
    """Places blacked out in free text: ``kind`` (in words), ``places``."""
    found = sorted(intake["redactions"].items())
    rows = [(say_or(f"intake.kind_{kind}", lang, kind), count) for kind, count in found]
    return pd.DataFrame(rows, columns=["kind", "places"])


def notice_lines(intake: dict[str, Any], lang: str) -> list[str]:
    """What intake left out or kept with a doubt, one sentence each; what belongs to no table comes first."""
    own = [notice for entry in intake["tables"].values() for notice in entry.get("notices", [])]
    general = [notice for notice in intake.get("notices", []) if notice not in own]
    lines = [say(notice["key"], lang, **notice["values"]) for notice in general]
    for table, entry in intake["tables"].items():
        name = _table_words(table, lang)
        for what, rows in entry.get("warnings", {}).items():
            words = say_or(f"intake.{what}", lang, what)
            lines.append(say("delivery.notice_kept", lang, table=name, rows=f"{rows:,}", what=words))
        for what, cells in entry.get("cells_blanked", {}).items():
            reason, _, column = what.partition(":")
            words = say_or(f"intake.reason_{reason}", lang, reason)
            values = {"table": name, "column": column, "cells": f"{cells:,}", "reason": words}
            lines.append(say("delivery.notice_blanked", lang, **values))
    return lines


def assumptions_table(intake: dict[str, Any], lang: str) -> pd.DataFrame:
    """What was assumed when a table was read: ``table`` (in words), ``assumption`` (a sentence)."""
    rows = [
        (_table_words(table, lang), say(notice["key"], lang, **notice["values"]))
        for table, entry in intake["tables"].items()
        for notice in entry.get("notices", [])
    ]
    return pd.DataFrame(rows, columns=["table", "assumption"])


def not_understood_table(found: pd.DataFrame | None, lang: str, min_cell: int) -> pd.DataFrame:
    """Values that are no codes, most frequent first: ``table`` (in words), ``column``, ``value``, ``rows``, ``members``, nearest code."""
    columns = ["table", "column", "value", "rows", "members", "nearest_code"]
    if found is None or found.empty:
        return pd.DataFrame(columns=columns)
    shown = suppress_small_counts(found, {"members": ["rows", "members"]}, min_cell).sort_values(
        ["rows", "value"], ascending=[False, True], ignore_index=True
    )
    shown["table"] = [_table_words(str(table), lang) for table in shown["table"]]
    return shown[[*columns, "suppressed"]]


def uncounted_acts_line(found: pd.DataFrame | None, lang: str, min_cell: int) -> list[str]:
    """A warning where event types that are not understood look like acts of members: they do not count as such."""
    if found is None or found.empty:
        return []
    acts = found[(found["column"] == "event_type") & found["nearest_code"].isin(INTERACTIONS)]
    acts = acts[acts["members"] >= min_cell].sort_values("rows", ascending=False)
    if acts.empty:
        return []
    words = join(
        (f"{value} → {code}" for value, code in zip(acts["value"], acts["nearest_code"], strict=True)), lang
    )
    return [say("delivery.uncounted_acts", lang, types=words, rows=f"{int(acts['rows'].sum()):,}")]


def definitions_table(sensitivity: pd.DataFrame, lang: str, min_cell: int) -> pd.DataFrame:
    """Churn of the last year by definition, in words: ``definition``, ``members``, ``churners``, ``rate``, …"""
    told = ["rate", "low", "high"]
    shown = suppress_small_counts(sensitivity, {"members": ["churners", *told], "churners": told}, min_cell)
    return shown.assign(definition=[definition_name(str(name), lang) for name in shown["definition"]])


def curve_note(curve: pd.DataFrame, page: Page) -> str | None:
    """How the threshold in use was chosen; nothing where the parameters name it."""
    panel = page.params.panel
    if panel.threshold_days != "auto":
        return None
    chosen = curve.loc[curve["chosen"].astype(bool), "return_share"]
    unsafe = len(chosen) and chosen.iloc[0] > panel.threshold_return_share
    share = page.format(panel.threshold_return_share, "percent")
    return page.say(f"delivery.data_curve_note{'_unsafe' if unsafe else ''}", share=share)


def left_out_lines(definition: dict[str, Any], lang: str) -> list[str]:
    """Member columns left out because they are written at leaving, one sentence each."""
    return [leak_sentence(finding, lang) for finding in definition.get("member_columns_left_out", [])]


def leakage_table(leakage: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Checks of the leakage audit, failed ones first, checks, rules and features in words."""
    features = load_catalogue().set_index("name")[lang]

    def subject(name: str) -> str:
        return str(features.get(name) or say_or(f"delivery.rule_{name.replace(' ', '_')}", lang, name))

    shown = leakage.assign(
        check=[say_or(f"delivery.check_{check}", lang, check) for check in leakage["check"]],
        subject=[subject(str(name)) for name in leakage["subject"]],
    )
    return shown.sort_values(["passed", "check", "value"], ascending=[True, True, False], ignore_index=True)


def _table_words(table: str, lang: str) -> str:
    words = say_or(f"intake.table_{table}", lang, table)
    return words if words == table else f"{words} ({table})"
