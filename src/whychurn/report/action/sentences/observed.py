"""Campaigns that chose their members: what is possible, never an effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.report.action.results import ActionResults
from whychurn.report.page.components.numbers import bracketed, plain, signed
from whychurn.report.page.page_like import PageLike
from whychurn.report.words.readable_names import action_name

FORMATS: Final = {"treated": "int", "untreated": "int", "no_overlap": "percent", "lambda_open": "number"}
RUNG: Final = "associated"
STRENGTH: Final = 1.5  # of unseen selection, at which the bounds are quoted


def observed_table(results: ActionResults, page: PageLike) -> pd.DataFrame:
    """One row a campaign without lot: members kept of 1,000 as compared, and the bounds if unseen selection is moderate."""
    rows = results["action_observed"]
    if rows.empty:
        return pd.DataFrame()
    quoted = _at_strength(rows)
    return pd.DataFrame(
        {
            "action": [action_name(action, page.lang) for action in quoted["action"]],
            "campaign_id": quoted["campaign_id"].astype(str),
            "treated": quoted["treated"],
            "untreated": quoted["untreated"],
            "no_overlap": quoted["no_overlap"],
            "compared": [_kept(row, "effect", "low", "high", page) for row in quoted.to_dict("records")],
            "bounds": [_bounds(row, page) for row in quoted.to_dict("records")],
            "lambda_open": quoted["lambda_open"],
        }
    ).reset_index(drop=True)


def observed_lines(results: ActionResults, page: PageLike) -> list[str]:
    """What such campaigns can say, and the measured bias where the same action was also given by lot."""
    rows = results["action_observed"]
    if rows.empty:
        return []
    lines = [page.say("action.observed_chosen", campaigns=plain(rows["campaign_id"].nunique()))]
    biased = _at_strength(rows).dropna(subset=["bias_measured"])
    for row in biased.drop_duplicates("action").to_dict("records"):
        words = {
            "action": action_name(row["action"], page.lang),
            "bias": signed(-1000 * row["bias_measured"]),
        }
        lines.append(page.say("action.observed_bias", **words))
    return lines


def _at_strength(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a campaign and action: the one whose strength of selection is nearest to `STRENGTH`."""
    distance = (rows["lambda"] - STRENGTH).abs()
    nearest = rows.assign(distance=distance.fillna(distance.max())).sort_values(
        ["campaign_id", "action", "distance"], kind="stable"
    )
    return nearest.drop_duplicates(["campaign_id", "action"])


def _kept(row: Mapping[Any, Any], value: str, low: str, high: str, page: PageLike) -> str:
    if pd.isna(row[value]) or pd.isna(row[low]):
        return "–"
    return f"{signed(-1000 * row[value])} {bracketed(-1000 * row[high], -1000 * row[low], page.lang)}"


def _bounds(row: Mapping[Any, Any], page: PageLike) -> str:
    if pd.isna(row["bound_low"]) or pd.isna(row["bound_high"]):
        return "–"
    return bracketed(-1000 * row["bound_high"], -1000 * row["bound_low"], page.lang)
