"""Win-back and referral: who is asked, what it changes, and what stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CONTROL
from whychurn.world.lives.exits import Exits, first_passage, started_again
from whychurn.world.lives.members import company_ids
from whychurn.world.lives.placed_contacts import Chosen, place_contacts
from whychurn.world.lives.returning.referral import NOBODY, content_members, draw_referrers
from whychurn.world.lives.returning.win_back import (
    LATEST_DAYS,
    draw_win_back,
    extra_return,
    known_gone,
    still_gone,
    win_back_weeks,
    won_back,
)
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.clock import NEVER
from whychurn.world.setting.scenario import Scenario
from whychurn.world.simulate import Block

World = tuple[SimulatedLives, Scenario]


@pytest.fixture(scope="module")
def world(simulated: Callable) -> World:
    return simulated(members=2500)


def test_an_offer_answers_its_causes_and_fades(world: World) -> None:
    """By hand: b x 0.5^(since / h) x (e^1.6 - 1) x g, from the week after the contact."""
    _, scenario = world
    winback, causes = scenario.programme.winback, list(scenario.programme.causes)
    half = scenario.programme.actions["return_bonus"].half_life_weeks
    price = np.array([causes.index("price"), causes.index("natural"), -1])
    hazard = extra_return(scenario, "return_bonus", price, np.array([10.0, 10.0, 10.0]), 3)
    odds = winback.actions["return_bonus"]["price"]
    by_hand = winback.base_a_week * 0.5 ** (11 / winback.half_life_weeks) * np.expm1(odds) * 0.5 ** (1 / half)
    assert hazard[0].tolist() == [0, 0, 0]
    assert hazard[1, 0] == pytest.approx(by_hand)
    assert np.all(hazard[:, 1:] == 0)
    assert hazard[2, 0] < hazard[1, 0]


def test_only_leavers_whom_the_company_knows_are_asked(world: World) -> None:
    lives, scenario = world
    exits, asked = lives.exits, lives.win_back
    assert set(asked["week"]) <= {week for week, _ in win_back_weeks(scenario)}
    who, day = asked["position"].to_numpy("int64"), 7 * asked["week"].to_numpy("int64")
    came_back = exits.returned[who] <= day
    left = np.where(came_back, exits.left_again[who], exits.left[who])
    assert np.all(day - left >= 90) and np.all(day - left <= LATEST_DAYS)
    assert lives.members.marketing[who].all()
    shares = asked["action"].value_counts(normalize=True)
    assert shares[CONTROL] == pytest.approx(scenario.programme.tests.control, abs=0.06)
    assert set(shares.index) == {CONTROL, *scenario.programme.actions_for("left")}
    stated = asked.groupby("action")["propensity"].first()
    assert stated.sum() == pytest.approx(1)
    assert len(still_gone(asked, exits)) == len(asked)
    back = replace(
        exits, returned=np.zeros(lives.members.size), left_again=np.full(lives.members.size, NEVER)
    )
    assert len(still_gone(asked, back)) == 0
    assert not asked.duplicated(["position", "campaign_id"]).any()
    assert known_gone(scenario, exits, 0).max() == -1


def test_who_is_asked_comes_back_more_often(world: World) -> None:
    """With offers a hundred times as strong, many come back whom nothing else brings; without notice nobody does."""
    lives, scenario = world
    exits = replace(lives.exits, returned=np.full(lives.members.size, NEVER))
    winback = scenario.programme.winback.model_copy(update={"base_a_week": 0.3})
    strong = replace(scenario, programme=scenario.programme.model_copy(update={"winback": winback}))
    left_from = np.where(exits.left < scenario.clock.days, 1, -1)  # all from price
    contacts = draw_win_back(
        strong, lives.members, exits, lives.contacts, lambda purpose: strong.stream(0, purpose)
    )
    rng = np.random.default_rng(1)
    back = won_back(strong, lives.members, lives.hazards, exits, left_from, contacts, rng)
    came = back.returned < scenario.clock.days
    noticed = contacts[contacts["noticed"].astype(bool) & (contacts["action"] == "return_bonus")]
    asked = np.isin(np.arange(lives.members.size), noticed["position"].to_numpy("int64"))
    assert came[asked].mean() > 0.5 and not came[~asked].any()
    first = noticed.groupby("position")["day"].min().reindex(np.flatnonzero(came)).to_numpy()
    assert np.all(back.returned[came] > first)
    assert np.all(back.left_again[came] >= back.returned[came])
    unseen = contacts.assign(noticed=False)
    still = won_back(strong, lives.members, lives.hazards, exits, left_from, unseen, rng)
    assert np.array_equal(still.returned, exits.returned)


def test_a_second_life_has_a_higher_tempo(world: World) -> None:
    lives, scenario = world
    n, weeks = lives.members.size, scenario.clock.weeks
    hazards = np.full((6, weeks, n), 0.002)
    never = np.full(n, NEVER)
    gone = Exits(np.zeros(n, "int64"), np.zeros(n, "int64"), never, never, never)
    rng = np.random.default_rng(2)
    back = started_again(scenario, lives.members, hazards, gone, np.full(n, 7), rng)
    assert np.all(back.returned == 7)
    left = (back.left_again < 7 * 41).mean()  # 40 weeks
    tempo = scenario.programme.winback.second_tempo
    assert left == pytest.approx(1 - np.exp(-6 * 0.002 * 40 * tempo), abs=0.03)
    day = first_passage(scenario.clock, hazards.sum(axis=0), np.full(n, 7), rng)
    assert (day < 7 * 41).mean() == pytest.approx(1 - np.exp(-6 * 0.002 * 40), abs=0.03)


def test_a_contact_goes_through_a_channel_that_the_leaver_has(world: World) -> None:
    lives, scenario = world
    who = np.arange(60)
    action = np.full(60, "return_bonus", dtype=object)
    rng = np.random.default_rng(5)
    part = place_contacts(scenario, lives.members, Chosen(20, who, action, np.zeros(60)), {}, rng)
    names = list(scenario.programme.contact_channels)
    ways = scenario.programme.actions["return_bonus"].channels
    owned = lives.members.has_channel[[names.index(way) for way in ways]][:, who]
    number = [ways.index(way) for way in part["channel"]]
    assert all(owned[one, position] for position, one in enumerate(number) if owned[:, position].any())
    assert (part["cost"] >= scenario.programme.actions["return_bonus"].cost).all()


def test_win_back_stands_in_touches(shop: Block) -> None:
    touches, members = shop.tables["touches"], shop.tables["members"]
    asked = touches[touches["campaign_id"].str.startswith("winback-")]
    assert len(asked) > 100 and asked["randomized"].all()
    assert asked.loc[asked["action"] == CONTROL, "cost"].eq(0).all()
    assert asked.loc[asked["action"] != CONTROL, "cost"].gt(0).all()
    assert asked["member_id"].isin(members["member_id"]).all()


def test_members_bring_members_who_join_soon_after(world: World) -> None:
    lives, _ = world
    came = np.flatnonzero(lives.referrer != NOBODY)
    by = lives.referrer[came]
    assert len(came) > 10
    joined = lives.members.joined
    assert np.all(joined[came] > 0) and np.all(joined[by] < joined[came])
    assert np.all(lives.exits.left[by] > joined[came] - 5 * 7)


def test_who_is_asked_brings_more(world: World) -> None:
    lives, scenario = world
    eager = scenario.programme.referral.model_copy(
        update={"invited": 1.0, "a_week": 0.0, "content_below": 9e9}
    )
    scenario = replace(scenario, programme=scenario.programme.model_copy(update={"referral": eager}))
    by_cause, rng = lives.hazards.by_cause, np.random.default_rng(3)
    found = draw_referrers(scenario, lives.members, by_cause, lives.exits, lives.contacts, rng)
    asked = lives.contacts[lives.contacts["noticed"].astype(bool) & (lives.contacts["action"] == eager.by)]
    assert set(found[found != NOBODY]) <= set(asked["position"])
    assert (found != NOBODY).sum() > 0.5 * len(asked)
    nobody = asked.iloc[:0]
    assert np.all(draw_referrers(scenario, lives.members, by_cause, lives.exits, nobody, rng) == NOBODY)


def test_content_members_leave_least(world: World) -> None:
    _, scenario = world
    hazard = np.array([0.001, 0.01, 0.01, 0.02])
    assert content_members(scenario, hazard).tolist() == [True, False, False, False]
    assert len(content_members(scenario, np.array([]))) == 0


def test_ids_of_referrers_are_members(shop: Block) -> None:
    members = shop.tables["members"]
    named = members["referred_by"].dropna()
    assert len(named) and named.isin(members["member_id"]).all()
    assert members["referred_by"].isna().mean() > 0.9
    assert company_ids(np.array([12])).tolist() == ["C0000012"]
    assert isinstance(members["referred_by"], pd.Series)
