"""All tables on actions, question by question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from whychurn.action.effects.section import effects_section
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.plan.section import plan_section
from whychurn.action.served.actions_file import served_actions
from whychurn.action.served.member_state import member_state_table
from whychurn.action.tests_by_lot.section import tests_section
from whychurn.action.warnings.section import warnings_section
from whychurn.action.winback.section import winback_section
from whychurn.contract.results import columns_of, documented, empty_table

Step = Callable[[ActionInputs, dict[str, Section]], Section]


def _tests(inputs: ActionInputs, _: dict[str, Section]) -> Section:
    return tests_section(inputs)


def _effects(inputs: ActionInputs, done: dict[str, Section]) -> Section:
    found = effects_section(inputs, done["tests"])
    done["tests"] = done["tests"].without("features", "rows", "p")
    return found


def _plan(inputs: ActionInputs, done: dict[str, Section]) -> Section:
    found = plan_section(inputs, done["tests"], done["effects"])
    done["effects"] = done["effects"].without("usable", "arrays")
    inputs.let_go("decision_features")
    return found


def _warnings(inputs: ActionInputs, done: dict[str, Section]) -> Section:
    return warnings_section(inputs, done.get("plan", Section({})))


def _winback(inputs: ActionInputs, done: dict[str, Section]) -> Section:
    return winback_section(inputs, done.get("tests", Section({})))


def _state(inputs: ActionInputs, done: dict[str, Section]) -> Section:
    served = served_actions(inputs, done["plan"])
    return Section({"member_state": member_state_table(inputs, done["plan"])}, {}, {"actions": served})


STEPS: Sequence[tuple[str, Step]] = (
    ("tests", _tests),
    ("effects", _effects),
    ("plan", _plan),
    ("warnings", _warnings),
    ("winback", _winback),
    ("state", _state),
)


def action_sections(inputs: ActionInputs) -> dict[str, Section]:
    """Run each question on what the ones before found; ``state`` keeps ``extra["actions"]`` for the served model."""
    done: dict[str, Section] = {}
    for name, step in STEPS:
        done[name] = step(inputs, done)
    return done


def gathered(done: dict[str, Section]) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables and facts of all questions.

    Returns
    -------
    tables, facts
        Every table of section ``action`` of the results contract, without rows where nothing can be said;
        facts by question.
    """
    tables = {name: empty_table(columns_of(name)) for name in documented()["action"]}
    for section in done.values():
        tables |= {name: frame[columns_of(name)] for name, frame in section.tables.items()}
    return tables, {name: dict(section.facts) for name, section in done.items() if name != "state"}
