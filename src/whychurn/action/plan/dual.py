"""The choice under a budget and caps: prices that make the best option of each member affordable to all together.

Lagrangian dual of the multiple-choice knapsack: a price of money and one of each capped channel; at these prices every
member takes the best option by itself. The dual is convex; its price of money is found by bisection within coordinate
steps over the channels, members at the margin are filled in by what they bring per price.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from whychurn.contract.arrays import Array

NOTHING: Final = -1  # option of members who are left alone
SWEEPS: Final = 12  # over money and channels
HALVINGS: Final = 40
CLOSE: Final = 1e-6  # of a price, relative
MANY: Final = 40_000  # members above which prices are first looked for among every `THIN`-th of them
THIN: Final = 16
HIGHEST: Final = 1e12  # price, of what there is none of at all
TRIES: Final = 20_000  # changes at the margin, after the prices are found


@dataclass(frozen=True)
class Caps:
    """What all members share.

    Parameters
    ----------
    budget
        Currency.
    channels
        Contacts that each capped channel can carry; (C,).
    """

    budget: float
    channels: Array


@dataclass(frozen=True)
class Choice:
    """An option for each member, and the prices behind it.

    Parameters
    ----------
    option
        Number of the option, `NOTHING` where the member is left alone; (n,).
    money
        What one more unit of currency in the budget would bring, net of itself.
    channels
        What one more contact in each capped channel would bring; (C,).
    bound
        No choice can bring more than this in all.
    """

    option: Array
    money: float
    channels: Array
    bound: float


@dataclass(frozen=True)
class Candidates:
    """Options that bring something to a member, one row each, in order of member.

    Parameters
    ----------
    member, option
        Numbers; (m,).
    net, cost
        Gain after cost, and cost; currency; (m,).
    uses
        Contacts in each capped channel; (m, C).
    members
        Number of all members, those without a row included.
    """

    member: Array
    option: Array
    net: Array
    cost: Array
    uses: Array
    members: int

    @classmethod
    def of(cls, net: Array, cost: Array, uses: Array) -> Candidates:
        """From net gains (n, K; NaN or below zero: no option) and costs (n, K); uses are (K, C)."""
        member, option = np.nonzero(np.nan_to_num(net, nan=-1.0) > 0)
        return cls(
            member, option, net[member, option].astype("float64"), cost[member, option].astype("float64"),
            uses[option].astype("float64"), len(net),
        )  # fmt: skip

    def where(self, kept: Array) -> Candidates:
        """The rows that are `kept` (m,)."""
        return replace(
            self, member=self.member[kept], option=self.option[kept], net=self.net[kept],
            cost=self.cost[kept], uses=self.uses[kept],
        )  # fmt: skip

    def worth(self, prices: Array) -> Candidates:
        """Rows that bring more than they cost at `prices`."""
        return self.where(self.net - self.cost * prices[0] - self.uses @ prices[1:] > 0)


def choose(candidates: Candidates, caps: Caps) -> Choice:
    """Options that bring most in all within `caps`.

    Returns
    -------
    Choice
        Within budget and caps. Its sum of net gains is below ``bound``, that of the linear relaxation, by no more
        than what about one member a constraint brings.
    """
    problem, prices = _Problem(candidates, caps), np.zeros(1 + len(caps.channels))
    if candidates.members > MANY:
        share = _thinned(candidates)
        near = _Problem(share, Caps(caps.budget / THIN, caps.channels / THIN)).best_prices(prices)
        few = _Problem(candidates.worth(near / 2), caps)
        prices = few.best_prices(near)
        problem = few if (prices >= near / 2).all() else problem
    if problem.held is candidates:
        prices = problem.best_prices(prices)
    chosen = problem.filled(prices)
    option = np.full(candidates.members, NOTHING, dtype="int64")
    option[problem.held.member[chosen]] = problem.held.option[chosen]
    return Choice(option, float(prices[0]), prices[1:], problem.dual(prices))


def _thinned(candidates: Candidates) -> Candidates:
    """Candidates of every `THIN`-th member."""
    return candidates.where(candidates.member % THIN == 0)


class _Problem:
    """Candidates with resources stacked: money first, then the channels."""

    def __init__(self, candidates: Candidates, caps: Caps) -> None:
        self.held = candidates
        self.use = np.column_stack([candidates.cost, candidates.uses])
        self.cap = np.append(caps.budget, caps.channels)
        self.starts = np.flatnonzero(np.diff(candidates.member, prepend=-1))

    def best_rows(self, prices: Array) -> Array:
        """Row of each member's best candidate at these prices, of members for whom one is worth its price."""
        if not len(self.starts):
            return np.zeros(0, dtype="int64")
        left = self.held.net - self.use @ prices
        best = np.maximum.reduceat(left, self.starts)
        at = np.repeat(best, np.diff(self.starts, append=len(left)))
        rows = np.flatnonzero((left >= at) & (left > 0))
        first = np.diff(self.held.member[rows], prepend=-1) != 0
        return rows[first]

    def dual(self, prices: Array) -> float:
        """Upper bound of the sum of net gains at these prices."""
        rows = self.best_rows(prices)
        priced = prices > 0  # what there is enough of may be endless
        return float(
            (self.held.net[rows] - self.use[rows] @ prices).sum() + self.cap[priced] @ prices[priced]
        )

    def over(self, prices: Array, at: int) -> bool:
        """Whether the best rows use more of resource `at` than there is."""
        return bool(self.use[self.best_rows(prices), at].sum() > self.cap[at] * (1 + 1e-12))

    def best_prices(self, start: Array) -> Array:
        """Prices at which no resource is over-used but by members at the margin; coordinate descent from `start`."""
        prices = start.copy()
        for _ in range(SWEEPS):
            before = prices.copy()
            for at in range(len(self.cap)):
                prices = self._with_price(prices, at)
            if len(self.cap) == 1 or np.allclose(prices, before, rtol=1e-6, atol=1e-12):
                break
        return prices

    def _with_price(self, prices: Array, at: int) -> Array:
        """`prices` with the smallest price of resource `at` at which it is not over-used."""
        low, high = prices.copy(), prices.copy()
        low[at] = 0.0
        if not self.over(low, at):
            return low
        high[at] = max(prices[at] * 1.05, 1e-6)
        while self.over(high, at) and high[at] < HIGHEST:
            low[at], high[at] = high[at], high[at] * 2
        near = high.copy()
        near[at] = prices[at] * 0.95
        if near[at] > low[at] and self.over(near, at):
            low = near
        for _ in range(HALVINGS):
            if high[at] - low[at] <= CLOSE * high[at]:
                break
            middle = low.copy()
            middle[at] = (low[at] + high[at]) / 2
            low, high = (middle, high) if self.over(middle, at) else (low, middle)
        return high

    def filled(self, prices: Array) -> Array:
        """Rows taken: those best at `prices` while they fit, then changes by gain per price while anything is left."""
        if not len(self.starts):
            return np.zeros(0, dtype="int64")
        left = self.held.net - self.use @ prices
        order = self.best_rows(prices)
        order = order[np.argsort(-left[order], kind="stable")]
        current = np.full(self.held.members, -1, dtype="int64")
        spent = np.zeros(len(self.cap))
        fits = np.all(np.cumsum(self.use[order], axis=0) <= self.cap * (1 + 1e-12), axis=1)
        taken = order[fits] if fits.all() else self._one_by_one(order, spent)
        current[self.held.member[taken]] = taken
        self._improve(current, left)
        return current[current >= 0]

    def _one_by_one(self, order: Array, spent: Array) -> Array:
        taken = []
        for row in order:
            after = spent + self.use[row]
            if (after <= self.cap * (1 + 1e-12)).all():
                spent[:] = after
                taken.append(row)
        return np.array(taken, dtype="int64")

    def _improve(self, current: Array, left: Array) -> None:
        """Change members at the margin to dearer options, those that lose least at the prices first."""
        spent = self.use[current[current >= 0]].sum(axis=0)
        best = np.where(current >= 0, left[np.maximum(current, 0)], 0.0)
        loss = best[self.held.member] - left
        held = np.where(current >= 0, self.held.net[np.maximum(current, 0)], 0.0)
        better = np.flatnonzero(self.held.net > held[self.held.member])
        for row in better[np.argsort(loss[better], kind="stable")][:TRIES]:
            member = self.held.member[row]
            before = current[member]
            gone = self.use[before] if before >= 0 else 0.0
            gain = self.held.net[row] - (self.held.net[before] if before >= 0 else 0.0)
            after = spent - gone + self.use[row]
            if gain > 0 and (after <= self.cap * (1 + 1e-12)).all():
                current[member], spent = row, after
