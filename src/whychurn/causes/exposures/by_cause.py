"""Exposures of members by cause, week by week: the excess that each cause may add to the hazard.

An exposure is never negative, zero at ordinary times, and belongs to one cause. What happens on a day (a
return, a price rise) decays; how fast is not known beforehand, so each such exposure comes with several
half-lives, and the data choose between them (a mixture of exponential kernels).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from whychurn.causes.exposures.late_answers import late_answers
from whychurn.causes.exposures.message_relevance import irrelevant_messages
from whychurn.causes.exposures.preferred_category import market_position, preferred_category_posterior
from whychurn.causes.exposures.prices_and_rivals import (
    price_exposures,
    price_sensitivity,
    rival_exposures,
)
from whychurn.causes.exposures.programme_reference_levels import ReferenceLevels
from whychurn.causes.member_weeks.week_calendar import DAYS
from whychurn.causes.member_weeks.weekly_counts import (
    HALF_LIVES,
    ExposureColumn,
    count_events,
    count_rows,
    decay,
    decayed,
    joining_weeks,
    lag,
    weeks_since,
)
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.contract.arrays import Array
from whychurn.contract.params import CausesParams

# without half-lives, as they are yielded; life changes follow under the names of their columns
EXPOSURES: Final = (
    "returns", "late_answers", "faults", "price_rise", "price_rise_thrifty", "lost_discount", "lost_term_discount",
    "unfitting", "dismissed", "opt_out", "flood", "no_contact", "unused_points", "rival_activity",
    "rival_activity_thrifty", "rival_price", "rival_price_thrifty", "moved",
)  # fmt: skip
SOCIAL_EVENTS: Final = ("activity_joined", "community")
SILENT_WEEKS: Final = (1, 4, 8, 16)  # without a contact, or without points spent, from which on it counts
CONTACT_PRESSURE_FACTOR: Final = 1.5  # messages are too many beyond so many times the member's usual number


def member_exposures(
    records: WeeklyRecords, levels: ReferenceLevels, params: CausesParams
) -> Iterator[ExposureColumn]:
    """Cause, name and values (weeks, members) of every exposure that the tables can show.

    Names are ``<exposure>`` or ``<exposure>@<half-life in weeks>``. They depend on the member's own rows and
    on the reference `levels`, never on who else is among the records.
    """
    lag_weeks = params.exposures.quiet_weeks
    sensitivity = price_sensitivity(records, levels, lag_weeks)
    category_p = preferred_category_posterior(records, levels.category_mixture)
    position = market_position(records, levels.category_mixture, category_p)
    yield from _service(records)
    yield from price_exposures(records, levels, position, sensitivity)
    yield from _messages(records, levels)
    yield from _contact(records, levels, lag_weeks)
    yield from rival_exposures(position, sensitivity)
    yield from _life_changes(records, params.life_years)


def _service(records: WeeklyRecords) -> Iterator[ExposureColumn]:
    """Returns, late answers to requests for help, app faults."""
    for name, counts in (
        ("returns", count_rows(records, "orders", lambda rows: rows["returned"])),
        ("late_answers", late_answers(records)),
        ("faults", count_events(records, "app_fault")),
    ):
        yield from decayed("product_service", name, counts)


def _messages(records: WeeklyRecords, levels: ReferenceLevels) -> Iterator[ExposureColumn]:
    """Irrelevant messages, too many of them, dismissals, opting out."""
    cause = "personalization"
    if levels.campaigns is not None:
        yield from decayed(cause, "unfitting", irrelevant_messages(records, levels.campaigns))
    else:  # what messages were about is not known: how members reacted stands in
        yield from decayed(cause, "dismissed", count_events(records, "push_dismissed"))
        yield from decayed(cause, "opt_out", count_events(records, "opt_out"))
    sent = count_events(records, "push_sent")
    if sent.any():
        yield cause, "flood", _contact_pressure(sent)


def _contact_pressure(sent: Array) -> Array:
    """Messages of the last weeks beyond `CONTACT_PRESSURE_FACTOR` times the member's usual number."""
    ones = np.ones((len(sent), 1), dtype="float32")
    short, long = HALF_LIVES[0], 4 * HALF_LIVES[-1]
    usual = decay(sent, long) / decay(ones, long)
    return np.maximum(decay(sent, short) - (CONTACT_PRESSURE_FACTOR * usual + 0.5) * decay(ones, short), 0)


def _contact(records: WeeklyRecords, levels: ReferenceLevels, lag_weeks: int) -> Iterator[ExposureColumn]:
    """Weeks without a greeting or a social activity, and with points unused.

    Members who have decided to leave do less: their own activity counts `lag_weeks` late, so that it is no
    trace of the decision.
    """
    first = joining_weeks(records)
    contacts = count_events(records, "greeting") + lag(count_events(records, *SOCIAL_EVENTS), lag_weeks)
    if levels.event_types.intersection(("greeting", *SOCIAL_EVENTS)):
        since = weeks_since(contacts, first)
        for start in SILENT_WEEKS:
            yield "engagement", f"no_contact@{start}", np.clip((since - start) / 12, 0, 2).astype("float32")
    spent = lag(count_events(records, "points_spent"), lag_weeks)
    earned = count_events(records, "points_earned")
    if {"points_spent", "points_earned"} <= levels.event_types:
        has_points = np.minimum(np.cumsum(earned, axis=0), 1)
        for start in SILENT_WEEKS:
            idle = np.clip((weeks_since(spent, first) - start) / 20, 0, 1.5)
            yield "engagement", f"unused_points@{start}", (idle * has_points).astype("float32")


def _life_changes(records: WeeklyRecords, life_years: dict[str, list[float]]) -> Iterator[ExposureColumn]:
    """A move; ages at which a need may end (which of them count is for the data to say)."""
    yield from decayed("natural", "moved", count_events(records, "address_changed"))
    week = np.arange(records.calendar.weeks)
    day = records.calendar.date(week * DAYS)
    year = (day - np.datetime64("1970-01-01")).astype("timedelta64[D]").astype(float) / 365.25 + 1970
    for column, (low, high) in life_years.items():
        if column not in records.members:
            continue
        born = records.members[column].to_numpy("float64")
        age = year[:, None] - (born + 0.5)[None, :]
        for start in np.arange(low, high, 0.5):
            inside = (age >= start) & (age < start + 0.5)
            if inside.any():
                yield "natural", f"{column}@{start:g}", inside.astype("float32")
