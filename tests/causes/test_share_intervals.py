"""Intervals of shares: the spread of resamples and what was measured on other programmes; members' chances."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special

from whychurn.causes.latent_cause.measured_error import ByAnswers, ByRecords, MeasuredError, measured_error
from whychurn.causes.latent_cause.member_chances import tempered
from whychurn.causes.latent_cause.resampled_fits import Resamples
from whychurn.causes.latent_cause.share_intervals import SAMPLING, has_records, no_shares, share_intervals
from whychurn.contract.causes import CAUSES

K = len(CAUSES)


def evidence(answers: int) -> SimpleNamespace:
    """Leavers of whom some answered; the first two causes have records, that of the second is not used."""
    stated = np.where(np.arange(1000) < answers, 1, -1)
    history = SimpleNamespace(
        names=["base"] * K + ["returns", "price_rise"],
        causes=np.array([*range(K), 0, 1]),
        used=np.array([True] * (K + 1) + [False]),
    )
    return SimpleNamespace(labels=SimpleNamespace(stated=stated), history=history)


def test_variances_on_the_log_odds_add_up() -> None:
    rng = np.random.default_rng(0)
    drawn = special.expit(rng.normal(-1.5, 0.2, (400, K)))
    resamples = Resamples(drawn, drawn, np.zeros((0, K)))
    model, told = SimpleNamespace(events=np.arange(1000)), SimpleNamespace(told=np.arange(K) < 5)
    share = np.full(K, 1 / K)
    table = share_intervals(evidence(200), model, share, resamples, told, 0.95).set_index("cause")
    first = table.loc["product_service"]
    half = special.logit(first["high"]) - special.logit(first["share"])
    beyond = measured_error().shares.to_300.with_records
    assert first["sampling_sd"] == pytest.approx(0.2, rel=0.1)
    assert half == pytest.approx(1.96 * np.hypot(first["sampling_sd"], beyond), rel=1e-3)
    assert table["has_records"].tolist() == [True, *[False] * 5]
    assert table.loc["natural", ["share", "low", "high", "sampling_sd"]].isna().all(), "it cannot be told"
    assert set(SAMPLING) <= set(no_shares()) and has_records(evidence(0)).sum() == 1


def test_errors_are_looked_up_by_answers_and_records() -> None:
    pairs = [ByRecords(with_records=0.1 * n, without_records=0.1 * n + 0.05) for n in range(3)]
    by_answers = ByAnswers(under_100=pairs[0], to_300=pairs[1], over_300=pairs[2])
    error = MeasuredError(worlds=3, temperature=1.2, shares=by_answers, avoidable=by_answers)
    found = [error.shares.of(answers, np.array([True, False])) for answers in (99, 100, 300, 301)]
    assert np.concatenate(found) == pytest.approx([0, 0.05, 0.1, 0.15, 0.1, 0.15, 0.2, 0.25])


def test_chances_are_less_sure_and_keep_the_shares() -> None:
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.full(K, 0.4), 500)
    churned = np.arange(500) < 300
    shares = p[churned].mean(axis=0)
    assert tempered(p, churned, shares, 1.0) == pytest.approx(p, abs=1e-4)
    soft = tempered(p, churned, shares, 1.6)
    assert soft.sum(axis=1) == pytest.approx(1)
    assert soft[churned].mean(axis=0) == pytest.approx(shares, abs=1e-5)
    assert soft.max(axis=1).mean() < p.max(axis=1).mean() - 0.05
