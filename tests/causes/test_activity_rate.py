"""How busy a member is, is known on the day; members as busy share a frailty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.exposures.activity_rate import (
    MIN_WEEKS,
    STRATA,
    UNKNOWN,
    activity_quantiles,
    activity_rate_so_far,
    activity_strata,
    frailty,
)
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause.additive_hazard_em import fit_additive
from whychurn.causes.member_weeks.week_calendar import Calendar
from whychurn.causes.member_weeks.weekly_counts import member_activity
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks, totals_by_spell
from whychurn.contract.params import CausesParams, load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.exit_surveys import NOT_ASKED

WEEKS, QUIET = 40, 6


@pytest.fixture(scope="module")
def params() -> CausesParams:
    return load_params(StudyPaths(PROJECT)).causes


def records(weeks: list[int]) -> WeeklyRecords:
    """One member who orders in `weeks`."""
    day = np.array(weeks, dtype=int) * 7
    orders = pd.DataFrame({"m": np.zeros(len(day), int), "day": day})
    calendar = Calendar(pd.Timestamp("2024-01-01"), 7 * WEEKS)
    return WeeklyRecords(pd.DataFrame({"member_id": ["a"]}), {"orders": orders}, None, calendar)


def groups(weeks: list[int]) -> np.ndarray:
    """Group by week of a member who orders in `weeks`, where the mean is an activity every other week."""
    rate, seen = activity_rate_so_far(member_activity(records(weeks)), np.zeros(1, int), 0.5, QUIET)
    return activity_strata(rate, seen, np.array([0.2, 0.4, 0.6, 0.8]))[:, 0]


def test_the_stratum_is_unknown_at_first_and_looks_neither_ahead_nor_at_the_last_weeks() -> None:
    busy = list(range(20))
    group = groups(busy)
    assert (group[: MIN_WEEKS + QUIET] == UNKNOWN).all() and (group[30:] != UNKNOWN).all()
    stopped = groups(busy[:14])
    assert (group[:20] == stopped[:20]).all()  # orders of weeks 14 to 19 are not known before week 20
    assert group[21] > stopped[39] > UNKNOWN


def test_groups_are_of_equal_size_and_empty_tables_have_none() -> None:
    rng = np.random.default_rng(2)
    rate, seen = rng.lognormal(size=(50, 40)), np.full((50, 40), 30)
    borders = activity_quantiles(rate, seen)
    sizes = np.bincount(activity_strata(rate, seen, borders).ravel())[1:]
    assert len(sizes) == STRATA and sizes.max() - sizes.min() <= 2
    assert len(activity_quantiles(rate, np.zeros_like(seen))) == 0


def test_frailty_is_drawn_to_one_where_few_left() -> None:
    assert frailty(np.array([0.0, 1000.0]), np.array([10.0, 500.0]), 20.0) == pytest.approx(
        [20 / 30, 1020 / 520]
    )


def test_an_exposure_that_comes_with_being_busy_keeps_its_effect(params) -> None:
    """Busy members meet it four times as often and have a quarter of the frailty: without strata it seems
    harmless.
    """
    rng = np.random.default_rng(3)
    stays, base, effect = 12000, 0.004, 0.012
    busy = rng.random(stays) < 0.5
    pull = np.where(busy, 0.5, 2.0)
    on = rng.random((stays, WEEKS)) < np.where(busy, 0.4, 0.1)[:, None]
    hazard = pull[:, None] * (base + effect * on)
    gone = rng.random((stays, WEEKS)) < hazard
    left = np.where(gone.any(axis=1), gone.argmax(axis=1), WEEKS)
    stay, week = np.nonzero(np.arange(WEEKS) < np.minimum(left + 1, WEEKS)[:, None])
    who = np.flatnonzero(left < WEEKS)

    def rows(stay: np.ndarray, week: np.ndarray, told: bool) -> PersonWeeks:
        x = np.concatenate([np.full((len(stay), 6), 1.0), on[stay, week][:, None]], axis=1).astype("float32")
        pace = np.where(busy[stay], 2, 1) if told else np.zeros(len(stay), int)
        return PersonWeeks(stay, week, np.ones(len(stay)), x, pace)

    found = {}
    for told in (False, True):
        risk = rows(stay, week, told)
        history = ExposureHistory(
            np.array([*range(6), 0]),
            ["base"] * 6 + ["met"],
            np.ones(7),
            risk,
            rows(who, left[who], told),
            np.zeros((stays, 7), "float32"),
            totals_by_spell(risk),
        )
        seen = NoisyLabels(np.full(stays, NOT_ASKED), np.zeros((stays, 7)), np.zeros((stays, 7)))
        fitted = fit_additive(history, seen, params)
        found[told] = fitted.coefficients[6] / fitted.coefficients[:6].sum()
    assert found[True] == pytest.approx(effect / base, rel=0.15)
    assert found[False] < 0.6 * effect / base
