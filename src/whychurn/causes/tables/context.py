"""What stands beside the causes: rivals by region and month, triangulation, anonymised stories."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.evidence.gather import Evidence
from whychurn.causes.tables.by_group import TENURE_BANDS
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.results import columns_of

MARKET: Final = columns_of("cause_market")
TRIANGULATION: Final = columns_of("cause_triangulation")
STORIES: Final = columns_of("cause_stories")


def cause_market(
    panel: pd.DataFrame, members: pd.DataFrame, region: pd.Series, min_cell: int
) -> pd.DataFrame:
    """Where and when rivals pull: `MARKET`, one row a region and month.

    Parameters
    ----------
    panel
        as_of, region, competitor_activity_30d, competitor_price_gap of all at risk.
    members
        Leavings of member_causes: anchor_on, p_competition.
    region
        Region of each of `members`.
    """
    if panel.empty or not {"competitor_activity_30d", "competitor_price_gap"} <= set(panel):
        return pd.DataFrame(columns=MARKET)
    month = panel["as_of"].dt.to_period("M").dt.to_timestamp()
    levels = panel.assign(month=month, region=panel["region"].astype("string")).groupby(["region", "month"])
    there = levels.agg(
        at_risk=("member_id", "nunique"),
        rival_activity=("competitor_activity_30d", "mean"),
        price_gap=("competitor_price_gap", "mean"),
    )
    gone = members.assign(
        month=members["anchor_on"].dt.to_period("M").dt.to_timestamp(),
        region=region.astype("string").to_numpy(),
    )
    left = gone.groupby(["region", "month"]).agg(
        leavings=("p_competition", "size"), competition_share=("p_competition", "mean")
    )
    table = there.join(left).reset_index()
    table["leavings"] = table["leavings"].fillna(0).astype("float64")
    table["hazard"] = table["leavings"] / table["at_risk"]
    table["suppressed"] = (table["leavings"] > 0) & (table["leavings"] < min_cell) | (
        table["at_risk"] < min_cell
    )
    table = table.astype({"at_risk": "float64"})
    table.loc[table["suppressed"], ["leavings", "hazard", "competition_share"]] = np.nan
    return table[MARKET]


def cause_triangulation(shares: pd.DataFrame, evidence: Evidence, min_cell: int) -> pd.DataFrame:
    """What numbers, surveys, texts and words after leaving say: `TRIANGULATION`; null where fewer than `min_cell` spoke."""
    rows = evidence.rows[evidence.churned]
    stated = evidence.seen.stated[rows]
    counts = np.bincount(stated[(stated >= 0) & (stated < len(CAUSES))], minlength=len(CAUSES)).astype(float)
    sources = {
        "survey": (counts, counts.sum()),
        "texts": _spoken(evidence.seen.before[rows]),
        "interviews": _spoken(evidence.seen.after[rows]),
    }
    table = pd.DataFrame(
        {"cause": pd.Series(CAUSES, dtype="string"), "numbers": shares["share"].to_numpy("float64")}
    )
    for name, (weight, speakers) in sources.items():
        table[name] = weight / weight.sum() if speakers >= min_cell and weight.sum() > 0 else np.nan
    ranks = {name: stats.rankdata(-table[name]) for name in sources if table[name].notna().all()}
    mine = stats.rankdata(-table["numbers"])
    table["agree"] = (
        sum((np.abs(rank - mine) <= 1).astype(float) for rank in ranks.values()) if ranks else np.nan
    )
    return table[TRIANGULATION]


def _spoken(said: Array) -> tuple[Array, float]:
    return said[:, : len(CAUSES)].sum(axis=0), float((said.sum(axis=1) > 0).sum())


def cause_stories(members: pd.DataFrame, tenure_days: pd.Series, stories: int, min_cell: int) -> pd.DataFrame:
    """Typical leavers of each cause: `STORIES`; no id, no date, no place, only where `min_cell` leavers share cause and tenure band.

    Parameters
    ----------
    members
        Leavings of member_causes with evidence.
    tenure_days
        Of each, at the anchor.
    """
    band = pd.cut(
        tenure_days.astype("float64"),
        [low for low, _ in TENURE_BANDS] + [10**6],
        right=False,
        labels=_band_names(),
    )
    held = members.assign(tenure=band.astype("string").to_numpy()).dropna(subset=["tenure"])
    held = held[held["primary_cause"].isin(CAUSES) & (held["evidence"].str.len() > 2)]
    size = held.groupby(["primary_cause", "tenure"])["tenure"].transform("size")
    held = held[size >= min_cell].assign(told=held["evidence"].str.count('"cause"'))
    # the same evidence must not point at one person: sentences with counts are many, those chosen are the commonest
    held = held.sort_values(["told", "confidence", "evidence"], ascending=[False, False, True])
    chosen = held.drop_duplicates(["primary_cause", "tenure"]).groupby("primary_cause").head(stories)
    chosen = chosen.assign(
        story=chosen.groupby("primary_cause").cumcount() + 1, cause=chosen["primary_cause"]
    )
    order = {cause: number for number, cause in enumerate(CAUSES)}
    chosen = chosen.sort_values(
        ["cause", "story"], key=lambda column: column.map(order) if column.name == "cause" else column
    )
    return (
        chosen[STORIES]
        .reset_index(drop=True)
        .astype({"cause": "string", "tenure": "string", "evidence": "string"})
    )


def _band_names() -> list[str]:
    return [f"{low}-{high}" if high < 10**6 else f"{low}+" for low, high in TENURE_BANDS]
