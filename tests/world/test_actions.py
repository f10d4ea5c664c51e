"""What a contact does: onset and fading, who responds, who notices, whom it wakes; and that nothing else changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES, CONTROL
from whychurn.contract.tables import CHANNELS
from whychurn.world.lives.action_effects import (
    COUPON_WEEKS,
    HARDLY_USES,
    age_profile,
    contact_factors,
    faded_contacts,
    reach_chance,
    spillover_dose,
    woken,
)
from whychurn.world.lives.contacts import (
    FOLLOW_UP_DAYS,
    SILENCE_DAYS,
    action_factors,
    arm_chances,
    campaign_name,
    wave_weeks,
)
from whychurn.world.lives.simulated_lives import simulate_lives
from whychurn.world.setting.actions import Action, Wake
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.programme import load_programme, with_duds
from whychurn.world.setting.scenario import Scenario
from whychurn.world.truth.touch_effects import action_efficacy

PROGRAMMES = ("shop", "gym", "school", "app")


def test_an_effect_begins_at_its_onset_and_halves() -> None:
    action = Action(onset_weeks=2, half_life_weeks=4, channels=["sms"], cost=1)
    assert age_profile(action, 11) == pytest.approx(
        [0, 0, 1, 2**-0.25, 2**-0.5, 2**-0.75, 0.5, 2**-1.25, 2**-1.5, 2**-1.75, 0.25]
    )


@pytest.fixture
def four(simulated: Callable) -> tuple[Scenario, SimpleNamespace]:
    """A scenario with one simple action, and four members: ordinary, of double response, sleeping dog, of little use."""
    scenario = simulated()[1]
    plain = Action(causes={"price": 0.4}, half_life_weeks=2, channels=["sms"], cost=1)
    letter = Action(wakes=Wake(who="hardly_uses", factor=1.5, weeks=3), channels=["sms"], cost=1)
    programme = scenario.programme.model_copy(update={"actions": {"plain": plain, "letter": letter}})
    members = SimpleNamespace(
        size=4,
        response=np.array([1.0, 2.0, 1.0, 1.0]),
        dog=np.array([False, False, True, False]),
        usage=np.array([0.0, 0.0, 0.0, HARDLY_USES - 0.1]),
        region=np.zeros(4, dtype=int),
        has_channel=np.ones((len(programme.contact_channels), 4), dtype=bool),
    )
    return replace(scenario, programme=programme), members


def test_factors_by_hand(four: tuple) -> None:
    scenario, members = four
    who = np.arange(4)
    factors = contact_factors(scenario, members, "plain", who, 8)
    price, other = CAUSES.index("price"), CAUSES.index("natural")
    assert factors.shape == (6, 8, 4)
    assert factors[price, [0, 2, 4], 0] == pytest.approx([0.6, 0.8, 0.9])
    assert factors[price, [0, 2, 4], 1] == pytest.approx([0.2, 0.6, 0.8]), "double response"
    assert (factors[other, :, [0, 1, 3]] == 1).all(), "it acts on one cause"
    dogs = scenario.programme.dogs
    assert factors[other, :, 2] == pytest.approx([dogs.factor] * dogs.weeks + [1] * (8 - dogs.weeks))
    assert factors[price, 0, 2] == pytest.approx(0.6 * dogs.factor)
    letter = contact_factors(scenario, members, "letter", who, 5)
    assert (letter[:, :, :2] == 1).all()
    assert letter[other, :, 3] == pytest.approx([1.5, 1.5, 1.5, 1, 1]), (
        "it reminds who hardly uses the programme"
    )
    tired = contact_factors(scenario, members, "letter", who[:1], 4, np.array([2.0]))
    fatigue = scenario.programme.fatigue
    assert tired[0, 0, 0] == pytest.approx(1 + 2 * fatigue.annoys)
    assert tired[0, 3, 0] == pytest.approx(1 + 2 * fatigue.annoys * 0.5 ** (3 / fatigue.half_life_weeks))


def test_however_well_a_member_responds_some_hazard_remains(four: tuple) -> None:
    scenario, members = four
    members.response = np.full(4, 9.0)
    factors = contact_factors(scenario, members, "plain", np.array([0]), 6)
    assert 0 < factors.min() < 0.05


def test_notice_needs_the_channel_and_tires(four: tuple) -> None:
    scenario, members = four
    names = list(scenario.programme.contact_channels)
    members.has_channel[names.index("email"), 1] = False
    email, reach = scenario.programme.contact_channels["email"].reach, scenario.programme.fatigue.reach
    recent = np.array([0.0, 0.0, 1.0])
    chance = reach_chance(scenario, members, np.arange(3), "email", recent)
    assert chance == pytest.approx([email, 0, email * (1 - reach)])
    half = scenario.programme.fatigue.half_life_weeks
    assert faded_contacts(scenario, np.array([2.0]), half) == pytest.approx([1.0])


def test_whom_a_contact_wakes(four: tuple) -> None:
    _, members = four
    found = {
        who: woken(Wake(who=who, factor=2, weeks=1), members).tolist()
        for who in ("dogs", "hardly_uses", "all")
    }
    assert found == {
        "dogs": [False, False, True, False], "hardly_uses": [False, False, False, True], "all": [True] * 4,
    }  # fmt: skip


def test_coupons_of_a_region_spill_over_to_those_without(four: tuple) -> None:
    scenario, members = four
    scenario = replace(scenario, params=scenario.params.model_copy(update={"spillover": 2.0}))
    members.region = np.array([0, 0, 0, 1])
    contacts = pd.DataFrame({"action": ["coupon", "price_match"], "week": [3, 3], "position": [0, 3]})
    dose = spillover_dose(scenario, members, contacts, 20)
    assert dose[3:11] == pytest.approx(np.tile([0, 2 / 3, 2 / 3, 0], (COUPON_WEEKS, 1)))
    assert not dose[:3].any() and not dose[3 + COUPON_WEEKS :].any()


def test_spillover_reaches_the_hazard_of_price_alone(simulated: Callable) -> None:
    plain, _ = simulated()
    spilt, _ = simulated(spillover=5.0)
    more = spilt.hazards.excess - plain.hazards.excess
    price = CAUSES.index("price")
    assert more[price].max() > 0 and (more[price] >= -1e-9).all() and not np.delete(more, price, axis=0).any()
    holder = plain.contacts.query("action == 'coupon'").iloc[0]
    assert not more[price, holder["week"], holder["position"]].any(), "who has one does not mind"


@pytest.mark.parametrize("name", PROGRAMMES)
def test_catalogues_are_complete(name: str) -> None:
    programme = load_programme(name)
    assert set(programme.contact_channels) <= set(CHANNELS)
    kinds = [
        (len(action.causes), action.dud, action.wakes is not None) for action in programme.actions.values()
    ]
    assert {(1, False, False), (2, False, False), (1, True, False), (0, False, True)} <= set(kinds)
    assert max(number for number, *_ in kinds) >= 4, "one works broadly"
    assert {wake.who for one in programme.actions.values() if (wake := one.wakes)} == {"dogs", "hardly_uses"}
    for action in programme.actions.values():
        assert set(action.channels) <= set(programme.contact_channels) and set(action.causes) <= set(CAUSES)
    assert {one.action for one in programme.aimed} <= set(programme.actions_for("present"))
    assert [one.who for one in programme.aimed] == ["silent", "best", "rivals"]
    assert set(programme.winback.actions) == set(programme.actions_for("left"))
    chances = arm_chances(programme)
    assert sum(chances.values()) == pytest.approx(1) and chances[CONTROL] == programme.tests.control
    assert set(chances) == {CONTROL, *programme.actions_for("present")}
    half = [chance for action, chance in chances.items() if action in ("account_manager", "mass_mail")]
    assert min(chances.values()) == pytest.approx(min(half)), "smaller arms as the YAML says"


def test_waves_leave_time_for_follow_up_and_silence() -> None:
    shop, clock = load_programme("shop"), Clock.of(dt.date(2024, 1, 1), 24)
    weeks = wave_weeks(shop, clock)
    assert len(weeks) >= 16 and set(np.diff(weeks)) == {4} and weeks[0] == clock.week_at(shop.tests.from_)
    assert 7 * (weeks[-1] + shop.tests.weeks - 1) + FOLLOW_UP_DAYS + SILENCE_DAYS["inactivity"] <= clock.days
    assert wave_weeks(shop, Clock.of(dt.date(2024, 1, 1), 6)) == [], "too short for any test"
    names = [campaign_name(clock, week, None) for week in weeks]
    assert len(set(names)) == len(names) and names[0].startswith("test-2024-w")
    assert campaign_name(clock, 44, shop.aimed[0]).startswith("coupon-2024-w")


def test_duds_are_drawn_by_seed_among_those_that_work() -> None:
    shop = load_programme("shop")
    drawn = set()
    for seed in range(12):
        programme = with_duds(shop, 2, np.random.default_rng(seed))
        duds = {name for name, action in programme.actions.items() if action.dud}
        assert len(duds) == 3 and "thank_you" in duds
        assert all(not programme.actions[name].causes and shop.actions[name].causes for name in duds)
        drawn |= duds
    assert len(drawn) > 4
    everything = with_duds(shop, 99, np.random.default_rng(0))
    assert not any(action.causes for action in everything.actions.values())


def test_efficacy_is_told_for_each_action_and_cause(simulated: Callable) -> None:
    scenario = simulated(duds=2)[1]
    table = action_efficacy(scenario).set_index(["action", "cause"])
    assert len(table) == len(scenario.programme.actions) * len(CAUSES)
    kinds = table.groupby("action")["kind"].first()
    assert (kinds == "dud").sum() == 3 and (table.loc[(table["kind"] == "dud"), "efficacy"] == 0).all()
    assert kinds["member_letter"] == "wakes" and kinds["return_bonus"] == "win_back"
    assert (
        table.loc[("return_bonus", "price"), "winback_log_odds"]
        == scenario.programme.winback.actions["return_bonus"]["price"]
    )
    works = kinds[kinds == "works"].index[0]
    cause, planted = next(iter(scenario.programme.actions[works].causes.items()))
    assert table.loc[(works, cause), "efficacy"] == planted


def test_members_and_what_happens_to_them_do_not_depend_on_actions(
    simulated: Callable,
) -> None:
    lives, scenario = simulated()
    tests = scenario.programme.tests.model_copy(update={"share": 0.0})
    quiet = scenario.programme.model_copy(update={"tests": tests, "aimed": []})
    without = simulate_lives(replace(scenario, programme=quiet), 0, lives.members.number)
    assert len(without.contacts) == 0 < len(lives.contacts)
    assert (without.hazards.action_factors == 1).all()
    for name in ("usage", "joined", "need_end", "dog", "response"):
        np.testing.assert_array_equal(getattr(without.members, name), getattr(lives.members, name))
    for name, count in lives.history.counts.items():
        np.testing.assert_array_equal(without.history.counts[name], count)
    np.testing.assert_array_equal(without.hazards.base, lives.hazards.base)
    np.testing.assert_array_equal(without.hazards.excess, lives.hazards.excess)
    untouched = (lives.hazards.action_factors == 1).all(axis=(0, 1))
    assert untouched.sum() > 30
    np.testing.assert_array_equal(without.exits.left[untouched], lives.exits.left[untouched])


def test_a_member_contacted_twice_in_a_week_with_one_action_is_touched_twice(four: tuple) -> None:
    scenario, members = four
    contacts = pd.DataFrame(
        {"position": 0, "campaign_id": ["a", "b"], "action": "plain", "week": 2, "recent": [0.0, 0.0],
         "noticed": True}
    )  # fmt: skip
    factors = action_factors(scenario, members, contacts, (6, 5, 4))
    price = CAUSES.index("price")
    assert factors[price, :, 0] == pytest.approx([1, 1, 0.36, (1 - 0.4 * 2**-0.5) ** 2, 0.64])
    assert (factors[:, :, 1:] == 1).all()


def test_one_wave_less_leaves_the_draws_of_the_others(simulated: Callable) -> None:
    lives, scenario = simulated()
    tests = scenario.programme.tests
    shorter = scenario.programme.model_copy(update={"tests": tests.model_copy(update={"until": 0.4})})
    fewer = simulate_lives(replace(scenario, programme=shorter), 0, lives.members.number).contacts
    common = fewer["campaign_id"].unique()
    assert 3 < len(common) < lives.contacts["campaign_id"].nunique()
    columns = ["position", "campaign_id", "action", "day"]
    of_both = lives.contacts[lives.contacts["campaign_id"].isin(common)].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_both[columns], fewer[columns].reset_index(drop=True))
    by_lot = of_both["randomized"].to_numpy(bool)  # campaigns without lot have the calls that tests leave
    assert of_both["channel"][by_lot].equals(fewer["channel"].reset_index(drop=True)[by_lot])
