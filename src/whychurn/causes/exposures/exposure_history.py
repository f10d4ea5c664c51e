"""The exposure history of all members: in each week at risk, and around each decision to leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from whychurn.causes.exposures.block_exposures import BASES, Keys, MemberBlock, block_exposures
from whychurn.causes.exposures.by_cause import EXPOSURES
from whychurn.causes.exposures.programme_reference_levels import ReferenceLevels, estimate_reference_levels
from whychurn.causes.member_weeks.decision_windows import Spells
from whychurn.causes.member_weeks.weekly_records import RecordsReader
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks, totals_by_spell
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.stats.parallel import Spread, parallel_map


@dataclass(frozen=True)
class ExposureHistory:
    """Exposures: week by week of the training members, at the index date of everyone.

    Parameters
    ----------
    causes, names
        Cause and name of each of the J exposures; the first two of each cause are ``base`` and ``newcomer``.
    scale
        Mean of each exposure over the weeks at risk, by which all exposures are divided; (J,).
    risk
        Weeks at risk of the training members; the weight is the probability that the member has not decided
        yet.
    decisions
        Weeks in which each churned training member may have decided; the weight is the probability of the
        week before exposures are looked at (sums to one for each spell).
    at_index_date
        Of churned members the mean over their decision window, of the others the last week; (spells, J).
    totals
        Sums of the exposures over the weeks at risk, by spell and activity stratum.
    supported
        Largest share of all churn events that the data allow the exposure of each column; zero: it is left
        out; all may explain everything if not given; (J,).
    levels
        What exposures are measured against.
    """

    causes: Array
    names: list[str]
    scale: Array
    risk: PersonWeeks
    decisions: PersonWeeks
    at_index_date: Array
    totals: PersonWeeks
    supported: Array | None = None
    levels: ReferenceLevels | None = None

    @property
    def roots(self) -> list[str]:
        """Name of each exposure without half-life, knot and price sensitivity."""
        return [name.split(">")[0].split("@")[0].removesuffix("_thrifty") for name in self.names]

    @cached_property
    def met(self) -> Array:
        """Part of all member-weeks that meets the exposure of each column: ``mean(x)^2 / mean(x^2)``; (J,)."""
        roots, weight = np.array(self.roots), self.risk.weight
        part = np.zeros(len(roots))
        for cause, root in dict.fromkeys(zip(self.causes, roots, strict=True)):
            columns = (self.causes == cause) & (roots == root)
            dose = self.risk.x[:, columns].mean(axis=1, dtype="float64")
            squares = max(float(weight @ dose**2) * float(weight.sum()), 1e-300)
            part[columns] = float(weight @ dose) ** 2 / squares
        return part

    @property
    def used(self) -> Array:
        """Which columns the hazard is made of; (J,)."""
        return np.ones(len(self.names), dtype=bool) if self.supported is None else self.supported > 0


def draw_training_members(spells: Spells, params: Params) -> Array:
    """Flag of each spell: its member is one of at most `fit_members` that the hazard is fitted to."""
    ids = spells.table["member_id"]
    members = np.unique(ids.to_numpy(dtype=object))
    if len(members) <= params.causes.fit_members:
        return np.ones(len(ids), dtype=bool)
    rng = np.random.default_rng(params.run.seed)
    return ids.isin(set(rng.choice(members, params.causes.fit_members, replace=False))).to_numpy()


def build_exposure_history(
    spells: Spells,
    in_training: Array,
    reader: RecordsReader,
    activity_rate: float,
    params: Params,
    spread: Spread = parallel_map,
) -> ExposureHistory:
    """Read all members block by block; of training members all weeks at risk are kept.

    The blocks change nothing, to the last bit.

    Parameters
    ----------
    spells
        Sorted by member; every member of `reader` has one, in the same order.
    in_training
        `draw_training_members`; (spells,).
    activity_rate
        Activities a week of all members together.
    spread
        How blocks are worked on.
    """
    causes, members = params.causes, len(reader.members)
    member = pd.Index(reader.members["member_id"]).get_indexer(pd.Index(spells.table["member_id"]))
    training = reader.read(np.unique(member[in_training]))
    levels = estimate_reference_levels(training, activity_rate, causes.exposures)

    def jobs() -> Iterator[tuple[Any, ...]]:
        for start in range(0, members, causes.block_members):
            numbers = np.arange(start, min(start + causes.block_members, members))
            part = slice(*np.searchsorted(member, [start, start + len(numbers)]))
            rows = member[part] - start, in_training[part]
            yield reader.read(numbers), levels, spells.part(part), *rows, causes

    blocks = list(spread(block_exposures, jobs(), params.run.workers))
    return replace(_joined(blocks, list(causes.life_years)), levels=levels)


def _joined(blocks: list[MemberBlock], life_years: list[str]) -> ExposureHistory:
    """All blocks as one; an exposure that a block does not show is zero there. Columns are scaled to mean
    one.
    """
    keys = sorted({key for block in blocks for key in block.keys}, key=partial(_place, life_years))
    first = np.cumsum([0, *(len(block.at_index_date) for block in blocks)])
    # sums by spell, then over all spells at once: added up in an order that blocks do not change
    sums = [_with_columns(block.keys, totals_by_spell(block.risk).x, keys) for block in blocks]
    total = np.concatenate([np.zeros((1, len(keys))), *sums]).sum(axis=0)
    scale = total / max(total[0] if keys else 0.0, 1e-9)  # the first is a base: one in each week
    varying = np.flatnonzero(scale > 1e-9)
    keys, scale = [keys[number] for number in varying], scale[varying]
    risk = _stacked(blocks, [block.risk for block in blocks], first, keys, scale)
    decisions = _stacked(blocks, [block.decisions for block in blocks], first, keys, scale)
    at_index_date = [_with_columns(block.keys, block.at_index_date, keys, scale) for block in blocks]
    return ExposureHistory(
        causes=np.array([CAUSES.index(cause) for cause, _ in keys], dtype=int),
        names=[name for _, name in keys],
        scale=scale,
        risk=risk,
        decisions=decisions,
        at_index_date=np.concatenate([np.zeros((0, len(keys)), "float32"), *at_index_date]),
        totals=totals_by_spell(risk),
    )


def _place(life_years: list[str], key: tuple[str, str]) -> tuple[bool, int, int, float, str]:
    """Order of the columns: backgrounds first, by cause, then as `by_cause.member_exposures` yields them."""
    cause, name = key
    plain, _, knot = name.partition(">")
    root, at, number = plain.rpartition("@")
    roots = [*BASES, *EXPOSURES, *life_years]
    return (
        name not in BASES,
        CAUSES.index(cause),
        roots.index(root if at else plain),
        float(number if at else 0),
        knot,
    )


def _stacked(
    blocks: list[MemberBlock], parts: Sequence[PersonWeeks], first: Array, keys: Keys, scale: Array
) -> PersonWeeks:
    """Rows of all blocks; numbers of spells count on from the `first` of each block."""
    x = np.empty((sum(len(part.spell) for part in parts), len(keys)), "float32")
    start = 0
    for block, part in zip(blocks, parts, strict=True):  # one at a time: this is the largest table there is
        x[start : start + len(part.spell)] = _with_columns(block.keys, part.x, keys, scale)
        start += len(part.spell)
    spell = [part.spell + at for part, at in zip(parts, first, strict=False)]
    none = [np.zeros(0, dtype=int)]
    return PersonWeeks(
        np.concatenate(none + spell),
        np.concatenate(none + [part.week for part in parts]),
        np.concatenate([np.zeros(0)] + [part.weight for part in parts]),
        x,
        np.concatenate([np.zeros(0, "int8"), *(part.stratum for part in parts)]),
    )


def _with_columns(present: Keys, x: Array, keys: Keys, scale: Array | None = None) -> Array:
    """Columns of `x` in the order of `keys`, divided by `scale`; zero where the block has none."""
    if present != keys:
        at = {key: number for number, key in enumerate(present)}
        ordered = np.zeros((len(x), len(keys)), "float32")
        for column, key in enumerate(keys):
            if key in at:
                ordered[:, column] = x[:, at[key]]
        x = ordered
    return x if scale is None else x / scale.astype("float32")
