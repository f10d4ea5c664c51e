"""The choice under budget and caps against scipy's linear programme."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack

from whychurn.action.plan.dual import NOTHING, Candidates, Caps, choose


def random_problem(seed: int, n: int = 20_000, options: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cost = np.broadcast_to(rng.uniform(1, 20, options), (n, options)).copy()
    gain = rng.lognormal(1.5, 1, (n, 1)) * rng.uniform(0, 2, (n, options))
    uses = np.zeros((options, 2))
    uses[0, 0] = uses[1, 0] = uses[2, 1] = 1
    return gain - cost, cost, uses


def linear_programme(net: np.ndarray, cost: np.ndarray, uses: np.ndarray, caps: Caps) -> float:
    """Best sum of net gains where members may be split."""
    n, k = net.shape
    members = csr_matrix((np.ones(n * k), (np.repeat(np.arange(n), k), np.arange(n * k))))
    shared = csr_matrix(np.column_stack([cost.ravel(), np.tile(uses, (n, 1))]).T)
    limits = np.concatenate([np.ones(n), [caps.budget], caps.channels])
    found = linprog(
        -net.ravel(), A_ub=vstack([members, shared]), b_ub=limits, bounds=(0, None), method="highs"
    )
    return float(-found.fun)


def spent(option: np.ndarray, cost: np.ndarray, uses: np.ndarray) -> tuple[float, np.ndarray]:
    who = np.flatnonzero(option != NOTHING)
    return float(cost[who, option[who]].sum()), uses[option[who]].sum(axis=0)


@pytest.mark.parametrize("capped", [False, True])
def test_the_bound_is_the_linear_programme_s(capped: bool) -> None:
    net, cost, uses = random_problem(1, n=1500)
    caps = Caps(2500.0, np.array([60.0, 45.0]) if capped else np.array([1e9, 1e9]))
    found = choose(Candidates.of(net, cost, uses), caps)
    assert found.bound == pytest.approx(linear_programme(net, cost, uses, caps), rel=1e-4)


@pytest.mark.parametrize("n", [10_000, 50_000])
@pytest.mark.parametrize("capped", [False, True])
def test_brings_what_can_be_brought_within_budget_and_caps(n: int, capped: bool) -> None:
    for seed in range(2):
        net, cost, uses = random_problem(seed, n)
        caps = Caps(1.5 * n, np.array([0.04, 0.03]) * n if capped else np.array([1e9, 1e9]))
        found = choose(Candidates.of(net, cost, uses), caps)
        who = np.flatnonzero(found.option != NOTHING)
        brought = net[who, found.option[who]].sum()
        money, used = spent(found.option, cost, uses)
        assert money <= caps.budget + 1e-6 and (used <= caps.channels).all()
        assert 0 <= (found.bound - brought) / found.bound < 1e-4


def test_the_price_of_money_is_what_one_more_brings() -> None:
    net, cost, uses = random_problem(9, n=5000)
    free = np.array([1e9, 1e9])
    at = [linear_programme(net, cost, uses, Caps(budget, free)) for budget in (8_000.0, 8_500.0)]
    price = choose(Candidates.of(net, cost, uses), Caps(8_250.0, free)).money
    assert price == pytest.approx((at[1] - at[0]) / 500, rel=0.02)


def test_money_enough_for_all_has_no_price_and_everybody_gets_the_best() -> None:
    net, cost, uses = random_problem(3)
    found = choose(Candidates.of(net, cost, uses), Caps(1e9, np.array([1e9, 1e9])))
    assert found.money == 0 and (found.channels == 0).all()
    expected = np.where(net.max(axis=1) > 0, net.argmax(axis=1), NOTHING)
    assert (found.option == expected).all()


def test_members_all_alike_are_filled_up_to_the_budget() -> None:
    net, cost = np.full((100, 1), 5.0), np.full((100, 1), 2.0)
    found = choose(Candidates.of(net, cost, np.zeros((1, 0))), Caps(51.0, np.zeros(0)))
    assert (found.option != NOTHING).sum() == 25


@pytest.mark.parametrize("budget", [0.0, 100.0])
def test_no_budget_or_nothing_to_gain_leaves_everybody_alone(budget: float) -> None:
    net = np.full((10, 2), 1.0 if budget == 0 else -1.0)
    found = choose(Candidates.of(net, np.ones((10, 2)), np.zeros((2, 0))), Caps(budget, np.zeros(0)))
    assert (found.option == NOTHING).all()


def test_the_same_twice() -> None:
    net, cost, uses = random_problem(4)
    caps = Caps(2000.0, np.array([50.0, 50.0]))
    first, second = (choose(Candidates.of(net, cost, uses), caps) for _ in range(2))
    assert (first.option == second.option).all()
