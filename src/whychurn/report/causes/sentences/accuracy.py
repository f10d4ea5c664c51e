"""How accurate attribution was on simulated programmes, and what more members and answers change."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.report.causes.sentences.method_overview import MEASURES, method_name, method_overview
from whychurn.report.page.page_like import PageLike
from whychurn.score.benchmark import ADDITIVE, ALL, measured_on_like

FORMATS: Final = dict.fromkeys(
    ("ece", "accuracy_named", "abstained", "share_error_largest", "avoidable_error_largest"), "percent"
) | dict.fromkeys(("skill", "log_loss"), "number")
AIM: Final = 0.03  # largest error of a share, and of avoidable churn, that decisions can live with
SIZE_FORMATS: Final = (
    {
        "survey_answered": "percent",
        "members": "int",
        "answers": "int",
        "worlds": "int",
    }
    | dict.fromkeys(
        ("share_error_largest", "share_error_largest_high", "share_covered", "avoidable_error_largest"),
        "percent",
    )
    | {"skill": "number"}
)


def measured(table: pd.DataFrame, answered: float, leavings: float, method: str, page: PageLike) -> list[str]:
    """How accurate `method` was on simulated programmes like this study; empty if it was not measured.

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
    words |= {name: page.format(row[name], "int") for name in ("worlds", "churn_events")}
    keys = ["measured", *(["interval"] if pd.notna(row["share_covered"]) else []), "simulated"]
    return [page.say(f"causes.yardstick_{key}", **words) for key in keys]


def scored(scores: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Scores of this study's methods, with readable names; empty where there is no ground truth."""
    table = method_overview(scores)[["method", *MEASURES]]
    return table.assign(method=[method_name(method, page.lang) for method in table["method"]])


def sizes(table: pd.DataFrame, method: str) -> pd.DataFrame:
    """Accuracy of `method` by share of answers (descending) and members: the columns of `SIZE_FORMATS`.

    Parameters
    ----------
    table
        As `summary.summarise` returns it. Empty where only one size was measured.
    """
    rows = table[(table["method"] == method) & (table["program"] == ALL) & (table["mechanism"] == ADDITIVE)]
    if rows["members"].nunique() < 2:
        return rows.iloc[:0]
    order = rows.sort_values(["survey_answered", "members"], ascending=[False, True], ignore_index=True)
    return order[list(SIZE_FORMATS)]


def size_lines(rows: pd.DataFrame, page: PageLike) -> list[str]:
    """For each share of leavers who answer: what more members do for the largest error of a share."""
    lines = []
    for _, group in rows.groupby("survey_answered", sort=False):
        small, large = group.iloc[0], group.iloc[-1]
        error = float(large["share_error_largest"])
        words = {
            "answered": page.format(small["survey_answered"], "percent"),
            "small": page.format(small["members"], "int"),
            "few": page.format(small["answers"], "int"),
            "error_small": page.format(small["share_error_largest"], "percent"),
            "large": page.format(large["members"], "int"),
            "many": page.format(large["answers"], "int"),
            "error_large": page.format(error, "percent"),
        }
        lines.append(page.say(f"causes.size_{'enough' if error <= AIM else 'short'}", **words))
    return lines
