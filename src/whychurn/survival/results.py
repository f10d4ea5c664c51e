"""How long members stay, and from which cause they leave: tables of the stage, and facts that sum them up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import Params
from whychurn.contract.results import empty_table
from whychurn.contract.suppression import suppress_small_counts
from whychurn.panel.exit_surveys import unused_answers
from whychurn.survival.competing_risks.incidence_tables import profiled_strata, stated_cause_tables
from whychurn.survival.definition_sensitivity import effects_by_definition, stays_by_definition
from whychurn.survival.facts import stay_facts, stay_fits
from whychurn.survival.hazard_ratios.cause_specific import (
    CAUSE_RATIOS,
    cause_hazard_ratios,
    stated_event_weights,
)
from whychurn.survival.hazard_ratios.cox_results import cox_fits, cox_results
from whychurn.survival.hazard_ratios.model_building import CoxModels
from whychurn.survival.nonparametric.kaplan_meier import kaplan_meier_tables
from whychurn.survival.nonparametric.kernel_hazard import kernel_hazard
from whychurn.survival.nonparametric.logrank import logrank_by_stratum
from whychurn.survival.spell_strata import strata_rows
from whychurn.survival.spells import SurvivalInputs, stay_rows


@dataclass(frozen=True)
class SurvivalResults:
    """Tables by name, facts of survival.json, fits for the tracker, the Cox models if any."""

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    fits: list[FitRecord]
    models: CoxModels | None


def survival_results(inputs: SurvivalInputs, params: Params) -> SurvivalResults:
    """How long members stay, what is associated with it, and from which cause they leave."""
    window, min_cell = inputs.window(), params.privacy.min_cell
    stays = stay_rows(inputs.spells, window)
    strata = strata_rows(stays, inputs.members, inputs.counted, window, params.survival.cohort_months)
    tables = _stay_tables(stays, strata, params)
    definitions = stays_by_definition(inputs, params, min_cell)
    tables["survival_definitions"] = hide_small(definitions, min_cell)
    tables["survival_sensitivity"] = effects_by_definition(inputs, params)
    cox = cox_results(stays, inputs.panel, inputs.catalogue, inputs.panel_facts, params)
    profiled = profiled_strata(stays, inputs.members, inputs.counted, window, params)
    causes, cause_facts, stated = stated_cause_tables(
        profiled, inputs.spells, inputs.surveys, inputs.counted, params
    )
    tables |= {**cox.tables, **causes, "cause_hazard_ratios": empty_table(CAUSE_RATIOS)}
    if cox.models is not None and stated is not None:
        weights = stated_event_weights(stated)
        tables["cause_hazard_ratios"] = cause_hazard_ratios(cox.models, weights, params)
    means, tests = tables["survival_means"], tables["survival_tests"]
    facts = stay_facts(inputs.spells, stays, window, means, tests, inputs.panel_facts)
    left = inputs.spells[inputs.spells["churned"]]
    answers = unused_answers(left, inputs.spells, inputs.surveys)
    facts |= {"cox": cox.facts, "causes": cause_facts, "exit_answers": answers}
    return SurvivalResults(tables, facts, [*stay_fits(facts), *cox_fits(cox)], cox.models)


def _stay_tables(
    stays: pd.DataFrame, strata: Mapping[str, pd.DataFrame], params: Params
) -> dict[str, pd.DataFrame]:
    survival, min_cell = params.survival, params.privacy.min_cell
    curves, means = kaplan_meier_tables(strata, params, min_cell)
    tests = logrank_by_stratum(strata, params.run.false_discovery, min_cell)
    least = max(survival.min_at_risk, min_cell)
    return {
        "survival_curves": curves,
        "survival_means": hide_small(means, min_cell),
        "survival_tests": suppress_small_counts(tests, {"observed": ["ratio"]}, min_cell),
        "survival_hazard": kernel_hazard(stays, survival.curve_step_days, least, params.run.confidence),
    }


def hide_small(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """`table` with its figures blank where fewer than `min_cell` members, or leavers, stand behind a row."""
    counts = {"members", "from_day", "until_day", "mean_until", "grace_days"}
    values = [name for name in table.columns if table[name].dtype == "float64" and name not in counts]
    return suppress_small_counts(table, {"members": values, "churn_events": values}, min_cell)
