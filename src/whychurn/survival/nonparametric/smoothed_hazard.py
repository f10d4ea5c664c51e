"""When in a stay members leave: the smoothed hazard by days stayed."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.results import columns_of
from whychurn.survival.risk_set import at_risk, followed, leavings

COLUMNS: Final = columns_of("survival_hazard")


def smoothed_hazard(
    rows: pd.DataFrame, bandwidth: int, step: int, least: int, confidence: float
) -> pd.DataFrame:
    """Leavings per member-day around each day.

    Local-constant estimate: leavings over member-days, both weighted by an Epanechnikov kernel (Nielsen and Linton
    1995). It needs no correction at the first day, where plain smoothing of Nelson-Aalen increments is biased.
    The interval is on the log scale, variance of the logarithm ``sum k^2 d / (sum k d)^2``.

    Parameters
    ----------
    rows
        entry, exit, event.
    bandwidth
        Half width of the kernel (days).
    step
        Every so many days there is a row.
    least
        Days with fewer at risk are left out.

    Returns
    -------
    DataFrame
        day, hazard (per member and day), low, high, at_risk, leavers (within the kernel).
    """
    entry, exit_ = rows["entry"].to_numpy(), rows["exit"].to_numpy()
    span = followed(entry, exit_, least)
    if span is None:
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in COLUMNS})
    days = np.arange(span.first, span.last + 1)
    exposure = at_risk(entry, exit_)[days]
    left = leavings(exit_, rows["event"].to_numpy(float), span.last)[days]
    centres = np.arange(span.first - 1, span.last + 1, step)
    away = (centres[:, None] - (days[None, :] - 0.5)) / bandwidth
    kernel = np.where(np.abs(away) < 1, 1 - away**2, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = (kernel @ left) / (kernel @ exposure)
        width = np.sqrt(kernel**2 @ left) / (kernel @ left) * stats.norm.ppf(0.5 + confidence / 2)
        table = pd.DataFrame(
            {
                "day": centres,
                "hazard": rate,
                "low": rate * np.exp(-width),
                "high": rate * np.exp(width),
                "at_risk": exposure[np.clip(centres - span.first, 0, None)],
                "leavers": (kernel > 0) @ left,
            }
        )
    return table.astype("float64")
