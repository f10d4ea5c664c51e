"""How long members stay: Kaplan-Meier curves by stratum, with numbers at risk, means and medians."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.codes import MAX_LEFT_TRUNCATION_DAYS
from whychurn.contract.params import Params, SurvivalParams
from whychurn.contract.results import columns_of, stack, typed
from whychurn.survival.numbers_at_risk import (
    DaySpan,
    at_risk,
    events_by_day,
    restrict_to_span,
    supported_span,
    written_days,
)

CURVES: Final = columns_of("survival_curves")
MEANS: Final = [
    "stratum_kind", "stratum", "members", "spells", "churn_events", "from_day", "until_day", "mean_until",
    "mean_days", "mean_low", "mean_high", "median_days", "median_low", "median_high",
]  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve on days ``span.first - 1`` (where it is 1) to ``span.last``.

    Parameters
    ----------
    estimate, low, high, at_risk
        One value a day.
    """

    span: DaySpan
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_risk: np.ndarray

    @property
    def days(self) -> np.ndarray:
        """Day of each value."""
        return np.arange(self.span.first - 1, self.span.last + 1)


def kaplan_meier(rows: pd.DataFrame, least: int, confidence: float) -> Curve | None:
    """Share that stays beyond each day (Kaplan and Meier 1958), log-log Greenwood interval, left truncation.

    Counted from `numbers_at_risk` like all other curves; lifelines, the reference in the tests, stops where all
    at risk leave on one day while others enter later. The curve ends on such a day: nobody is followed on.

    Parameters
    ----------
    rows
        entry, exit, event: at risk on days in (entry, exit]; several rows of one spell are allowed.
    least
        The curve begins and ends with this many at risk.

    Returns
    -------
    Curve, or None where never enough are at risk.
    """
    entry, exit_ = rows["entry"].to_numpy(), rows["exit"].to_numpy()
    span = supported_span(entry, exit_, least)
    if span is None:
        return None
    days = np.arange(span.first, span.last + 1)
    number = at_risk(entry, exit_)[days]
    events = events_by_day(exit_, rows["event"].to_numpy(float), span.last)[days]
    empty = np.flatnonzero(events >= number)
    if len(empty):
        span, number, events = _until(span, int(empty[0]), number, events)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.cumprod(1 - events / number)
        log_share = np.log(share)
        variance = np.cumsum(events / (number * (number - events)))
        error = float(stats.norm.ppf(0.5 + confidence / 2)) * np.sqrt(variance) / np.abs(log_share)
        bounds = [np.exp(log_share * np.exp(sign * error)) for sign in (1, -1)]
    estimate = np.append(1.0, share)
    low, high = (np.append(1.0, np.where(log_share < 0, bound, 1.0)) for bound in bounds)
    if estimate[-1] == 0:  # Greenwood's variance is infinite there
        low[-1], high[-1] = 0.0, high[-2]
    return Curve(span, estimate, low, high, np.append(number[0], number))


def _until(
    span: DaySpan, last: int, number: np.ndarray, events: np.ndarray
) -> tuple[DaySpan, np.ndarray, np.ndarray]:
    """The span and its counts up to its day at position `last`."""
    return DaySpan(span.first, span.first + last), number[: last + 1], events[: last + 1]


