"""From evidence to everything that stage causes writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from whychurn.causes.checks import diagnostics, sensitivity
from whychurn.causes.evidence.classifier_table import evidence_table
from whychurn.causes.evidence.grounds import find_grounds
from whychurn.causes.evidence.keyword_weights import keyword_weights
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.facts import cause_facts, cause_fits
from whychurn.causes.interviews.asked_by_lot import asked_by_lot
from whychurn.causes.latent_cause.share_intervals import BOUNDS
from whychurn.causes.methods import Attribution, Inputs
from whychurn.causes.mix.mix_model import mix_model
from whychurn.causes.tables.attributions_and_shares import (
    ADDITIVE,
    assign_primary_cause,
    attributions_table,
    cause_shares,
    run_methods,
    shares_table,
)
from whychurn.causes.tables.by_group_and_month import (
    cause_change,
    cause_groups,
    cause_months,
    churned_posteriors,
    churned_strata,
    told_rows,
)
from whychurn.causes.tables.competition_by_month import cause_market
from whychurn.causes.tables.member_reasons import member_evidence
from whychurn.causes.tables.member_stories import cause_stories
from whychurn.causes.tables.source_comparison import cause_stated, cause_triangulation
from whychurn.contract.arrays import Array
from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import CausesParams, Params
from whychurn.contract.results import columns_of
from whychurn.panel.churn_definition import dated_on

# tables of the additive hazard that are empty where it was not among the methods
OF_ADDITIVE: Final = {
    "cause_drivers": columns_of("cause_drivers"),
    "cause_confusion": columns_of("cause_confusion"),
    "cause_sensitivity": sensitivity.COLUMNS,
    "cause_diagnostics": diagnostics.COLUMNS,
}


@dataclass(frozen=True)
class CauseResults:
    """Results.

    Parameters
    ----------
    tables
        Files of data/results by name.
    for_scoring
        Files of data/processed/causes by name.
    facts
        Content of causes.json.
    fits
        One record a method.
    mix
        Content of data/processed/causes/mix.json: what the mix of causes on any day is read from.
    """

    tables: dict[str, pd.DataFrame]
    for_scoring: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    fits: list[FitRecord]
    mix: dict[str, Any]


def method_inputs(
    evidence: Evidence, catalogue: pd.DataFrame, feedback: pd.DataFrame, contributions: Array | None
) -> Inputs:
    """What every method is given.

    Parameters
    ----------
    catalogue
        Features of the panel: name, kind.
    feedback
        member_id, created_at, text.
    contributions
        See `evidence.risk_score_contributions`; None without a risk model.
    """
    numbers = catalogue.loc[catalogue["kind"].isin(["number", "flag"]), "name"]
    table = evidence_table(evidence, [name for name in numbers if name in evidence.panel])
    grounds = find_grounds(evidence)
    return Inputs(evidence, grounds, table, keyword_weights(evidence, feedback), contributions)


def cause_results(
    inputs: Inputs, panel: pd.DataFrame, churners: pd.DataFrame, params: Params
) -> CauseResults:
    """Attribute by every method; tables of the chosen one.

    Parameters
    ----------
    panel
        All snapshots, for competition by month.
    churners
        Churn events under every definition.
    """
    evidence, causes = inputs.evidence, params.causes
    min_cell, confidence = params.privacy.min_cell, params.run.confidence
    attributions = run_methods(inputs, params)
    asked = asked_by_lot(inputs, attributions[causes.method], params)
    chosen = attributions[causes.method] = asked.attribution
    members = member_table(evidence, chosen.p, causes)
    churned, p = churned_posteriors(members)
    told, dated = inputs.grounds.told, leaving_days(churned, churners)
    left_on = churned["anchor_on"]
    features = evidence.panel[evidence.churned].reset_index(drop=True).assign(anchor_on=left_on.to_numpy())
    shares = shares_table(attributions)
    tables = {
        "member_causes": members,
        "cause_shares": cause_shares(chosen.shares, members),
        "cause_methods": shares[["method", "cause", *BOUNDS]],
        **asked.tables,
        "cause_grounds": inputs.grounds.table(),
        "cause_stated": told_rows(cause_stated(p, evidence.stated[evidence.churned], min_cell), told),
        "cause_groups": told_rows(cause_groups(p, churned_strata(features), min_cell, confidence), told),
        "cause_months": told_rows(cause_months(p, dated, min_cell, confidence), told),
        "cause_change": told_rows(cause_change(p, left_on, confidence), told),
        "cause_stories": cause_stories(churned, features["tenure_days"], causes.stories, min_cell),
        "cause_market": cause_market(panel, churned, features["region"], dated, min_cell),
        "cause_triangulation": cause_triangulation(chosen.shares, evidence, min_cell),
        **_of_additive(attributions.get(ADDITIVE), inputs, churners, params),
    }
    for_scoring = {
        "attributions": attributions_table(evidence.index_dates, attributions, causes.name_from),
        "shares": shares,
        "evidence": inputs.table,
    }
    facts = cause_facts(evidence, inputs.grounds, members, params) | {"interviews": asked.facts}
    additive = attributions.get(ADDITIVE)
    model = None if additive is None else additive.model
    mix = mix_model(evidence, model, inputs.grounds, tables["cause_diagnostics"], params)
    return CauseResults(tables, for_scoring, facts, cause_fits(attributions, causes.method), mix)


def leaving_days(churned: pd.DataFrame, churners: pd.DataFrame) -> pd.Series:
    """Day by which tables by month count each churn event of `churned` (member_id, spell_no); (n,)."""
    main = churners[churners["is_main"].astype(bool)]
    kind = str(main["definition"].iloc[0]).partition("_")[0] if len(main) else ""
    days = main[["member_id", "spell_no"]].assign(dated=dated_on(main, kind))
    keys = churned[["member_id", "spell_no"]].astype({"member_id": days["member_id"].dtype})
    return keys.merge(days, on=["member_id", "spell_no"], how="left")["dated"]


def member_table(evidence: Evidence, p: Array, params: CausesParams) -> pd.DataFrame:
    """Table member_causes of posteriors `p`; (rows, 6)."""
    labels = evidence.labels
    if evidence.interviews is not None:
        labels = replace(labels, heard=evidence.interviews.coded)
    labels = labels.select(evidence.rows)
    sentences = member_evidence(p, evidence.panel, labels, params.reasons)
    return assign_primary_cause(evidence.index_dates, p, params.name_from).assign(evidence=sentences)


def _of_additive(
    attribution: Attribution | None, inputs: Inputs, churners: pd.DataFrame, params: Params
) -> Mapping[str, pd.DataFrame]:
    """Contributions, confusion, sensitivity and diagnostics of the additive hazard, whichever method is
    chosen; empty where nothing can be told.
    """
    model = None if attribution is None else attribution.model
    evidence, grounds = inputs.evidence, inputs.grounds
    if attribution is None or model is None or not len(model.events) or not grounds.told.any():
        return {name: pd.DataFrame(columns=columns) for name, columns in OF_ADDITIVE.items()}
    settings = params.model_copy(update={"causes": grounds.settings(params.causes)})
    keys = ["member_id", "spell_no"]
    last = evidence.panel.drop_duplicates(keys, keep="last")[[*keys, "region"]]
    region = evidence.spells.table[keys].merge(last, how="left")["region"]
    return attribution.tables | {
        "cause_sensitivity": sensitivity.sensitivity_analysis(evidence, model, churners, params.causes),
        "cause_diagnostics": diagnostics.diagnostics(grounds.applied(evidence), model, region, settings),
    }
