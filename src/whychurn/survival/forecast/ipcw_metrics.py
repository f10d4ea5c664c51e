"""Metrics of survival forecasts under right censoring: Brier score, concordance, dynamic AUC, D-calibration.

All weight by the inverse probability of censoring (IPCW). Each takes weights of members (replicates ×
members), so that a bootstrap over members is one matrix product.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

BLOCK: Final = 512  # events compared with all others at once


@dataclass(frozen=True)
class FollowUp:
    """Follow-up of members after a day.

    Parameters
    ----------
    time
        Whole days until the churn event, or until the end of follow-up; shape (n,).
    event
        Whether the member churned at `time`.
    """

    time: np.ndarray
    event: np.ndarray

    def uncensored_until(self, day: np.ndarray | float, before: bool) -> np.ndarray:
        """Kaplan-Meier of the censoring: chance not to be censored by `day` (`before`: before it).

        Churn events of a day come before the censorings of the same day.
        """
        days, position = np.unique(self.time, return_inverse=True)
        events = np.bincount(position, self.event.astype(float), len(days))
        censored = np.bincount(position, (~self.event).astype(float), len(days))
        at_risk = len(self.time) - np.cumsum(events + censored) + censored  # after the day's events
        steps = 1 - np.divide(censored, at_risk, out=np.zeros(len(days)), where=at_risk > 0)
        curve = np.r_[1.0, np.cumprod(steps)]
        return curve[np.searchsorted(days, day, side="left" if before else "right")]

    @property
    def event_weight(self) -> np.ndarray:
        """One over each member's chance not to be censored before its `time`; shape (n,)."""
        return 1 / np.maximum(self.uncensored_until(self.time, before=True), 1e-12)


def brier_terms(curve: np.ndarray, follow: FollowUp, days: np.ndarray) -> np.ndarray:
    """Each member's part of the Brier score at each day, its mean over members being the score.

    Parameters
    ----------
    curve
        Predicted chance to be still there at `days`, shape (n, days).

    Notes
    -----
    Graf, Schmoor, Sauerbrei & Schumacher 1999, Statistics in Medicine 18:
    ``S(t)² δ 1(T ≤ t) / G(T-) + (1 - S(t))² 1(T > t) / G(t)``.
    """
    churned = (follow.time[:, None] <= days) & follow.event[:, None]
    there = follow.time[:, None] > days
    at_event = np.maximum(follow.uncensored_until(follow.time, before=True), 1e-12)
    at_day = np.maximum(follow.uncensored_until(days, before=False), 1e-12)
    of_churned = np.where(churned, curve**2 / at_event[:, None], 0.0)
    return of_churned + np.where(there, (1 - curve) ** 2 / at_day, 0.0)


