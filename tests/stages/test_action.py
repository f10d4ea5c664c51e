"""Stage `action` on a small study, and on the same study with parts of its records missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from whychurn.action.contact_consent import opted_out
from whychurn.action.event_rows import COLUMNS
from whychurn.action.inputs import ActionInputs
from whychurn.action.open_requests import open_requests
from whychurn.action.panel_features import HELD
from whychurn.action.results import action_sections, gathered
from whychurn.contract.files import read_result, read_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, documented
from whychurn.intake.reidentify import own_ids
from whychurn.report.action.lists import member_lists
from whychurn.report.action.results import read_action
from whychurn.stages.action import read_inputs
from whychurn.stages.on_demand.exporting import Wanted, list_to_export

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


def tables_of(inputs: ActionInputs) -> dict[str, pd.DataFrame]:
    return gathered(action_sections(inputs))[0]


def test_without_touches_the_plan_only_explores_and_says_so(inputs: ActionInputs) -> None:
    done = action_sections(changed(inputs, "touches", lambda touches: touches.iloc[:0]))
    tables, facts = gathered(done)
    served = done["state"].extra["actions"]
    assert served["effect_days"] == 90 and {"theta", "channels", "course"} <= set(served["actions"][0])
    assert tables["member_state"]["member_id"].is_monotonic_increasing and len(tables["member_state"])
    assert list(facts) == ["tests", "effects", "plan", "warnings", "winback"]
    well_formed(tables)
    assert facts["tests"]["touches"] == 0 and tables["action_tests"].empty and tables["action_effects"].empty
    assert set(tables["plan"]["role"]) <= {"explore", "hold_out"}, "nothing is planned for afterwards either"
    assert len(tables["playbook"]) and len(tables["warnings"]) and len(tables["action_sizes"])


def test_a_panel_read_by_need_answers_like_one_that_is_held(inputs: ActionInputs) -> None:
    assert inputs.panel_file is not None and set(inputs.panel) <= set(HELD)
    events = read_table(cast("Path", inputs.events_file), COLUMNS)
    assert len(inputs.tables["events"]) < len(events) / 10
    held = replace(
        changed(inputs, "events", lambda _: events),
        panel=read_table(inputs.panel_file),
        panel_file=None,
        events_file=None,
    )
    ours, whole = tables_of(inputs), tables_of(held)
    for name, table in whole.items():
        pd.testing.assert_frame_equal(ours[name], table, obj=name)


def test_campaigns_that_chose_their_members_prove_nothing(inputs: ActionInputs) -> None:
    chosen = changed(inputs, "touches", lambda touches: touches.assign(randomized=False))
    tables = tables_of(chosen)
    well_formed(tables)
    assert tables["action_tests"].empty and (tables["playbook"]["tested"] == "untested").all()
    assert "caused" not in set(tables["action_effects"]["rung"])


def test_no_budget_is_an_empty_plan(inputs: ActionInputs) -> None:
    plan = tables_of(with_action(inputs, budget=0.0))["plan"]
    assert set(plan["role"]) <= {"hold_out", "waits"}


def test_whoever_refused_marketing_is_in_no_list(inputs: ActionInputs) -> None:
    refusing = changed(
        inputs,
        "members",
        lambda members: members.assign(marketing_consent=pd.array([False] * len(members), dtype="boolean")),
    )
    tables = tables_of(refusing)
    assert tables["plan"].empty and tables["winback"].empty and tables["warnings"]["action"].isna().all()


def test_page_and_export_name_the_same_members_and_nobody_who_is_not_to_be_contacted(
    inputs: ActionInputs, small_study: Path
) -> None:
    """No contact without consent, beyond a cap or before an open request is answered."""
    study, params, tables = StudyPaths.at(small_study), inputs.params, inputs.tables
    exported = list_to_export(study, params, Wanted())
    page = member_lists(read_action(study, params))
    sent = exported[exported["role"].isin(["policy", "explore"])]
    waits = exported[exported["role"] == "waits"]
    assert len(sent) and set(own_ids(study, params, page.contact["member_id"])) == set(sent["member_id"])
    planned = page.answer.dropna(subset="action")
    assert len(waits) and set(own_ids(study, params, planned["member_id"])) == set(waits["member_id"])
    assert set(waits["reason"]) == {"open_request"} and not set(waits["member_id"]) & set(sent["member_id"])
    assert set(list_to_export(study, params, Wanted(limit=10_000))["role"]) <= {"policy", "explore"}

    plan = read_result(study.results / "plan.parquet")
    made = plan[plan["role"].isin(["policy", "explore"])]
    agreed = tables["members"].loc[tables["members"]["marketing_consent"].eq(True).fillna(False), "member_id"]
    assert made["member_id"].isin(agreed).all()
    assert not opted_out(tables["events"], made["member_id"]).any()
    assert not made["member_id"].isin(open_requests(tables["feedback"], inputs.as_of)["member_id"]).any()
    touches = tables["touches"][tables["touches"]["action"].ne("control")]
    lately = touches.loc[
        (inputs.as_of - touches["sent_at"].dt.normalize()).dt.days.between(0, 27), "member_id"
    ]
    counts = made["member_id"].value_counts() + lately.value_counts().reindex(
        made["member_id"].unique(), fill_value=0
    )
    assert counts.max() <= params.action.contacts.member_4_weeks
    calls, weeks = touches[touches["channel"] == "call"], pd.Timedelta(days=7)
    busiest = ((calls["sent_at"].dt.normalize() - pd.Timestamp(0)) // weeks).value_counts().max()
    planned_calls = made[made["channel"] == "call"]
    assert (
        (planned_calls["send_on"] - inputs.as_of) // weeks
    ).value_counts().max() <= busiest or planned_calls.empty


def test_the_day_of_decision_is_the_last_snapshot_and_tables_are_read_by_column(inputs: ActionInputs) -> None:
    assert inputs.as_of == inputs.panel["as_of"].max() <= inputs.observed_until + pd.Timedelta(days=1)
    assert "text" not in inputs.tables["feedback"] and {"surveys", "market"}.isdisjoint(inputs.tables)
