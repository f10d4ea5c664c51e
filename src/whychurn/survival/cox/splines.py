"""Bends of numeric covariates: restricted cubic splines, kept where they earn their parameters."""

from __future__ import annotations

from typing import Final

import numpy as np

# places of the knots among the values (Harrell 2015, Regression Modeling Strategies, table 2.3)
PLACES: Final[dict[int, tuple[float, ...]]] = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.5, 0.725, 0.95),
}
NEAREST: Final = 0.02  # knots nearer than this share of their range give columns that cannot be told apart


def spline_knots(values: np.ndarray, count: int, least_values: int) -> np.ndarray | None:
    """Knots at Harrell's quantiles, fewer where they would bunch; None where the values are too few for a curve.

    Parameters
    ----------
    least_values
        Distinct values that a curve needs.
    """
    if len(np.unique(values)) < least_values:
        return None
    for number in range(count, 2, -1):
        knots = np.quantile(values, PLACES[number])
        if np.diff(knots).min() > NEAREST * (knots[-1] - knots[0]):
            return knots
    return None


def spline_bends(values: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """The k - 2 non-linear columns of a restricted cubic spline with k knots, linear beyond the outer ones.

    Column j is ``(x - t_j)³₊ - (x - t_{k-1})³₊ (t_k - t_j) / (t_k - t_{k-1}) + (x - t_k)³₊ (t_{k-1} - t_j) /
    (t_k - t_{k-1})``, over ``(t_k - t_1)²`` (Harrell 2015, section 2.4.5), so that it has the unit of `values`.
    """
    *inner, before_last, last = knots
    width = last - before_last
    cube = {float(knot): np.maximum(values - knot, 0.0) ** 3 for knot in knots}
    columns = [
        cube[float(knot)]
        - cube[float(before_last)] * (last - knot) / width
        + cube[float(last)] * (before_last - knot) / width
        for knot in inner
    ]
    return np.column_stack(columns) / (last - knots[0]) ** 2


def earns_its_bends(gain: float, bends: int, events: float) -> bool:
    """Whether twice the rise of the log likelihood pays for its parameters at log(events) each.

    Schwarz's criterion counts events, not rows, in Cox regression (Volinsky & Raftery 2000, Biometrics 56).
    """
    return 2 * gain > bends * np.log(max(events, 2.0))
