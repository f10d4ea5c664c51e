"""How late requests for help were answered: an exposure to service.

That somebody asked is none: members ask for help, or complain, about whatever hurts. What they wrote tells
the cause (`evidence.noisy_labels`).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.causes.member_weeks.week_calendar import DAYS
from whychurn.causes.member_weeks.weekly_counts import count_by_week, grid_shape
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.contract.arrays import Array

CONTACTS: Final = ("ticket", "complaint")
LATE_HOURS: Final = 24.0  # an answer after more than a day is late
LATE_CAP: Final = 4.0  # a late answer counts at most as four days: one forgotten ticket is not a hundred


def late_answers(records: WeeklyRecords) -> Array:
    """How late contacts with support were answered, in units of `LATE_HOURS`; (weeks, n)."""
    feedback = records.tables.get("feedback")
    if feedback is None or feedback.empty:
        return np.zeros(grid_shape(records), "float32")
    contacts = feedback[feedback["source"].isin(CONTACTS)]
    hours = (contacts["responded_at"] - contacts["created_at"]).dt.total_seconds() / 3600
    late = (hours / LATE_HOURS).clip(upper=LATE_CAP).where(hours > LATE_HOURS, 0.0)
    week, member = contacts["day"].to_numpy() // DAYS, contacts["m"].to_numpy()
    return count_by_week(week, member, grid_shape(records), late.to_numpy("float64"))
