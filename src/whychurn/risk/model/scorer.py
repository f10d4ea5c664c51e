"""What it takes to score a member: inputs, trees, calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xgboost as xgb

from whychurn.panel.feature_encoding import Feature, encode
from whychurn.risk.model.boosting import predict_raw
from whychurn.risk.model.probability_calibration import Calibrator


@dataclass(frozen=True)
class RiskScorer:
    """A fitted model, without how it was found.

    Parameters
    ----------
    features
        Inputs, in order.
    booster
        Trees on the encoded inputs.
    calibrator
        From raw score to probability.
    """

    features: list[Feature]
    booster: xgb.Booster
    calibrator: Calibrator

    def probability(self, rows: pd.DataFrame) -> np.ndarray:
        """Calibrated probability of churn within the horizon, one a row of a panel."""
        return self.calibrator.probability(predict_raw(self.booster, encode(rows, self.features)))
