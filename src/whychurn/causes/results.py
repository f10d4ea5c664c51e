"""From evidence to everything that stage causes writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.checks.diagnostics import COLUMNS as CHECKS
from whychurn.causes.checks.diagnostics import diagnostics
from whychurn.causes.checks.sensitivity import COLUMNS as VARIANTS
from whychurn.causes.checks.sensitivity import stability
from whychurn.causes.evidence.gather import Evidence, evidence_table
from whychurn.causes.evidence.keyword_weights import word_weights
from whychurn.causes.methods import Attribution, Inputs
from whychurn.causes.tables.attribution import (
    attributed,
    attributions_table,
    cause_shares,
    run_methods,
    shares_table,
)
from whychurn.causes.tables.by_group import (
    cause_change,
    cause_groups,
    cause_months,
    leavers_chances,
    stated_against,
    strata_of,
)
from whychurn.causes.tables.context import cause_market, cause_stories, cause_triangulation
from whychurn.causes.tables.limitations import limits
from whychurn.causes.tables.member_reasons import member_evidence
from whychurn.contract.arrays import Array
from whychurn.contract.causes import UNKNOWN
from whychurn.contract.fits import FitRecord
from whychurn.contract.params import CausesParams, Params

# tables of the additive hazard that are empty where it was not among the methods
DRIVERS: Final = {
    "cause_drivers": ["cause", "exposure", "share", "yearly_per_1000"],
    "cause_speech": ["cause", "said", "chance"],
}


@dataclass(frozen=True)
class CausesAnswers:
    """Results.

    Parameters
    ----------
    tables
        Files of data/results by name.
    kept
        Files of data/processed/causes by name, for scoring.
    facts
        Content of causes.json.
    fits
        One record a method.
    """

    tables: dict[str, pd.DataFrame]
    kept: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    fits: list[FitRecord]


def method_inputs(
    evidence: Evidence,
    catalogue: pd.DataFrame,
    feedback: pd.DataFrame,
    contributions: Array | None,
    params: CausesParams,
) -> Inputs:
    """What every method is given.

    Parameters
    ----------
    catalogue
        Features of the panel: name, kind.
    feedback
        member_id, created_at, text.
    contributions
        `evidence.shap_families`; None without a risk model.
    """
    measured = catalogue.loc[catalogue["kind"].isin(["number", "flag"]), "name"]
    table = evidence_table(evidence, [name for name in measured if name in evidence.panel])
    words = word_weights(evidence, feedback, params.text_days)
    return Inputs(evidence, table, words, contributions)


def causes_answers(
    inputs: Inputs, panel: pd.DataFrame, churners: pd.DataFrame, params: Params
) -> CausesAnswers:
    """Attribute by every method; tables of the chosen one.

    Parameters
    ----------
    panel
        All snapshots, for the market.
    churners
        Leavings under every definition.
    """
    evidence, own, least = inputs.evidence, params.causes, params.privacy.min_cell
    found = run_methods(inputs, params)
    chosen = found[own.method]
    members = member_table(evidence, chosen.p, own)
    gone, p = leavers_chances(members)
    shares = shares_table(found)
    beside = (
        evidence.panel[evidence.churned].reset_index(drop=True).assign(anchor_on=gone["anchor_on"].to_numpy())
    )
    tables = {
        "member_causes": members,
        "cause_shares": cause_shares(chosen.shares, members),
        "cause_methods": shares,
        "cause_stated": stated_against(p, evidence.stated[evidence.churned], least),
        "cause_groups": cause_groups(p, strata_of(beside), least, params.run.confidence),
        "cause_months": cause_months(p, gone["anchor_on"], least, params.run.confidence),
        "cause_change": cause_change(p, gone["anchor_on"], params.run.confidence),
        "cause_stories": cause_stories(gone, beside["tenure_days"], own.stories, least),
        "cause_market": cause_market(panel, gone, beside["region"], least),
        "cause_triangulation": cause_triangulation(chosen.shares, evidence, least),
        **_of_additive(found, evidence, churners, params),
    }
    kept = {
        "attributions": attributions_table(evidence.anchors, found, own),
        "shares": shares,
        "evidence": inputs.table,
    }
    return CausesAnswers(tables, kept, _facts(evidence, members, params), _fits(found, params))


def member_table(evidence: Evidence, p: Array, params: CausesParams) -> pd.DataFrame:
    """Table member_causes of chances `p`; (rows, 6)."""
    told = member_evidence(p, evidence.panel, evidence.stated, evidence.seen, evidence.rows, params.reasons)
    return attributed(evidence.anchors, p, params).assign(evidence=told)


def _of_additive(
    found: Mapping[str, Attribution], evidence: Evidence, churners: pd.DataFrame, params: Params
) -> dict[str, pd.DataFrame]:
    """Drivers, speech, stability and diagnostics: from the additive hazard, whichever method is chosen."""
    what = found.get("additive_hazard")
    tables = {name: pd.DataFrame(columns=columns) for name, columns in DRIVERS.items()}
    tables |= {
        "cause_stability": pd.DataFrame(columns=VARIANTS),
        "cause_diagnostics": pd.DataFrame(columns=CHECKS),
    }
    if what is None or what.fitted is None or not len(what.fitted.leavings):
        return tables
    table = evidence.stays.table
    left = pd.Series(
        evidence.calendar.date(np.maximum(table["last"].to_numpy(), 0)), index=table.index
    ).where(table["churned"])
    panel = evidence.panel.drop_duplicates(["member_id", "spell_no"], keep="last")
    where = table[["member_id", "spell_no"]].merge(panel[["member_id", "spell_no", "region"]], how="left")[
        "region"
    ]
    tables |= what.tables
    tables["cause_stability"] = stability(
        evidence, what.fitted, left, _definitions(table, churners), params.causes
    )
    tables["cause_diagnostics"] = diagnostics(evidence, what.fitted, where, params.run.confidence)
    return tables


def _definitions(table: pd.DataFrame, churners: pd.DataFrame) -> dict[str, Array]:
    """Leavings that count under each other definition as well: same member, last active within 45 days."""
    found = {}
    for name, rows in churners[~churners["is_main"]].groupby("definition", sort=True):
        days = rows[["member_id", "last_active_on"]].assign(member_id=rows["member_id"].astype("string"))
        first = table.assign(row=np.arange(len(table)), member_id=table["member_id"].astype("string")).merge(
            days, on="member_id"
        )
        gap = (first["last_active_on"] - first["last_active_on"].min()).dt.days
        own = first["last"] - first["last"].min()
        near = (gap - own - (gap - own).median()).abs() <= 45
        flags = np.zeros(len(table), dtype=bool)
        flags[first.loc[near, "row"].to_numpy()] = True
        found[str(name)] = flags & table["churned"].to_numpy()
    return found


def _facts(evidence: Evidence, members: pd.DataFrame, params: Params) -> dict[str, Any]:
    gone = members[members["status"] == "churned"]
    stated = evidence.stated[evidence.churned]
    asked = stated >= -1
    return {
        "method": params.causes.method,
        "leavings": len(gone),
        "at_risk": int((members["status"] == "at_risk").sum()),
        "asked": int(asked.sum()),
        "answered": int((stated >= 0).sum()),
        "answered_share": float((stated >= 0).sum() / asked.sum()) if asked.any() else 0.0,
        "unknown_share": float((gone["primary_cause"] == UNKNOWN).mean()) if len(gone) else 1.0,
        "name_from": params.causes.name_from,
        "interval_width": params.causes.interval_width,
        "avoidable_width": params.causes.avoidable_width,
        "discrepancy": params.causes.discrepancy,
        "limits": limits(evidence, params.privacy.min_cell),
    }


def _fits(found: Mapping[str, Attribution], params: Params) -> list[FitRecord]:
    records = []
    for name, what in found.items():
        chosen = name == params.causes.method
        shares = what.shares.dropna(subset=["share"])
        told = {
            f"share_{cause}": float(share)
            for cause, share in zip(shares["cause"], shares["share"], strict=True)
        }
        kept = ["cause_shares", "cause_drivers"] if chosen else []
        records.append(FitRecord(name, {"method": name, "chosen": chosen}, {**what.facts, **told}, kept))
    return records
