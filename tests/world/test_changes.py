"""Changes planted from a month on: where they act, from when, and that nothing else moves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params.world import WorldChange
from whychurn.world.futures.later_market import later_scenario
from whychurn.world.lives.calibration import plan_scenario
from whychurn.world.lives.simulated_lives import simulate_lives
from whychurn.world.setting.changes import as_exported, opened_rivals, slower_answers, with_changes
from whychurn.world.setting.programme import load_programme
from whychurn.world.setting.scenario import Scenario
from whychurn.world.simulate import Block, simulate

MONTH, FIRST = "2024-07", pd.Timestamp("2024-07-01")
SHOP = load_programme("shop")


@pytest.fixture(scope="module")
def planned(world_params: Callable) -> Callable[..., Scenario]:
    def plan(*changes: dict, **over: object) -> Scenario:
        params = world_params(members=900, months=12, changes=list(changes), **over)
        return plan_scenario(params, load_programme(params.program))

    return plan


def _block(scenario: Scenario) -> Block:
    return next(simulate(scenario))


def test_prices_rise_from_the_month_on_and_only_there(planned: Callable) -> None:
    usual = planned().market.own
    own = planned({"kind": "price_rise", "from": MONTH, "region": "Wuhan", "size": 0.2}).market.own
    week, region = 26, list(SHOP.regions).index("Wuhan")  # the first Monday of July 2024 is its first day
    expected = usual.copy()
    expected[week:, region] *= 1.2
    np.testing.assert_array_equal(own, expected)


def test_a_change_may_end(planned: Callable) -> None:
    scenario = planned({"kind": "rival_opening", "from": MONTH, "months": 2, "size": 2.0})
    activity = opened_rivals(scenario.params, scenario.programme, scenario.clock)
    weeks = np.flatnonzero(activity[:, 0, 0])
    assert list(weeks) == list(range(26, 35))  # 1 July to 1 September
    added = scenario.market.activity - planned().market.activity
    np.testing.assert_allclose(added, np.broadcast_to(activity, added.shape), atol=1e-12)
    cheaper = planned().market.rival - scenario.market.rival
    assert cheaper[26:35] == pytest.approx(0.06) and cheaper[:26].max() == cheaper[35:].max() == 0


def test_changes_of_lives_make_more_members_leave_for_their_cause(planned: Callable) -> None:
    def hazard(cause: str, *changes: dict) -> np.ndarray:
        lives = simulate_lives(planned(*changes), 0, np.arange(900) + 1)
        here = lives.members.region == list(SHOP.regions).index("Shanghai")
        after = lives.hazards.by_cause[list(SHOP.causes).index(cause), 26:]
        return np.array([after[:, here].mean(), after[:, ~here].mean()])

    for kind, cause, least in (
        ("price_rise", "price", 1.1),
        ("rival_opening", "competition", 2.0),
        ("service_trouble", "product_service", 2.0),
    ):
        usual, changed = hazard(cause), hazard(cause, {"kind": kind, "from": MONTH, "region": "Shanghai"})
        assert changed[0] > least * usual[0]
        assert changed[1] == pytest.approx(usual[1], rel=0.08)


def test_troubles_go_on_in_futures(planned: Callable) -> None:
    change = {"kind": "rival_opening", "from": MONTH, "region": "Wuhan"}
    usual, changed = (later_scenario(planned(*some), 0, 10) for some in ((), (change,)))
    gap = (changed.market.activity - usual.market.activity)[-10:].mean(axis=(0, 2))
    assert gap == pytest.approx(np.where(np.array(list(SHOP.regions)) == "Wuhan", 2.5, 0))
    slow = planned({"kind": "service_trouble", "from": MONTH, "size": 3.0})
    later = later_scenario(slow, 0, 10)
    factor = slower_answers(later.params, later.programme, later.clock)
    assert len(factor) == later.clock.weeks and (factor[26:] == 3).all() and (factor[:26] == 1).all()


def test_a_broken_export_changes_records_and_no_life(planned: Callable) -> None:
    usual = _block(planned())
    broken = _block(planned({"kind": "broken_export", "from": MONTH, "of": "orders.discount"}))
    for name, table in usual.truth.items():
        pd.testing.assert_frame_equal(broken.truth[name], table)
    late = usual.tables["orders"]["ordered_at"] >= FIRST
    expected = usual.tables["orders"].assign(discount=lambda rows: rows["discount"].mask(late, 0.0))
    pd.testing.assert_frame_equal(broken.tables["orders"], expected)
    gone = _block(planned({"kind": "broken_export", "from": MONTH, "months": 1, "of": "events"}))
    times = usual.tables["events"]["occurred_at"]
    lost = (times >= FIRST) & (times < FIRST + pd.DateOffset(months=1))
    assert lost.sum() > 300
    pd.testing.assert_frame_equal(gone.tables["events"], usual.tables["events"][~lost].reset_index(drop=True))
    half = _block(planned({"kind": "broken_export", "from": MONTH, "of": "events", "size": 0.5}))
    kept = (half.tables["events"]["occurred_at"] >= FIRST).sum() / (times >= FIRST).sum()
    assert kept == pytest.approx(0.5, abs=0.03)


def test_a_code_is_written_otherwise(planned: Callable) -> None:
    usual = _block(planned()).tables["touches"]
    change = {"kind": "renamed_code", "from": MONTH, "of": "touches.channel", "code": "sms"}
    renamed = _block(planned(change)).tables["touches"]
    late = (usual["sent_at"] >= FIRST) & (usual["channel"] == "sms")
    assert late.any()
    expected = usual.assign(channel=usual["channel"].mask(late, "sms_v2"))
    pd.testing.assert_frame_equal(renamed, expected)
    tables = {"market": pd.DataFrame({"week_start": [FIRST], "region": [None]})}
    scenario = planned({"kind": "broken_export", "from": MONTH, "of": "market.category"})
    assert as_exported(tables, scenario.params, np.random.default_rng(0)).keys() == {
        "market"
    }  # not kept there


def test_a_change_is_not_calibrated_away(planned: Callable) -> None:
    world = {"program": "gym", "mechanism": "saturating_sums"}
    usual = planned(**world)
    changed = planned({"kind": "service_trouble", "from": MONTH}, **world)
    assert changed.programme == usual.programme and with_changes(usual) is usual
    assert changed.params.changes[0].strength == 4.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "price_rise", "from": "2026-07"}, "2026-07"),
        ({"kind": "price_rise", "from": MONTH, "region": "Atlantis"}, "Atlantis"),
        ({"kind": "broken_export", "from": MONTH, "of": "orders.colour"}, r"orders\.colour"),
    ],
)
def test_what_is_not_there_is_refused(planned: Callable, change: dict, words: str) -> None:
    with pytest.raises(WhychurnError, match=words):
        planned(change)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "price_rise", "from": "2024-13"},
        {"kind": "price_rise", "from": MONTH, "of": "orders"},
        {"kind": "broken_export", "from": MONTH},
        {"kind": "renamed_code", "from": MONTH, "of": "orders.channel"},
        {"kind": "renamed_code", "from": MONTH, "of": "orders", "code": "app"},
        {"kind": "price_rise", "from": MONTH, "size": 0.0},
    ],
)
def test_a_change_says_what_it_is(change: dict) -> None:
    with pytest.raises(ValidationError):
        WorldChange.model_validate(change)
