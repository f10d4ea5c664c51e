"""Shares by the draw: unbiased whatever the model, intervals that hold, lambda that never harms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.interviews.coder_agreement import coder_agreement
from whychurn.causes.interviews.combination import (
    ShareInterval,
    combine,
    draw_interval,
    log_odds,
    sd_of_interval,
)
from whychurn.causes.interviews.draw_estimate import (
    DrawEstimate,
    estimate_draw,
    log_odds_sd,
    on_simplex,
    powered_shares,
)
from whychurn.causes.interviews.interval_width import interview_plan
from whychurn.causes.interviews.interview_answers import ANSWERED, Interviews
from whychurn.causes.interviews.silence_allowance import critical_value, order_open_at, silence_bounds
from whychurn.contract.arrays import Array
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT

SHARES = np.array([0.3, 0.25, 0.15, 0.12, 0.1, 0.08])
EVEN = np.full(6, 0.65)  # chance to answer by cause
LEAVERS, WORLDS, NOMINAL = 700, 120, 0.95
NO_CODERS = np.zeros((7, 7))


def leavers(rng: np.random.Generator) -> tuple[Array, Array]:
    """True causes, and chances of a model that is informative and badly off on average."""
    cause = rng.choice(6, LEAVERS, p=SHARES)
    signal = rng.normal(0, 1, (LEAVERS, 6)) + np.eye(6)[cause]
    p = np.exp(signal + np.array([1.0, -1, 0.5, 0, 0, -0.5]))
    return cause, p / p.sum(axis=1, keepdims=True)


def asked(rng: np.random.Generator, cause: Array, p: Array, answers: int, rates: Array) -> Interviews:
    """Drawn with chances that depend on the model, answering with chances that depend on the cause."""
    chance = 0.5 + p.max(axis=1)
    chance = np.minimum(chance * answers / rates[cause].mean() / chance.sum(), 1.0)
    drawn = rng.random(LEAVERS) < chance
    answered = drawn & (rng.random(LEAVERS) < rates[cause])
    status = np.where(answered, ANSWERED, np.where(drawn, SILENT, NOT_ASKED))
    return Interviews(
        status, np.eye(6)[cause] * answered[:, None], np.where(drawn, chance, np.nan), NO_CODERS
    )


def one_estimate(rng: np.random.Generator, rates: Array = EVEN, answers: int = 150) -> DrawEstimate:
    cause, p = leavers(rng)
    days = pd.Series(pd.Timestamp("2025-05-01")).repeat(LEAVERS)
    interviews = asked(rng, cause, p, answers, rates)
    return estimate_draw(interviews, p, np.arange(LEAVERS), days, coder_agreement(NO_CODERS))


def held(low: Array, high: Array) -> float:
    return float(((low <= SHARES) & (high >= SHARES)).mean())


def test_unbiased_and_intervals_hold_when_silence_has_nothing_to_do_with_the_cause() -> None:
    rng = np.random.default_rng(5)
    found = [one_estimate(rng) for _ in range(WORLDS)]
    errors = np.stack([each.share - SHARES for each in found])
    standard_error = errors.std(axis=0) / np.sqrt(WORLDS)
    assert (np.abs(errors.mean(axis=0)) < 3.5 * standard_error).all()
    intervals = [draw_interval(each.share, each.log_odds_sd, 1.0, NOMINAL) for each in found]
    assert 0.92 < np.mean([held(each.low, each.high) for each in intervals]) < 0.98


@pytest.mark.parametrize("odd", [0, 3])
def test_the_allowance_holds_when_one_cause_answers_more_by_the_factor(odd: int) -> None:
    rng = np.random.default_rng(6 + odd)
    rates = np.full(6, 0.6)
    rates[odd] *= 1.3
    found = [one_estimate(rng, rates) for _ in range(WORLDS)]
    with_allowance = [draw_interval(each.share, each.log_odds_sd, 1.3, NOMINAL) for each in found]
    of_odd = np.mean([each.low[odd] <= SHARES[odd] <= each.high[odd] for each in with_allowance])
    assert of_odd > 0.93
    assert np.mean([held(each.low, each.high) for each in with_allowance]) > 0.95


def test_lambda_never_makes_the_variance_larger() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        cause, p = leavers(rng)
        answers, weight = np.eye(6)[cause], rng.uniform(1, 5, LEAVERS)
        useless = p[rng.permutation(LEAVERS)]
        for predictions in (p, useless):
            _, tuned, power = powered_shares(answers, predictions, weight, np.arange(LEAVERS), p.mean(axis=0))
            _, without, _ = powered_shares(answers, 0 * p, weight, np.arange(LEAVERS), 0 * p.mean(axis=0))
            assert (np.diag(tuned) <= np.diag(without) + 1e-15).all()
            assert ((power >= 0) & (power <= 1)).all()


def test_answers_of_one_member_count_as_one() -> None:
    rng = np.random.default_rng(9)
    cause, p = leavers(rng)
    answers, weight = np.eye(6)[cause], np.ones(LEAVERS)
    members = np.arange(LEAVERS)
    _, once, _ = powered_shares(answers, p, weight, members, p.mean(axis=0))
    twice = [np.concatenate([part, part]) for part in (answers, p, weight, members)]
    _, doubled, _ = powered_shares(*twice, p.mean(axis=0))
    assert np.diag(doubled) == pytest.approx(np.diag(once))


def test_leavings_outside_the_drawn_period_shift_the_shares_and_widen_them() -> None:
    rng = np.random.default_rng(10)
    cause, p = leavers(rng)
    days = pd.Series(pd.Timestamp("2025-05-01")).repeat(LEAVERS)
    interviews = asked(rng, cause, p, 200, EVEN)
    inside = estimate_draw(interviews, p, np.arange(LEAVERS), days, coder_agreement(NO_CODERS))
    old = np.zeros((300, 6))
    old[:, 1] = 1.0
    more = Interviews(
        np.append(interviews.status, np.full(300, NOT_ASKED)),
        np.vstack([interviews.coded, 0 * old]),
        np.append(interviews.probability, np.full(300, np.nan)),
        NO_CODERS,
    )
    dates = pd.concat([days, pd.Series(pd.Timestamp("2024-01-01")).repeat(300)])
    both = estimate_draw(
        more, np.vstack([p, old]), np.arange(LEAVERS + 300), dates, coder_agreement(NO_CODERS)
    )
    assert both.in_period == inside.in_period == LEAVERS
    assert both.share[1] > inside.share[1] + 0.1
    assert both.log_odds_sd[1] > inside.log_odds_sd[1]


def test_a_cause_nobody_names_is_not_ruled_out() -> None:
    share = on_simplex(np.array([0.5, 0.5, 0, 0, 0, 0]), 100.0)
    sd = log_odds_sd(share, np.zeros(6), 100.0)
    high = draw_interval(share, sd, 1.0, NOMINAL).high
    assert 0.02 < high[5] < 0.06  # three in a hundred: the rule of three
    assert share.sum() == pytest.approx(1)


def test_bounds_of_silence_are_those_of_the_linear_programme() -> None:
    rng = np.random.default_rng(11)
    gamma = 1.4
    low, high = silence_bounds(SHARES, gamma)
    true = SHARES * rng.uniform(
        1 / gamma, gamma, (20000, 6)
    )  # shares that fit the answers, if they sum to one
    true = true[np.abs(true.sum(axis=1) - 1) < 0.01]
    assert (true.min(axis=0) > low - 0.01).all()
    assert (true.max(axis=0) < high + 0.01).all()
    assert true.max(axis=0) == pytest.approx(high, rel=0.05)
    assert np.allclose(silence_bounds(SHARES, 1.0), SHARES)


def test_critical_values_go_from_two_sided_to_one_sided() -> None:
    assert critical_value(np.array([0.0]), np.ones(1), NOMINAL) == pytest.approx(1.96, abs=0.001)
    assert critical_value(np.array([9.0]), np.ones(1), NOMINAL) == pytest.approx(1.645, abs=0.001)


def test_the_order_is_open_from_a_known_factor() -> None:
    assert order_open_at(SHARES, np.zeros((6, 6)), NOMINAL) == pytest.approx(np.sqrt(0.3 / 0.25))
    assert order_open_at(SHARES, np.eye(6) * 0.01, NOMINAL) == 1.0


def test_the_combination_holds_and_is_better_than_either() -> None:
    rng = np.random.default_rng(12)
    rates, model_sd = np.array([0.5, 0.75, 0.6, 0.65, 0.7, 0.55]), np.full(6, 0.5)
    errors, covered = [], []
    for _ in range(WORLDS):
        each = one_estimate(rng, rates, 100)
        model = 1 / (1 + np.exp(-log_odds(SHARES) - rng.normal(0, 0.5, 6)))
        together = combine(each.share, each.log_odds_sd, model / model.sum(), model_sd, 1.3, NOMINAL)
        errors.append([np.abs(share - SHARES).max() for share in (together.share, each.share, model)])
        covered.append(held(together.low, together.high))
        assert together.share.sum() == pytest.approx(1)
    best, draw, own = np.mean(errors, axis=0)
    assert best < min(draw, own)
    assert np.mean(covered) > 0.95


def test_a_model_that_tells_nothing_leaves_the_draw() -> None:
    nothing = np.full(6, np.nan)
    sd = sd_of_interval(nothing, nothing, NOMINAL)
    together = combine(SHARES, np.full(6, 0.2), nothing, sd, 1.3, NOMINAL)
    assert isinstance(together, ShareInterval)
    assert together.weight == pytest.approx(1)
    assert together.share == pytest.approx(SHARES)


def test_more_interviews_narrow_the_intervals() -> None:
    model = (SHARES, np.full(6, 0.5))
    plan = interview_plan(None, SHARES, model, 1.3, NOMINAL)
    assert plan["answers"].tolist() == [0, 50, 100, 200]
    assert (plan["width"].diff().dropna() < 0).all()
    own = draw_interval(SHARES, model[1], 1.0, NOMINAL)  # nobody asked: the model's own intervals
    assert plan["width"].iloc[0] == pytest.approx((own.high - own.low).mean())
    unknown = interview_plan(None, np.full(6, np.nan), (np.full(6, np.nan), np.full(6, np.inf)), 1.3, NOMINAL)
    assert unknown["width"].isna().tolist() == [True, False, False, False]
