"""First and last day of a study, which a few odd rows, or a table that ended earlier, do not move.

The rule of odd days: at either end of a table's days there may be a silence of at least `GAP_DAYS` that is more than
twice as long as any silence between, and in which at least `EXPECTED` rows would be expected at the table's usual rate
(none at all has then a chance of e^-10). If at most `FEW` of the rows, or three, lie beyond it, they are odd.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from whychurn.contract.params import IntakeParams, PanelParams
from whychurn.contract.tables import ACTIVITY_TABLES, INTERACTIONS, TABLES, running
from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.evidence.day_counts import day_counts

GAP_DAYS: Final = 30
EXPECTED: Final = 10.0
FEW: Final = 0.005
FEW_ROWS: Final = 3
LEAST_ROWS: Final = 50  # fewer rows have no usual rate
EARLIER_DAYS: Final = 7  # a table that ended so much earlier than another is told
CUT_DAYS: Final = 92  # more than a quarter of a year is not cut off without asking
_SHOWN: Final = 5

End = Literal["first", "last"]


def set_odd_days_aside(tables: dict[str, CheckedTable], params: IntakeParams) -> None:
    """Set rows aside that lie before `params.observed_from`, or far outside the other days of orders, events or terms."""
    first = params.observed_from
    given: dict[End, object] = {"first": first, "last": params.observed_until}
    ends: list[End] = [end for end in given if given[end] is None]
    for table in ACTIVITY_TABLES:
        checked = tables[table]
        if first is not None and table != "memberships":
            day = checked.frame[str(TABLES[table].time)]
            before = (day < pd.Timestamp(first)).to_numpy(dtype=bool, na_value=False)
            checked.row_reasons.mark(before, "before_window", str(TABLES[table].time))
        for end in ends:
            _set_aside(checked, end, _days(checked))
    for end in ends:  # a small table has no usual rate of its own
        together = _Rows.joined(_days(tables["orders"]), _days(tables["events"]))
        for table in ("orders", "events"):
            _set_aside(tables[table], end, together)


def window(
    tables: dict[str, CheckedTable], params: IntakeParams, panel: PanelParams, last: pd.Timestamp
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day covered; rows after the last day are set aside where a table ended earlier.

    Parameters
    ----------
    last
        Last day possible: today, or `params.observed_until`.
    """
    days = {table: _days(tables[table]) for table in ACTIVITY_TABLES}
    days["memberships"] = _Rows.joined(days["memberships"], *_ends_recorded(tables["memberships"], last))
    dated = _Rows.joined(days["orders"], days["events"])
    first = (dated if dated.total else days["memberships"]).day(0)
    if params.observed_from is not None:
        first = pd.Timestamp(params.observed_from)
    if params.observed_until is not None:
        return first, last
    until = min(_Rows.joined(*days.values()).day(-1), last)
    if pd.isna(until):
        return first, until
    shown = {table: _presence(tables[table], days[table]) for table in _who_is_there(tables, panel)}
    ended = {table: day for table, rows in shown.items() if (day := _ended(rows, until)) is not None}
    if ended:
        until = _earlier_end(tables, ended, until)
    for table in set(ACTIVITY_TABLES) - set(shown):
        if (day := _ended(days[table], until)) is not None:
            tables[table].notices.append(
                ("notice_ended", {"table": table, "day": f"{day:%Y-%m-%d}", "until": f"{until:%Y-%m-%d}"})
            )
    return first, until


@dataclass(frozen=True)
class _Rows:
    """Different days of a table, ascending, and the rows of each."""

    days: np.ndarray  # day numbers
    rows: np.ndarray

    @classmethod
    def of(cls, checked: CheckedTable, name: str, among: np.ndarray | None = None) -> _Rows:
        """Days of column `name` in the good rows, or in those of them that are `among` the chosen."""
        good = checked.row_reasons.good
        return cls(*day_counts(checked.frame[name], good if among is None else good & among))

    @classmethod
    def joined(cls, *tables: _Rows) -> _Rows:
        """Rows of all `tables` by day."""
        days, position = np.unique(np.concatenate([table.days for table in tables]), return_inverse=True)
        rows = np.concatenate([table.rows for table in tables])
        return cls(days, np.bincount(position, weights=rows, minlength=len(days)).astype("int64"))

    def day(self, position: Literal[0, -1]) -> pd.Timestamp:
        """The first or the last day; NaT where there is no row."""
        return pd.Timestamp(int(self.days[position]), unit="D") if len(self.days) else pd.Timestamp("NaT")

    def until(self, last: pd.Timestamp) -> _Rows:
        """Rows up to `last`."""
        early = self.days <= np.datetime64(last, "D").astype("int64")
        return _Rows(self.days[early], self.rows[early])

    @property
    def total(self) -> int:
        return int(self.rows.sum())

    def turned(self) -> _Rows:
        """Time backwards: the first days become the last."""
        return _Rows(-self.days[::-1], self.rows[::-1])

    def usual(self) -> tuple[float, int]:
        """Rows a day and the longest silence, without a hundredth of the rows (or `FEW_ROWS`) at either end."""
        share = np.cumsum(self.rows) / self.total
        edge = max(0.01, (FEW_ROWS + 1) / self.total)  # odd rows must not lie within
        body = self.days[(share >= edge) & (share - self.rows / self.total <= 1 - edge)]
        inside = self.rows[np.isin(self.days, body)].sum()
        return inside / (body[-1] - body[0] + 1), int(np.diff(body).max(initial=1))

    def is_silence(self, days: int) -> bool:
        """Whether so many days without a row are no chance."""
        rate, longest = self.usual()
        return days > 2 * longest and rate * days >= EXPECTED

    def last_usual_day(self) -> int | None:
        """The last day before the silence beyond which the odd rows lie; None where no row is odd."""
        if self.total < LEAST_ROWS:
            return None
        beyond = self.total - np.cumsum(self.rows)
        few = max(FEW_ROWS, FEW * self.total)
        for position in np.flatnonzero((beyond > 0) & (beyond <= few)):
            silence = int(self.days[position + 1] - self.days[position])
            if silence >= GAP_DAYS and self.is_silence(silence):
                return int(self.days[position])
        return None


