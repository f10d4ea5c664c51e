"""Dates that stand for "not known": zero of a calendar, the end of time, one day that too many rows share."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.tables import TABLES
from whychurn.intake.check.checked_table import CheckedTable, blank
from whychurn.intake.check.evidence.day_counts import day_counts

# of calendars
SURE: Final = ("1601-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01")
# where several rows agree
ZERO: Final = (*SURE, "1904-01-01", "1980-01-01", "1990-01-01", "2000-01-01", "2001-01-01")
_END: Final = 2090  # from this year on, a date says "for ever"
_APART_DAYS: Final = 365  # between a zero and the first other day: a zero close to others may be a real day
_SHARE: Final = 0.2  # of the rows on one day, several times as many as on any other
_TIMES: Final = 5
_ROWS: Final = 20
_YEARS: Final = (1900, 1970, 1980, 1990, 2000)  # of birth, when a form was left as it stood
_RUNNING: Final = ("ends_on", "paused_until")  # the end of time is a meaning there


def blank_default_dates(checked: CheckedTable) -> None:
    """Make dates that stand for "not known" null, and say which and how many; a day that many share is only told."""
    for name, spec in TABLES[checked.table].fields.items():
        if spec.kind in ("date", "instant") and name in checked.mapped:
            _blank_days(checked, name)
    if checked.table == "members" and "birth_year" in checked.mapped:
        _blank_years(checked)


def _blank_days(checked: CheckedTable, name: str) -> None:
    found, rows = day_counts(checked.frame[name])
    if not len(found):
        return
    zeros = np.isin(found, _zero_days())
    ends = found >= _day(f"{_END}-01-01") if name not in _RUNNING else np.zeros(len(found), dtype=bool)
    real = found[~(zeros | ends)]
    if len(real):
        zeros &= real.min() - found >= _APART_DAYS
    zeros &= np.isin(found, [_day(day) for day in SURE]) | (rows >= max(3, 0.01 * rows.sum()))
    for position in np.flatnonzero(zeros | ends):
        day = pd.Timestamp(int(found[position]), unit="D")
        blank(checked, name, checked.frame[name].dt.normalize() == day, "default_date")
        values = {"column": f"{checked.table}.{name}", "day": f"{day:%Y-%m-%d}", "n": int(rows[position])}
        checked.notices.append(("notice_default_date", values))
    sound = ~(zeros | ends)
    if name == "joined_on" and sound.any():
        _tell_shared_day(checked, name, found[sound], rows[sound])


def _tell_shared_day(checked: CheckedTable, name: str, found: np.ndarray, rows: np.ndarray) -> None:
    most = int(np.argmax(rows))
    others = np.delete(rows, most)
    if (
        rows[most] >= max(_SHARE * rows.sum(), _ROWS / 2)
        and len(others) > 1
        and rows[most] >= _TIMES * others.max()
    ):
        day = pd.Timestamp(int(found[most]), unit="D")
        values = {"column": f"{checked.table}.{name}", "day": f"{day:%Y-%m-%d}", "n": int(rows[most])}
        checked.notices.append(("notice_shared_day", values | {"of": int(rows.sum())}))


def _blank_years(checked: CheckedTable) -> None:
    years = checked.frame["birth_year"]
    counts = years.value_counts()
    for year in _YEARS:
        n, others = int(counts.get(year, 0)), counts.drop(year, errors="ignore").max()
        if (year == 1900 and n) or (n >= max(_SHARE * counts.sum(), _ROWS / 2) and n >= _TIMES * others):
            blank(checked, "birth_year", years == year, "default_date")
            values = {"column": "members.birth_year", "day": str(year), "n": n}
            checked.notices.append(("notice_default_date", values))


def _zero_days() -> list[int]:
    return [_day(day) for day in ZERO]


def _day(text: str) -> int:
    return int(np.datetime64(text, "D").astype("int64"))
