"""All retention answers of a study, and the few facts that sum them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.params import Params
from whychurn.contract.results import typed
from whychurn.retention.before_churn.after_triggers import trigger_logs
from whychurn.retention.before_churn.complaint_outcomes import NO_FEEDBACK_TOPICS, complaint_outcomes
from whychurn.retention.before_churn.event_study import behaviour_logs, event_study
from whychurn.retention.before_churn.hazard_peaks import hazard_peaks
from whychurn.retention.before_churn.matched_controls import match_controls
from whychurn.retention.before_churn.silent_churn import silent_churn
from whychurn.retention.facts import summary_facts
from whychurn.retention.lifecycle.segments import member_segments, segment_table
from whychurn.retention.lifecycle.stage_conversion import second_purchase, stage_conversion
from whychurn.retention.lifecycle.stages_by_month import lifecycle_table, stage_matrix, stage_sizes
from whychurn.retention.member_history import History, build_history
from whychurn.retention.rates.campaigns import around_campaigns
from whychurn.retention.rates.churn_by_stratum import churn_by_stratum, with_tenure_band
from whychurn.retention.rates.cohorts import cohort_triangle, season_comparison
from whychurn.retention.rates.definition_sensitivity import definition_sensitivity
from whychurn.retention.rates.rates_by_period import retention_rates
from whychurn.retention.rates.spend_by_region import spend_by_region

PERSONAL: Final = "member_segments"  # one row per consenting member; the rest are totals without small cells


def retention_results(
    tables: Mapping[str, pd.DataFrame],
    spells: pd.DataFrame,
    churners: pd.DataFrame,
    panel: pd.DataFrame,
    panel_facts: Mapping[str, Any],
    intake_facts: Mapping[str, Any],
    params: Params,
    said: pd.DataFrame | None = None,
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables for data/results by name, and the facts of retention.json.

    Parameters
    ----------
    tables
        Intake's tables by name.
    spells, churners, panel
        What the panel stage wrote.
    panel_facts, intake_facts
        panel.json and intake.json.
    said
        feedback_topics of the voice stage; without it nothing is said of what follows complaints.
    """
    observed = (str(intake_facts["observed_from"]), str(intake_facts["observed_until"]))
    history = build_history(tables, spells, churners, panel_facts, observed)
    answers = {
        **_totals(history, tables, observed, params),
        **_life(history, params),
        **_profiles(history, panel, params),
        **_moments(history, tables, params),
        **_words(tables, spells, panel, said, observed[1], params),
    }
    answers["definition_sensitivity"] = definition_sensitivity(
        history,
        answers["retention_rates"],
        with_tenure_band(panel, params.retention.tenure_days),
        params.run.confidence,
        params.privacy.min_cell,
    )
    answers = {name: typed(frame) for name, frame in answers.items()}
    return answers, summary_facts(history, answers)


def _totals(
    history: History, tables: Mapping[str, pd.DataFrame], observed: tuple[str, str], params: Params
) -> dict[str, pd.DataFrame]:
    settings, min_cell = params.retention, params.privacy.min_cell
    rates = retention_rates(history, params.run.confidence, min_cell)
    return {
        "retention_rates": rates,
        "cohorts": cohort_triangle(history, params.run.confidence, min_cell),
        "season_comparison": season_comparison(rates, history.main, params.run.confidence),
        "campaigns": around_campaigns(
            history,
            tables["touches"],
            tables["events"],
            settings.campaign_days,
            params.run.confidence,
            min_cell,
        ),
        "region_category": spend_by_region(
            tables["orders"],
            tables["members"],
            tables["market"],
            observed,
            settings.decline_days,
            params.run.confidence,
            min_cell,
        ),
    }


def _life(history: History, params: Params) -> dict[str, pd.DataFrame]:
    settings, min_cell = params.retention, params.privacy.min_cell
    stages = stage_matrix(history, settings)
    return {
        "lifecycle": lifecycle_table(history, stages, params.run.confidence, min_cell),
        "lifecycle_sizes": stage_sizes(history, stages, min_cell),
        "lifecycle_steps": stage_conversion(
            history, stages, settings.conversion_months, params.run.confidence, min_cell
        ),
        "second_purchase": second_purchase(history, min_cell, params.run.confidence),
    }


def _profiles(history: History, panel: pd.DataFrame, params: Params) -> dict[str, pd.DataFrame]:
    settings, min_cell = params.retention, params.privacy.min_cell
    return {
        "segments": segment_table(history, params, min_cell),
        PERSONAL: member_segments(history, settings, history.observed_until + 1),
        "strata": churn_by_stratum(
            history, panel, settings.tenure_days, params.run.confidence, params.run.false_discovery, min_cell
        ),
    }


def _moments(history: History, tables: Mapping[str, pd.DataFrame], params: Params) -> dict[str, pd.DataFrame]:
    min_cell = params.privacy.min_cell
    study, precursors = event_study(
        history, behaviour_logs(history, tables), match_controls(history, params), params, min_cell
    )
    return {
        "key_nodes": hazard_peaks(history, trigger_logs(history, tables), params, min_cell),
        "event_study": study,
        "precursors": precursors,
    }


def _words(
    tables: Mapping[str, pd.DataFrame],
    spells: pd.DataFrame,
    panel: pd.DataFrame,
    said: pd.DataFrame | None,
    observed_until: str,
    params: Params,
) -> dict[str, pd.DataFrame]:
    min_cell = params.privacy.min_cell
    until, said = pd.Timestamp(observed_until), NO_FEEDBACK_TOPICS if said is None else said
    return {
        "complaint_outcomes": complaint_outcomes(said, tables["feedback"], spells, until, params, min_cell),
        "silence": silent_churn(tables["feedback"], tables["surveys"], panel, spells, params, min_cell),
    }
