"""Requests for help, and times of trouble: many meet an incident and never ask.

A request is a trace of one incident; of others there is none. But where more requests than usual come in, or their answers are
later than usual, those who did not ask met more incidents as well, in proportion to how much they use the programme. The
expected number of incidents given what is known stands in for the unrecorded one (regression calibration, Prentice 1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.counts import shape
from whychurn.causes.member_weeks.matrices import count, fade
from whychurn.causes.member_weeks.records import DAYS, Records
from whychurn.contract.arrays import Array
from whychurn.contract.params import ExposureParams

ASKING: Final = ("ticket", "complaint")


@dataclass(frozen=True)
class Trouble:
    """Requests and lateness above what is usual, a week and member there.

    Parameters
    ----------
    asked, late
        Excess by week and category; (weeks, categories), one column for all where there are none.
    """

    asked: Array
    late: Array


def requests(records: Records, params: ExposureParams) -> tuple[Array, Array]:
    """Requests for help, and how late they were answered, by week and member.

    A complaint about another cause, such as the price, is no request: each counts by the part of its text that is not
    (``about_service``, see `told_of`).
    """
    feedback = records.tables.get("feedback")
    if feedback is None or feedback.empty:
        return np.zeros(shape(records), "float32"), np.zeros(shape(records), "float32")
    asked = feedback[feedback["source"].isin(ASKING)]
    hours = (asked["responded_at"] - asked["created_at"]).dt.total_seconds() / 3600
    late = (hours / params.late_hours).clip(upper=params.late_cap).where(hours > params.late_hours, 0.0)
    week, member = asked["day"].to_numpy() // DAYS, asked["m"].to_numpy()
    about = asked["about_service"].to_numpy("float64") if "about_service" in asked else None
    return (
        count(week, member, shape(records), about),
        count(week, member, shape(records), late.to_numpy("float64")),
    )


def learn_trouble(records: Records, acts: Array, chances: Array, params: ExposureParams) -> Trouble:
    """When and where more requests came in, or later answers went out, than usual.

    Levels fade with `trouble_weeks` and are drawn to the mean of all by `trouble_prior` weeks of members; usual is the median week
    of the category, and the excess begins `trouble_margin` times the mean above it.

    Parameters
    ----------
    acts
        Own acts; (weeks, n).
    chances
        Of each category to be the one that a member mostly buys; (n, categories).
    """
    group = _groups(chances)
    there = fade(_present(acts, params.quiet_weeks) @ group, params.trouble_weeks)
    asked, late = (
        _above_usual(fade(part @ group, params.trouble_weeks), there, params)
        for part in requests(records, params)
    )
    return Trouble(asked, late)


def _groups(chances: Array) -> Array:
    """All members in one group where there are no categories; (n, groups)."""
    return chances if chances.shape[1] else np.ones((len(chances), 1), dtype="float32")


def _present(acts: Array, quiet_weeks: int) -> Array:
    """Members from their first act to some weeks after the last one; (weeks, n)."""
    week, any_act = np.arange(len(acts))[:, None], acts.any(axis=0)
    first = np.where(any_act, acts.argmax(axis=0), len(acts))
    last = len(acts) - 1 - acts[::-1].argmax(axis=0) + quiet_weeks
    return ((week >= first) & (week <= last)).astype("float32")


def _above_usual(happened: Array, there: Array, params: ExposureParams) -> Array:
    mean = happened.sum() / max(float(there.sum()), 1.0)
    level = (happened + params.trouble_prior * mean) / (there + params.trouble_prior)
    usual = np.median(level, axis=0) + params.trouble_margin * mean
    return np.maximum(level - usual, 0).astype("float32")


def met_by(chances: Array, trouble: Trouble, relative_pace: Array) -> tuple[Array, Array]:
    """Excess of requests and lateness that each member is expected to have met; (weeks, n) each.

    Parameters
    ----------
    chances
        As `learn_trouble` takes them.
    relative_pace
        Own acts a week against the mean of all, as known in each week; (weeks, n).
    """
    group = _groups(chances)
    return relative_pace * (trouble.asked @ group.T), relative_pace * (trouble.late @ group.T)


def told_of(feedback: pd.DataFrame, said: pd.DataFrame, other: list[str]) -> pd.DataFrame:
    """`feedback` with ``about_service``: one minus what its text says of causes `other` than service, one where there is no text.

    Parameters
    ----------
    said
        What each text is about: feedback_id and chances.
    other
        Names of those chances.
    """
    texts = (
        said.dropna(subset=["feedback_id", *other]).drop_duplicates("feedback_id").set_index("feedback_id")
    )
    elsewhere = feedback["feedback_id"].map(texts[other].sum(axis=1)).fillna(0.0)
    return feedback.assign(about_service=1 - elsewhere.astype("float64"))
