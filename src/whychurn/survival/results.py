"""How long members stay, and from which cause they leave: all tables of the stage, and the facts that sum them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from whychurn.contract.fits import FitRecord
from whychurn.contract.params import Params
from whychurn.contract.results import empty_table
from whychurn.contract.suppression import suppress_small_counts
from whychurn.survival.by_definition import definition_effects
from whychurn.survival.competing_risks.results import cause_answers, profiled_strata
from whychurn.survival.facts import stay_facts, stay_fits
from whychurn.survival.hazard_ratios.results import (
    CAUSE_RATIOS,
    cause_hazard_ratios,
    cox_answers,
    cox_fits,
    stated_events,
)
from whychurn.survival.hazard_ratios.specification import CoxStudy
from whychurn.survival.nonparametric.by_definition import definition_stays
from whychurn.survival.nonparametric.kaplan_meier import stay_curves
from whychurn.survival.nonparametric.logrank import compare_strata
from whychurn.survival.nonparametric.smoothed_hazard import smoothed_hazard
from whychurn.survival.spells import Window, stay_rows
from whychurn.survival.strata import strata_rows


@dataclass(frozen=True)
class SurvivalAnswers:
    """Tables for data/results by name, the facts of survival.json, what the tracker keeps, the Cox models if any."""

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    fits: list[FitRecord]
    study: CoxStudy | None


def survival_answers(
    members: pd.DataFrame,
    surveys: pd.DataFrame,
    spells: pd.DataFrame,
    churners: pd.DataFrame,
    panel: pd.DataFrame,
    catalogue: pd.DataFrame,
    panel_facts: Mapping[str, Any],
    intake_facts: Mapping[str, Any],
    params: Params,
) -> SurvivalAnswers:
    """How long members stay, what goes along with it, and from which cause they leave.

    Parameters
    ----------
    members, surveys
        Interim tables.
    spells, churners, panel
        What the panel stage wrote.
    catalogue
        `panel.frame.study_catalogue`.
    panel_facts, intake_facts
        panel.json and intake.json.
    """
    own, window = params.survival, Window.of(panel_facts, intake_facts)
    stays = stay_rows(spells, window)
    strata = strata_rows(stays, members, panel, window, own.cohort_months)
    tables = _stay_tables(stays, strata, params)
    definitions = definition_stays(
        spells, churners, panel_facts, intake_facts, params, params.privacy.min_cell
    )
    tables["survival_definitions"] = hide_small(definitions, params.privacy.min_cell)
    tables["survival_sensitivity"] = definition_effects(
        members, surveys, spells, churners, panel, panel_facts, intake_facts, params
    )
    cox = cox_answers(stays, panel, catalogue, panel_facts, params)
    profiled = profiled_strata(stays, members, panel, window, params)
    causes, cause_facts, stated = cause_answers(profiled, spells, surveys, panel, params)
    tables |= {**cox.tables, **causes, "cause_hazard_ratios": empty_table(CAUSE_RATIOS)}
    if cox.study is not None and stated is not None:
        events = stated_events(stated, own.answer_max_odds)
        tables["cause_hazard_ratios"] = cause_hazard_ratios(cox.study, events, params)
    facts = stay_facts(spells, stays, window, tables["survival_means"], tables["survival_tests"], panel_facts)
    facts |= {"cox": cox.facts, "causes": cause_facts}
    return SurvivalAnswers(tables, facts, [*stay_fits(facts), *cox_fits(cox)], cox.study)


def _stay_tables(
    stays: pd.DataFrame, strata: Mapping[str, pd.DataFrame], params: Params
) -> dict[str, pd.DataFrame]:
    own, min_cell = params.survival, params.privacy.min_cell
    curves, means = stay_curves(strata, params, min_cell)
    tests = compare_strata(strata, params.run.false_discovery, min_cell)
    least = max(own.min_at_risk, min_cell)
    return {
        "survival_curves": curves,
        "survival_means": hide_small(means, min_cell),
        "survival_tests": suppress_small_counts(tests, {"observed": ["ratio"]}, min_cell),
        "survival_hazard": smoothed_hazard(
            stays, own.hazard_bandwidth_days, own.curve_step_days, least, params.run.confidence
        ),
    }


def hide_small(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """`table` with all its figures blank where fewer than `min_cell` members, or leavers, stand behind a row."""
    counts = {"members", "from_day", "until_day", "mean_until", "wait_days"}
    values = [name for name in table.columns if table[name].dtype == "float64" and name not in counts]
    return suppress_small_counts(table, {"members": values, "leavers": values}, min_cell)
