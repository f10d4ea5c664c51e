"""Forward tests of survival models (rolling origin, Tashman 2000): test days, horizons, comparisons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.params import Params
from whychurn.stats.bootstrap import percentiles, weights_in_turn
from whychurn.survival.forecast.ipcw_metrics import (
    FollowUp,
    brier_terms,
    concordance,
    distribution_calibration,
    dynamic_auc,
    integrated_brier,
    kaplan_meier_at,
    share_churned_by,
)

COMPARED: Final = ("ibs", "brier", "uno_c", "auc")  # metrics whose differences between models are tabled
GRID_DAYS: Final = 7  # step of the grid on which Brier scores are integrated
GROUPS: Final = 10  # of the calibration plots and of D-calibration, as its authors take


@dataclass(frozen=True)
class ForwardTest:
    """One test day: all learning ends before it, all follow-up comes after it.

    Parameters
    ----------
    horizons
        Days ahead that are tested from this day.
    learning_days
        History before the day.
    main
        Whether the choice between models rests on it.
    """

    day: pd.Timestamp
    horizons: list[int]
    learning_days: int
    main: bool

    def extrapolates(self, horizon: int) -> bool:
        """Whether no model could see that far ahead while learning."""
        return self.learning_days < horizon

    @property
    def columns(self) -> dict[str, Any]:
        """Columns that name the test in results."""
        return {"landmark_on": self.day, "main": self.main}


def plan_tests(
    as_of: pd.Series, observed_until: pd.Timestamp, horizons: list[int], min_learning_days: int
) -> tuple[list[ForwardTest], list[int]]:
    """Test days for `horizons`, the main one first, and the horizons that the data cannot test.

    The main day is the latest one with follow-up for the longest horizon that is no longer than the history
    before it. Longer horizons are tested from an earlier day, each, and marked as extrapolated.
    """
    days = sorted(pd.Timestamp(day) for day in as_of.unique())
    history = {day: (day - days[0]).days for day in days}
    latest: dict[int, pd.Timestamp] = {}
    for horizon in sorted(set(horizons)):
        followed = [day for day in days if day + pd.Timedelta(days=horizon) <= observed_until]
        usable = [day for day in followed if history[day] >= min_learning_days]
        if usable:
            latest[horizon] = usable[-1]
    untested = [horizon for horizon in sorted(set(horizons)) if horizon not in latest]
    if not latest:
        return [], untested
    learnable = [horizon for horizon, day in latest.items() if history[day] >= horizon]
    longest = max(learnable) if learnable else min(latest)
    main = latest[longest]
    tests = [ForwardTest(main, [h for h in latest if h <= longest], history[main], True)]
    further = [horizon for horizon in latest if horizon > longest]
    for day in dict.fromkeys(latest[horizon] for horizon in further):
        of_day = [horizon for horizon in further if latest[horizon] == day]
        tests.append(ForwardTest(day, of_day, history[day], False))
    return tests, untested


@dataclass(frozen=True)
class Evaluation:
    """Tables of one forward test.

    Parameters
    ----------
    scores, differences, calibration, d_calibration
        Tables survival_model_comparison, survival_model_comparison_differences, survival_calibration, survival_d_calibration.
    ibs
        Integrated Brier score of each model under each resample of members; row 0 is the estimate.
    """

    scores: pd.DataFrame
    differences: pd.DataFrame
    calibration: pd.DataFrame
    d_calibration: pd.DataFrame
    ibs: dict[str, np.ndarray]


def evaluate(
    test: ForwardTest, curves: Mapping[str, np.ndarray], follow: FollowUp, params: Params
) -> Evaluation:
    """Measure the models on the same members under the same resamples.

    Parameters
    ----------
    curves
        Per model, chance to be still there after 0 … days, shape (n, at least the longest horizon + 1).
    """
    members, draws = np.arange(len(follow.time)), params.survival.bootstrap
    weights = weights_in_turn(members, draws, params.run.seed, whole_first=True)
    drawn = {name: dict(_metrics(test, curve, follow, weights)) for name, curve in curves.items()}
    named = {"members": len(follow.time), **test.columns}
    events = {h: int((follow.event & (follow.time <= h)).sum()) for h in test.horizons}
    scores, differences = [], []
    for name, metrics in drawn.items():
        for (metric, horizon), values in metrics.items():
            row = {"model": name, "metric": metric, "horizon_days": horizon, "events": events[horizon]}
            row |= {"extrapolated": test.extrapolates(horizon), **named}
            scores.append(row | _interval(values, params.run.confidence))
    for against, name in combinations(drawn, 2):
        for metric, horizon in drawn[against]:
            if metric in COMPARED:
                gap = drawn[name][metric, horizon] - drawn[against][metric, horizon]
                row = {"model": name, "against": against, "metric": metric, "horizon_days": horizon, **named}
                differences.append(row | _interval(gap, params.run.confidence))
    groups = [calibration_groups(test, curve, follow, params).assign(model=n) for n, curve in curves.items()]
    bins = [_d_calibration(test, curve, follow).assign(model=name) for name, curve in curves.items()]
    return Evaluation(
        pd.DataFrame(scores),
        pd.DataFrame(differences),
        pd.concat(groups, ignore_index=True),
        pd.concat(bins, ignore_index=True),
        {name: metrics["ibs", max(test.horizons)] for name, metrics in drawn.items()},
    )


def _metrics(
    test: ForwardTest, curve: np.ndarray, follow: FollowUp, weights: np.ndarray
) -> Iterator[tuple[tuple[str, int], np.ndarray]]:
    last = max(test.horizons)
    days = np.unique(np.r_[np.arange(GRID_DAYS, last, GRID_DAYS), last])
    total = weights.sum(axis=1)
    terms = brier_terms(curve[:, days], follow, days)
    yield ("ibs", last), weights @ integrated_brier(terms, days).astype("float32") / total
    yield ("uno_c", last), concordance(1 - curve[:, last], follow, last, weights)
    for horizon in test.horizons:
        risk = 1 - curve[:, horizon]
        brier = brier_terms(curve[:, [horizon]], follow, np.array([horizon]))[:, 0]
        observed, expected = share_churned_by(follow, horizon, weights), weights @ risk / total
        yield ("auc", horizon), dynamic_auc(risk, follow, horizon, weights)
        yield ("brier", horizon), weights @ brier / total
        yield ("expected", horizon), expected
        yield ("observed", horizon), observed
        ratio = np.divide(expected, observed, out=np.full(len(total), np.nan), where=observed > 0)
        yield ("ratio", horizon), ratio


def _interval(values: np.ndarray, confidence: float) -> dict[str, float]:
    """Estimate and percentile interval; the first value is the estimate, the others are resamples."""
    low, high = percentiles(values[1:], confidence)
    return {"estimate": float(values[0]), "low": low, "high": high}


def calibration_groups(
    test: ForwardTest, curve: np.ndarray, follow: FollowUp, params: Params
) -> pd.DataFrame:
    """Members in groups of like forecast: predicted and observed share that churned by each horizon."""
    rows = []
    for horizon in test.horizons:
        risk = 1 - curve[:, horizon]
        edges = np.unique(np.quantile(risk, np.linspace(0, 1, GROUPS + 1)))
        group = np.clip(np.searchsorted(edges[1:-1], risk, side="right"), 0, None)
        for number in np.unique(group):
            inside = group == number
            of_group = FollowUp(follow.time[inside], follow.event[inside])
            there, low, high = kaplan_meier_at(of_group, horizon, params.run.confidence)
            churned = of_group.event & (of_group.time <= horizon)
            rows.append({
                **test.columns, "horizon_days": horizon, "group": int(number),
                "predicted": float(risk[inside].mean()), "observed": 1 - there,
                "low": 1 - high, "high": 1 - low, "members": len(churned), "events": int(churned.sum()),
            })  # fmt: skip
    return pd.DataFrame(rows)


def _d_calibration(test: ForwardTest, curve: np.ndarray, follow: FollowUp) -> pd.DataFrame:
    """D-calibration over the longest horizon of the test: later events count as censored there."""
    last = max(test.horizons)
    time, event = np.minimum(follow.time, last), follow.event & (follow.time <= last)
    result = distribution_calibration(curve[np.arange(len(time)), time], event, GROUPS)
    edges = np.linspace(0, 1, GROUPS + 1)
    return pd.DataFrame({
        **test.columns, "from_share": edges[:-1], "to_share": edges[1:], "share": result.share,
        "statistic": result.statistic, "p_value": result.p, "members": len(time),
    })  # fmt: skip
