"""Retention, churn, repurchase, renewal and reactivation by month and year, under each churn definition."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.results import columns_of, typed
from whychurn.contract.suppression import suppress_small_cells
from whychurn.retention.member_history import YEAR_MONTHS, History, as_dates
from whychurn.retention.month_grid import (
    churn_by_month,
    churned_at_month_ends,
    month_of,
    monthly_sum,
    months_complete,
    present_at_month_ends,
    returns_by_month,
    trailing_year,
)
from whychurn.stats.intervals import effective_number, wilson

LAST_YEAR: Final = "last_12_months"
_STATES: Final = ("churn", "reactivation")  # their denominator is taken on the first day
COLUMNS: Final = columns_of("retention_rates", "suppressed")


@dataclass(frozen=True)
class Period:
    """Months `first` up to but not including `after`, by position in `History.edges`."""

    kind: str
    first: int
    after: int
    complete: bool


@dataclass(frozen=True)
class Counted:
    """Who could (members) and who did, with the money that each stands for."""

    could: Array
    did: Array
    money: Array


def retention_rates(history: History, confidence: float, min_cell: int) -> pd.DataFrame:
    """Rates by month, by calendar year and for the last 12 complete months.

    Measures (member-based: counts; revenue-based: the same members weighted by money)

    - ``churn``: of the members on the first day of the period, those who left in it.
      Money: what they paid in the 12 months before the period.
    - ``retention``: the rest of them. A member who left and came back was not retained.
    - ``reactivation``: of those who had churned by the first day, those who came back in the period.
      Money: what they paid in the 12 months before they left.
    - ``repurchase``: of the buyers of the period, those who bought on at least two days of it (without
      orders: use). Money: what they paid in the period. It does not depend on the churn definition.
    - ``renewal`` (terms only): of the terms that ended in the period, those followed by another one
      within the days of grace, where these are over. Money: the price of the ended terms.

    Returns
    -------
    DataFrame
        ``period`` and ``until`` are first days; ``partial`` marks periods that the data or the
        definition's waiting time do not cover. Intervals are Wilson's; revenue-based ones use Kish's
        effective number of members. Cells of fewer than `min_cell` members are blank.
    """
    rows = [
        row
        for definition in history.absences
        for row in _definition_rows(history, definition, list(_periods(history)), confidence)
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["period"] = as_dates(frame["period"].to_numpy(dtype="int64")).to_numpy()
    frame["period_end"] = as_dates(frame["period_end"].to_numpy(dtype="int64")).to_numpy()
    frame = typed(frame[frame["denominator"] > 0].reset_index(drop=True))
    return suppress_small_cells(
        frame, "members", ["numerator", "denominator", "rate", "low", "high"], min_cell
    )


def last_year(history: History) -> tuple[int, int] | None:
    """Edge positions of the last 12 complete months; None where there are fewer."""
    complete = np.flatnonzero(months_complete(history))
    if len(complete) < YEAR_MONTHS:
        return None
    return int(complete[-1]) + 1 - YEAR_MONTHS, int(complete[-1]) + 1


def _periods(history: History) -> Iterator[Period]:
    complete = months_complete(history)
    for month in range(history.months):
        yield Period("month", month, month + 1, bool(complete[month]))
    years = as_dates(history.edges[:-1]).dt.year.to_numpy()
    for year in np.unique(years):
        inside = np.flatnonzero(years == year)
        whole = len(inside) == YEAR_MONTHS and bool(complete[inside].all())
        yield Period("year", int(inside[0]), int(inside[-1]) + 1, whole)
    if (span := last_year(history)) is not None:
        yield Period(LAST_YEAR, *span, complete=True)


def _definition_rows(
    history: History, definition: str, periods: list[Period], confidence: float
) -> Iterator[dict[str, object]]:
    # under inactivity no churn is seen before the waiting time is over
    wait = history.absences[definition].threshold if history.by_orders else 0
    for measure, count in _measures(history, definition).items():
        for period in periods:
            begins = history.edges[period.first]
            if measure in _STATES and begins <= history.observed_from:
                continue  # nobody was seen before the first observed day
            covered = begins >= history.observed_from + (wait if measure in _STATES else 0)
            if not history.by_orders:
                known = history.edges[period.after] - 1 + history.absences[definition].wait
                covered &= known <= history.observed_until
            row = {
                "definition": definition,
                "period_kind": period.kind,
                "period": history.edges[period.first],
                "period_end": history.edges[period.after],
                "partial": not (period.complete and covered),
            }
            counted = count(period)
            yield from (row | rate for rate in _rates(measure, counted, confidence))


def _rates(measure: str, counted: Counted, confidence: float) -> Iterator[dict[str, object]]:
    could, did = counted.could, counted.did & counted.could
    people = int(could.sum())
    money = np.where(could, counted.money, 0.0)
    both = {
        "members": (float(did.sum()), float(people), float(people)),
        "revenue": (float(money[did].sum()), float(money.sum()), effective_number(money)),
    }
    for basis, (hits, total, trials) in both.items():
        rate = hits / total if total > 0 else np.nan
        low, high = wilson(np.array([rate * trials]), np.array([trials if total > 0 else 0.0]), confidence)
        result: dict[str, object] = {"measure": measure, "basis": basis, "members": people, "numerator": hits}
        result |= {"denominator": total, "rate": rate, "low": low[0], "high": high[0]}
        yield result
        if measure == "churn":
            yield result | {
                "measure": "retention",
                "numerator": total - hits,
                "rate": 1 - rate,
                "low": 1 - high[0],
                "high": 1 - low[0],
            }


def _measures(history: History, definition: str) -> dict[str, Callable[[Period], Counted]]:
    monthly = monthly_sum(history, history.payments)
    paid = trailing_year(monthly)
    present, churned = present_at_month_ends(history, definition), churned_at_month_ends(history, definition)
    left, back = churn_by_month(history, definition), returns_by_month(history, definition)
    worth = _worth_when_left(history, definition, paid)

    def churn(period: Period) -> Counted:
        did = np.asarray(left[:, period.first : period.after].any(axis=1))
        return Counted(present[:, period.first], did, paid[:, period.first])

    def reactivation(period: Period) -> Counted:
        did = np.asarray(back[:, period.first : period.after].any(axis=1))
        return Counted(churned[:, period.first], did, worth(period.first))

    measures: dict[str, Callable[[Period], Counted]] = {"churn": churn, "reactivation": reactivation}
    if definition == history.main and history.by_orders:
        active = monthly_sum(history, history.buys)

        def repurchase(period: Period) -> Counted:
            days = active[:, period.first : period.after].sum(axis=1)
            return Counted(days > 0, days > 1, monthly[:, period.first : period.after].sum(axis=1))

        measures["repurchase"] = repurchase
    if not history.by_orders:
        renewed = _renewed(history, definition)
        ends = history.terms["ends"].to_numpy()
        month = month_of(history, ends)
        due = history.terms["fixed"].to_numpy(dtype=bool)
        due &= ends + history.absences[definition].wait <= history.observed_until  # else not known yet
        price = history.terms["price"].to_numpy()

        def renewal(period: Period) -> Counted:
            return Counted(due & (month >= period.first) & (month < period.after), renewed, price)

        measures["renewal"] = renewal
    return measures


def _worth_when_left(history: History, definition: str, paid: Array) -> Callable[[int], Array]:
    gaps, dated = history.absences[definition], history.dated(definition)
    edge = np.clip(month_of(history, gaps.last) + 1, 0, history.months)
    value = paid[gaps.member, edge]

    def at(edge_position: int) -> Array:
        day = history.edges[edge_position]
        away = (dated < day) & (gaps.returned >= day)
        worth = np.zeros(len(history.ids))
        worth[gaps.member[away]] = value[away]
        return worth

    return at


def _renewed(history: History, definition: str) -> Array:
    terms, grace = history.terms, history.absences[definition].threshold
    latest = terms.groupby("member")["ends"].transform("max").to_numpy()
    following = terms.groupby("member")["starts"].shift(-1).fillna(np.inf).to_numpy()
    ends = terms["ends"].to_numpy()
    # A later term counts if it begins before the grace is over; overlapping terms renew early.
    return (latest > ends) & (following <= ends + grace)