def restricted_mean(
    rows: pd.DataFrame, curve: Curve, until: int, confidence: float
) -> tuple[float, float, float]:
    """Mean days stayed out of the first `until`, with its interval.

    Area below the curve; variance ``sum A_i^2 d_i / (n_i (n_i - d_i))``, with A_i the area that follows day i
    (Klein and Moeschberger 2003, section 4.5).
    """
    inside = restrict_to_span(rows, curve.span)
    last = curve.span.last
    number = at_risk(inside["entry"].to_numpy(), inside["exit"].to_numpy(), days=last)
    events = events_by_day(inside["exit"].to_numpy(), inside["event"].to_numpy(float), last)
    width = until - (curve.span.first - 1)
    area = curve.estimate[:width]  # the value of day t holds from t to t + 1
    after = np.append(np.cumsum(area[::-1])[::-1], 0.0)  # position t: area from day t on
    days = np.arange(curve.span.first, until + 1)
    n, d, rest = number[days], events[days], after[days - curve.span.first + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(n > d, rest**2 * d / (n * (n - d)), 0.0)
    mean = float(area.sum()) + curve.span.first - 1
    error = float(stats.norm.ppf(0.5 + confidence / 2) * np.sqrt(np.nansum(step)))
    return mean, max(mean - error, 0.0), min(mean + error, float(until))


def crossing(curve: Curve, level: float) -> tuple[float, float, float]:
    """First day on which the curve, its lower and upper bound are at or below `level`; NaN where never."""
    days = []
    for values in (curve.estimate, curve.low, curve.high):
        below = np.flatnonzero(values <= level)
        days.append(float(curve.days[below[0]]) if len(below) else np.nan)
    return days[0], days[1], days[2]


def kaplan_meier_tables(
    strata: Mapping[str, pd.DataFrame], params: Params, min_cell: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and their summaries by kind of stratum.

    Parameters
    ----------
    strata
        `spell_strata.strata_rows`.

    Returns
    -------
    survival_curves
        `CURVES`, every ``curve_step_days`` days and at ``stay_days``; at_risk is never below `min_cell`.
    survival_means
        `MEANS` and ``stay_<d>d`` with bounds for each of ``stay_days``. Values beyond a curve that starts
        late or ends early are missing. Strata of fewer members than `min_cell` carry no figures.
    """
    curves, means = [], []
    for kind, rows in strata.items():
        for stratum, members in rows.groupby("stratum", sort=True):
            curve = kaplan_meier(members, max(params.survival.min_at_risk, min_cell), params.run.confidence)
            means.append({"stratum_kind": kind, "stratum": stratum, **_summary(members, curve, params)})
            if curve is not None:
                curves.append(_on_grid(curve, params.survival).assign(stratum_kind=kind, stratum=stratum))
    columns = [*MEANS, *stay_columns(params.survival)]
    return stack(curves, CURVES), typed(pd.DataFrame(means, columns=columns))


def stay_columns(params: SurvivalParams) -> list[str]:
    """Names of the columns with the share that stays beyond each of ``stay_days``."""
    return [f"stay_{day}d{end}" for day in params.stay_days for end in ("", "_low", "_high")]


def _summary(rows: pd.DataFrame, curve: Curve | None, params: Params) -> dict[str, float]:
    summary: dict[str, float] = {
        "members": rows["member_id"].nunique(),
        "spells": len(rows[["member_id", "spell_no"]].drop_duplicates()),
        "churn_events": int(rows["event"].sum()),
    }
    if curve is None:
        return summary
    summary |= {"from_day": curve.span.first, "until_day": curve.span.last}
    if curve.span.first > MAX_LEFT_TRUNCATION_DAYS:
        return summary
    until = min(params.survival.mean_days, curve.span.last)
    mean, low, high = restricted_mean(rows, curve, until, params.run.confidence)
    median, median_low, median_high = crossing(curve, 0.5)
    summary |= {"mean_until": until, "mean_days": mean, "mean_low": low, "mean_high": high}
    summary |= {"median_days": median, "median_low": median_low, "median_high": median_high}
    for day in params.survival.stay_days:
        if day <= curve.span.last:
            position = day - (curve.span.first - 1)
            for end, values in (("", curve.estimate), ("_low", curve.low), ("_high", curve.high)):
                summary[f"stay_{day}d{end}"] = float(values[position])
    return summary


def _on_grid(curve: Curve, params: SurvivalParams) -> pd.DataFrame:
    columns = {"day": curve.days, "estimate": curve.estimate, "low": curve.low, "high": curve.high}
    written = written_days(curve.days, params)
    return pd.DataFrame({**columns, "at_risk": curve.at_risk}).iloc[written]
