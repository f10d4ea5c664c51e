"""Weeks are drawn in parts that can run on: traits last, counts continue, exposures follow without any draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from whychurn.world.lives.history.counts import draw_counts, draw_coupons, draw_levels
from whychurn.world.lives.history.exposures import doses
from whychurn.world.lives.history.lasting_traits import (
    LastingTraits,
    first_periods,
    in_period,
    later_periods,
)
from whychurn.world.lives.weekly_history import in_shape
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.market import background, drift_of_lists


def test_traits_are_drawn_once() -> None:
    rng = np.random.default_rng(1)
    traits = LastingTraits()
    first = traits.once("push", lambda: rng.random(3))
    assert np.array_equal(traits.once("push", lambda: rng.random(3)), first)
    later = LastingTraits(traits.values)
    assert np.array_equal(later.once("push", lambda: rng.random(3)), first)
    later.once("new", lambda: rng.random(3))
    assert "new" not in traits.values  # the window's own traits stay as they are


def test_periods_begin_as_often_after_the_window_as_in_it() -> None:
    clock, n, rng = (
        Clock.of(Clock(np.datetime64("2024-01-01").item(), 1).start, 24),
        40_000,
        np.random.default_rng(2),
    )
    first = first_periods(clock, 0.4, (10, 20), n, rng)
    assert in_period(first, np.arange(60)).any(axis=0).mean() == pytest.approx(0.4 * 68 / 113, abs=0.02)
    later = later_periods((clock.weeks, clock.weeks + 50), 0.4, (10, 20), n, rng)
    assert not in_period(later, np.arange(clock.weeks)).any()
    begun = in_period(later, clock.weeks + np.arange(70)).any(axis=0).mean()
    assert begun == pytest.approx(0.4 * 50 / (clock.weeks + 8), abs=0.01)
    assert in_period(np.array([[[3], [5]]]), np.arange(7)).ravel().tolist() == [0, 0, 0, 1, 1, 0, 0]


def test_counts_are_drawn_for_the_last_weeks_asked_for(simulated: Callable) -> None:
    lives, scenario = simulated(members=800)
    traits, rng = LastingTraits(lives.history.traits), np.random.default_rng(3)
    levels = draw_levels(scenario, lives.members, traits, rng)
    for name in ("own_price", "rival_price", "discount", "response"):
        assert np.array_equal(levels[name], lives.history.levels[name]), name
    last = {name: level[-10:] for name, level in levels.items()}
    weeks_ago = np.full(lives.members.size, 500.0)
    counts = draw_counts(scenario, lives.members, last, traits, rng, weeks_ago)
    assert {len(count) for count in counts.values()} == {10}
    assert counts["orders"][0].mean() > 0.95  # who has not ordered for so long orders now
    coupons = draw_coupons(scenario, lives.members, np.zeros((10, lives.members.size)), rng)
    assert coupons.shape == (10, lives.members.size)
    assert np.all(coupons[:, ~lives.members.marketing] == 0)


def test_doses_follow_from_counts_without_a_draw(simulated: Callable) -> None:
    lives, scenario = simulated(members=800)
    history = lives.history
    counts = {**history.counts, "hours": history.levels["hours"]}
    found = in_shape(scenario, doses(scenario, lives.members, counts, history.levels, dict(history.traits)))
    for name, dose in history.exposures.items():
        assert np.allclose(found[name], dose, atol=1e-5), name
    calm = doses(
        scenario,
        lives.members,
        {**counts, "faults": 0 * counts["faults"]},
        history.levels,
        dict(history.traits),
    )
    assert np.all(calm["app_fault"] == 0) and np.array_equal(calm["defect"], found["defect"])
    shaped = in_shape(replace(scenario, usual=dict.fromkeys(found, 2.0)), calm)
    assert np.allclose(shaped["defect"], calm["defect"] / 2)


def test_lists_drift_and_rivals_are_never_quite_still() -> None:
    assert drift_of_lists(np.array([0, 100])).tolist() == pytest.approx([1, 1.03])
    noise = background(np.random.default_rng(4), (200, 3, 2))
    assert np.all(noise > 0) and 0.3 < np.median(noise) < 0.5 and noise.max() > 1
