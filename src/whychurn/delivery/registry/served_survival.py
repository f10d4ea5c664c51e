"""The served survival model: chance to stay by horizon, and expected stay. MLflow keeps it as it keeps `served_model`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whychurn.delivery.registry.served_request import (
    RequestModel,
    Terms,
    for_trees,
    predict_trees,
    read_native,
)

SURVIVAL_FILES = {
    "metadata": "metadata.json",
    "features": "features.json",
    "limits": "limits.json",
    "booster": "model.ubj",  # boosted trees
    "coefficients": "coefficients.csv",  # Cox
    "baseline": "baseline.csv",
}


class SurvivalModel(RequestModel):
    """Survival probability at each horizon (p_stay_<days>d), and expected days of stay in the next year.

    Boosted trees: a hazard for each interval ahead; Cox: Breslow's baseline on the clock of tenure ("cox") or of
    days from now ("cox_landmark"). Beyond the follow-up of training, the last hazard goes on.
    """

    files = SURVIVAL_FILES

    def _load(self, files: dict[str, Path]) -> None:
        super()._load(files)
        self.metadata = read_native(files["metadata"])
        if self.metadata["kind"] == "boosted":
            self.booster = self._trees(files["booster"])
        else:
            terms = pd.read_csv(files["coefficients"], float_precision="round_trip").to_dict("records")
            self.terms = Terms(terms, self.names, "coefficient")
            baseline = pd.read_csv(files["baseline"], float_precision="round_trip")
            self.baseline = baseline["cumulative"].to_numpy()

    def stay(self, X: np.ndarray, days: int) -> np.ndarray:
        """Survival probability after 0 … `days` days for encoded rows; (n, days + 1)."""
        return self._boosted(X, days) if self.metadata["kind"] == "boosted" else self._cox(X, days)

    def _answers(self, X: np.ndarray, flags: dict[str, list[Any]]) -> dict[str, list[Any]]:  # noqa: ARG002
        horizons, until = self.metadata["horizons"], self.metadata["value_days"]
        curve = self.stay(X, max(*horizons, until))
        chances = {f"p_stay_{days}d": curve[:, days].tolist() for days in horizons}
        return {**chances, "expected_stay_days": curve[:, 1 : until + 1].sum(axis=1).tolist()}

    def _boosted(self, X: np.ndarray, days: int) -> np.ndarray:
        edges = np.r_[0, self.metadata["bounds"]].astype("float64")
        width = np.diff(edges)
        if self.metadata["variant"] == "landmark":
            trained = max(int((edges[1:] <= self.metadata["learned_days"]).sum()), 1)
            learned = np.minimum(np.arange(len(width)), trained - 1)
            margin = self._margins([X] * trained, edges[1 : trained + 1])[:, learned]
            learned_width = width[learned]
        else:  # the first interval again and again, tenure and calendar moved on
            aged = [self._aged(X, start) for start in edges[:-1]]
            margin = self._margins(aged, np.full(len(width), edges[1]))
            learned_width = np.full(len(width), edges[1])
        a, b = self.metadata["line"]
        hazard = 1 - (1 - 1 / (1 + np.exp(-(a + b * margin)))) ** (width / learned_width)
        steps = -np.log1p(-np.minimum(hazard, 1 - 1e-9))
        cumulative = np.column_stack([np.zeros(len(X)), np.cumsum(steps, axis=1)])
        at = np.arange(days + 1)
        right = np.clip(np.searchsorted(edges, at, side="left"), 1, len(edges) - 1)
        share = (at - edges[right - 1]) / width[right - 1]
        return np.exp(-(cumulative[:, right - 1] + steps[:, right - 1] * share))

    def _margins(self, blocks: list[np.ndarray], ahead: np.ndarray) -> np.ndarray:
        """Margin of each row (rows) in each interval that begins so many days ahead (columns)."""
        days = np.repeat(ahead.astype("float32"), len(blocks[0]))[:, None]
        stacked = np.hstack([np.vstack(blocks), days])
        margins = predict_trees(self.booster, for_trees(stacked), output_margin=True)
        return margins.reshape(len(blocks), -1).T

    def _aged(self, X: np.ndarray, days: float) -> np.ndarray:
        moved = X.copy()
        for column, name in enumerate(self.names):
            if name == "tenure_days":
                moved[:, column] += days
            elif name == "month_of_year":
                moved[:, column] = (X[:, column] - 1 + round(days / 30.4375)) % 12 + 1
        return moved

    def _cox(self, X: np.ndarray, days: int) -> np.ndarray:
        log_ratio = self.terms.score(X)[:, 0]
        start = np.zeros(len(X), dtype="int64")
        if self.metadata["kind"] == "cox" and "tenure_days" in self.names:
            tenure = np.nan_to_num(X[:, self.names.index("tenure_days")])
            start = np.maximum(tenure, 0).astype("int64")
        rate = self.baseline[-1] - self.baseline[-2]
        extra = max(0, int(start.max(initial=0)) + days + 1 - len(self.baseline))
        whole = np.r_[self.baseline, self.baseline[-1] + rate * np.arange(1, extra + 1)]
        hazard = whole[start[:, None] + np.arange(days + 1)] - whole[start][:, None]
        return np.exp(-hazard * np.exp(log_ratio)[:, None])
