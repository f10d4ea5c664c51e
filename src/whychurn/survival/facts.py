"""The few figures in survival.json that a headline needs; null where there is none."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from whychurn.contract.fit_records import FitRecord
from whychurn.survival.spells import Window


def stay_facts(
    spells: pd.DataFrame,
    stays: pd.DataFrame,
    window: Window,
    means: pd.DataFrame,
    tests: pd.DataFrame,
    panel_facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Counts of stays, their follow-up, the overall figures, and the strata whose hazards differ."""
    whole, overall = means[means["stratum_kind"] == "all"], tests[tests["stratum"] == "all"]
    labels = ["stratum_kind", "stratum", "suppressed"]
    return {
        "definition": str(panel_facts["definition"]),
        "kind": str(panel_facts["kind"]),
        "missing_leavers": panel_facts.get("missing_leavers"),
        "grace_days": window.wait_days,
        "observed_from": f"{window.first:%Y-%m-%d}",
        "observed_until": f"{window.last:%Y-%m-%d}",
        "censored_on": f"{window.censored_on:%Y-%m-%d}",
        "members": int(stays["member_id"].nunique()),
        "stays": len(stays),
        "second_stays": int((stays["spell_no"] > 1).sum()),
        "churn_events": int(stays["event"].sum()),
        "censored": int((~stays["event"]).sum()),
        "late_entries": int((stays["entry"] > 0).sum()),
        "not_followed": len(spells) - len(stays),
        "overall": as_json(whole.iloc[0].drop(labels, errors="ignore")) if len(whole) else {},
        "differ": overall.loc[overall["notable"], "stratum_kind"].tolist(),
        "alike": overall.loc[~overall["notable"], "stratum_kind"].tolist(),
    }


def stay_fits(facts: Mapping[str, Any]) -> list[FitRecord]:
    """Records of the curves and of the weights behind the stated causes, for the tracker."""
    whole, causes = facts["overall"], facts["causes"]
    numbers = {name: float(value) for name, value in whole.items() if value is not None}
    curves = [f"survival_{name}" for name in ("curves", "means", "tests", "definitions", "sensitivity")]
    settings = {name: facts[name] for name in ("definition", "grace_days", "censored_on")}
    fits = [FitRecord("kaplan_meier", settings, numbers, curves)]
    if causes["reason"] is None:
        figures = {name: float(value) for name, value in causes.items() if isinstance(value, int | float)}
        tables = ["cause_incidence", "cause_elimination", "stated_shares"]
        fits.append(FitRecord("causes_stated", {"source": "exit surveys"}, figures, tables))
    return fits


def as_json(row: pd.Series) -> dict[str, Any]:
    """A row as JSON values: plain numbers and text, null for missing ones."""
    return {
        str(name): None if pd.isna(value) else value.item() if isinstance(value, np.generic) else value
        for name, value in row.items()
    }
