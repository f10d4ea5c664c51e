"""The few figures of retention.json, and why a table is empty."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from whychurn.contract.params import Params
from whychurn.retention.member_history import History, as_dates
from whychurn.retention.rates.rates_by_period import LAST_YEAR


def summary_facts(
    history: History, results: Mapping[str, pd.DataFrame], panel_facts: Mapping[str, Any], params: Params
) -> dict[str, Any]:
    """Figures of the headlines, null where unknown, and why tables are empty.

    A step is the weakest only where it also loses members faster than the others.
    """
    rates, steps = results["retention_rates"], results["lifecycle_steps"]
    churn = rates[
        (rates["period_kind"] == LAST_YEAR)
        & (rates["measure"] == "churn")
        & (rates["basis"] == "members")
        & (rates["definition"] == history.main)
    ]
    faster = steps["loss_ratio"].ge(params.retention.node_min_ratio)
    faster &= steps["p_adjusted"].lt(params.run.false_discovery)
    weakest = steps[steps["weakest"].astype(bool) & faster]
    return {
        "definition": history.main,
        "kind": history.kind,
        "missing_leavers": panel_facts.get("missing_leavers"),
        "members": len(history.ids),
        "members_left_ever": len(np.unique(history.absences[history.main].member)),
        "churn_last_12_months": _row(
            churn, ["period", "period_end", "members", "numerator", "rate", "low", "high"]
        ),
        "weakest_step": _row(weakest, ["stage", "members_lost", "revenue_lost", "rate", "low", "high"]),
        "revenue_lost": float(steps["revenue_lost"].sum()) if len(steps) else None,
        "earliest_precursor": _row(
            results["leading_indicators"], ["measure", "lead_weeks", "direction", "effect", "relative_change"]
        ),
        "observed_until": as_dates(np.array([history.observed_until]))[0].date().isoformat(),
        "empty": {name: empty_reason(history, name) for name, frame in results.items() if frame.empty},
    }


def empty_reason(history: History, table: str) -> str:
    """Key of the words (section retention) that say why `table` is empty."""
    if not len(history.absences[history.main].left) and table in ("event_study", "leading_indicators"):
        return "empty_no_churners"
    if table == "second_purchase" and not history.by_orders:
        return "empty_terms"
    reasons = {
        "region_category": "empty_region_category",
        "campaigns": "empty_campaigns",
        "season_comparison": "empty_short",
        "definition_sensitivity": "empty_short",
        "leading_indicators": "empty_precursors",
        "complaint_outcomes": "empty_complaints",
        "silence": "empty_silence",
        "strata": "empty_panel",
    }
    return reasons.get(table, "empty_few")


def _row(frame: pd.DataFrame, columns: list[str]) -> dict[str, Any] | None:
    if frame.empty:
        return None
    row = frame.iloc[0][columns]
    plain = {
        name: value.date().isoformat()
        if isinstance(value, pd.Timestamp)
        else (value.item() if isinstance(value, np.generic) else value)
        for name, value in row.items()
    }
    return {
        str(name): None if isinstance(value, float) and np.isnan(value) else value
        for name, value in plain.items()
    }
