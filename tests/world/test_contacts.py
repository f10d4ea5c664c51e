"""Who is contacted: blocks of the programme as read, aimed campaigns, the company's view of who is there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ValidationError

from whychurn.contract.causes import CONTROL
from whychurn.world.lives.contacts import COLUMNS, aimed_at, arm_chances, draw_contacts, drawn_in
from whychurn.world.lives.placed_contacts import (
    THERE,
    Chosen,
    place_contacts,
    room_left,
    room_of_tests,
    weekly_limits,
)
from whychurn.world.setting.actions import (
    Action,
    Aimed,
    Channel,
    Dogs,
    Fatigue,
    Referral,
    Wake,
    WaveTests,
    WinBack,
)
from whychurn.world.setting.clock import NEVER
from whychurn.world.tables.touches import sent_contacts


@pytest.mark.parametrize(
    ("block", "written"),
    [
        (Channel, {"reach": 0.7, "cost": 0.2, "a_week": None}),
        (Action, {"causes": {"price": 0.5}, "channels": ["sms"], "cost": 5, "for": "left"}),
        (Wake, {"who": "all", "factor": 1.5, "weeks": 8}),
        (WinBack, {"base_a_week": 0.003, "half_life_weeks": 20, "second_tempo": 1.5, "actions": {"x": {"price": 1}}}),
        (Referral, {"a_week": 0.0005, "invited": 0.06, "content_below": 0.5}),
        (Fatigue, {"half_life_weeks": 3, "reach": 0.3, "annoys": 0.1}),
        (Dogs, {"share": 0.1, "factor": 1.8, "weeks": 6}),
        (WaveTests, {"every_weeks": 4, "weeks": 4, "from": 0.15, "until": 0.8, "share": 0.35, "control": 0.3,
                 "winback_every_weeks": 4}),
        (Aimed, {"action": "coupon", "who": "silent", "at": 0.4, "share": 0.3}),
    ],
)  # fmt: skip
def test_blocks_are_read_as_written_and_nothing_else(block: type[BaseModel], written: dict) -> None:
    read = block.model_validate(written).model_dump(by_alias=True)
    assert {name: read[name] for name in written} == written
    with pytest.raises(ValidationError, match="more"):
        block.model_validate(written | {"more": 1})


def test_aimed_campaigns_choose_by_what_the_company_sees(simulated: Callable) -> None:
    lives, scenario = simulated(members=2500)
    members, history = lives.members, lives.history
    week = scenario.clock.week_at(0.5)

    def chosen(who: str, share: float = 1.0) -> np.ndarray:
        aimed = Aimed(action="coupon", who=who, at=0.5, share=share)
        return aimed_at(scenario, members, history, aimed, np.random.default_rng(1))

    here = np.flatnonzero((members.entry < 7 * week) & members.marketing)
    for who, weeks, sign in (("best", 26, 1), ("silent", 8, -1)):
        orders = sign * history.counts["orders"][week - weeks : week].sum(axis=0)
        mine, others = chosen(who), np.setdiff1d(here, chosen(who))
        assert np.isin(mine, here).all() and orders[mine].min() >= orders[others].max()
        assert len(mine) == pytest.approx(len(here) / 4, rel=0.02)
        assert len(chosen(who, 0.4)) == pytest.approx(0.4 * len(mine), rel=0.2)
    near = history.levels["rival_activity"][week - 4 : week + 1].mean(axis=0)
    assert near[chosen("rivals")].min() > 0.9 >= near[np.setdiff1d(here, chosen("rivals"))].max()


def test_contacts_are_drawn_alike_from_the_same_streams(simulated: Callable) -> None:
    lives, scenario = simulated()

    def stream(purpose: str) -> np.random.Generator:
        return scenario.stream(0, purpose)

    again = draw_contacts(scenario, lives.members, lives.history, stream)
    pd.testing.assert_frame_equal(again, lives.contacts)
    assert list(again.columns) == COLUMNS and again["week"].is_monotonic_increasing
    treated = again["action"] != CONTROL
    assert again.loc[treated, "noticed"].mean() == pytest.approx(
        again.loc[treated, "p_notice"].mean(), abs=0.03
    )
    assert not again.loc[~treated, "noticed"].any() and (again.loc[~treated, "cost"] == 0).all()
    second = again[again["recent"] > 0]
    assert len(second) > 0 and second["recent"].max() < 3
    channel = scenario.programme.contact_channels
    usual = {name: action.cost for name, action in scenario.programme.actions.items()}
    paid = again[treated]
    expected = paid["action"].map(usual) + paid["channel"].map(
        {name: one.cost for name, one in channel.items()}
    )
    assert paid["cost"].to_numpy() == pytest.approx(expected.to_numpy())


def test_a_wave_is_drawn_over_weeks_each_member_once(simulated: Callable) -> None:
    lives, scenario = simulated(members=4000)
    tests, drawn = scenario.programme.tests, lives.contacts[lives.contacts["randomized"]]
    assert not drawn.duplicated(["position", "campaign_id"]).any()
    first = drawn.groupby("campaign_id")["week"].transform("min")
    parts = (drawn["week"] - first).value_counts(normalize=True)
    assert sorted(parts.index) == list(range(tests.weeks)) and parts.between(0.23, 0.27).all()
    joined = (lives.members.entry < 7 * drawn["week"].max()) & lives.members.marketing
    last = drawn[drawn["campaign_id"] == drawn["campaign_id"].iloc[-1]]
    assert len(last) == pytest.approx(tests.share * joined.sum(), rel=0.1)
    shares = drawn["action"].value_counts(normalize=True)
    assert {
        name: pytest.approx(chance, abs=0.01) for name, chance in arm_chances(scenario.programme).items()
    } == shares.to_dict()
    numbers = np.array([0.0, tests.share * 0.99, tests.share, 1.0])
    assert (
        drawn_in(numbers, tests).tolist()[:2] == [0, tests.weeks - 1]
        and min(drawn_in(numbers, tests)[2:]) >= tests.weeks
    )


@pytest.mark.parametrize("name", ["shop", "gym", "school", "app"])
def test_staff_make_no_more_calls_and_visits_in_a_week_than_they_can(simulated: Callable, name: str) -> None:
    lives, scenario = simulated(program=name, members=4000)
    limits, exits = weekly_limits(scenario), lives.exits
    assert (name == "app") == (not limits)
    made = pd.concat([sent_contacts(scenario, lives), lives.win_back])
    day = 7 * np.arange(scenario.clock.weeks)[:, None]
    first = (lives.members.entry < day) & (exits.left > day)
    books = (first | ((exits.returned <= day) & (exits.left_again > day))).sum(axis=1)
    for way, share in limits.items():
        weekly = (
            made.loc[made["channel"] == way, "week"].value_counts().reindex(range(len(day)), fill_value=0)
        )
        assert weekly.max() > 5 and (weekly.to_numpy() <= share * books).all()
    for action in scenario.programme.actions.values():
        assert not set(action.channels) <= set(limits), "beyond the limit another channel serves"


def test_beyond_the_room_contacts_go_another_way(simulated: Callable) -> None:
    lives, scenario = simulated()
    who = np.flatnonzero(lives.members.has_channel.all(axis=0))[:200]
    chosen = Chosen(20, who, np.full(len(who), "service_callback", dtype=object), np.zeros(len(who)))

    def placed(room: dict[str, int]) -> pd.DataFrame:
        return place_contacts(scenario, lives.members, chosen, room, np.random.default_rng(1))

    free, tight = placed({}), placed({"call": 7})
    called = (tight["channel"] == "call").to_numpy()
    assert (free["channel"] == "call").sum() > 50 and called.sum() == 7
    assert (free["channel"][called] == "call").all() and set(tight["channel"]) == {"call", "wechat"}
    assert room_left({"call": 7, "in_person": 3}, tight) == {"call": 0, "in_person": 3}
    week = scenario.clock.weeks - 1
    room = room_of_tests(scenario, lives.members, week)
    assert room == {"call": int(0.02 * THERE * (lives.members.entry < 7 * week).sum())}


def test_nobody_known_to_be_gone_is_contacted_as_a_member(simulated: Callable) -> None:
    lives, scenario = simulated(members=2500)
    sent, exits = sent_contacts(scenario, lives), lives.exits
    who, day = sent["position"].to_numpy(), sent["day"].to_numpy()
    once = exits.returned[who] >= NEVER
    late = day - exits.left[who]
    lapse = 7 * scenario.programme.lapse_contact_weeks
    assert 0 < late[once].max() <= lapse, "the company learns late that somebody has left"
    assert (day >= lives.members.entry[who]).all() and lives.members.marketing[who].all()