def _set_aside(checked: CheckedTable, end: End, rows: _Rows) -> None:
    bound = (rows if end == "last" else rows.turned()).last_usual_day()
    if bound is None:
        return
    name = str(TABLES[checked.table].time)
    limit = pd.Timestamp(bound if end == "last" else -bound, unit="D")
    day = checked.frame[name].dt.normalize()
    odd = ((day > limit) if end == "last" else (day < limit)).to_numpy(dtype=bool, na_value=False)
    odd &= checked.row_reasons.good
    if not odd.any():
        return
    checked.row_reasons.mark(odd, "odd_day", name)
    hit = np.flatnonzero(odd)
    shown = [f"{day.iloc[row]:%Y-%m-%d} (row {checked.row_number[row]})" for row in hit[:_SHOWN]]
    values = {"column": f"{checked.table}.{name}", "n": len(hit), "days": ", ".join(shown)}
    setting = "observed_until" if end == "last" else "observed_from"
    reach = day.iloc[hit].max() if end == "last" else day.iloc[hit].min()
    checked.notices.append(
        (f"notice_odd_{end}", {**values, "limit": f"{limit:%Y-%m-%d}", "set": f"{setting}: {reach:%Y-%m-%d}"})
    )


def _who_is_there(tables: Mapping[str, CheckedTable], panel: PanelParams) -> list[str]:
    """Tables that tell who is still there, by the churn definition (see `panel.churn_definition`)."""
    filled = [table for table in ACTIVITY_TABLES if tables[table].row_reasons.good.any()]
    terms = tables["memberships"]
    if (running(terms.good) & terms.good_values("cancelled_on").isna()).any():
        return []  # terms that run on show who is there, whenever the last one began
    if panel.churn == "terms" or (panel.churn == "auto" and "memberships" in filled):
        return ["memberships"] if "memberships" in filled else []
    wanted = ("orders", "events") if panel.activity in ("auto", "any") else (panel.activity,)
    return [table for table in wanted if table in filled]


def _days(checked: CheckedTable) -> _Rows:
    return _Rows.of(checked, str(TABLES[checked.table].time))


def _ends_recorded(terms: CheckedTable, last: pd.Timestamp) -> list[_Rows]:
    """Days on which terms were ended: they show that the table was kept, as starts do.

    A written end is such a day only where other terms have none: there it was written when the term ended.
    """
    names = ["cancelled_on", *(["ends_on"] if running(terms.good).any() else [])]
    return [_Rows.of(terms, name).until(last) for name in names]


def _presence(checked: CheckedTable, days: _Rows) -> _Rows:
    if checked.table != "events":
        return days
    present = checked.frame["event_type"].isin(INTERACTIONS).to_numpy(dtype=bool)
    return _Rows.of(checked, str(TABLES["events"].time), present)


def _ended(rows: _Rows, until: pd.Timestamp) -> pd.Timestamp | None:
    """Last day of a table that ended before `until`, judged by its usual rate; None where it did not."""
    if rows.total < LEAST_ROWS:
        return None
    last = rows.day(-1)
    silence = (until - last).days
    return last if silence >= EARLIER_DAYS and rows.is_silence(silence) else None


def _earlier_end(
    tables: dict[str, CheckedTable], ended: Mapping[str, pd.Timestamp], until: pd.Timestamp
) -> pd.Timestamp:
    """The last day on which all tables that tell who is there are alive; asked for where much would be cut off."""
    table = min(ended, key=lambda name: ended[name])
    day = ended[table]
    values = {"table": table, "day": f"{day:%Y-%m-%d}", "until": f"{until:%Y-%m-%d}"}
    if (until - day).days > CUT_DAYS:
        tables[table].notices.append(("decide_ended", values))
        return until
    n = 0
    for name in ACTIVITY_TABLES:
        checked = tables[name]
        time = str(TABLES[name].time)
        after = (checked.frame[time].dt.normalize() > day).to_numpy(dtype=bool, na_value=False)
        n += int((after & checked.row_reasons.good).sum())
        checked.row_reasons.mark(after, "after_window", time)
    tables[table].notices.append(("notice_cut", {**values, "n": n}))
    return day
