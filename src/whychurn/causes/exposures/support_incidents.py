"""Contacts with support, and times of incidents: many members meet an incident and never report it.

A contact is a trace of one incident; of others there is none. But where more contacts than usual come in, or
are answered later than usual, members without a contact met more incidents as well, in proportion to how much
they use the programme. The expected number of incidents stands in for the unreported one (regression
calibration, Prentice 1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.week_calendar import DAYS
from whychurn.causes.member_weeks.weekly_counts import count_by_week, decay, grid_shape
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.contract.arrays import Array
from whychurn.contract.params import ExposureParams

CONTACTS: Final = ("ticket", "complaint")
LATE_HOURS: Final = 24.0  # an answer after more than a day is late
LATE_CAP: Final = 4.0  # a late answer counts at most as four days: one forgotten ticket is not a hundred
LEVEL_HALF_LIFE: Final = 2.0  # weeks: incidents come and go within weeks
EXCESS_MARGIN: Final = 0.3  # an excess begins so many times the mean above the usual week: noise is none


@dataclass(frozen=True)
class IncidentRates:
    """Contacts and lateness above the usual level, for each week and member present.

    Parameters
    ----------
    contacts, lateness
        Excess by week and category; (weeks, categories), one column for all members where there are none.
    """

    contacts: Array
    lateness: Array


def support_contacts(records: WeeklyRecords) -> tuple[Array, Array]:
    """Contacts with support, and how late they were answered (in units of `LATE_HOURS`); (weeks, n) each.

    A complaint about another cause, such as the price, is none: each contact counts by ``about_service``, see
    `with_service_share`.
    """
    feedback = records.tables.get("feedback")
    if feedback is None or feedback.empty:
        return np.zeros(grid_shape(records), "float32"), np.zeros(grid_shape(records), "float32")
    contacts = feedback[feedback["source"].isin(CONTACTS)]
    hours = (contacts["responded_at"] - contacts["created_at"]).dt.total_seconds() / 3600
    late = (hours / LATE_HOURS).clip(upper=LATE_CAP).where(hours > LATE_HOURS, 0.0)
    week, member = contacts["day"].to_numpy() // DAYS, contacts["m"].to_numpy()
    share = contacts["about_service"].to_numpy("float64") if "about_service" in contacts else None
    return (
        count_by_week(week, member, grid_shape(records), share),
        count_by_week(week, member, grid_shape(records), late.to_numpy("float64")),
    )


def estimate_incident_rates(
    records: WeeklyRecords, activity: Array, category_p: Array, params: ExposureParams
) -> IncidentRates:
    """When, and for which category, more contacts came in or later answers went out than usual.

    Levels decay with `LEVEL_HALF_LIFE` and are shrunk to the mean of all by `trouble_prior` member-weeks;
    usual is the category's median week, and the excess begins `EXCESS_MARGIN` times the mean above it.

    Parameters
    ----------
    activity
        Number of activities; (weeks, n).
    category_p
        Probability of each category to be the member's preferred one; (n, categories).
    """
    group = _groups(category_p)
    present = decay(_present(activity, params.quiet_weeks) @ group, LEVEL_HALF_LIFE)
    contacts, lateness = (
        _above_usual(decay(counts @ group, LEVEL_HALF_LIFE), present, params.trouble_prior)
        for counts in support_contacts(records)
    )
    return IncidentRates(contacts, lateness)


def _groups(category_p: Array) -> Array:
    """All members in one group where there are no categories; (n, groups)."""
    return category_p if category_p.shape[1] else np.ones((len(category_p), 1), dtype="float32")


def _present(activity: Array, lag_weeks: int) -> Array:
    """Members from their first activity to some weeks after the last one; (weeks, n)."""
    week, any_activity = np.arange(len(activity))[:, None], activity.any(axis=0)
    first = np.where(any_activity, activity.argmax(axis=0), len(activity))
    last = len(activity) - 1 - activity[::-1].argmax(axis=0) + lag_weeks
    return ((week >= first) & (week <= last)).astype("float32")


def _above_usual(counts: Array, present: Array, prior: float) -> Array:
    mean = counts.sum() / max(float(present.sum()), 1.0)
    level = (counts + prior * mean) / (present + prior)
    usual = np.median(level, axis=0) + EXCESS_MARGIN * mean
    return np.maximum(level - usual, 0).astype("float32")


def expected_unreported(
    category_p: Array, rates: IncidentRates, relative_activity: Array
) -> tuple[Array, Array]:
    """Excess of contacts and of lateness that each member is expected to have met; (weeks, n) each.

    Parameters
    ----------
    category_p
        As `estimate_incident_rates` takes it.
    relative_activity
        Activity rate so far over the mean of all members; (weeks, n).
    """
    group = _groups(category_p)
    return relative_activity * (rates.contacts @ group.T), relative_activity * (rates.lateness @ group.T)


def with_service_share(
    feedback: pd.DataFrame, text_scores: pd.DataFrame, other_causes: Sequence[str]
) -> pd.DataFrame:
    """`feedback` with ``about_service``: one minus the probability that its text is about another cause.

    Parameters
    ----------
    text_scores
        feedback_id and the probability that the text speaks of each cause; without a row the share is one.
    other_causes
        Columns of the causes other than service.
    """
    columns = list(other_causes)
    scores = text_scores.dropna(subset=["feedback_id", *columns]).drop_duplicates("feedback_id")
    other = feedback["feedback_id"].map(scores.set_index("feedback_id")[columns].sum(axis=1)).fillna(0.0)
    return feedback.assign(about_service=1 - other.astype("float64"))
