"""Forecasts before outcomes are known, and what came true of earlier ones."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.report.page.components.numbers import bracketed_plain, plain
from whychurn.report.page.page_like import PageLike
from whychurn.report.watch.names import group_name
from whychurn.report.watch.results import WatchResults

RUNG: Final = "associated"
FORMATS: Final = {"month": "month", **dict.fromkeys(("members", "leavings", "expected_leavings"), "int"),
                  **dict.fromkeys(("auc", "expected_auc", "brier", "expected_brier"), "number")}  # fmt: skip
INPUT_FORMATS: Final = {"month": "month", "effect": "number", "limit": "number"}
MOST: Final = 12  # inputs of the table


def forecast_lines(results: WatchResults, page: PageLike) -> list[str]:
    """The latest forecast that came true, and the latest whose outcome is not known."""
    rows = results["watch_forecast"].sort_values("month")
    known = rows["leavings"].notna() & rows["auc"].notna()
    lines = []
    for row in rows[known].tail(1).to_dict("records"):
        words = {name: plain(row[name]) for name in ("leavings",)} | {
            "expected": plain(row["expected_leavings"])
        }
        words |= {"auc": plain(row["auc"], 2), "expected_auc": plain(row["expected_auc"], 2)}
        words["between"] = bracketed_plain(row["auc_low"], row["auc_high"], lambda value: plain(value, 2))
        lines.append(page.say("watch.closed", month=page.format(row["month"], "month"), **words))
    for row in rows[rows["leavings"].isna()].tail(1).to_dict("records"):
        words = {"members": page.members(row["members"]), "expected": plain(row["expected_leavings"])}
        lines.append(page.say("watch.before_labels", month=page.format(row["month"], "month"), **words))
    return lines


def forecast_table(results: WatchResults) -> pd.DataFrame:
    """All forecasts, latest first."""
    rows = results["watch_forecast"].sort_values("month", ascending=False, ignore_index=True)
    return rows[
        [
            "month",
            "members",
            "leavings",
            "expected_leavings",
            "auc",
            "expected_auc",
            "brier",
            "expected_brier",
        ]
    ]


def input_table(results: WatchResults, page: PageLike) -> pd.DataFrame:
    """Inputs of the latest month whose effect on forecasts is largest beside its limit."""
    rows = results["watch_inputs"]
    rows = rows[rows["month"] == rows["month"].max()]
    rows = rows.assign(near=rows["effect"] / rows["limit"]).sort_values("near", ascending=False).head(MOST)
    rows = rows.assign(feature=[group_name(name, page.lang) for name in rows["feature"]])
    return rows[["feature", "month", "effect", "limit"]].reset_index(drop=True)
