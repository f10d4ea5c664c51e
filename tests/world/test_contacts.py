"""Who is contacted: blocks of the programme as read, aimed campaigns, the company's view of who is there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ValidationError

from whychurn.contract.causes import CONTROL
from whychurn.world.lives.contacts import COLUMNS, aimed_at, draw_contacts
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
        (WaveTests, {"every_weeks": 4, "from": 0.15, "until": 0.8, "share": 0.35, "control": 0.3,
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


def test_nobody_known_to_be_gone_is_contacted_as_a_member(simulated: Callable) -> None:
    lives, scenario = simulated(members=2500)
    sent, exits = sent_contacts(scenario, lives), lives.exits
    who, day = sent["position"].to_numpy(), sent["day"].to_numpy()
    once = exits.returned[who] >= NEVER
    late = day - exits.left[who]
    lapse = 7 * scenario.programme.lapse_contact_weeks
    assert 0 < late[once].max() <= lapse, "the company learns late that somebody has left"
    assert (day >= lives.members.entry[who]).all() and lives.members.marketing[who].all()
