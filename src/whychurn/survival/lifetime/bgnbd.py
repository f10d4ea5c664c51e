"""BG/NBD and Gamma-Gamma: purchases and their value where churn is not observed, by maximum likelihood.

No maintained library fits: pymc-marketing, successor of the archived lifetimes, brings a sampler and its
compiler for what two dozen lines of likelihood give. Sources: Fader, Hardie & Lee 2005, Marketing Science 24
("BG/NBD"); Fader & Hardie 2013, "The Gamma-Gamma model of monetary value"; equation numbers in comments are theirs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1
from scipy.stats import norm

from whychurn.contract.errors import WhychurnError

WEEK: Final = 7.0
LIMIT: Final = 12  # logs of parameters are looked for up to here
STARTS: Final = ((0.0, 1.0, 0.0, 1.0), (0.0, 0.0, 0.0, 0.0), (-1.0, 2.0, -0.5, 0.5))  # logarithms


@dataclass(frozen=True)
class PurchaseFit:
    """Maximum-likelihood estimates.

    Parameters
    ----------
    names, estimate
        Parameters and their values.
    low, high
        Wald interval on the logarithm.
    """

    names: tuple[str, ...]
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    log_likelihood: float
    members: int

    def table(self, model: str) -> pd.DataFrame:
        """One row a parameter."""
        return pd.DataFrame(
            {
                "model": model,
                "parameter": self.names,
                "estimate": self.estimate,
                "low": self.low,
                "high": self.high,
                "members": self.members,
            }
        )


def purchase_history(orders: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """Statistics of each member's purchases up to and with `until`, as the models need them.

    Purchases of one day count as one.

    Parameters
    ----------
    orders
        member_id, ordered_at, amount (currency).

    Returns
    -------
    DataFrame
        Index member_id; repeats (purchase days after the first), last_week and weeks (age at the last
        purchase and at `until`, weeks since the first), value (mean of the repeat purchase days; of the first
        without any).
    """
    day = orders["ordered_at"].dt.normalize().rename("day")
    past = day <= until
    daily = orders[past].groupby(["member_id", day[past]])["amount"].sum().reset_index()
    grouped = daily.groupby("member_id")
    first, last, days = grouped["day"].min(), grouped["day"].max(), grouped.size()
    total = grouped["amount"].sum()
    opening = daily.sort_values("day").groupby("member_id")["amount"].first()
    repeats = days - 1
    value = ((total - opening) / repeats.where(repeats > 0)).fillna(opening)
    return pd.DataFrame(
        {
            "repeats": repeats.astype("int64"),
            "last_week": (last - first).dt.days / WEEK,
            "weeks": (until - first).dt.days / WEEK,
            "value": value.astype("float64"),
        }
    )


def fit_bgnbd(history: pd.DataFrame, confidence: float) -> PurchaseFit:
    """r, alpha, a, b of the BG/NBD model (time in weeks).

    Parameters
    ----------
    history
        repeats, last_week, weeks.

    Raises
    ------
    WhychurnError
        If nobody bought twice, or no maximum is found.
    """
    x, tx, T = _statistics(history)
    if not (x > 0).any():
        raise WhychurnError(
            "nobody bought a second time: BG/NBD has nothing to learn from", rows=len(history)
        )
    counts, position = np.unique(x, return_inverse=True)
    repeated = x > 0

    def loss(logs: np.ndarray) -> float:
        r, alpha, a, b = np.exp(logs)
        by_count = (
            gammaln(r + counts) - gammaln(r) + r * np.log(alpha) + betaln(a, b + counts) - betaln(a, b)
        )  # (6)
        alive = -(r + x) * np.log(alpha + T)
        with np.errstate(divide="ignore"):
            churned = np.log(a) - np.log(np.where(repeated, b + x - 1, 1.0)) - (r + x) * np.log(alpha + tx)
            churned = np.where(repeated, churned, -np.inf)
        return -float((by_count[position] + np.logaddexp(alive, churned)).sum())

    return _maximise(loss, ("r", "alpha", "a", "b"), STARTS, len(history), confidence)


def alive_probability(fit: PurchaseFit, history: pd.DataFrame) -> np.ndarray:
    """Chance that each member still buys; 1 for those who bought once, as the model assumes."""
    return 1 / (1 + _odds_churned(fit, history))


def expected_purchases(fit: PurchaseFit, history: pd.DataFrame, weeks: float) -> np.ndarray:
    """Purchases of each member in the next `weeks` weeks, given the history; equation (10)."""
    r, alpha, a, b = fit.estimate
    x, _, T = _statistics(history)
    rest = (alpha + T) / (alpha + T + weeks)
    series = hyp2f1(r + x, b + x, a + b + x - 1, weeks / (alpha + T + weeks))
    grown = (a + b + x - 1) / (a - 1) * (1 - rest ** (r + x) * series)
    return grown / (1 + _odds_churned(fit, history))


def _statistics(history: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, t_x and T of the paper."""
    x, tx, T = (history[name].to_numpy("float64") for name in ("repeats", "last_week", "weeks"))
    return x, tx, T


