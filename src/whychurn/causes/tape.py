"""The exposure tape: what each member was exposed to in each week at risk, and around each decision to leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.exposures import Named, exposures
from whychurn.causes.records import Calendar, Market, Records, blocks
from whychurn.causes.stays import Stays
from whychurn.causes.weeks import runs
from whychurn.contract.causes import CAUSES
from whychurn.contract.sections import CausesParams

Array = np.ndarray[Any, Any]
NEWNESS_WEEKS: Final = 8.0  # newcomers leave more often: an excess of the base that fades so


@dataclass(frozen=True)
class Rows:
    """Member-weeks: position of the stay, week, weight, exposures (rows, J)."""

    stay: Array
    week: Array
    weight: Array
    x: Array


Part = tuple[list[tuple[str, str]], dict[str, Rows]]  # cause and name of each exposure; rows by span
SPANS: Final = ("risk", "decisions", "now")


@dataclass(frozen=True)
class Tape:
    """Exposures of all stays.

    Parameters
    ----------
    causes, names
        Cause and name of each of the J exposures; the first two of each cause are ``base`` and ``newcomer``.
    scale
        Mean of each exposure over the weeks at risk, by which `x` is divided; (J,).
    risk
        Weeks at risk of the members that teach the hazard; the weight is the chance that the member has not decided yet.
    decisions
        Weeks in which each leaver may have decided; the weight is the chance of the week before exposures are looked at
        (sums to one for each stay).
    now
        Last week of each stay that goes on, weight one.
    by_stay
        Sum of each exposure over the weeks at risk of each stay; (stays, J).
    """

    causes: Array
    names: list[str]
    scale: Array
    risk: Rows
    decisions: Rows
    now: Rows
    by_stay: Array


def drawn_to_teach(stays: Stays, params: CausesParams) -> Array:
    """Flag of each stay: its member is one of at most `fit_members` that teach the hazard."""
    ids = np.unique(stays.table["member_id"].to_numpy(dtype=object))
    if len(ids) <= params.fit_members:
        return np.ones(len(stays.table), dtype=bool)
    rng = np.random.default_rng(params.seed)
    return stays.table["member_id"].isin(set(rng.choice(ids, params.fit_members, replace=False))).to_numpy()


def build_tape(
    stays: Stays,
    teaches: Array,
    members: pd.DataFrame,
    interim: Mapping[str, pd.DataFrame],
    market: Market | None,
    calendar: Calendar,
    params: CausesParams,
) -> Tape:
    """Read all members block by block; those that teach the hazard leave all their weeks at risk on the tape."""
    ids = stays.table["member_id"].unique()
    chosen = members[members["member_id"].isin(ids)].sort_values("member_id", ignore_index=True)
    place = pd.Index(chosen["member_id"]).get_indexer(pd.Index(stays.table["member_id"]))
    parts: list[Part] = []
    for start, records in blocks(chosen, interim, market, calendar, params.block_members):
        mine = np.flatnonzero((place >= start) & (place < start + records.size))
        parts.append(_block(records, stays, mine, place[mine] - start, teaches, params))
    return _joined(parts, len(stays.table))


def _block(
    records: Records, stays: Stays, mine: Array, column: Array, teaches: Array, params: CausesParams
) -> Part:
    spans = {
        "risk": _at_risk(stays, mine[teaches[mine]]),
        "decisions": _decisions(stays, mine),
        "now": _now(stays, mine),
    }
    where = np.full(len(stays.table), -1)
    where[mine] = column
    keys: list[tuple[str, str]] = []
    parts: dict[str, list[Array]] = {name: [] for name in spans}
    weeks = records.calendar.weeks
    joined = records.calendar.day(records.members["joined_on"]) / 7
    tenure = np.maximum(np.arange(weeks)[:, None] - joined[None, :], 0)
    fixed: list[tuple[str, str, Array | None]] = [(cause, "base", None) for cause in CAUSES]
    fresh = np.exp(-tenure / NEWNESS_WEEKS).astype("float32")
    fixed += [(cause, "newcomer", fresh) for cause in CAUSES]
    for cause, name, matrix in [*fixed, *_bent(exposures(records, params.exposures), params)]:
        keys.append((cause, name))
        for span, (stay, week, _) in spans.items():
            column_of = where[stay]
            value = np.ones(len(stay), "float32") if matrix is None else matrix[week, column_of]
            parts[span].append(value)
    made = {
        span: Rows(
            stay,
            week,
            weight,
            np.stack(parts[span], axis=1) if len(stay) else np.zeros((0, len(keys)), "float32"),
        )
        for span, (stay, week, weight) in spans.items()
    }
    return keys, made


def _bent(found: Named, params: CausesParams) -> Named:
    """Each exposure, and what of it lies above each bend: the effect may grow steeper, a convex function of the dose."""
    for cause, name, matrix in found:
        yield cause, name, matrix
        if name.endswith(f"@{params.exposures.half_lives[0]:g}"):
            for bend in params.exposures.bends:
                yield cause, f"{name}>{bend:g}", np.maximum(matrix - np.float32(bend), 0)


def _at_risk(stays: Stays, mine: Array) -> tuple[Array, Array, Array]:
    gone = stays.from_week[mine] >= 0
    last = np.where(gone, stays.from_week[mine] - 1, stays.last_week[mine])
    row, week = runs(stays.first_week[mine], last)
    stay, late, chance = _decisions(stays, mine[gone])
    before = _before(stay, chance)
    return (
        np.concatenate([mine[row], stay]),
        np.concatenate([week, late]),
        np.concatenate([np.ones(len(row)), 1 - before - chance / 2]),
    )


def _before(stay: Array, chance: Array) -> Array:
    """Sum of `chance` over earlier weeks of the same stay (rows in order)."""
    total = np.cumsum(chance) - chance
    first = np.concatenate([[True], stay[1:] != stay[:-1]]) if len(stay) else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(first, np.arange(len(stay)), 0)) if len(stay) else np.zeros(0, int)
    return total - total[start] if len(stay) else total


def _decisions(stays: Stays, mine: Array) -> tuple[Array, Array, Array]:
    mine = mine[stays.from_week[mine] >= 0]
    row, week = runs(stays.from_week[mine], stays.to_week[mine])
    ahead = week - stays.from_week[mine][row]
    weight = np.exp(-stays.rate[mine][row] * ahead)
    total = np.bincount(row, weight, len(mine))
    return mine[row], week, weight / total[row]


def _now(stays: Stays, mine: Array) -> tuple[Array, Array, Array]:
    there = mine[stays.from_week[mine] < 0]
    return there, np.full(len(there), -1), np.ones(len(there))


def _joined(parts: list[Part], stays: int) -> Tape:
    """All blocks as one; an exposure that a block does not show is zero there. Columns are scaled to mean one."""
    keys = list(dict.fromkeys(key for have, _ in parts for key in have))
    keys.sort(key=lambda key: (key[1] not in ("base", "newcomer"), CAUSES.index(key[0])))
    spans = {name: _stacked([(have, rows[name]) for have, rows in parts], keys) for name in SPANS}
    risk = spans["risk"]
    scale = (risk.weight @ risk.x) / max(risk.weight.sum(), 1e-9)
    kept = np.flatnonzero(scale > 1e-9)
    scaled = {
        name: replace(rows, x=rows.x[:, kept] / scale[kept].astype("float32")) for name, rows in spans.items()
    }
    return Tape(
        causes=np.array([CAUSES.index(keys[number][0]) for number in kept], dtype=int),
        names=[keys[number][1] for number in kept],
        scale=scale[kept],
        by_stay=summed(scaled["risk"], scaled["risk"].stay, stays),
        **scaled,
    )


def summed(rows: Rows, cell: Array, cells: int) -> Array:
    """Weighted sum of each exposure over the rows of each cell; (cells, J)."""
    columns = [np.bincount(cell, rows.weight * column, cells) for column in rows.x.T]
    return np.stack(columns, axis=1) if columns else np.zeros((cells, 0))


def _stacked(blocks_of: list[tuple[list[tuple[str, str]], Rows]], keys: list[tuple[str, str]]) -> Rows:
    def column(field: str) -> Array:
        return np.concatenate([getattr(rows, field) for _, rows in blocks_of])

    x = np.concatenate([_aligned(have, rows.x, keys) for have, rows in blocks_of])
    return Rows(column("stay"), column("week"), column("weight"), x)


def _aligned(have: list[tuple[str, str]], x: Array, keys: list[tuple[str, str]]) -> Array:
    place = {key: number for number, key in enumerate(have)}
    columns = [x[:, place[key]] if key in place else np.zeros(len(x), "float32") for key in keys]
    return np.stack(columns, axis=1)
