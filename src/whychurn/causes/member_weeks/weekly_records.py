"""Intake's tables on integer weeks and member numbers, for some members at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from whychurn.causes.member_weeks.activity_tables import ActivityTables
from whychurn.causes.member_weeks.market_levels import MarketLevels
from whychurn.causes.member_weeks.week_calendar import Calendar
from whychurn.contract.arrays import Array


@dataclass(frozen=True)
class WeeklyRecords:
    """Rows of some members; each table has `m` (number of the member among them) and `day`.

    Parameters
    ----------
    members
        One row a member, in order of `m`.
    tables
        orders, events, feedback, memberships, sorted by `m` and `day`.
    market
        Levels of the market; the same for all members. None without a market table.
    calendar
        The observed weeks.
    """

    members: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    market: MarketLevels | None
    calendar: Calendar

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.members)


@dataclass(frozen=True)
class RecordsReader:
    """Reads the records of some members from the open activity tables.

    Parameters
    ----------
    members
        All members, in the order in which `activity` numbers them.
    """

    members: pd.DataFrame
    activity: ActivityTables
    market: MarketLevels | None
    calendar: Calendar

    def read(self, numbers: Array) -> WeeklyRecords:
        """Records of the members with these `numbers`, ascending."""
        first, days = self.calendar.epoch, self.calendar.days
        tables = {name: self.activity.rows(name, numbers, first, days) for name in self.activity.names}
        members = self.members.iloc[numbers].reset_index(drop=True)
        return WeeklyRecords(members, tables, self.market, self.calendar)
