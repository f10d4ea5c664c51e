"""Gradient-boosted discrete-time hazard: does a member who is there at the start of an interval leave in it?

One row per snapshot and later interval (the landmark super model): covariates stand as they were known at the
snapshot, the interval is a feature, the label is whether the member left in it. So one model gives the whole
curve, and no covariate has to be held constant for the forecast. The variant "frozen" learns the first
interval only and applies it again and again, tenure and calendar moved on, all else constant: what a
person-period model does when the future of its covariates is unknown.

Sources: Singer & Willett 1993, Journal of Educational Statistics 18 (discrete-time hazard as binary
regression); van Houwelingen & Putter 2012, Dynamic Prediction in Clinical Survival Analysis, ch. 7 (landmark
super models).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xgboost as xgb

from whychurn.contract.params import ChallengeParams
from whychurn.panel.feature_encoding import Feature, booster_names, encode, feature_types
from whychurn.survival.forecast.landmark_rows import LandmarkRows

VARIANTS: Final = ("landmark", "frozen")
AHEAD: Final = "days_ahead"
MONTH_DAYS: Final = 30.4375
COLSAMPLE: Final = 0.5  # share of features a tree sees: many features say the same
REG_LAMBDA: Final = 5.0  # ridge on leaf values: events are rare


@dataclass(frozen=True)
class BoostedHazard:
    """A fitted discrete-time hazard.

    Parameters
    ----------
    bounds
        Ends of the intervals, days from the snapshot, shape (k,).
    line
        (a, b): log-odds are a + b × margin; (0, 1) where the model needed no calibration.
    learned_days
        End of the last interval that the learning period could see; beyond it the last hazard is carried on.
    """

    booster: xgb.Booster
    features: list[Feature]
    variant: str
    bounds: np.ndarray
    line: tuple[float, float]
    learned_days: int
    name: str = "boosted"

    def hazards(self, rows: pd.DataFrame) -> np.ndarray:
        """Chance to leave in each interval, given being there at its start, shape (n, k)."""
        X = encode(rows, self.features)
        if self.variant == "landmark":
            learned = max(int((self.bounds <= self.learned_days).sum()), 1)
            margins = [self._margin(X, end) for end in self.bounds[:learned]]
            source = np.minimum(np.arange(len(self.bounds)), learned - 1)
        else:
            starts = np.r_[0, self.bounds[:-1]]
            margins = [self._margin(advance(X, self.features, start), self.bounds[0]) for start in starts]
            source = np.arange(len(self.bounds))
        hazard = 1 / (1 + np.exp(-(self.line[0] + self.line[1] * np.column_stack(margins))))
        width = np.diff(np.r_[0, self.bounds])
        learned_width = width[source] if self.variant == "landmark" else np.full(len(width), self.bounds[0])
        return scale_hazard(hazard[:, source], learned_width, width)

    def curve(self, rows: pd.DataFrame, days: int) -> np.ndarray:
        """Chance to be still there after 0 … `days` days, shape (n, days + 1); hazard even in an interval."""
        return curve_from_hazards(self.hazards(rows), self.bounds, days)

    def _margin(self, X: np.ndarray, ahead: float) -> np.ndarray:
        column = np.full((len(X), 1), ahead, dtype="float32")
        return self.booster.predict(_matrix(np.hstack([X, column]), self.features), output_margin=True)


def scale_hazard(hazard: np.ndarray, learned_width: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Hazard of an interval of another width at the same daily rate."""
    return 1 - (1 - hazard) ** (width / learned_width)


def curve_from_hazards(hazards: np.ndarray, bounds: np.ndarray, days: int) -> np.ndarray:
    """Survival at 0 … `days` from interval hazards; the last daily rate goes on beyond the last bound."""
    cumulative = np.column_stack(
        [np.zeros(len(hazards)), np.cumsum(-np.log1p(-np.minimum(hazards, 1 - 1e-9)), axis=1)]
    )
    edges, at = np.r_[0, bounds].astype("float64"), np.arange(days + 1)
    right = np.clip(np.searchsorted(edges, at, side="left"), 1, len(edges) - 1)
    share = (at - edges[right - 1]) / (edges[right] - edges[right - 1])
    return np.exp(-(cumulative[:, right - 1] + (cumulative[:, right] - cumulative[:, right - 1]) * share))


def advance(X: np.ndarray, features: list[Feature], days: float) -> np.ndarray:
    """Encoded rows `days` later: tenure and calendar move on, all else is constant."""
    moved = X.copy()
    for column, feature in enumerate(features):
        if feature.name == "tenure_days":
            moved[:, column] += days
        elif feature.name == "month_of_year":
            moved[:, column] = (X[:, column] - 1 + round(days / MONTH_DAYS)) % 12 + 1
    return moved


