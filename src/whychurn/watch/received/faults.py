"""Faults of exports: rows or days missing, a column empty or zero, a code gone or renamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.watch.table_counts import Days, TableCounts, months_of

REFERENCE: Final = 12  # good months before, at most
LEAST_MONTHS: Final = 6  # below, nothing is judged
LEAST_ROWS: Final = 50  # usual rows a month of a table whose number of rows is judged
LEAST_EXPECTED: Final = 20.0  # rows: that none comes by chance has a chance of 2e-9
LEAST_SHARE: Final = 0.01
DAILY: Final = 0.8  # share of days with rows, from which on a table comes in daily
DECIDED: Final = ("touches", "surveys", "memberships")  # the company decides how many, of which kind


@dataclass(frozen=True)
class TableMonths:
    """Counts of a table by month.

    Parameters
    ----------
    months, over, length
        First days; whether the data cover the whole month; its days.
    rows, days, unknown, refused
        Rows, days with rows, rows with an unknown code, share of rows of members without consent to be profiled.
    held, nonzero
        Column -> rows where it holds something, and something else than 0 or false.
    codes
        Column -> rows by code (months × codes).
    """

    months: pd.DatetimeIndex
    over: Array
    length: Array
    rows: Array
    days: Array
    unknown: Array
    refused: Array
    held: dict[str, Array]
    nonzero: dict[str, Array]
    codes: dict[str, pd.DataFrame]


def table_months(counts: TableCounts, observed: Days) -> TableMonths:
    """Counts of a whole table by month of its time.

    Parameters
    ----------
    observed
        First and last day that the data cover.
    """
    months = months_of(observed)
    ends = months + pd.DateOffset(months=1)
    days = pd.date_range(observed[0], periods=len(counts.by_day))
    at = months.get_indexer(pd.DatetimeIndex(days.to_period("M").to_timestamp()))
    rows, covered = (
        np.bincount(at, of, len(months)).astype(float) for of in (counts.by_day, counts.by_day > 0)
    )
    codes = {name: table for name, table in counts.codes.items() if table is not None and len(table.columns)}
    return TableMonths(
        months, np.asarray((months >= observed[0]) & (ends <= observed[1] + pd.Timedelta(days=1))),
        np.asarray((ends - months).days), rows, covered, counts.unknown,
        np.divide(counts.refused, rows, out=np.full(len(rows), np.nan), where=rows > 0),
        counts.held, counts.nonzero, codes,
    )  # fmt: skip


def find_faults(name: str, told: TableMonths) -> list[tuple[float, str | None]]:
    """Usual rows of each month, and what is wrong with it; None where nothing is, or too few months came before.

    A month that is broken is no reference of later ones, so a fault lasts until the export is as before.
    """
    good: list[int] = []
    found: list[tuple[float, str | None]] = []
    for place in range(len(told.months)):
        before = np.array(good[-REFERENCE:], dtype=int)
        usual = float(np.median(told.rows[before[-3:]])) if len(before) else float("nan")
        why = None
        if len(before) >= LEAST_MONTHS and told.over[place]:
            why = (
                _missing(name, told, before, place, usual)
                or _empty(told, before, place, name)
                or _renamed(told, before, place, name)
                or _permission(told, before, place)
            )
        found.append((usual, why))
        if why is None and told.over[place]:
            good.append(place)
    return found


def _missing(name: str, told: TableMonths, before: Array, place: int, usual: float) -> str | None:
    """Rows or days; a table of the company's own decisions is judged only by none at all."""
    rows = told.rows
    if (
        name == "members" or usual < LEAST_ROWS or rows[before].min() <= 0
    ):  # who joins is no export of the month
        return None
    if rows[place] == 0:
        return "nothing"
    share = told.days / told.length
    if name in DECIDED or share[before].min() < DAILY:
        return None
    if share[place] < share[before].min() - 0.1:
        return "days_missing"
    steps = np.diff(np.log(rows[before]))
    noise = float(np.sqrt(steps.var() + 1 / usual))
    change = np.log(rows[place] / usual)
    if change < -max(0.4, 4 * noise):
        return "rows_missing"
    return "rows_many" if change > max(0.6, 5 * noise) else None


def _empty(told: TableMonths, before: Array, place: int, name: str) -> str | None:
    rows = told.rows
    kinds = [("column_empty", told.held), *([] if name in DECIDED else [("column_zero", told.nonzero)])]
    for why, counts in kinds:
        for column, held in counts.items():
            expected = (held[before] / np.maximum(rows[before], 1)).min() * rows[place]
            if held[place] == 0 and expected >= LEAST_EXPECTED:
                return f"{why}:{name}.{column}"
    return None


def _renamed(told: TableMonths, before: Array, place: int, name: str) -> str | None:
    """A code that no month was without is gone; renamed where a new one appears at its rate."""
    total = np.maximum(told.rows, 1)
    for column, counts in told.codes.items():
        table, names = counts.to_numpy(float), list(counts.columns)
        least = (table[before] / total[before, None]).min(axis=0)
        gone = (table[place] == 0) & (least >= LEAST_SHARE) & (least * total[place] >= LEAST_EXPECTED)
        new = (table[before] == 0).all(axis=0) & (table[place] > 0)
        for code in np.flatnonzero(gone):
            mean = (table[before, code] / total[before]).mean() * total[place]
            near = [at for at in np.flatnonzero(new) if 0.5 * mean <= table[place, at] <= 2 * mean]
            if near:
                return f"code_renamed:{name}.{column}: {names[int(code)]} → {names[int(near[0])]}"
            if name not in DECIDED:
                return f"code_gone:{name}.{column}: {names[int(code)]}"
    return None


def _permission(told: TableMonths, before: Array, place: int) -> str | None:
    if told.rows[place] < LEAST_ROWS:
        return None
    share = told.unknown / np.maximum(told.rows, 1)
    if share[place] > max(0.05, 3 * share[before].max()):
        return "unknown_codes"
    return "without_consent" if told.refused[place] > np.nanmax(told.refused[before]) + 0.25 else None
