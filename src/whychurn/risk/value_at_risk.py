"""Money: the margin expected from a member, and the part of it that is expected to be lost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.params import BusinessParams
from whychurn.panel.spend_rate import daily_spend


def margin_exposed(rows: pd.DataFrame, business: BusinessParams) -> np.ndarray:
    """Margin over `business.value_days` if the member stays: margin rate × last year's daily spend × days.

    Parameters
    ----------
    rows
        spend_365d (currency), tenure_days. Members of less than a year are taken at the rate of their own
        time, at least `spend_rate.MIN_DAYS` long so that one first basket is not a year of baskets.

    Returns
    -------
    Currency, one a row; NaN where no spend is known.
    """
    return business.margin_rate * daily_spend(rows) * business.value_days


def value_at_risk(p_churn: np.ndarray, stake: np.ndarray, horizon_days: int, value_days: int) -> np.ndarray:
    """Expected part of `stake` that is lost because the member leaves before the value horizon ends.

    With S(t) = (1 - p)^(t / h) the chance to be a member still at day t (geometric continuation of the
    risk over the label window h), the loss is stake × (1 - mean of S over the value horizon). It assumes
    that spending stays at last year's rate for those who stay and that the risk stays as it is, which
    overstates the loss of members whose risk is passing.

    Parameters
    ----------
    p_churn
        Probability of churn within `horizon_days`.
    stake
        Margin over `value_days` if the member stays (currency).
    """
    rate = -np.log(np.clip(1 - p_churn, 1e-9, 1)) * value_days / horizon_days
    mean_stay = np.where(rate > 1e-9, -np.expm1(-rate) / np.maximum(rate, 1e-9), 1.0)
    return stake * (1 - mean_stay)