def integrated_brier(terms: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Mean of the Brier terms over time, from day 0 (where they are 0) to the last of `days`; shape (n,)."""
    width = np.diff(np.r_[0.0, days])
    left = np.column_stack([np.zeros(len(terms)), terms[:, :-1]])
    return ((left + terms) / 2) @ width / days[-1]


def concordance(risk: np.ndarray, follow: FollowUp, until: float, weights: np.ndarray) -> np.ndarray:
    """Uno's C: of two members of whom one churned first, by `until`, how often that one had the higher risk.

    Parameters
    ----------
    risk
        Higher means sooner; ties count one half.
    weights
        Weights of members, shape (replicates, n).

    Notes
    -----
    Uno, Cai, Pencina, D'Agostino & Wei 2011, Statistics in Medicine 30. A member censored on the day another
    churned stayed longer.
    """
    first = np.flatnonzero(follow.event & (follow.time <= until))
    weights = weights.astype("float32")
    scale = 1 / np.maximum(follow.uncensored_until(follow.time[first], before=True), 1e-12) ** 2
    won, pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for at in range(0, len(first), BLOCK):
        some = first[at : at + BLOCK]
        first_weights = weights[:, some] * scale[at : at + BLOCK]
        later = follow.time > follow.time[some, None]
        later |= (follow.time == follow.time[some, None]) & ~follow.event
        lower = np.where(risk < risk[some, None], np.float32(1), np.float32(0))
        lower[risk == risk[some, None]] = 0.5
        compared = later.astype("float32")
        pairs += np.einsum("be,eb->b", first_weights, compared @ weights.T, dtype="float64")
        won += np.einsum("be,eb->b", first_weights, (compared * lower) @ weights.T, dtype="float64")
    return np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)


def dynamic_auc(risk: np.ndarray, follow: FollowUp, day: float, weights: np.ndarray) -> np.ndarray:
    """Cumulative/dynamic AUC: members churned by `day` against those still there; shape (replicates,).

    Notes
    -----
    Uno, Cai, Tian & Wei 2007, JASA 102; Hung & Chiang 2010.
    """
    churned = np.where((follow.time <= day) & follow.event, follow.event_weight, 0.0)
    there = (follow.time > day).astype(float)
    order = np.argsort(risk, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(risk[order]) != 0, True])
    controls = np.cumsum(weights[:, order] * there[order], axis=1, dtype="float64")[:, ends]
    cases = np.diff(
        np.cumsum(weights[:, order] * churned[order], axis=1, dtype="float64")[:, ends], axis=1, prepend=0.0
    )
    below = np.column_stack([np.zeros(len(weights)), controls[:, :-1]])
    pairs = cases.sum(axis=1) * controls[:, -1]
    return np.divide(
        (cases * (below + controls) / 2).sum(axis=1),
        pairs,
        out=np.full(len(weights), np.nan),
        where=pairs > 0,
    )


def share_churned_by(follow: FollowUp, day: float, weights: np.ndarray) -> np.ndarray:
    """Share that churned by `day` (inverse-probability-of-censoring weighted), shape (replicates,)."""
    churned = np.where((follow.time <= day) & follow.event, follow.event_weight, 0.0)
    return weights @ churned / weights.sum(axis=1)


@dataclass(frozen=True)
class DCalibration:
    """D-calibration.

    Parameters
    ----------
    share
        Of members in each bin of the predicted chance to outlive their own time, from 0 to 1; 1 / bins each
        if the forecast is calibrated.
    statistic, p
        Pearson's χ² with bins - 1 degrees of freedom, and its p-value.
    """

    share: np.ndarray
    statistic: float
    p: float


def distribution_calibration(at_time: np.ndarray, event: np.ndarray, bins: int) -> DCalibration:
    """Whether members leave evenly over the quantiles of their own predicted curves.

    Parameters
    ----------
    at_time
        Predicted survival of each member at the time of the event or the end of follow-up.

    Notes
    -----
    Haider, Hoehn, Davis & Greiner 2020, JMLR 21: a member censored at S = s churns evenly below s; the part
    of bin (l, u) is 1 / (bins s) for bins below s, and (s - l) / s for the bin that holds s.
    """
    edges = np.linspace(0, 1, bins + 1)
    at_time = np.clip(at_time, 0.0, 1.0)
    left = np.clip(np.searchsorted(edges, at_time[event], side="right") - 1, 0, bins - 1)
    filled = np.bincount(left, minlength=bins).astype("float64")
    censored = np.maximum(at_time[~event], 1e-12)
    filled += (np.clip(censored[:, None] - edges[:-1], 0, 1 / bins) / censored[:, None]).sum(axis=0)
    total = len(at_time)
    statistic = float(((filled - total / bins) ** 2).sum() / (total / bins)) if total else float("nan")
    return DCalibration(filled / max(total, 1), statistic, float(stats.chi2.sf(statistic, bins - 1)))


def kaplan_meier_at(follow: FollowUp, day: float, confidence: float) -> tuple[float, float, float]:
    """Share still there after `day` with its log-log interval (Kalbfleisch & Prentice)."""
    days, position = np.unique(follow.time, return_inverse=True)
    until = days <= day
    events = np.bincount(position, follow.event.astype(float), len(days))[until]
    at_risk = len(follow.time) - np.r_[0, np.cumsum(np.bincount(position, minlength=len(days)))[:-1]][until]
    survival = float(np.prod(1 - events / at_risk))
    if not 0 < survival < 1:
        return survival, float("nan"), float("nan")
    greenwood = (events / (at_risk * np.maximum(at_risk - events, 1))).sum()
    width = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(greenwood) / abs(np.log(survival))
    return survival, survival ** np.exp(width), survival ** np.exp(-width)
