"""When in a stay members leave: the kernel-smoothed hazard by days stayed."""

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.results import columns_of, empty_table
from whychurn.survival.numbers_at_risk import at_risk, events_by_day, supported_span

COLUMNS: Final = columns_of("survival_hazard")
BANDWIDTH_DAYS: Final = 30  # half width of the kernel: a month hides no renewal date, less shows noise


def kernel_hazard(
    rows: pd.DataFrame, step: int, least: int, confidence: float, bandwidth: int = BANDWIDTH_DAYS
) -> pd.DataFrame:
    """Churn events per member-day around each day.

    Local-constant estimate: events over member-days, both weighted by an Epanechnikov kernel (Nielsen and
    Linton 1995). It needs no correction at the first day, where plain smoothing of Nelson-Aalen increments is
    biased. The interval is on the log scale, variance of the logarithm ``sum k^2 d / (sum k d)^2``.

    Parameters
    ----------
    rows
        entry, exit, event.
    step
        Days between the rows of the table.
    least
        Days with fewer at risk are left out.
    bandwidth
        Half width of the kernel (days).

    Returns
    -------
    DataFrame
        day, hazard (per member and day), low, high, at_risk, leavers (within the kernel).
    """
    entry, exit_ = rows["entry"].to_numpy(), rows["exit"].to_numpy()
    span = supported_span(entry, exit_, least)
    if span is None:
        return empty_table(COLUMNS)
    days = np.arange(span.first, span.last + 1)
    exposure = at_risk(entry, exit_)[days]
    events = events_by_day(exit_, rows["event"].to_numpy(float), span.last)[days]
    centres = np.arange(span.first - 1, span.last + 1, step)
    distance = (centres[:, None] - (days[None, :] - 0.5)) / bandwidth
    kernel = np.where(np.abs(distance) < 1, 1 - distance**2, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = (kernel @ events) / (kernel @ exposure)
        width = np.sqrt(kernel**2 @ events) / (kernel @ events) * stats.norm.ppf(0.5 + confidence / 2)
        low, high = hazard * np.exp(-width), hazard * np.exp(width)
    number = exposure[np.clip(centres - span.first, 0, None)]
    columns = (centres, hazard, low, high, number, (kernel > 0) @ events)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True))).astype("float64")
