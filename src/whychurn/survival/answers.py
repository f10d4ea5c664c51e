"""How long members stay, and from which cause they leave: all tables of the stage, and the facts that sum them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from whychurn.contract.sections import Params
from whychurn.contract.suppression import suppress_small_counts
from whychurn.survival.cause_answers import cause_answers, profiled_strata
from whychurn.survival.comparison import compare_strata
from whychurn.survival.curves import stay_curves
from whychurn.survival.definitions import definition_stays
from whychurn.survival.facts import stay_facts
from whychurn.survival.hazard import smoothed_hazard
from whychurn.survival.sensitivity import definition_effects
from whychurn.survival.spells import Window, stay_rows
from whychurn.survival.strata import strata_rows


def survival_answers(
    members: pd.DataFrame,
    surveys: pd.DataFrame,
    spells: pd.DataFrame,
    churners: pd.DataFrame,
    panel: pd.DataFrame,
    panel_facts: Mapping[str, Any],
    intake_facts: Mapping[str, Any],
    params: Params,
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables for data/results by name, and the facts of survival.json.

    Parameters
    ----------
    members, surveys
        Interim tables.
    spells, churners, panel
        What the panel stage wrote.
    panel_facts, intake_facts
        panel.json and intake.json.
    """
    own, min_cell = params.survival, params.privacy.min_cell
    window = Window.of(panel_facts, intake_facts)
    stays = stay_rows(spells, window)
    strata = strata_rows(stays, members, panel, window, own.cohort_months)
    curves, means = stay_curves(strata, own, min_cell)
    tests = compare_strata(strata, own.false_discovery, min_cell)
    least = max(own.min_at_risk, min_cell)
    tables = {
        "survival_curves": curves,
        "survival_means": hide_small(means, min_cell),
        "survival_tests": suppress_small_counts(tests, {"observed": ["ratio"]}, min_cell),
        "survival_hazard": smoothed_hazard(
            stays, own.hazard_bandwidth_days, own.curve_step_days, least, own.confidence
        ),
        "survival_definitions": hide_small(
            definition_stays(spells, churners, panel_facts, intake_facts, own, min_cell), min_cell
        ),
    }
    profiled = profiled_strata(stays, members, panel, window, params)
    causes, cause_facts, _ = cause_answers(profiled, spells, surveys, panel, params)
    tables["survival_sensitivity"] = definition_effects(
        members, surveys, spells, churners, panel, panel_facts, intake_facts, params
    )
    facts = stay_facts(spells, stays, window, means, tests, panel_facts)
    return {**tables, **causes}, {**facts, "causes": cause_facts}


def hide_small(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """`table` with all its figures blank where fewer than `min_cell` members, or leavers, stand behind a row."""
    counts = {"members", "from_day", "until_day", "mean_until", "wait_days"}
    values = [name for name in table.columns if table[name].dtype == "float64" and name not in counts]
    return suppress_small_counts(table, {"members": values, "leavers": values}, min_cell)