def _odds_churned(fit: PurchaseFit, history: pd.DataFrame) -> np.ndarray:
    r, alpha, a, b = fit.estimate
    x, tx, T = _statistics(history)
    odds = a / np.where(x > 0, b + x - 1, 1.0) * ((alpha + T) / (alpha + tx)) ** (r + x)
    return np.where(x > 0, odds, 0.0)


def fit_gamma_gamma(history: pd.DataFrame, confidence: float) -> PurchaseFit:
    """p, q, v of the Gamma-Gamma model, from members with repeat purchases of positive value.

    Raises
    ------
    WhychurnError
        If there are none.
    """
    used = history[(history["repeats"] > 0) & (history["value"] > 0)]
    if used.empty:
        raise WhychurnError("no repeat purchase with a value: Gamma-Gamma has nothing to learn from")
    x, mean = used["repeats"].to_numpy("float64"), used["value"].to_numpy("float64")
    unit = float(np.median(mean))  # so that one set of starts fits every currency
    m = mean / unit

    def loss(logs: np.ndarray) -> float:
        p, q, v = np.exp(logs)
        terms = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        terms += (p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * np.log(v + m * x)  # (1a)
        return -float(terms.sum())

    starts = ((1.5, 1.2, -0.5), (0.5, 0.5, 0.5))
    fit = _maximise(loss, ("p", "q", "v"), starts, len(used), confidence)
    scale = np.array([1.0, 1.0, unit])
    return replace(
        fit,
        estimate=fit.estimate * scale,
        low=fit.low * scale,
        high=fit.high * scale,
        log_likelihood=fit.log_likelihood - len(used) * float(np.log(unit)),
    )


def expected_value(fit: PurchaseFit, history: pd.DataFrame) -> np.ndarray:
    """Mean value of each member's purchases, shrunk towards that of all where few are known; equation (5)."""
    p, q, v = fit.estimate
    x, m = history["repeats"].to_numpy("float64"), history["value"].to_numpy("float64")
    used = (x > 0) & (m > 0)
    x, m = np.where(used, x, 0.0), np.where(used, m, 0.0)
    if p * x.min(initial=0.0) + q <= 1:
        return np.full(len(history), np.nan)  # the mean of the model does not exist
    return p * (v + m * x) / (p * x + q - 1)


def _maximise(
    loss: Callable[[np.ndarray], float],
    names: tuple[str, ...],
    starts: tuple[tuple[float, ...], ...],
    members: int,
    confidence: float,
) -> PurchaseFit:
    def bounded(logs: np.ndarray) -> float:
        value = loss(np.clip(logs, -LIMIT, LIMIT))
        return value if np.isfinite(value) else 1e15

    box = [(-LIMIT, LIMIT)] * len(names)
    climbs = [minimize(bounded, np.array(start), method="L-BFGS-B", bounds=box) for start in starts]
    best = min(climbs, key=lambda result: result.fun)
    polished = minimize(
        bounded, best.x, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-7, "maxiter": 2000}
    )
    logs = polished.x if polished.fun <= best.fun else best.x
    if not np.isfinite(best.fun) or best.fun >= 1e15:
        raise WhychurnError("the likelihood of purchases has no maximum", rows=members)
    if (np.abs(logs) > LIMIT - 1).any():  # a parameter runs off: there is no variation to estimate it from
        raise WhychurnError("purchases are too regular, or too alike, for the model", rows=members)
    error = norm.ppf((1 + confidence) / 2) * _errors(bounded, logs)
    return PurchaseFit(
        names, np.exp(logs), np.exp(logs - error), np.exp(logs + error), -float(bounded(logs)), members
    )


def _errors(loss: Callable[[np.ndarray], float], at: np.ndarray, step: float = 1e-3) -> np.ndarray:
    """Standard errors from the second differences of the log likelihood; NaN where it is flat."""
    size = len(at)
    unit = np.eye(size) * step
    matrix = np.empty((size, size))
    for i in range(size):
        for j in range(i, size):
            corners = (loss(at + s * unit[i] + t * unit[j]) * s * t for s in (1, -1) for t in (1, -1))
            matrix[i, j] = matrix[j, i] = sum(corners) / (4 * step**2)
    try:
        variance = np.diag(np.linalg.inv(matrix))
    except np.linalg.LinAlgError:
        return np.full(size, np.nan)
    return np.sqrt(np.where(variance > 0, variance, np.nan))
