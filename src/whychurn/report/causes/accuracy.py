"""Sentences and tables on how accurate attribution was measured to be."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.report.causes.method_overview import MEASURES, method_name, method_overview
from whychurn.report.page.protocol import PageLike
from whychurn.score.benchmark import measured_on_like

FORMATS: Final = dict.fromkeys(
    ("ece", "accuracy_named", "abstained", "share_error_largest", "avoidable_error_largest"), "percent"
) | dict.fromkeys(("skill", "log_loss"), "number")


def measured(table: pd.DataFrame, answered: float, leavings: float, method: str, page: PageLike) -> list[str]:
    """How accurate `method` was on planted programmes as hard and as large as this study; empty where it was not measured.

    Parameters
    ----------
    table
        As `score.benchmark.load_benchmark` returns it.
    answered
        Share of the study's leavers whose exit survey was answered.
    leavings
        Number of leavings in the study.
    """
    row = measured_on_like(table, answered, leavings, method)
    if row is None:
        return []
    shares = {
        "answered": row["survey_answered"], "accuracy": row["accuracy_named"], "abstained": row["abstained"],
        "error": row["share_error_largest"], "error_high": row["share_error_largest_high"],
        "covered": row["share_covered"], "avoidable_covered": row["avoidable_covered"],
    }  # fmt: skip
    words = {name: page.format(value, "percent") for name, value in shares.items()}
    words |= {name: page.format(row[name], "int") for name in ("worlds", "leavings")}
    keys = ["measured", *(["interval"] if pd.notna(row["share_covered"]) else []), "simulated"]
    return [page.say(f"causes.yardstick_{key}", **words) for key in keys]


def scored(scores: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Scores of this study's own methods for a table of the report, names in words; empty where nothing was planted."""
    table = method_overview(scores)[["method", *MEASURES]]
    return table.assign(method=[method_name(method, page.lang) for method in table["method"]])
