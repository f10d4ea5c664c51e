"""A chart judged month by month, and its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.watch.charts.figures import Chart
from whychurn.watch.limits.cusum import SLACK, Run, run_cusum
from whychurn.watch.limits.standard import LEAST_REFERENCE, REFERENCE_MONTHS, Limit, judge


@dataclass(frozen=True)
class Judged:
    """A chart with its limit and its run.

    Parameters
    ----------
    months
        First days, in order.
    states
        reference, judged, open (not over), silenced (a fault of the export explains it), shown (nothing to judge by).
    limit, run
        None where the reference has fewer than `LEAST_REFERENCE` months.
    """

    chart: Chart
    months: pd.DatetimeIndex
    states: Array
    limit: Limit | None
    run: Run | None


def find_states(
    months: pd.DatetimeIndex,
    over: Array,
    enough: Array,
    silenced: Mapping[pd.Timestamp, str],
    since: str | None = None,
) -> Array:
    """State of each month; the first `REFERENCE_MONTHS` that are over and undisturbed are the reference.

    Parameters
    ----------
    over, enough
        Months that are over, and those with enough members to be judged; (months,) of bool.
    silenced
        Months that a fault of the export explains, with the reason.
    since
        Month before which nothing is reference or judged (`watch.reference_from`).
    """
    states = np.full(len(months), "judged", dtype=object)
    states[~enough] = "shown"
    if since is not None:
        states[months < pd.Timestamp(since)] = "shown"
    states[np.array([month in silenced for month in months], dtype=bool)] = "silenced"
    states[~over] = "open"
    usable = np.flatnonzero(states == "judged")
    if len(usable) < LEAST_REFERENCE:
        states[usable] = "shown"
    states[usable[:REFERENCE_MONTHS]] = "reference" if len(usable) >= LEAST_REFERENCE else "shown"
    return states


def judged_chart(chart: Chart, months: pd.DatetimeIndex, states: Array, seed: int) -> Judged:
    """Limit and CUSUM of a chart whose months have `states`."""
    reference = states == "reference"
    if not reference.any():
        return Judged(chart, months, states, None, None)
    limit = judge(chart.figures, reference, seed)
    z = np.where((states == "judged")[:, None], limit.z, np.nan)
    return Judged(
        chart, months, states, limit, run_cusum(z[None], limit.height, two_sided=chart.figures.two_sided)
    )


def chart_rows(judged: Judged, min_cell: int) -> pd.DataFrame:
    """Rows of `watch_charts`; figures of fewer than `min_cell` leavings or silent members are blank."""
    chart, limit, run = judged.chart, judged.limit, judged.run
    blank = np.full(chart.observed.shape, np.nan)
    columns = dict.fromkeys(("expected", "low", "high", "z", "cusum_up", "cusum_down"), blank)
    columns["expected"] = chart.expected
    if limit is not None and run is not None:
        alone = (SLACK + limit.height) * limit.spread  # a month beyond alarms by itself
        columns = {"expected": on_scale(chart, 0.0 * alone + limit.mean)}
        columns |= {"low": on_scale(chart, limit.mean - alone), "high": on_scale(chart, limit.mean + alone)}
        columns |= {"z": limit.z, "cusum_up": run.up[0], "cusum_down": run.down[0]}
    observed = chart.observed.astype("float64")
    small = (chart.people > 0) & (chart.people < min_cell)
    hidden = {"observed": np.where(small, np.nan, observed), "z": np.where(small, np.nan, columns.pop("z"))}
    rows = pd.DataFrame({name: values.T.ravel() for name, values in (columns | hidden).items()})
    rows.insert(0, "chart", chart.name)
    rows.insert(1, "group", np.repeat(chart.groups, len(judged.months)))
    rows.insert(2, "month", np.tile(judged.months, len(chart.groups)))
    limits = float("nan") if limit is None else limit.height
    return rows.assign(limit=limits, state=np.tile(judged.states, len(chart.groups)))


def on_scale(chart: Chart, value: Array) -> Array:
    """Figures as judged back on the scale on which they are told; (months, series)."""
    if chart.name in ("mix", "inputs"):
        return np.maximum(value, 0.0)
    base = chart.expected if chart.name == "leavings" else 1.0
    return np.asarray(np.exp(value) * base)
