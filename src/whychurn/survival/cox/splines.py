"""Restricted cubic splines of numeric covariates, kept where they improve the information criterion."""

from typing import Final

import numpy as np

# quantiles of the knots (Harrell 2015, Regression Modeling Strategies, table 2.3)
KNOT_QUANTILES: Final[dict[int, tuple[float, ...]]] = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.5, 0.725, 0.95),
}
KNOTS: Final = 4  # Harrell's choice for all but very small or very large samples
MIN_VALUES: Final = 12  # distinct values that a curve needs: three times its knots
NEAREST: Final = 0.02  # knots nearer than this share of their range give columns that are all but collinear


def spline_knots(values: np.ndarray, count: int = KNOTS, min_values: int = MIN_VALUES) -> np.ndarray | None:
    """Knots at Harrell's quantiles, fewer where they would bunch; None below `min_values` distinct values."""
    if len(np.unique(values)) < min_values:
        return None
    for number in range(count, 2, -1):
        knots = np.quantile(values, KNOT_QUANTILES[number])
        if np.diff(knots).min() > NEAREST * (knots[-1] - knots[0]):
            return knots
    return None


def spline_basis(values: np.ndarray, knots: np.ndarray) -> np.ndarray:
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


def improves_bic(gain: float, parameters: int, events: float) -> bool:
    """Whether twice the rise of the log likelihood exceeds log(events) for each of its parameters.

    Schwarz's criterion counts events, not rows, in Cox regression (Volinsky & Raftery 2000, Biometrics 56).
    """
    return 2 * gain > parameters * np.log(max(events, 2.0))
