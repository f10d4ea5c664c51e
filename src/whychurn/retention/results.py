"""All retention results of a study, and the few figures that sum them up."""

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
from whychurn.retention.large_tables import counted_snapshots, followed_events
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
from whychurn.stats.sources import Source, whole_table

PERSONAL: Final = "member_segments"  # one row per consenting member; the rest are totals without small cells


def retention_results(
    tables: Mapping[str, Source],
    panel_facts: Mapping[str, Any],
    intake_facts: Mapping[str, Any],
    params: Params,
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables for data/results by name, and the figures of retention.json.

    Parameters
    ----------
    tables
        Intake's tables by name; ``spells``, ``churners`` and ``panel`` as the panel stage writes them; and
        ``feedback_topics`` of the voice stage (without it complaint outcomes are empty). ``events`` and ``panel``
        may be files: what is not counted of them is not held.
    panel_facts, intake_facts
        panel.json and intake.json.
    """
    observed = (str(intake_facts["observed_from"]), str(intake_facts["observed_until"]))
    events, panel = tables["events"], tables["panel"]
    held = {name: whole_table(table) for name, table in tables.items() if name not in ("events", "panel")}
    history = build_history(
        held | {"events": events},
        held["spells"],
        held["churners"],
        panel_facts,
        observed,
        params.panel.cancelled_terms == "stop",
    )
    held["events"] = followed_events(events, told=held["touches"].empty)
    held["panel"] = counted_snapshots(panel, history)
    results = {
        **_rates(history, held, observed, params),
        **_lifecycle(history, params),
        **_before_churn(history, held, pd.Timestamp(observed[1]), params),
    }
    results = {name: typed(frame) for name, frame in results.items()}
    return results, summary_facts(history, results, panel_facts, params)


def _rates(
    history: History, tables: Mapping[str, pd.DataFrame], observed: tuple[str, str], params: Params
) -> dict[str, pd.DataFrame]:
    settings, level, min_cell = params.retention, params.run.confidence, params.privacy.min_cell
    orders, members, market, panel = (tables[name] for name in ("orders", "members", "market", "panel"))
    rates = retention_rates(history, level, min_cell)
    banded = with_tenure_band(panel, settings.tenure_days)
    return {
        "retention_rates": rates,
        "cohorts": cohort_triangle(history, level, min_cell),
        "season_comparison": season_comparison(rates, history.main, level),
        "campaigns": around_campaigns(
            history, tables["touches"], tables["events"], settings.campaign_days, level, min_cell
        ),
        "region_category": spend_by_region(
            orders, members, market, observed, settings.decline_days, level, min_cell
        ),
        "strata": churn_by_stratum(
            history, panel, settings.tenure_days, level, params.run.false_discovery, min_cell
        ),
        "definition_sensitivity": definition_sensitivity(history, rates, banded, level, min_cell),
    }


def _lifecycle(history: History, params: Params) -> dict[str, pd.DataFrame]:
    settings, level, min_cell = params.retention, params.run.confidence, params.privacy.min_cell
    stages = stage_matrix(history, settings)
    return {
        "lifecycle": lifecycle_table(history, stages, level, min_cell),
        "lifecycle_sizes": stage_sizes(history, stages, min_cell),
        "lifecycle_steps": stage_conversion(history, stages, settings.conversion_months, level, min_cell),
        "second_purchase": second_purchase(history, min_cell, level),
        "segments": segment_table(history, params, min_cell),
        PERSONAL: member_segments(history, settings, history.observed_until + 1),
    }


def _before_churn(
    history: History, tables: Mapping[str, pd.DataFrame], until: pd.Timestamp, params: Params
) -> dict[str, pd.DataFrame]:
    min_cell = params.privacy.min_cell
    logs, matched = behaviour_logs(history, tables), match_controls(history, params)
    study, precursors = event_study(history, logs, matched, params, min_cell)
    feedback, spells = tables["feedback"], tables["spells"]
    topics = tables.get("feedback_topics", NO_FEEDBACK_TOPICS)
    return {
        "key_nodes": hazard_peaks(history, trigger_logs(history, tables), params, min_cell),
        "event_study": study,
        "leading_indicators": precursors,
        "complaint_outcomes": complaint_outcomes(topics, feedback, spells, until, params, min_cell),
        "silence": silent_churn(feedback, tables["surveys"], tables["panel"], spells, params, min_cell),
    }
