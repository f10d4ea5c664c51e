"""The few figures of the attribution in causes.json, and its fits for the tracker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.latent_cause.measured_error import measured_error
from whychurn.causes.methods import Attribution
from whychurn.causes.tables.limitations import limitations
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import Params


def cause_facts(
    evidence: Evidence, grounds: Grounds, members: pd.DataFrame, params: Params
) -> dict[str, Any]:
    """Content of causes.json.

    Parameters
    ----------
    members
        Table member_causes of the chosen method.
    """
    churned = members[members["status"] == "churned"]
    stated = evidence.stated[evidence.churned]
    asked = stated >= -1
    return {
        "method": params.causes.method,
        "churn_events": len(churned),
        "at_risk": int((members["status"] == "at_risk").sum()),
        "asked": int(asked.sum()),
        "answered": int((stated >= 0).sum()),
        "answered_share": float((stated >= 0).sum() / asked.sum()) if asked.any() else 0.0,
        "told": [cause for cause, can in zip(CAUSES, grounds.told, strict=True) if can],
        "without_records": [cause for cause in CAUSES if cause not in set(grounds.effects["cause"])],
        "from_words": grounds.speak,
        "unknown_share": float((churned["primary_cause"] == UNKNOWN).mean()) if len(churned) else 1.0,
        "name_from": params.causes.name_from,
        "error_worlds": measured_error().worlds,
        "limits": limitations(evidence, grounds, params.privacy.min_cell),
    }


def cause_fits(attributions: Mapping[str, Attribution], method: str) -> list[FitRecord]:
    """One record a method; `method` is the chosen one."""
    records = []
    for name, attribution in attributions.items():
        shares = attribution.shares.dropna(subset=["share"])
        by_cause = zip(shares["cause"], shares["share"], strict=True)
        metrics = attribution.facts | {f"share_{cause}": float(share) for cause, share in by_cause}
        tables = ["cause_shares", "cause_drivers"] if name == method else []
        records.append(FitRecord(name, {"method": name, "chosen": name == method}, metrics, tables))
    return records
