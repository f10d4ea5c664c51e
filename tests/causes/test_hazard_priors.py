"""Priors of totals and of exposures: their step against brute force, what each exposure is assumed to explain."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import optimize

from whychurn.causes.latent_cause.hazard_priors import EXCESS_SHARE, TOTAL_PRIOR, HazardPriors, hazard_priors
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams

K = len(CAUSES)
OF_CAUSE = np.array([*range(K), 0, 0, 1])


def objective(priors: HazardPriors, beta: np.ndarray, events: np.ndarray, exposure: np.ndarray) -> float:
    return float(events @ np.log(beta) - exposure @ beta) + priors.log_density(beta, exposure)


def test_repeated_steps_end_at_the_maximum_of_the_posterior() -> None:
    """Six bases and three exposures, events ascribed once for all: brute force finds the same coefficients."""
    rng = np.random.default_rng(1)
    events, exposure = rng.uniform(5, 60, 9), rng.uniform(50, 150, 9)
    excess = np.array([0.0] * K + [5, 5, 10])
    rate = np.where(excess > 0, 40.0, 0.0)
    priors = HazardPriors(OF_CAUSE, (np.arange(K),), np.full(K, 15.0), excess, rate)
    beta, values = np.full(9, 0.2), []
    for _ in range(500):
        values.append(objective(priors, beta, events, exposure))
        beta = priors.coefficients(events, beta, exposure)
    assert (np.diff(values) > -1e-9).all()
    best = optimize.minimize(
        lambda log: -objective(priors, np.exp(log), events, exposure), np.log(beta) + 0.3, method="BFGS"
    )
    assert beta == pytest.approx(np.exp(best.x), rel=1e-3)


def test_early_parts_of_the_bases_are_in_one_ratio() -> None:
    """Two bases with early parts: forty events of eighty are early, whatever the cause."""
    base = (np.array([0, 1]), np.array([2, 3]))
    priors = HazardPriors(np.array([0, 1, 0, 1]), base, np.zeros(K), np.zeros(4), np.zeros(4))
    exposure = np.array([100.0, 100, 10, 10])
    found = priors.coefficients(np.array([30.0, 10, 10, 30]), np.full(4, 0.1), exposure)
    assert found * exposure == pytest.approx([20, 20, 20, 20])


def test_without_events_totals_are_as_assumed() -> None:
    """Bases alone, nothing ascribed to tell them apart: shares of the causes go to the prior's."""
    split = np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    priors = HazardPriors(np.arange(K), (np.arange(K),), 60 * split, np.zeros(K), np.zeros(K))
    beta = np.full(K, 1.0)
    for _ in range(2000):  # ascribed as the coefficients are: the data say nothing of the split
        beta = priors.coefficients(100 * beta / beta.sum(), beta, np.full(K, 100.0))
    assert beta / beta.sum() == pytest.approx(split, abs=0.01)


def test_what_is_assumed_of_each_exposure() -> None:
    """Two exposures of the first cause, one of two columns, and one of the second that hardly anybody meets."""
    names = ["base"] * K + ["returns@5", "returns@18", "faults", "price_rise"]
    causes = np.array([*range(K), 0, 0, 0, 1])
    history = SimpleNamespace(
        names=names, causes=causes, roots=[name.split("@")[0] for name in names], used=np.ones(10, bool), supported=None,
        met=np.array([1.0] * 9 + [0.01]), totals=SimpleNamespace(x=np.full((1, 10), 50.0)),
    )  # fmt: skip
    params = CausesParams(excess_prior=20.0)
    priors = hazard_priors(history, np.full(K, 1 / K), 600.0, params)
    assert priors.totals == pytest.approx(np.full(K, TOTAL_PRIOR))
    assert priors.excess == pytest.approx([0] * K + [5, 5, 10, 20]), "twenty a cause"
    leavings = priors.excess[K:] / priors.exposure[K:] * 50
    even = EXCESS_SHARE / 6 * 600
    assert leavings == pytest.approx([even / 4, even / 4, even / 2, 600 * 0.02 / 1.02])
