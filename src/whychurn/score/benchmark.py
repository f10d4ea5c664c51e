"""Accuracy measured over many planted programmes, and which of it applies to a study like this one.

``benchmark.csv`` in this folder holds it, written by ``benchmarks/yardstick.py``: one row for each programme
(``all``: over programmes), difficulty, mechanism, number of members and method; of each measure the mean over
worlds and the least and largest of them (``_low``, ``_high``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.codes import ALL_CAUSES, PLANTED

FILE: Final = Path(__file__).with_name("benchmark.csv")
CHECKS_FILE: Final = Path(__file__).with_name("benchmark_checks.csv")
WORLD: Final = (
    "program", "difficulty", "mechanism", "members", "survey_answered", "text_share", "confounding",
)  # fmt: skip
COUNTS: Final = ("churn_events", "answers")  # that a method can be fitted to
MEASURES: Final = (
    "skill", "log_loss", "ece", "macro_f1", "accuracy", "abstained", "accuracy_named", "share_error_largest",
    "share_covered", "avoidable_error_largest", "avoidable_covered", "share_rank_agreement",
    "avoidable_rank_agreement", "hidden_abstained", "others_abstained",
)  # fmt: skip
ALL: Final = "all"
ADDITIVE: Final = "additive"


def world_rows(scores: pd.DataFrame, world: Mapping[str, Any], counts: Mapping[str, int]) -> pd.DataFrame:
    """Scores of one world, a row a method.

    Parameters
    ----------
    scores
        Table cause_scores.
    world
        Values of `WORLD`, and seed.
    counts
        Values of `COUNTS`.

    Returns
    -------
    DataFrame
        The values of `world`, method, `MEASURES` (null where a method has none), `counts`.
    """
    overall = scores[(scores["cause"] == ALL_CAUSES) & (scores["method"] != PLANTED)]
    table = overall.pivot(index="method", columns="measure", values="value").reindex(columns=list(MEASURES))
    table = table.rename_axis(columns=None).reset_index().astype({"method": "object"})
    for place, (name, value) in enumerate(world.items()):
        table.insert(place, name, value)
    return table.assign(**{name: counts[name] for name in COUNTS})


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean, least and largest of each measure over worlds, by programme and over all programmes.

    Parameters
    ----------
    rows
        Rows of `world_rows` of all worlds.

    Returns
    -------
    DataFrame
        `WORLD`, method, worlds, then each of `COUNTS` and `MEASURES` with its _low and _high; most skilled
        first within a group.
    """
    keys, measures = [*WORLD, "method"], [*COUNTS, *MEASURES]
    both = pd.concat([rows, rows.assign(program=ALL)], ignore_index=True)
    grouped = both.groupby(keys, sort=False, observed=True)[measures]
    parts = {"": grouped.mean(), "_low": grouped.min(), "_high": grouped.max()}
    columns = [f"{name}{end}" for name in measures for end in parts]
    table = pd.concat([part.add_suffix(end) for end, part in parts.items()], axis=1)[columns]
    table.insert(0, "worlds", both.groupby(keys, sort=False, observed=True).size())
    table = table.reset_index()
    order = ["mechanism", "members", "survey_answered", "program", "skill", "method"]
    return table.sort_values(order, ascending=[True, True, False, True, False, True], ignore_index=True)


def summarise_checks(checks: pd.DataFrame) -> pd.DataFrame:
    """How often a method's own diagnostics noticed a misspecification, by programme and mechanism.

    Parameters
    ----------
    checks
        Rows of cause_diagnostics (check, value, noticed) of all worlds, with `WORLD` and seed.

    Returns
    -------
    DataFrame
        `WORLD`, check, worlds (in which it could be made), value (mean over rows and worlds), noticed (share
        of worlds in which any row of the check noticed something).
    """
    one = checks.astype({"flagged": "float64"}).groupby([*WORLD, "seed", "check"], sort=False, observed=True)
    rows = one.agg(value=("value", "mean"), flagged=("flagged", "max")).reset_index()
    both = pd.concat([rows, rows.assign(program=ALL)], ignore_index=True)
    grouped = both.groupby([*WORLD, "check"], sort=False, observed=True)
    table = grouped.agg(worlds=("value", "size"), value=("value", "mean"), flagged=("flagged", "mean"))
    return table.reset_index()


def load_benchmark(file: Path = FILE) -> pd.DataFrame:
    """The measured accuracy that ships with the package; see `summarise`."""
    return pd.read_csv(file)


def load_checks(file: Path = CHECKS_FILE) -> pd.DataFrame:
    """How often the checks noticed a misspecification, as the package ships it; see `summarise_checks`."""
    return pd.read_csv(file)


def of_base_size(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the programmes with fewest members, where every method and mechanism is measured."""
    return table[table["members"] == table["members"].min()]


def measured_on_like(
    table: pd.DataFrame, answered: float, leavings: float, method: str, program: str = ALL
) -> pd.Series | None:
    """Accuracy of `method` on planted programmes that are as hard as this study, and as large.

    Parameters
    ----------
    table
        As `load_benchmark` returns it.
    answered
        Share of churned members whose exit survey was answered, 0 to 1; the difficulty nearest to it, by
        ratio, is taken, and zero is as hard as the hardest.
    leavings
        Number of churn events in the study; of that difficulty the size nearest to it, by ratio, is taken.

    Returns
    -------
    A row of `table`; None where the method was not measured.
    """
    rows = table[
        (table["method"] == method) & (table["program"] == program) & (table["mechanism"] == ADDITIVE)
    ]
    if rows.empty:
        return None
    rows = _nearest(rows, "survey_answered", max(answered, float(rows["survey_answered"].min())))
    return _nearest(rows, "churn_events", max(leavings, 1.0)).iloc[0]


def _nearest(rows: pd.DataFrame, column: str, value: float) -> pd.DataFrame:
    """Rows whose `column` is nearest to `value`, by ratio."""
    distance = np.abs(np.log(rows[column].to_numpy("float64") / value))
    return rows[distance == distance.min()]
