"""How accurate a method becomes with more members and more answers: measured on planted programmes of several sizes."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.report.page.protocol import PageLike
from whychurn.score.benchmark import ADDITIVE, ALL

AIM: Final = 0.03  # largest error of a share, and of avoidable churn, that decisions can live with
FORMATS: Final = (
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


def sizes(table: pd.DataFrame, method: str) -> pd.DataFrame:
    """Accuracy of `method` by difficulty and number of members: columns of `FORMATS`; most answers first, small before large.

    Parameters
    ----------
    table
        As `summary.summarise` returns it. Empty where only one size was measured.
    """
    rows = table[(table["method"] == method) & (table["program"] == ALL) & (table["mechanism"] == ADDITIVE)]
    if rows["members"].nunique() < 2:
        return rows.iloc[:0]
    order = rows.sort_values(["survey_answered", "members"], ascending=[False, True], ignore_index=True)
    return order[list(FORMATS)]


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
