"""What a contact is worth in days: the two slips that cost much, and known answers."""

from __future__ import annotations

import numpy as np
import pytest

from whychurn.action.plan.kept_days import (
    Decay,
    daily_hazard,
    days_kept,
    days_kept_by_two,
    hazard_removed,
)

NONE, SMALL = np.zeros(1), np.array([1e-6])
FOREVER = Decay(0, 1e6, 90)


def test_an_effect_goes_on_after_the_follow_up() -> None:
    """Of leavings averted; a half-life of 12 weeks: in a year 1.8 times those of the first 90 days."""
    decay = Decay(0, 12, 90)
    assert decay.so_far(np.array([90.0]))[0] == pytest.approx(90)
    assert decay.so_far(np.array([365.0]))[0] / 90 == pytest.approx(1.8, abs=0.02)


def test_nothing_is_removed_nothing_is_gained_and_harm_costs() -> None:
    p = np.array([0.1, 0.5])
    assert days_kept(p, np.zeros(2), FOREVER, 365) == pytest.approx(0, abs=1e-9)
    assert (days_kept(p, np.full(2, -0.2), FOREVER, 365) < 0).all()


def test_a_lasting_cure_gives_the_days_that_would_have_been_lost() -> None:
    """A member with a chance of 25 % in 90 days stays 215 of 365 days."""
    p = np.array([0.25])
    cured = days_kept(p, np.ones(1), FOREVER, 365)[0]
    assert cured == pytest.approx(365 - 215, rel=0.04)


def test_removing_a_part_for_good_is_a_smaller_chance_to_leave() -> None:
    p, removed = np.array([0.2]), np.array([0.4])
    other = 1 - np.exp(-daily_hazard(p, 90) * 0.6 * 90)
    h, less = daily_hazard(p, 90), daily_hazard(other, 90)
    expected = -np.expm1(-365 * less) / less + np.expm1(-365 * h) / h
    assert days_kept(p, removed, FOREVER, 365) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("p", "change"), [(0.05, -0.01), (0.3, -0.1), (0.6, 0.05)])
def test_hazard_removed_gives_the_measured_change_back(p: float, change: float) -> None:
    removed = hazard_removed(np.array([p]), np.array([change]))
    after = 1 - np.exp(-daily_hazard(np.array([p]), 90) * (1 - removed) * 90)
    assert after[0] - p == pytest.approx(change)


def test_draws_are_worked_out_row_by_row() -> None:
    p, draws = np.array([0.1, 0.3]), np.array([[0.1, 0.1], [0.2, 0.4]])
    both = days_kept(p, draws, Decay(1, 16, 90), 365)
    assert both.shape == (2, 2)
    assert both[1] == pytest.approx(days_kept(p, draws[1], Decay(1, 16, 90), 365))


def test_two_contacts_do_less_than_twice_as_much_and_no_more_than_a_cure() -> None:
    p, decay = np.array([0.3]), Decay(0, 16, 90)
    one = days_kept(p, np.array([0.3]), decay, 365)[0]
    two = days_kept_by_two(p, (np.array([0.3]), decay), (np.array([0.3]), decay), 14, 365)[0]
    assert one < two < 2 * one
    alone = days_kept_by_two(p, (np.array([0.3]), decay), (NONE, decay), 14, 365)[0]
    assert alone == pytest.approx(one)


def test_without_risk_nothing_can_be_kept() -> None:
    assert days_kept(SMALL, np.ones(1), FOREVER, 365)[0] == pytest.approx(0, abs=0.01)
