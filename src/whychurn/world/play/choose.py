"""Who gets what within a budget: the options that bring most for their cost."""

from __future__ import annotations

from typing import Final

import numpy as np

_STEPS: Final = 40


def choose(
    gain: np.ndarray, cost: np.ndarray, allowed: np.ndarray, budget: float
) -> tuple[np.ndarray, np.ndarray]:
    """At most one option a member, so that the gain after cost is largest within the budget.

    A price on money is found by bisection (Lagrangian dual of a multiple-choice knapsack); each member takes the best
    option at that price.

    Parameters
    ----------
    gain, cost
        Of each option for each member; (options, N).
    allowed
        Whether a member may be contacted; (N,) bool.
    budget
        Currency.

    Returns
    -------
    who, option
        Members chosen, those that bring most for their cost first, and what they get; two of (m,).
    """
    gain = np.where(allowed, gain, -np.inf)

    def taken(price: float) -> tuple[np.ndarray, np.ndarray]:
        net = gain - (1 + price) * cost
        option = np.argmax(net, axis=0)
        who = np.flatnonzero(net[option, np.arange(net.shape[1])] > 0)
        return who, option[who]

    who, option = taken(0.0)
    if cost[option, who].sum() > budget:
        low, high = 0.0, float((gain[:, allowed] / cost[:, allowed]).max(initial=1.0))
        for _ in range(_STEPS):
            price = (low + high) / 2
            who, option = taken(price)
            low, high = (price, high) if cost[option, who].sum() > budget else (low, price)
        who, option = taken(low)  # a little over the budget: the last rows are dropped when it is spent
    worth = gain[option, who] / cost[option, who]
    order = np.argsort(-worth, kind="stable")
    return who[order], option[order]


def best_single(gain: np.ndarray, cost: np.ndarray, allowed: np.ndarray) -> int:
    """The one option that brings most for its cost if everybody allowed gets it."""
    return int(np.argmax(gain[:, allowed].mean(axis=1) / cost[:, allowed].mean(axis=1)))
