"""Exposures of one block of members, at the weeks that are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.causes.exposures.activity_rate import known_rate, pace_groups
from whychurn.causes.exposures.by_cause import exposures
from whychurn.causes.exposures.reference_levels import Usual
from whychurn.causes.member_weeks.counts import Named, own_acts
from whychurn.causes.member_weeks.decision_windows import Stays
from whychurn.causes.member_weeks.records import Records
from whychurn.causes.member_weeks.weeks_at_risk import (
    Rows,
    last_weeks,
    summed,
    weeks_at_risk,
    weeks_of_decision,
)
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams

Keys = list[tuple[str, str]]  # cause and name of each exposure
BASES: Final = ("base", "newcomer")  # of each cause: what no exposure explains
NEWNESS_WEEKS: Final = 8.0  # newcomers leave more often: an excess of the base that fades so


@dataclass(frozen=True)
class Block:
    """What a block of members leaves on the tape: numbers of stays count from its first one; see `Tape`."""

    keys: Keys
    risk: Rows
    decisions: Rows
    at_anchor: Array


def read_block(
    records: Records, usual: Usual, stays: Stays, column: Array, teaches: Array, params: CausesParams
) -> Block:
    """Exposures of a block of members.

    Parameters
    ----------
    column
        Number of the member within `records` of each stay.
    teaches
        Which stays teach the hazard.
    """
    everyone = np.arange(len(column))
    spans = [
        weeks_at_risk(stays, everyone[teaches]),
        weeks_of_decision(stays, everyone),
        last_weeks(stays, everyone),
    ]
    acts = own_acts(records)
    keys: Keys = []
    parts: list[list[Array]] = [[] for _ in spans]
    for cause, name, matrix in [
        *_fixed(records),
        *_bent(exposures(records, usual, acts, params), params),
    ]:
        keys.append((cause, name))
        for values, (stay, week, _) in zip(parts, spans, strict=True):
            values.append(np.ones(len(stay), "float32") if matrix is None else matrix[week, column[stay]])
    first = np.full(records.size, records.calendar.weeks - 1)
    np.minimum.at(first, column, stays.first_week)
    rate, seen = known_rate(acts, first, usual.pace, params.exposures.quiet_weeks, params.pace)
    pace = pace_groups(rate, seen, usual.paces, params.pace)
    risk, decisions, now = (
        Rows(stay, week, weight, np.stack(values, axis=1), pace[week, column[stay]])
        for (stay, week, weight), values in zip(spans, parts, strict=True)
    )
    decided, last = (summed(rows, rows.stay, len(column)).astype("float32") for rows in (decisions, now))
    return Block(keys, risk, decisions.of(teaches[decisions.stay]), decided + last)


def _fixed(records: Records) -> Iterator[tuple[str, str, Array | None]]:
    """The base of each cause, and how new each member is."""
    joined = records.calendar.day(records.members["joined_on"]) / 7
    tenure = np.maximum(np.arange(records.calendar.weeks)[:, None] - joined[None, :], 0)
    fresh = np.exp(-tenure / NEWNESS_WEEKS).astype("float32")
    yield from ((cause, "base", None) for cause in CAUSES)
    yield from ((cause, "newcomer", fresh) for cause in CAUSES)


def _bent(found: Named, params: CausesParams) -> Named:
    """Each exposure, and what of it lies above each bend: the effect may grow steeper, a convex function of the dose."""
    for cause, name, matrix in found:
        yield cause, name, matrix
        if name.endswith(f"@{params.exposures.half_lives[0]:g}"):
            for bend in params.exposures.bends:
                yield cause, f"{name}>{bend:g}", np.maximum(matrix - np.float32(bend), 0)
