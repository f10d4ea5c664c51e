"""Exposures of one block of members, in the weeks that the hazard is fitted to and at the index dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.causes.exposures.activity_rate import activity_rate_so_far, activity_strata
from whychurn.causes.exposures.by_cause import member_exposures
from whychurn.causes.exposures.programme_reference_levels import ReferenceLevels
from whychurn.causes.member_weeks.decision_windows import Spells
from whychurn.causes.member_weeks.week_calendar import DAYS
from whychurn.causes.member_weeks.weekly_counts import HALF_LIVES, ExposureColumn, member_activity
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.causes.member_weeks.weeks_at_risk import (
    PersonWeeks,
    event_time_weights,
    last_observed_weeks,
    weeks_at_risk,
    weighted_sums,
)
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams

Keys = list[tuple[str, str]]  # cause and name of each exposure
BASES: Final = ("base", "newcomer")  # of each cause: the background hazard, and its early-tenure part
EARLY_TENURE_WEEKS: Final = 8.0  # mean life of the early-tenure part: new members leave more often
KNOTS: Final = (1.0,)  # more than one recent event may weigh more than in proportion


@dataclass(frozen=True)
class MemberBlock:
    """Exposures of a block of members: numbers of spells count from its first one; see `ExposureHistory`."""

    keys: Keys
    risk: PersonWeeks
    decisions: PersonWeeks
    at_index_date: Array


def block_exposures(
    records: WeeklyRecords,
    levels: ReferenceLevels,
    spells: Spells,
    member: Array,
    in_training: Array,
    params: CausesParams,
) -> MemberBlock:
    """Exposures of a block of members.

    Parameters
    ----------
    member
        Number of the member within `records` of each spell; (spells,).
    in_training
        Which spells the hazard is fitted to; (spells,).
    """
    everyone = np.arange(len(member))
    week_sets = [
        weeks_at_risk(spells, everyone[in_training]),
        event_time_weights(spells, everyone),
        last_observed_weeks(spells, everyone),
    ]
    activity = member_activity(records)
    columns = with_hinges(member_exposures(records, levels, params))
    keys: Keys = []
    x: list[list[Array]] = [[] for _ in week_sets]
    for cause, name, matrix in [*background(records), *columns]:
        keys.append((cause, name))
        for values, (spell, week, _) in zip(x, week_sets, strict=True):
            values.append(np.ones(len(spell), "float32") if matrix is None else matrix[week, member[spell]])
    first = np.full(records.size, records.calendar.weeks - 1)
    np.minimum.at(first, member, spells.first_week)
    rate, observed = activity_rate_so_far(activity, first, levels.activity_rate, params.exposures.quiet_weeks)
    stratum = activity_strata(rate, observed, levels.activity_quantiles)
    risk, decisions, last = (
        PersonWeeks(spell, week, weight, np.stack(values, axis=1), stratum[week, member[spell]])
        for (spell, week, weight), values in zip(week_sets, x, strict=True)
    )
    decided, running = (
        weighted_sums(rows, rows.spell, len(member)).astype("float32") for rows in (decisions, last)
    )
    return MemberBlock(keys, risk, decisions.select(in_training[decisions.spell]), decided + running)


def background(records: WeeklyRecords) -> Iterator[tuple[str, str, Array | None]]:
    """The background hazard of each cause (None: one throughout), and its early-tenure part."""
    joined = records.calendar.day(records.members["joined_on"]) / DAYS
    tenure = np.maximum(np.arange(records.calendar.weeks)[:, None] - joined[None, :], 0)
    early = np.exp(-tenure / EARLY_TENURE_WEEKS).astype("float32")
    yield from ((cause, "base", None) for cause in CAUSES)
    yield from ((cause, "newcomer", early) for cause in CAUSES)


def with_hinges(columns: Iterable[ExposureColumn]) -> Iterator[ExposureColumn]:
    """Each exposure, and its excess over each of `KNOTS`: the dose-response is a convex linear spline."""
    for cause, name, matrix in columns:
        yield cause, name, matrix
        if name.endswith(f"@{HALF_LIVES[0]:g}"):
            for knot in KNOTS:
                yield cause, f"{name}>{knot:g}", np.maximum(matrix - np.float32(knot), 0)
