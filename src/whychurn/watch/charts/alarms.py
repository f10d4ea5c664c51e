"""What a chart's alarm says: what, since when, how much, whom it concerns and what it costs to go on."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.watch.charts.judged import Judged
from whychurn.watch.limits.cusum import SLACK, began

ALARM_COLUMNS: Final = (
    "chart", "group", "month", "since", "direction", "size", "size_low", "size_high", "members", "cost", "open",
    "command",
)  # fmt: skip
_GOES_ON: Final = pd.DateOffset(
    months=2
)  # a chart that alarms again about a change begun by then tells the same one
_RECENT: Final = 3  # judged months that say whether the change still stands


def chart_alarms(judged: Judged, value: float, confidence: float, min_cell: int) -> list[dict[str, Any]]:
    """Rows of `watch_alarms` of one chart.

    Parameters
    ----------
    value
        Expected margin of a member who stays, in currency.

    Notes
    -----
    `size` is a ratio (leavings, silent), points of share (mix) or log-odds (inputs), over the months from `since` to
    the alarm, chosen because they stood out: it leans to the large side. Where attribution is imperfect a change of a
    share is a lower bound. `members` and `cost` are a month's leavings beyond the forecast and their margin.
    """
    if judged.run is None or judged.limit is None:
        return []
    new: list[dict[str, Any]] = []
    last: dict[tuple[str, str], pd.Timestamp] = {}
    for at in np.flatnonzero(judged.run.alarm[0]):
        alarm = _alarm(judged, int(at), value, confidence, min_cell)
        key = (alarm["group"], alarm["direction"])
        if key not in last or alarm["since"] > last[key] + _GOES_ON:
            new.append(alarm)
        last[key] = alarm["month"]
    return new


def still_open(alarms: pd.DataFrame) -> pd.DataFrame:
    """Rows of `watch_alarms` whose change still stands, the last one of each chart and group."""
    return alarms[alarms["open"].astype(bool)].drop_duplicates(["chart", "group"], keep="last")


def _alarm(judged: Judged, at: int, value: float, confidence: float, min_cell: int) -> dict[str, Any]:
    chart, limit, run = judged.chart, judged.limit, judged.run
    assert limit is not None and run is not None
    up, down = run.up[0, at], run.down[0, at]
    more = bool(up.max() >= down.max())
    series = int((up if more else down).argmax())
    sums = (run.up if more else run.down)[0, :, series]
    first = began(sums, run.alarm[0], at)
    span = np.arange(first, at + 1)
    span = span[judged.states[span] == "judged"]
    off = chart.figures.value[span, series] - limit.mean[series]
    error = np.sqrt((limit.spread[span, series] ** 2).sum()) / len(span)
    ends = off.mean() + np.array([0.0, -1.0, 1.0]) * stats.norm.ppf((1 + confidence) / 2) * error
    size = np.exp(ends) if chart.name in ("leavings", "silent") else ends
    members = _beyond(judged, span, series)
    shown = np.isfinite(members) and abs(members) >= min_cell
    costs = shown and chart.name in ("leavings", "mix")
    return {
        "chart": chart.name,
        "group": chart.groups[series],
        "month": judged.months[at],
        "since": judged.months[first],
        "direction": "more" if more else "less",
        **dict(zip(("size", "size_low", "size_high"), map(float, size), strict=True)),
        "members": members if shown else np.nan,
        "cost": max(members, 0.0) * value if costs else np.nan,
        "open": _stands(judged, series, 1 if more else -1),
        "command": f"whychurn experiment run experiments/{judged.months[at]:%Y-%m}-{chart.name}",
    }


def _beyond(judged: Judged, span: np.ndarray, series: int) -> float:
    """Members a month beyond what was to be expected: leavings, those silent, or leavings by one cause."""
    chart, limit = judged.chart, judged.limit
    assert limit is not None
    people = chart.people[span, series]
    if chart.name == "inputs":
        return float("nan")
    if chart.name == "mix":
        return float((people * (chart.figures.value[span, series] - limit.mean[series])).mean())
    ratio = np.exp(chart.figures.value[span, series] - limit.mean[series])
    return float((people * (1 - 1 / ratio)).mean())


def _stands(judged: Judged, series: int, sign: int) -> bool:
    """Whether the latest judged months are still off in the direction of the alarm."""
    assert judged.limit is not None
    recent = np.flatnonzero(judged.states == "judged")[-_RECENT:]
    return bool(sign * judged.limit.z[recent, series].mean() > SLACK)
