"""Difference between two arms: plain, and adjusted for what was known at the draw; variance by member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import special

from whychurn.contract.arrays import Array

POWER: Final = 0.8
LEVEL: Final = 0.05


@dataclass(frozen=True)
class Difference:
    """Mean of the treated minus mean of those held out.

    Parameters
    ----------
    treated, control
        Weighted means of both arms; of the adjusted difference as if both had the same members.
    effect, sd
        Difference and its standard error.
    """

    treated: float
    control: float
    effect: float
    sd: float

    def interval(self, confidence: float = 1 - LEVEL) -> tuple[float, float]:
        """Normal interval."""
        reach = float(special.ndtri(0.5 + confidence / 2)) * self.sd
        return self.effect - reach, self.effect + reach

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference."""
        return float(2 * special.ndtr(-abs(self.effect) / self.sd)) if self.sd > 0 else float("nan")

    @property
    def smallest_seen(self) -> float:
        """Smallest effect that a test of this size finds four times in five, two-sided at 5 %."""
        return float(special.ndtri(1 - LEVEL / 2) + special.ndtri(POWER)) * self.sd


NOTHING: Final = Difference(*[float("nan")] * 4)


@dataclass(frozen=True)
class Compared:
    """Rows of two arms to be compared.

    Parameters
    ----------
    treated
        bool; (n,).
    member
        Rows of one member are one unit of the variance; (n,).
    stratum
        Rows are compared within it; (n,).
    weight
        Inverse chance of the row's arm, up to a factor; (n,).
    pool
        Strata count by their rows (``rows``), or by how sure they are (``precision``: n1 n0 / (n1 + n0)).
    """

    treated: Array
    member: Array
    stratum: Array
    weight: Array
    pool: str = "rows"

    def subset(self, kept: Array) -> Compared:
        """The rows where `kept`."""
        return Compared(
            self.treated[kept], self.member[kept], self.stratum[kept], self.weight[kept], self.pool
        )


def difference(y: Array, rows: Compared, covariates: Array | None = None) -> Difference:
    """Intention-to-treat difference within strata; rows whose outcome is NaN are left out.

    Parameters
    ----------
    y
        Outcome; (n,).
    covariates
        Known at the draw; (n, k). Slopes are fitted in each arm on its own.

    Notes
    -----
    Adjusted: regression with interactions (Lin 2013, Annals of Applied Statistics 7), which with covariates from before the
    draw is CUPED (Deng et al. 2013, WSDM). Variance: sum over members of the squared sum of the influence of their
    rows, so that a control shared by several actions and members drawn several times count as what they are. `NOTHING`
    where an arm has fewer than two rows in every stratum.
    """
    code = pd.factorize(rows.stratum, sort=True)[0]
    share = _stratum_shares(code, rows, np.isfinite(y))
    kept = np.isfinite(y) & (share[code] > 0)
    if not kept.any():
        return NOTHING
    y, rows, code = y[kept], rows.subset(kept), code[kept]
    X = np.zeros((len(y), 0)) if covariates is None else _varying(covariates[kept])
    arms = [_Arm.of(y, X, code, rows, arm, len(share)) for arm in (True, False)]
    everywhere = _means(X, code, np.ones(len(y)), len(share))
    adjusted = [arm.mean - ((arm.covariates - everywhere) * arm.slope).sum(axis=1) for arm in arms]
    mean = [float((share * np.nan_to_num(each)).sum()) for each in adjusted]
    influence = sum(
        sign * share[code] * arm.residual / arm.total[code] for sign, arm in zip((1, -1), arms, strict=True)
    )
    size = np.bincount(code, minlength=len(share))
    influence = (
        influence + share[code] * ((X - everywhere[code]) @ (arms[0].slope - arms[1].slope)) / size[code]
    )
    member = pd.factorize(rows.member)[0]
    summed = np.bincount(member, influence)
    spread = float((summed**2).sum()) * len(summed) / max(len(summed) - 1, 1)
    return Difference(mean[0], mean[1], mean[0] - mean[1], float(np.sqrt(spread)))


@dataclass(frozen=True)
class _Arm:
    """Means by stratum of one arm, slopes on the covariates, and what is left of each row (0 outside of the arm)."""

    mean: Array
    covariates: Array
    slope: Array
    residual: Array
    total: Array

    @classmethod
    def of(cls, y: Array, X: Array, code: Array, rows: Compared, arm: bool, strata: int) -> _Arm:
        inside = rows.treated == arm
        weight = np.where(inside, rows.weight, 0.0)
        total = np.bincount(code, weight, strata)
        mean = _means(y[:, None], code, weight, strata)[:, 0]
        centre = _means(X, code, weight, strata)
        left, known = (y - mean[code])[inside], (X - centre[code])[inside]
        slope = np.zeros(X.shape[1])
        if X.shape[1]:
            root = np.sqrt(weight[inside])
            slope = np.linalg.lstsq(known * root[:, None], left * root, rcond=None)[0]
        residual = np.zeros(len(y))
        residual[inside] = weight[inside] * (left - known @ slope)
        return cls(mean, centre, slope, residual, np.where(total > 0, total, np.inf))


def _means(X: Array, code: Array, weight: Array, strata: int) -> Array:
    """Weighted means by stratum; (strata, k)."""
    total = np.bincount(code, weight, strata)
    sums = np.stack([np.bincount(code, weight * column, strata) for column in X.T], axis=1) if X.size else np.zeros((strata, X.shape[1]))  # fmt: skip
    return sums / np.where(total > 0, total, 1)[:, None]


def _stratum_shares(code: Array, rows: Compared, known: Array) -> Array:
    """Share of each stratum in the difference; 0 where an arm has fewer than two rows."""
    strata = int(code.max()) + 1 if len(code) else 0
    n1 = np.bincount(code[known & rows.treated], minlength=strata).astype("float64")
    n0 = np.bincount(code[known & ~rows.treated], minlength=strata).astype("float64")
    size = n1 + n0 if rows.pool == "rows" else n1 * n0 / np.maximum(n1 + n0, 1)
    size = np.where((n1 > 1) & (n0 > 1), size, 0.0)
    return size / max(size.sum(), 1e-12)


def _varying(X: Array) -> Array:
    """Columns with more than one value."""
    return X[:, (np.ptp(X, axis=0) > 0)] if X.size else X
