"""The exposure tape: what each member was exposed to in each week at risk, and around each decision to leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.exposures.member_block import BASES, Block, Keys, read_block
from whychurn.causes.exposures.reference_levels import Usual, learn_usual
from whychurn.causes.member_weeks.activity import Activity
from whychurn.causes.member_weeks.decision_windows import Stays
from whychurn.causes.member_weeks.records import Calendar, Market, Records, records_of
from whychurn.causes.member_weeks.weeks_at_risk import Rows, totals
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams, Params
from whychurn.stats.parallel import side_by_side

SPANS: Final = ("risk", "decisions")


@dataclass(frozen=True)
class Tape:
    """Exposures: week by week of the members that teach the hazard, at the anchor of everyone.

    Parameters
    ----------
    causes, names
        Cause and name of each of the J exposures; the first two of each cause are ``base`` and ``newcomer``.
    scale
        Mean of each exposure over the weeks at risk, by which all exposures are divided; (J,).
    risk
        Weeks at risk of the members that teach; the weight is the chance that the member has not decided yet.
    decisions
        Weeks in which each leaver that teaches may have decided; the weight is the chance of the week before exposures are
        looked at (sums to one for each stay).
    at_anchor
        Of leavers the mean over the weeks in which they may have decided, of those still there the last week; (stays, J).
    totals
        Sums of the exposures over the weeks at risk, by stay and pace.
    """

    causes: Array
    names: list[str]
    scale: Array
    risk: Rows
    decisions: Rows
    at_anchor: Array
    totals: Rows

    @property
    def roots(self) -> list[str]:
        """Name of each exposure without half-life, bend and who minds."""
        return [name.split(">")[0].split("@")[0].removesuffix("_thrifty") for name in self.names]


def drawn_to_teach(stays: Stays, params: Params) -> Array:
    """Flag of each stay: its member is one of at most `fit_members` that teach the hazard."""
    ids = np.unique(stays.table["member_id"].to_numpy(dtype=object))
    if len(ids) <= params.causes.fit_members:
        return np.ones(len(stays.table), dtype=bool)
    rng = np.random.default_rng(params.run.seed)
    return (
        stays.table["member_id"]
        .isin(set(rng.choice(ids, params.causes.fit_members, replace=False)))
        .to_numpy()
    )


def build_tape(
    stays: Stays,
    teaches: Array,
    members: pd.DataFrame,
    activity: Activity,
    market: Market | None,
    calendar: Calendar,
    pace: float,
    params: Params,
) -> Tape:
    """Read all members block by block; those that teach the hazard leave all their weeks at risk on the tape.

    Parameters
    ----------
    stays
        Sorted by member.
    members
        Members with a stay, as `activity` numbers them: in the order of `stays`.
    pace
        Own acts a week of all members together.
    """
    causes = params.causes
    member = pd.Index(members["member_id"]).get_indexer(pd.Index(stays.table["member_id"]))
    read = partial(records_of, members, activity=activity, market=market, calendar=calendar)
    usual = learn_usual(read(np.unique(member[teaches])), pace, causes)

    def jobs() -> Iterator[tuple[Records, Usual, Stays, Array, Array, CausesParams]]:
        for start in range(0, len(members), causes.block_members):
            numbers = np.arange(start, min(start + causes.block_members, len(members)))
            mine = slice(*np.searchsorted(member, [start, start + len(numbers)]))
            yield read(numbers), usual, stays.part(mine), member[mine] - start, teaches[mine], causes

    return _joined(list(side_by_side(read_block, jobs(), params.run.workers)))


def _joined(parts: list[Block]) -> Tape:
    """All blocks as one; an exposure that a block does not show is zero there. Columns are scaled to mean one."""
    keys = list(dict.fromkeys(key for part in parts for key in part.keys))
    keys.sort(key=lambda key: (key[1] not in BASES, CAUSES.index(key[0])))
    first = np.cumsum([0, *(len(part.at_anchor) for part in parts)])
    total, weeks = np.zeros(len(keys)), 0.0
    for part in parts:
        total += part.risk.weight @ _aligned(part.keys, part.risk.x, keys)
        weeks += part.risk.weight.sum()
    scale = total / max(weeks, 1e-9)
    kept = np.flatnonzero(scale > 1e-9)
    keys, scale = [keys[number] for number in kept], scale[kept]
    risk, decisions = (_stacked(parts, span, first, keys, scale) for span in SPANS)
    at_anchor = [_aligned(part.keys, part.at_anchor, keys, scale) for part in parts]
    return Tape(
        causes=np.array([CAUSES.index(cause) for cause, _ in keys], dtype=int),
        names=[name for _, name in keys],
        scale=scale,
        risk=risk,
        decisions=decisions,
        at_anchor=np.concatenate(at_anchor) if at_anchor else np.zeros((0, len(keys)), "float32"),
        totals=totals(risk),
    )


def _stacked(parts: list[Block], span: str, first: Array, keys: Keys, scale: Array) -> Rows:
    rows: list[Rows] = [getattr(part, span) for part in parts]
    x = np.empty((sum(len(part.stay) for part in rows), len(keys)), "float32")
    start = 0
    for block, part in zip(
        parts, rows, strict=True
    ):  # one block at a time: the tape is the largest table there is
        x[start : start + len(part.stay)] = _aligned(block.keys, part.x, keys, scale)
        start += len(part.stay)
    shifted = [part.stay + at for part, at in zip(rows, first, strict=False)]
    none = [np.zeros(0, dtype=int)]
    return Rows(
        np.concatenate(none + shifted),
        np.concatenate(none + [part.week for part in rows]),
        np.concatenate([np.zeros(0)] + [part.weight for part in rows]),
        x,
        np.concatenate([np.zeros(0, "int8"), *(part.pace for part in rows)]),
    )


def _aligned(have: Keys, x: Array, keys: Keys, scale: Array | None = None) -> Array:
    """Columns of `x` in the order of `keys`, divided by `scale`; zero where the block has none."""
    if have == keys:
        return x if scale is None else x / scale.astype("float32")
    place = {key: number for number, key in enumerate(have)}
    found = np.zeros((len(x), len(keys)), "float32")
    for column, key in enumerate(keys):
        if key in place:
            found[:, column] = x[:, place[key]]
    return found if scale is None else found / scale.astype("float32")