@dataclass(frozen=True)
class IntervalRows:
    """Rows (snapshot, interval): position of the snapshot, position of the interval, label."""

    snapshot: np.ndarray
    interval: np.ndarray
    left: np.ndarray


def interval_rows(landmarks: LandmarkRows, bounds: np.ndarray) -> IntervalRows:
    """Intervals that a member entered and that were wholly observed, with or without a churn event."""
    start = np.r_[0, bounds[:-1]]
    inside = (landmarks.reach[:, None] >= bounds) & (
        ~landmarks.event[:, None] | (landmarks.time[:, None] > start)
    )
    snapshot, interval = np.nonzero(inside)
    left = landmarks.event[snapshot] & (landmarks.time[snapshot] <= bounds[interval])
    return IntervalRows(snapshot, interval, left)


@dataclass(frozen=True)
class LearningData:
    """Encoded interval rows."""

    X: np.ndarray
    y: np.ndarray
    as_of: np.ndarray

    @property
    def usable(self) -> bool:
        """Both outcomes occur."""
        return bool(0 < self.y.sum() < len(self.y))


def learning_data(landmarks: LandmarkRows, features: list[Feature], bounds: np.ndarray) -> LearningData:
    """Interval rows of `landmarks` as a matrix, the end of the interval as last column."""
    rows = interval_rows(landmarks, bounds)
    X = encode(landmarks.rows, features)[rows.snapshot]
    ahead = bounds[rows.interval].astype("float32")[:, None]
    return LearningData(
        np.hstack([X, ahead]),
        rows.left.astype("float64"),
        landmarks.column("as_of").to_numpy()[rows.snapshot],
    )


def train_trees(
    data: LearningData, features: list[Feature], rounds: int, params: ChallengeParams, seed: int,
    validation: LearningData | None = None,
) -> xgb.Booster:  # fmt: skip
    """Fit `rounds` trees; with `validation`, stop when its log loss no longer falls."""
    settings = {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "max_bin": params.bins,
        "nthread": params.threads,
        "seed": seed,
        "eta": params.eta,
        "max_depth": params.max_depth,
        "min_child_weight": params.min_child_weight,
        "subsample": params.subsample,
        "colsample_bytree": COLSAMPLE,
        "lambda": REG_LAMBDA,
    }
    matrix = _binned(data, features, params)
    if validation is None:
        return xgb.train(settings, matrix, num_boost_round=rounds)
    later = _binned(validation, features, params, matrix)
    return xgb.train(
        settings, matrix, num_boost_round=rounds, evals=[(later, "later")],
        early_stopping_rounds=params.early_stopping, verbose_eval=False,
    )  # fmt: skip


def calibration_line(
    booster: xgb.Booster, validation: LearningData, features: list[Feature]
) -> tuple[float, float]:
    """(a, b) of a logistic recalibration, if a line fitted to the first half improves the second half.

    Forward in time like all else: a line that fits its own half but not the next one is not used.
    """
    margin = booster.predict(_matrix(validation.X, features), output_margin=True).astype("float64")
    day, y, plain = validation.as_of.astype("int64"), validation.y, (0.0, 1.0)
    early = day <= np.median(day)
    if early.all() or not 0 < y[early].sum() < early.sum():
        return plain
    line = _logistic_line(margin[early], y[early])
    if _log_loss(margin[~early], y[~early], line) >= _log_loss(margin[~early], y[~early], plain):
        return plain
    return _logistic_line(margin, y)


def _logistic_line(margin: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Newton steps of the logistic regression of `y` on the margin."""
    design, line = np.column_stack([np.ones(len(margin)), margin]), np.array([0.0, 1.0])
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(design @ line, -30, 30)))
        curvature = (design * (p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (y - p))
        line = line + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            break
    return (float(line[0]), float(line[1])) if line[1] > 0 else (0.0, 1.0)


def _log_loss(margin: np.ndarray, y: np.ndarray, line: tuple[float, float]) -> float:
    odds = line[0] + line[1] * margin
    return float((np.logaddexp(0, odds) - y * odds).mean())


def _names(features: list[Feature]) -> dict[str, Any]:
    return {
        "feature_names": [*booster_names(features), AHEAD],
        "feature_types": [*feature_types(features), "q"],
    }


def _matrix(X: np.ndarray, features: list[Feature]) -> xgb.DMatrix:
    return xgb.DMatrix(X, enable_categorical=True, nthread=1, **_names(features))


def _binned(
    data: LearningData, features: list[Feature], params: ChallengeParams, ref: xgb.DMatrix | None = None
) -> xgb.QuantileDMatrix:
    return xgb.QuantileDMatrix(
        data.X, label=data.y, enable_categorical=True, max_bin=params.bins, nthread=params.threads, ref=ref,
        **_names(features),
    )  # fmt: skip
