"""How far selection that no table shows could move the answer.

Marginal sensitivity model (Tan 2006): what is unseen changes each member's odds to be contacted by at most a factor Λ. The
bounds are those over all weightings that it allows (Zhao, Small & Bhattacharya 2019; the sharp ones of Dorn & Guo 2023 lie
within). Without any assumption they are Manski's (1990).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.action.effects.without_lot.overlap import Overlap, Z
from whychurn.contract.arrays import Array

LAMBDAS: Final = (1.25, 1.5, 2.0)
WIDEST: Final = 20.0  # largest Λ that is looked at


def sensitivity_bounds(found: Overlap, treated: Array, factor: float) -> tuple[float, float]:
    """Least and largest effect among members whose contact was open, if odds were off by up to `factor`; sampling error
    of 95 % added.
    """
    sides = [_mean_bounds(found, treated == arm, factor, arm) for arm in (0, 1)]
    noise = Z * found.se
    return sides[1][0] - sides[0][1] - noise, sides[1][1] - sides[0][0] + noise


def sign_open_from(found: Overlap, treated: Array) -> float:
    """Smallest Λ at which the bounds hold zero; 1 where they do without any unseen selection, infinite beyond `WIDEST`."""
    low, high = 1.0, WIDEST
    if _holds_zero(found, treated, low):
        return low
    if not _holds_zero(found, treated, high):
        return float("inf")
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if _holds_zero(found, treated, middle) else (middle, high)
    return high


def no_assumption_bounds(treated: Array, left: Array) -> tuple[float, float]:
    """Least and largest mean effect on all members, whatever those not seen either way would have done; width one."""
    share = treated.mean()
    touched, alone = (float(left[treated == arm].mean()) for arm in (1, 0))
    return (
        float(share * touched - (1 - share) * alone - share),
        float(share * touched + (1 - share) - (1 - share) * alone),
    )


def _holds_zero(found: Overlap, treated: Array, factor: float) -> bool:
    low, high = sensitivity_bounds(found, treated, factor)
    return low <= 0 <= high


def _mean_bounds(found: Overlap, mine: Array, factor: float, arm: int) -> tuple[float, float]:
    """Least and largest overlap-weighted mean of the residuals of one arm.

    Its weight, the chance of the other arm, is ``1 / (1 + odds)``, and the odds may be off by the factor.
    """
    chance = found.chance[mine]
    odds = (chance / (1 - chance)) ** (1 if arm else -1)
    least, most = 1 / (1 + odds * factor), 1 / (1 + odds / factor)
    residual = found.residual[mine]
    return _extreme(residual, least, most), -_extreme(-residual, least, most)


def _extreme(values: Array, least: Array, most: Array) -> float:
    """Smallest weighted mean with each weight within its bounds: the largest weights on the smallest values."""
    order = np.argsort(values, kind="stable")
    values, least, most = values[order], least[order], most[order]
    weight = np.concatenate([[0.0], np.cumsum(most - least)]) + least.sum()
    total = np.concatenate([[0.0], np.cumsum((most - least) * values)]) + least @ values
    return float((total / weight).min())
