"""Difference of two months: its parts, which add up, and its interval, from members drawn once for both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.arrays import Array
from whychurn.stats.parallel import BLOCK_MEMBERS
from whychurn.watch.limits.member_draws import member_draws
from whychurn.watch.month_record import Amounts, headline, share_of

DRAWS: Final = 400


def of_members(then: tuple[Amounts, Array], now: tuple[Amounts, Array]) -> float:
    """Part of a difference that comes from who is there: what the strata's earlier values give for today's members.

    Parameters
    ----------
    then, now
        Amounts by member, and the stratum of each member.

    Notes
    -----
    Kitagawa (1955), Journal of the American Statistical Association 50. A stratum without members then takes the value
    of all.
    """
    (before, old), (today, new) = then, now
    whole = float(headline(before))
    size_then, size_now = (np.ones(len(old)) if before[1] is None else before[1],
                           np.ones(len(new)) if today[1] is None else today[1])  # fmt: skip
    mean = before[0].sum() / size_then.sum() if size_then.sum() else 0.0
    expected = 0.0
    for stratum in np.union1d(old, new):
        at, later = old == stratum, new == stratum
        held = size_then[at].sum()
        expected += size_now[later].sum() * (before[0][at].sum() / held if held else mean)
    if today[1] is not None:
        expected = expected / size_now.sum() if size_now.sum() else float("nan")
    return float(expected - whole)


def standard_errors(
    then: tuple[Array, Sequence[Amounts]], now: tuple[Array, Sequence[Amounts]], seed: int
) -> Array:
    """Standard error of now - then of each headline: each member is drawn once for both months.

    Parameters
    ----------
    then, now
        Member ids, and the amounts of each headline by member.

    Returns
    -------
    (headlines,)
    """
    ids, sides = pd.Index(np.union1d(then[0], now[0])), (then, now)
    sums = np.zeros((2, len(then[1]), 2, DRAWS))
    for begin in range(0, len(ids), BLOCK_MEMBERS):  # always of this size: sums of fractions hang on it
        sums += _drawn_sums(sides, ids[begin : begin + BLOCK_MEMBERS], seed)
    told = [
        np.stack([np.asarray(share_of(top, None if one[1] is None else bottom))
                  for one, (top, bottom) in zip(amounts, drawn, strict=True)])
        for (_, amounts), drawn in zip(sides, sums, strict=True)
    ]  # fmt: skip
    found: Array = np.nanstd(told[1] - told[0], axis=1, ddof=1)
    return found


def _drawn_sums(sides: Sequence[tuple[Array, Sequence[Amounts]]], ids: pd.Index, seed: int) -> Array:
    """Numerators and denominators that the members `ids` add in each draw; (sides, headlines, 2, draws)."""
    drawn = member_draws(ids.to_numpy(), DRAWS, seed)[:, 1:].astype("float64")
    found = np.zeros((len(sides), len(sides[0][1]), 2, DRAWS))
    for side, (names, told) in enumerate(sides):
        place = ids.get_indexer(pd.Index(names))
        weight = drawn[place[place >= 0]]
        for row, parts in enumerate(told):
            for at, part in enumerate(parts):
                if part is not None:
                    found[side, row, at] = part[place >= 0] @ weight
    return found


def chance_of_none(difference: Array, error: Array) -> Array:
    """Two-sided p-value of no difference (normal)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = 2 * stats.norm.sf(np.abs(difference) / error)
    return np.where(error > 0, found, np.nan)
