"""What a member was exposed to, week by week: the excess that each cause may add to the hazard.

An exposure is never negative, zero in ordinary times, and belongs to one cause. What happens at a moment (a return, a
rise in price) fades; how fast is not known beforehand, so each such exposure comes with several half-lives, and the data
choose between them (a mixture of exponential kernels).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.causes.exposures.activity_rate import known_rate
from whychurn.causes.exposures.incidents import met_by, requests
from whychurn.causes.exposures.message_relevance import unfitting_messages
from whychurn.causes.exposures.preferred_category import main_chances, places
from whychurn.causes.exposures.prices import price_exposures, rival_exposures, thrift
from whychurn.causes.exposures.reference_levels import Usual
from whychurn.causes.member_weeks.counts import Named, events, fading, first_weeks, later, rows_of
from whychurn.causes.member_weeks.matrices import fade, weeks_since
from whychurn.causes.member_weeks.records import DAYS, Records
from whychurn.contract.arrays import Array
from whychurn.contract.params import CausesParams, ExposureParams

ACTS_OF_CONTACT: Final = ("activity_joined", "community")


def exposures(records: Records, usual: Usual, acts: Array, params: CausesParams) -> Named:
    """Cause, name and matrix (weeks, members) of every exposure that the tables can show.

    Names are ``<exposure>`` or ``<exposure>@<half-life in weeks>``. What a member meets depends on the member's own rows and on what is
    `usual`, never on who else is among the records.

    Parameters
    ----------
    acts
        Own acts, see `happened.own_acts`; (weeks, members).
    """
    own = params.exposures
    minds = thrift(records, usual, own)
    chances = main_chances(records, usual.tastes)
    where = places(records, usual.tastes, chances)
    yield from _service(records, usual, acts, chances, params)
    yield from price_exposures(records, usual, where, minds, own)
    yield from _messages(records, usual, own)
    yield from _contact(records, usual, own)
    yield from rival_exposures(where, minds, own)
    yield from _life(records, params)


def _service(records: Records, usual: Usual, acts: Array, chances: Array, params: CausesParams) -> Named:
    """Returns, requests for help, late answers, faults, and what those who did not ask have met in times of trouble."""
    cause, own = "product_service", params.exposures
    asked, late = requests(records, own)
    pace, _ = known_rate(acts, first_weeks(records), usual.pace, own.quiet_weeks, params.pace)
    relative = (pace / max(usual.pace, 1e-9)).astype("float32")
    unasked, unheard = met_by(chances, usual.trouble, relative)
    for name, happened in (
        ("returns", rows_of(records, "orders", lambda rows: rows["returned"])),
        ("requests", asked),
        ("late_answers", late),
        ("faults", events(records, "app_fault")),
        ("trouble", unasked),
        ("lateness", unheard),
    ):
        yield from fading(cause, name, happened, own)


def _messages(records: Records, usual: Usual, params: ExposureParams) -> Named:
    """Messages that do not fit what the member buys, too many of them, dismissals, opting out."""
    cause = "personalization"
    if usual.campaigns is not None:
        yield from fading(cause, "unfitting", unfitting_messages(records, usual.campaigns), params)
    else:  # what messages were about is not known: how they were met stands in
        yield from fading(cause, "dismissed", events(records, "push_dismissed"), params)
        yield from fading(cause, "opt_out", events(records, "opt_out"), params)
    sent = events(records, "push_sent")
    if sent.any():
        yield cause, "flood", _flood(sent, params)


def _flood(sent: Array, params: ExposureParams) -> Array:
    """Messages of the last weeks beyond `flood_factor` times what is usual for the member."""
    ones = np.ones((len(sent), 1), dtype="float32")
    short, long = params.half_lives[0], 4 * params.half_lives[-1]
    usual = fade(sent, long) / fade(ones, long)
    return np.maximum(fade(sent, short) - (params.flood_factor * usual + 0.5) * fade(ones, short), 0)


def _contact(records: Records, usual: Usual, params: ExposureParams) -> Named:
    """Nobody greets, no activity, points lie unused.

    Who has made up their mind acts less: acts of the member count `quiet_weeks` late, so that they are no trace of the decision.
    """
    first = first_weeks(records)
    touched = events(records, "greeting") + later(events(records, *ACTS_OF_CONTACT), params.quiet_weeks)
    if usual.kinds.intersection(("greeting", *ACTS_OF_CONTACT)):
        since = weeks_since(touched, first)
        for start in params.silent_weeks:
            yield "engagement", f"no_contact@{start}", np.clip((since - start) / 12, 0, 2).astype("float32")
    spent = later(events(records, "points_spent"), params.quiet_weeks)
    earned = events(records, "points_earned")
    if {"points_spent", "points_earned"} <= usual.kinds:
        has = np.minimum(np.cumsum(earned, axis=0), 1)
        for start in params.silent_weeks:
            idle = np.clip((weeks_since(spent, first) - start) / 20, 0, 1.5)
            yield "engagement", f"unused_points@{start}", (idle * has).astype("float32")


def _life(records: Records, params: CausesParams) -> Named:
    """A move; ages at which a need may end (which of them count is for the data to say)."""
    yield from fading("natural", "moved", events(records, "address_changed"), params.exposures)
    week = np.arange(records.calendar.weeks)
    day = records.calendar.date(week * DAYS)
    year = (day - np.datetime64("1970-01-01")).astype("timedelta64[D]").astype(float) / 365.25 + 1970
    for column, (low, high) in params.life_years.items():
        if column not in records.members:
            continue
        born = records.members[column].to_numpy("float64")
        age = year[:, None] - (born + 0.5)[None, :]
        for start in np.arange(low, high, 0.5):
            inside = (age >= start) & (age < start + 0.5)
            if inside.any():
                yield "natural", f"{column}@{start:g}", inside.astype("float32")
