"""Forward tests of survival models: on which day, how far ahead, and how the forecasts compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.params import Params, SurvivalParams
from whychurn.stats.bootstrap import percentiles, weights_in_turn
from whychurn.survival.forecast.accuracy import (
    FollowUp,
    brier_terms,
    concordance,
    distribution_calibration,
    dynamic_auc,
    gone_by,
    integrated,
    kaplan_meier_at,
)

HIGHER_IS_BETTER: Final = ("uno_c", "auc")


@dataclass(frozen=True)
class Trial:
    """One test day: all learning ends before it, all follow-up comes after it.

    Parameters
    ----------
    horizons
        Days ahead that are judged from this day.
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


def plan_trials(
    as_of: pd.Series, observed_until: pd.Timestamp, horizons: list[int], min_learning_days: int
) -> tuple[list[Trial], list[int]]:
    """Test days for `horizons`, the main one first, and the horizons that the data cannot test.

    The main day is the latest one with follow-up for the longest horizon that the history before it could also
    teach. Longer horizons are tested from an earlier day, each, and marked as extrapolated.
    """
    days = sorted(pd.Timestamp(day) for day in as_of.unique())
    latest: dict[int, pd.Timestamp] = {}
    for horizon in sorted(set(horizons)):
        fit = [
            day for day in days
            if day + pd.Timedelta(days=horizon) <= observed_until and (day - days[0]).days >= min_learning_days
        ]  # fmt: skip
        if fit:
            latest[horizon] = fit[-1]
    untested = [horizon for horizon in sorted(set(horizons)) if horizon not in latest]
    if not latest:
        return [], untested
    taught = [h for h, day in latest.items() if (day - days[0]).days >= h]
    longest = max(taught) if taught else min(latest)
    trials = [_trial(latest[longest], [h for h in latest if h <= longest], days[0], True)]
    further = [h for h in latest if h > longest]
    trials += [
        _trial(day, [h for h in further if latest[h] == day], days[0], False)
        for day in dict.fromkeys(latest[h] for h in further)
    ]
    return trials, untested


def _trial(day: pd.Timestamp, horizons: list[int], first: pd.Timestamp, main: bool) -> Trial:
    return Trial(day, sorted(horizons), (day - first).days, main)


@dataclass(frozen=True)
class Verdicts:
    """Tables of one trial.

    Parameters
    ----------
    scores, differences, calibration, spread
        Tables survival_challenge, survival_challenge_differences, survival_calibration, survival_spread.
    ibs
        Integrated Brier score of each model under each drawing of members; row 0 is the estimate.
    """

    scores: pd.DataFrame
    differences: pd.DataFrame
    calibration: pd.DataFrame
    spread: pd.DataFrame
    ibs: dict[str, np.ndarray]


def judge(trial: Trial, curves: Mapping[str, np.ndarray], follow: FollowUp, params: Params) -> Verdicts:
    """Measure the models on the same members under the same drawings.

    Parameters
    ----------
    curves
        Per model, chance to be still there after 0 … days, shape (n, at least the longest horizon + 1).
    """
    weights = weights_in_turn(
        np.arange(len(follow.time)), params.survival.bootstrap, params.run.seed, whole_first=True
    )
    drawn = {
        name: dict(_measure(trial, curve, follow, weights, params.survival)) for name, curve in curves.items()
    }
    counts = {"members": len(follow.time), "landmark_on": trial.day, "main": trial.main}
    events = {h: int((follow.event & (follow.time <= h)).sum()) for h in trial.horizons}
    scores, differences = [], []
    for name, measures in drawn.items():
        for (metric, horizon), values in measures.items():
            scores.append(
                {
                    "model": name,
                    "metric": metric,
                    "horizon_days": horizon,
                    **_interval(values, params.run.confidence),
                    "events": events[horizon],
                    "extrapolated": trial.extrapolates(horizon),
                    **counts,
                }
            )
    for one, other in combinations(drawn, 2):
        for metric, horizon in drawn[one]:
            if metric in ("ibs", "brier", *HIGHER_IS_BETTER):
                gap = drawn[other][metric, horizon] - drawn[one][metric, horizon]
                differences.append(
                    {
                        "model": other,
                        "against": one,
                        "metric": metric,
                        "horizon_days": horizon,
                        **_interval(gap, params.run.confidence),
                        **counts,
                    }
                )
    last = max(trial.horizons)
    return Verdicts(
        pd.DataFrame(scores),
        pd.DataFrame(differences),
        pd.concat([calibration_groups(trial, name, curve, follow, params) for name, curve in curves.items()], ignore_index=True),
        pd.concat([_spread(trial, name, curve, follow, params.survival) for name, curve in curves.items()], ignore_index=True),
        {name: measures["ibs", last] for name, measures in drawn.items()},
    )  # fmt: skip


