"""Stage `action` on a small study, and on the same study with parts of its records missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from whychurn.action.inputs import ActionInputs, StudyInputs
from whychurn.action.results import action_results, action_sections, gathered
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, documented
from whychurn.stages.action import read_inputs
from whychurn.stages.study_inputs import read_study_inputs

pytestmark = pytest.mark.xdist_group("small_study")


@pytest.fixture(scope="module")
def inputs(small_study: Path) -> ActionInputs:
    study = StudyPaths.at(small_study)
    return read_inputs(study, load_params(study))


def changed(inputs: ActionInputs, table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> ActionInputs:
    return replace(inputs, tables={**inputs.tables, table: change(inputs.tables[table])})


def with_action(inputs: ActionInputs, **values: Any) -> ActionInputs:
    action = inputs.params.action.model_copy(update=values)
    return replace(inputs, params=inputs.params.model_copy(update={"action": action}))


def well_formed(tables: dict[str, pd.DataFrame]) -> None:
    for name in documented()["action"]:
        assert list(tables[name].columns) == columns_of(name), name


def test_without_touches_the_plan_only_explores_and_says_so(inputs: ActionInputs) -> None:
    done = action_sections(changed(inputs, "touches", lambda touches: touches.iloc[:0]))
    tables, facts = gathered(done)
    served = done["state"].extra["actions"]
    assert served["effect_days"] == 90 and {"theta", "channels", "course"} <= set(served["actions"][0])
    assert tables["member_state"]["member_id"].is_monotonic_increasing and len(tables["member_state"])
    assert list(facts) == ["tests", "effects", "plan", "warnings", "winback"]
    well_formed(tables)
    assert facts["tests"]["touches"] == 0 and tables["action_tests"].empty and tables["action_effects"].empty
    assert set(tables["plan"]["role"]) <= {"explore", "hold_out"}
    assert len(tables["playbook"]) and len(tables["warnings"]) and len(tables["action_sizes"])


def test_campaigns_that_chose_their_members_prove_nothing(inputs: ActionInputs) -> None:
    chosen = changed(inputs, "touches", lambda touches: touches.assign(randomized=False))
    tables, _ = action_results(chosen)
    well_formed(tables)
    assert tables["action_tests"].empty and (tables["playbook"]["tested"] == "untested").all()
    assert "caused" not in set(tables["action_effects"]["rung"])


def test_no_budget_is_an_empty_plan(inputs: ActionInputs) -> None:
    plan = action_results(with_action(inputs, budget=0.0))[0]["plan"]
    assert set(plan["role"]) <= {"hold_out"}


def test_whoever_refused_marketing_is_in_no_list(inputs: ActionInputs) -> None:
    refusing = changed(
        inputs,
        "members",
        lambda members: members.assign(marketing_consent=pd.array([False] * len(members), dtype="boolean")),
    )
    tables, _ = action_results(refusing)
    contacted = tables["plan"][tables["plan"]["role"] != "hold_out"]
    assert contacted.empty and tables["winback"].empty and tables["warnings"]["action"].isna().all()


def test_what_action_and_watch_read_of_a_study_is_the_same(inputs: ActionInputs, small_study: Path) -> None:
    found = read_study_inputs(StudyPaths.at(small_study), inputs.params)
    assert isinstance(found, StudyInputs) and isinstance(inputs, StudyInputs)
    assert found.as_of == inputs.as_of == found.panel["as_of"].max()
    assert found.as_of <= found.observed_until + pd.Timedelta(days=1) and found.panel.equals(inputs.panel)
