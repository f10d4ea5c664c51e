"""Actions for members known by features alone: the plan's formula, and nobody contacted without the right to."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.contact_consent import channel_column
from whychurn.action.effects.dogs import aversion_scale, contact_aversion
from whychurn.action.effects.efficacy import Effects
from whychurn.action.effects.mix import Q_COLUMNS
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.plan.gains import LIKELY, option_gains
from whychurn.action.plan.options import Option, Options
from whychurn.action.served.actions_file import served_actions
from whychurn.contract.causes import CAUSES
from whychurn.contract.files import write_json
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.delivery.registry.model_versions import actions_file, served_files
from whychurn.delivery.registry.served_actions import ActionChoice
from whychurn.delivery.registry.served_request import read_flag, read_native

ROWS = 60
NAMES = ["spend_365d", "tenure_days", "interactions_90d", "opted_out", "days_to_term_end"]
HELD = [
    Option("callback", ("product_service",), {"call": 7.0}, "call", None),
    Option("coupon", ("price",), {"app": 2.0, "sms": 3.0}, None, None),
    Option("lock", ("price",), {"sms": 0.5}, None, "terms"),
    Option("manager", ("engagement",), {"sms": 0.1}, None, "tier=high"),
    Option("nuisance", ("price",), {"sms": 0.1}, None, None),
]
ALLOWED = {"marketing_consent": [1.0], "open_complaint": [np.nan], "has_app": [1.0]}


def effects() -> Effects:
    rng, count = np.random.default_rng(3), len(HELD)
    theta = np.zeros((count, 6))
    theta[0, 0], theta[1, 1], theta[2, 1], theta[3, 3], theta[4, 1] = 0.5, 0.4, 0.2, 0.4, 0.9
    return Effects(
        actions=[one.action for one in HELD],
        causes=list(CAUSES),
        theta=theta,
        theta_draws=theta + rng.normal(0, 0.2, (24, count, 6)),
        kappa=np.full(count, 0.1),
        kappa_draws=0.1 + rng.normal(0, 0.05, (24, count)),
        bayes_factor=np.ones(count),
        onset_weeks=np.array([0.0, 2.0, 0.0, 0.0, 0.0]),
        half_life_weeks=np.array([12.0, 6.0, 30.0, 9.0, 9.0]),
        half_life_known=np.zeros(count, dtype=bool),
        tested={"nuisance": "harmful"},
    )


def ground() -> tuple[ActionInputs, pd.DataFrame, pd.DataFrame]:
    """Inputs, panel, and the state that the plan would be made from."""
    rng = np.random.default_rng(4)
    panel = pd.DataFrame({
        "member_id": [f"m{row:02d}" for row in range(ROWS)], "as_of": pd.Timestamp("2026-01-01"), "still_there": True,
        "spend_365d": rng.uniform(100, 3000, ROWS), "tenure_days": rng.uniform(30, 900, ROWS).round(),
        "interactions_90d": rng.poisson(5, ROWS).astype(float), "opted_out": rng.random(ROWS) < 0.1,
        "days_to_term_end": np.where(rng.random(ROWS) < 0.5, 100.0, np.nan),
    })  # fmt: skip
    params = load_params(StudyPaths(PROJECT))
    given: dict[str, Any] = {one.name: None for one in fields(ActionInputs) if one.init} | {
        "panel": panel,
        "tables": {"members": pd.DataFrame({"has_app": [True]}), "memberships": pd.DataFrame()},
        "cause_shares": pd.DataFrame({"cause": CAUSES, "share": 1 / 6}),
        "panel_facts": {"horizon_days": 90},
        "mix_at": lambda *_: None,
        "params": params,
    }
    inputs = ActionInputs(**given)
    days = panel["tenure_days"].clip(90, 365)
    state = panel[["member_id"]].assign(
        p_leave=rng.uniform(0.02, 0.6, ROWS),
        d=contact_aversion(inputs, panel["member_id"], panel["as_of"]),
        margin_day=params.business.margin_rate * panel["spend_365d"] / days,
        tier="low",
        terms=panel["days_to_term_end"].notna(),
    )
    state[Q_COLUMNS] = rng.dirichlet(np.ones(6), ROWS)
    return inputs, panel, state


@pytest.fixture(scope="module")
def made() -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    inputs, panel, state = ground()
    plan = Section({}, {}, {"state": state, "effects": effects(), "options": Options(HELD, {}, True)})
    served = served_actions(inputs, plan)
    assert served is not None
    return served, panel, state


def test_gains_are_those_of_the_plan(made: tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]) -> None:
    served, panel, state = made
    assert [one["action"] for one in served["actions"]] == ["callback", "coupon", "lock"], (
        "neither harm nor tiers"
    )
    choice = ActionChoice(served, NAMES)
    X = panel[NAMES].astype("float64").to_numpy("float32")
    assert choice._aversion(X) == pytest.approx(state["d"].to_numpy(), abs=1e-5)
    assert choice._worth(X) == pytest.approx(state["margin_day"].to_numpy(), rel=1e-6)
    gain, pays = choice.gains(
        state["p_leave"].to_numpy(),
        state[Q_COLUMNS].to_numpy(),
        state["d"].to_numpy(),
        state["margin_day"].to_numpy(),
    )
    planned = option_gains(state, HELD[:3], effects(), served["value_days"])
    assert np.abs(gain - planned.gain).max() < 1e-3 and planned.gain.max() > 10
    expected = (planned.p_pays >= LIKELY) & (planned.change < 0)
    assert (pays == expected).all() and 0 < expected.mean() < 1


def test_of_members_with_terms_only_open_decisions_count() -> None:
    inputs, panel, state = ground()
    left = np.where(state["terms"], np.tile([5.0, 200.0], ROWS)[:ROWS], np.nan)
    near = left < 100
    state = state.assign(
        days_left=left, p_decide=state["p_leave"] * np.where(near, 0.1, 0.8), in_time=np.where(near, 0.9, 0.4)
    )
    plan = Section({}, {}, {"state": state, "effects": effects(), "options": Options(HELD, {}, True)})
    served = served_actions(inputs, plan)
    assert served is not None
    choice = ActionChoice(served, NAMES)
    X = panel.assign(days_to_term_end=left)[NAMES].astype("float64").to_numpy("float32")
    decide, in_time = choice.in_term(X)
    assert decide == pytest.approx(np.where(np.isnan(left), 1.0, np.where(near, 0.1, 0.8)), abs=1e-4)
    assert in_time == pytest.approx(np.where(np.isnan(left), 1.0, np.where(near, 0.9, 0.4)), abs=1e-4)
    flags = {name: told * ROWS for name, told in ALLOWED.items()}
    told = choice.answers(X, state["p_leave"].to_numpy(), None, flags)["expected_gain"]
    whole = ActionChoice(served | {"by_days_left": None}, NAMES).answers(
        X, state["p_leave"].to_numpy(), None, flags
    )
    both = [(a, b) for a, b, soon in zip(told, whole["expected_gain"], near, strict=True) if a and b and soon]
    assert both and all(a < 0.5 * b for a, b in both)


def test_the_best_contact_is_answered_with_its_gain(
    made: tuple[dict[str, Any], pd.DataFrame, pd.DataFrame],
) -> None:
    served, panel, state = made
    choice = ActionChoice(served, NAMES)
    X = panel[NAMES].astype("float64").to_numpy("float32")
    X[:, NAMES.index("opted_out")] = 0
    mix = dict(zip(CAUSES, state[Q_COLUMNS].to_numpy().T, strict=True))
    flags = {name: told * ROWS for name, told in ALLOWED.items()}
    answer = pd.DataFrame(choice.answers(X, state["p_leave"].to_numpy(), mix, flags))
    gain, pays = choice.gains(state["p_leave"].to_numpy(), state[Q_COLUMNS].to_numpy(), choice._aversion(X), choice._worth(X))  # fmt: skip
    pays[:, 2] &= state["terms"].to_numpy()
    net = np.where(pays, gain - [7.0, 2.0, 0.5], -np.inf)
    chosen = net.max(axis=1) > 0
    assert (answer["do_not_send"] == ~chosen).all() and chosen.any() and not chosen.all()
    names = np.array(["callback", "coupon", "lock"])[net.argmax(axis=1)]
    assert answer.loc[chosen, "action"].tolist() == names[chosen].tolist()
    assert answer.loc[chosen, "expected_gain"].to_numpy() == pytest.approx(
        gain[chosen, net.argmax(axis=1)[chosen]], abs=1e-4
    )
    assert answer.loc[~chosen, "action"].isna().all() and set(answer.loc[~chosen, "do_not_send_reason"]) == {
        "no_gain"
    }


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (ALLOWED, None),
        ({**ALLOWED, "marketing_consent": [0.0]}, "no_consent"),
        ({**ALLOWED, "marketing_consent": [np.nan]}, "consent_unknown"),
        ({}, "consent_unknown"),
        ({**ALLOWED, "open_complaint": [1.0]}, "open_complaint"),
    ],
)
def test_what_is_not_known_to_be_allowed_is_not_allowed(
    made: tuple[dict[str, Any], pd.DataFrame, pd.DataFrame], flags: dict[str, list[float]], reason: str | None
) -> None:
    choice, X = ActionChoice(made[0], NAMES), np.array([[3000, 400, 5, 0, np.nan]], dtype="float32")
    mix = dict(zip(CAUSES, np.eye(6)[1][:, None], strict=True))
    answer = choice.answers(X, np.array([0.4]), mix, flags)
    assert answer["do_not_send_reason"] == [reason] and answer["do_not_send"] == [reason is not None]
    assert (answer["action"] == [None]) == (reason is not None)


def test_a_channel_that_the_member_is_not_known_to_have_is_not_taken(
    made: tuple[dict[str, Any], pd.DataFrame, pd.DataFrame],
) -> None:
    X = np.array([[3000, 400, 5, 0, np.nan], [3000, 400, 5, 1, np.nan]], dtype="float32")
    mix = dict(zip(CAUSES, np.tile(np.eye(6)[1][:, None], 2), strict=True))
    flags = {"marketing_consent": [1.0, 1.0], "has_app": [np.nan, 1.0], "open_complaint": [0.0, 0.0]}
    answer = ActionChoice(made[0], NAMES).answers(X, np.array([0.4, 0.4]), mix, flags)
    assert (answer["channel"], answer["cost"]) == (["sms", None], [3.0, None])
    assert answer["do_not_send_reason"] == [None, "opted_out"]
    only_app = made[0] | {"actions": [one | {"channels": {"app": 2.0}} for one in made[0]["actions"]]}
    found = ActionChoice(only_app, NAMES).answers(X, np.array([0.4, 0.4]), mix, flags)
    assert found["do_not_send_reason"] == ["no_channel", "opted_out"]


def test_without_a_mix_the_programmes_shares_stand_in_and_without_actions_there_is_no_file() -> None:
    inputs, panel, state = ground()
    extra = {"state": state, "effects": effects(), "options": Options(HELD, {}, True)}
    served = served_actions(replace(inputs, mix_at=None), Section({}, {}, extra))
    assert served is not None and not served["by_cause"]
    assert ActionChoice(served, NAMES)._mix(2, {"price": np.ones(2)}) == pytest.approx(
        np.full((2, 6), 1 / 6), abs=1e-5
    )
    part = ActionChoice({**served, "by_cause": True}, NAMES)._mix(1, {"price": np.array([0.4])})[0]
    assert part == pytest.approx([0.12, 0.4, 0.12, 0.12, 0.12, 0.12], abs=1e-5)
    assert served_actions(inputs, Section({}, {}, {**extra, "options": Options(HELD[3:], {}, True)})) is None
    assert aversion_scale(panel)["sd"] > 0


def test_only_a_study_with_actions_to_choose_hands_them_to_its_model(tmp_path: Path) -> None:
    study = StudyPaths(tmp_path)
    write_json(None, actions_file(study))
    assert "actions" not in served_files(study)
    write_json({"actions": []}, actions_file(study))
    assert served_files(study) == {"actions": actions_file(study)}


@pytest.mark.parametrize(
    ("value", "read"), [(True, 1.0), (0, 0.0), (1.0, 1.0), (2, None), ("yes", None), ([], None)]
)
def test_flags_are_read_strictly(value: Any, read: float | None) -> None:
    assert read_flag(value) == read
    assert np.isnan(read_flag(None) or 0.0)


def test_channels_have_a_column_of_their_own_or_none(tmp_path: Path) -> None:
    members, params = pd.DataFrame({"has_app": [True]}), load_params(StudyPaths(PROJECT))
    assert (channel_column(members, "app", params), channel_column(members, "sms", params)) == (
        "has_app",
        None,
    )
    write_json({"a": [1]}, tmp_path / "a.json")
    assert read_native(tmp_path / "a.json") == {"a": [1]}
