"""Competitors' prices and activity beside churn, by region and month."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.contract.results import columns_of

COLUMNS: Final = columns_of("cause_market")


def cause_market(
    panel: pd.DataFrame, churned: pd.DataFrame, region: pd.Series, dated: pd.Series, min_cell: int
) -> pd.DataFrame:
    """Where and when competitors attract members: `COLUMNS`, one row a region and month.

    A snapshot knows the four weeks before it, so what it says of rivals belongs to the month of the day before.

    Parameters
    ----------
    panel
        as_of, region, competitor_activity_30d, competitor_price_gap of all at risk.
    churned
        Churned rows of member_causes: p_competition.
    region, dated
        Of each of `churned`: region, and the day by which tables by month count it
        (`panel.churn_definition.dated_on`).
    """
    if panel.empty or not {"competitor_activity_30d", "competitor_price_gap"} <= set(panel):
        return pd.DataFrame(columns=COLUMNS)
    known = panel["as_of"] - pd.Timedelta(days=1)
    months = panel.assign(
        month=_month(panel["as_of"]), before=_month(known), region=panel["region"].astype("string")
    )
    at_risk = months.groupby(["region", "month"]).agg(at_risk=("member_id", "nunique"))
    rivals = months.groupby(["region", "before"]).agg(
        competitor_activity=("competitor_activity_30d", "mean"),
        competitor_price_gap=("competitor_price_gap", "mean"),
    )
    at_risk = at_risk.join(rivals.rename_axis(["region", "month"]))
    events = churned.assign(
        month=_month(dated.reset_index(drop=True)), region=region.astype("string").to_numpy()
    )
    left = events.groupby(["region", "month"]).agg(
        churn_events=("p_competition", "size"), competition_share=("p_competition", "mean")
    )
    table = at_risk.join(left).reset_index()
    table["churn_events"] = table["churn_events"].fillna(0).astype("float64")
    table["hazard"] = table["churn_events"] / table["at_risk"]
    few_events = (table["churn_events"] > 0) & (table["churn_events"] < min_cell)
    table["suppressed"] = few_events | (table["at_risk"] < min_cell)
    table = table.astype({"at_risk": "float64"})
    table.loc[table["suppressed"], ["churn_events", "hazard", "competition_share"]] = float("nan")
    return table[COLUMNS]


def _month(dates: pd.Series) -> pd.Series:
    return dates.dt.to_period("M").dt.to_timestamp()
