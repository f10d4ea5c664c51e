"""All retention answers of a study, and the few facts that sum them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.params import Params
from whychurn.contract.results import typed
from whychurn.retention.before_churn.complaint_outcomes import NOTHING_SAID, complaint_outcomes, silence
from whychurn.retention.before_churn.event_study import behaviour_logs, event_study
from whychurn.retention.before_churn.hazard_peaks import key_nodes
from whychurn.retention.before_churn.matching import match_stayers
from whychurn.retention.before_churn.triggers import trigger_logs
from whychurn.retention.lifecycle.segments import member_segments, segment_table
from whychurn.retention.lifecycle.states import lifecycle_table, stage_matrix, stage_sizes
from whychurn.retention.lifecycle.transitions import lifecycle_steps, second_purchase
from whychurn.retention.member_history import History, as_dates, build_history
from whychurn.retention.rates.by_definition import definition_sensitivity
from whychurn.retention.rates.cohorts import around_campaigns, cohort_triangle, season_comparison
from whychurn.retention.rates.rates import LAST_YEAR, retention_rates
from whychurn.retention.rates.regions import region_category
from whychurn.retention.rates.strata import churn_by_stratum, with_tenure_band

PERSONAL: Final = "member_segments"  # one row per consenting member; the rest are totals without small cells


def retention_answers(
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


def summary_facts(history: History, answers: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """The numbers that a headline needs, null where they cannot be told, and why tables are empty."""
    rates, steps = answers["retention_rates"], answers["lifecycle_steps"]
    churn = rates[
        (rates["period_kind"] == LAST_YEAR)
        & (rates["measure"] == "churn")
        & (rates["basis"] == "members")
        & (rates["definition"] == history.main)
    ]
    weakest = steps[steps["weakest"].astype(bool)]
    return {
        "definition": history.main,
        "kind": history.kind,
        "members": len(history.ids),
        "members_left_ever": len(np.unique(history.absences[history.main].member)),
        "churn_last_12_months": _row(
            churn, ["period", "until", "members", "numerator", "rate", "low", "high"]
        ),
        "weakest_step": _row(weakest, ["stage", "members_lost", "revenue_lost", "rate", "low", "high"]),
        "revenue_lost": float(steps["revenue_lost"].sum()) if len(steps) else None,
        "earliest_precursor": _row(
            answers["precursors"], ["measure", "lead_weeks", "direction", "effect", "relative"]
        ),
        "observed_until": as_dates(np.array([history.observed_until]))[0].date().isoformat(),
        "empty": {name: empty_reason(history, name) for name, frame in answers.items() if frame.empty},
    }


def empty_reason(history: History, table: str) -> str:
    """Key of the words (section retention) that say why `table` is empty."""
    if not len(history.absences[history.main].left) and table in ("event_study", "precursors"):
        return "empty_no_churners"
    if table == "second_purchase" and not history.by_orders:
        return "empty_terms"
    known = {
        "region_category": "empty_region_category",
        "campaigns": "empty_campaigns",
        "season_comparison": "empty_short",
        "definition_sensitivity": "empty_short",
        "precursors": "empty_precursors",
        "complaint_outcomes": "empty_complaints",
        "silence": "empty_silence",
        "strata": "empty_panel",
    }
    return known.get(table, "empty_few")


def _totals(
    history: History, tables: Mapping[str, pd.DataFrame], observed: tuple[str, str], params: Params
) -> dict[str, pd.DataFrame]:
    own, min_cell = params.retention, params.privacy.min_cell
    rates = retention_rates(history, params.run.confidence, min_cell)
    return {
        "retention_rates": rates,
        "cohorts": cohort_triangle(history, params.run.confidence, min_cell),
        "season_comparison": season_comparison(rates, history.main, params.run.confidence),
        "campaigns": around_campaigns(
            history, tables["touches"], tables["events"], own.campaign_days, params.run.confidence, min_cell
        ),
        "region_category": region_category(
            tables["orders"],
            tables["members"],
            tables["market"],
            observed,
            own.decline_days,
            params.run.confidence,
            min_cell,
        ),
    }


def _life(history: History, params: Params) -> dict[str, pd.DataFrame]:
    own, min_cell = params.retention, params.privacy.min_cell
    stages = stage_matrix(history, own)
    return {
        "lifecycle": lifecycle_table(history, stages, params.run.confidence, min_cell),
        "lifecycle_sizes": stage_sizes(history, stages, min_cell),
        "lifecycle_steps": lifecycle_steps(
            history, stages, own.conversion_months, params.run.confidence, min_cell
        ),
        "second_purchase": second_purchase(history, min_cell, params.run.confidence),
    }


def _profiles(history: History, panel: pd.DataFrame, params: Params) -> dict[str, pd.DataFrame]:
    own, min_cell = params.retention, params.privacy.min_cell
    return {
        "segments": segment_table(history, params, min_cell),
        PERSONAL: member_segments(history, own, history.observed_until + 1),
        "strata": churn_by_stratum(
            history, panel, own.tenure_days, params.run.confidence, params.run.false_discovery, min_cell
        ),
    }


def _moments(history: History, tables: Mapping[str, pd.DataFrame], params: Params) -> dict[str, pd.DataFrame]:
    min_cell = params.privacy.min_cell
    study, precursors = event_study(
        history, behaviour_logs(history, tables), match_stayers(history, params), params, min_cell
    )
    return {
        "key_nodes": key_nodes(history, trigger_logs(history, tables), params, min_cell),
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
    until, said = pd.Timestamp(observed_until), NOTHING_SAID if said is None else said
    return {
        "complaint_outcomes": complaint_outcomes(said, tables["feedback"], spells, until, params, min_cell),
        "silence": silence(tables["feedback"], tables["surveys"], panel, spells, params, min_cell),
    }


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