def _measure(
    trial: Trial, curve: np.ndarray, follow: FollowUp, weights: np.ndarray, survival: SurvivalParams
) -> Iterator[tuple[tuple[str, int], np.ndarray]]:
    last, step = max(trial.horizons), survival.challenge.grid_days
    days = np.unique(np.r_[np.arange(step, last, step), last])
    total = weights.sum(axis=1)
    terms = brier_terms(curve[:, days], follow, days)
    yield ("ibs", last), weights @ integrated(terms, days).astype("float32") / total
    yield ("uno_c", last), concordance(1 - curve[:, last], follow, last, weights)
    for horizon in trial.horizons:
        gone = 1 - curve[:, horizon]
        part = brier_terms(curve[:, [horizon]], follow, np.array([horizon]))[:, 0]
        yield ("auc", horizon), dynamic_auc(gone, follow, horizon, weights)
        yield ("brier", horizon), weights @ part / total
        observed = gone_by(follow, horizon, weights)
        expected = weights @ gone / total
        yield ("expected", horizon), expected
        yield ("observed", horizon), observed
        yield (
            ("ratio", horizon),
            np.divide(expected, observed, out=np.full(len(total), np.nan), where=observed > 0),
        )


def _interval(values: np.ndarray, confidence: float) -> dict[str, float]:
    low, high = percentiles(values[1:], confidence)
    return {"estimate": float(values[0]), "low": low, "high": high}


def calibration_groups(
    trial: Trial, name: str, curve: np.ndarray, follow: FollowUp, params: Params
) -> pd.DataFrame:
    """Members in groups of like forecast: predicted and observed share that left by each horizon."""
    rows = []
    for horizon in trial.horizons:
        gone = 1 - curve[:, horizon]
        edges = np.unique(np.quantile(gone, np.linspace(0, 1, params.survival.challenge.groups + 1)))
        group = np.clip(np.searchsorted(edges[1:-1], gone, side="right"), 0, None)
        for number in np.unique(group):
            mine = group == number
            own = FollowUp(follow.time[mine], follow.event[mine])
            there, low, high = kaplan_meier_at(own, horizon, params.run.confidence)
            rows.append({
                "model": name, "landmark_on": trial.day, "main": trial.main, "horizon_days": horizon,
                "group": int(number), "predicted": float(gone[mine].mean()), "observed": 1 - there,
                "low": 1 - high, "high": 1 - low, "members": int(mine.sum()),
                "events": int((own.event & (own.time <= horizon)).sum()),
            })  # fmt: skip
    return pd.DataFrame(rows)


def _spread(
    trial: Trial, name: str, curve: np.ndarray, follow: FollowUp, survival: SurvivalParams
) -> pd.DataFrame:
    """D-calibration over the longest horizon of the trial: later leavings count as censored there."""
    last, bins = max(trial.horizons), survival.challenge.groups
    time = np.minimum(follow.time, last)
    found = distribution_calibration(
        curve[np.arange(len(time)), time], follow.event & (follow.time <= last), bins
    )
    edges = np.linspace(0, 1, bins + 1)
    return pd.DataFrame({
        "model": name, "landmark_on": trial.day, "main": trial.main, "from_share": edges[:-1], "to_share": edges[1:],
        "share": found.share, "statistic": found.statistic, "p": found.p, "members": len(time),
    })  # fmt: skip
