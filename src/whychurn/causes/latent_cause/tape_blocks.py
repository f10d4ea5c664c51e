"""The E-step of one block of members: a pure function, whose sums are added in float64 in the order of the blocks.

Blocks are cut by the weeks in which members may have decided, and by nothing else: in whatever blocks members are read, and
wherever blocks are worked on, the same churn events are summed together in float32, and answers are the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause.confusion_matrices import (
    ConfusionMatrices,
    SaidCounts,
    count_said,
    label_log_likelihood,
)
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

K: Final = len(CAUSES)
SUMMED_ROWS: Final = 131_072  # rows that are worked on together; one number everywhere, or last bits differ


@dataclass(frozen=True)
class TapeBlock:
    """Consecutive spells.

    Parameters
    ----------
    decisions
        Weeks of the decision windows.
    event
        Position of each of these weeks' churn event among the block's; (rows,).
    labels, weight
        Labels of the churn events, and how often each counts; (n,).
    totals
        Sums of the exposures over the weeks at risk, as `ExposureHistory.totals`.
    counted
        How often the spell of each of these sums counts.
    """

    decisions: PersonWeeks
    event: Array
    labels: NoisyLabels
    weight: Array
    totals: PersonWeeks
    counted: Array

    def at_risk(self, strata: int) -> tuple[Array, Array]:
        """Exposures over all weeks at risk, and churn events, by activity stratum; (strata, J) and (strata,)."""
        chosen = (self.totals.stratum == stratum for stratum in range(strata))
        exposure = np.stack([self.counted[rows] @ self.totals.x[rows] for rows in chosen])
        weight = self.weight[self.event] * self.decisions.weight
        return exposure, np.bincount(self.decisions.stratum, weight, strata)


@dataclass(frozen=True)
class EventSums:
    """Sums of the E-step over churn events.

    Parameters
    ----------
    claimed
        Churn events ascribed to each exposure, over its coefficient; (J,).
    causes
        Churn events of each cause; (6,).
    said
        What was said by cause.
    log_likelihood
        Of the events and their labels.
    """

    claimed: Array
    causes: Array
    said: SaidCounts
    log_likelihood: float

    def __add__(self, other: EventSums) -> EventSums:
        """Sums of both."""
        return EventSums(
            self.claimed + other.claimed,
            self.causes + other.causes,
            self.said + other.said,
            self.log_likelihood + other.log_likelihood,
        )


def cut_events(spell: Array) -> tuple[Array, Array, list[tuple[slice, slice]]]:
    """Spells that have rows, position of each row's among them, and the spells and rows that are worked on together.

    Parameters
    ----------
    spell
        Spell of each row, sorted; (rows,).
    """
    spells, at = np.unique(spell, return_inverse=True)
    first = np.searchsorted(at, np.arange(len(spells) + 1))
    cut = np.unique(np.searchsorted(first[:-1], np.arange(0, max(len(at), 1), SUMMED_ROWS)))
    edges = [*cut[cut < max(len(spells), 1)], len(spells)]
    return (
        spells,
        at,
        [(slice(start, stop), slice(first[start], first[stop])) for start, stop in pairwise(edges)],
    )


def cut_rows(rows: Array) -> list[Array]:
    """Rows that are worked on together."""
    return np.split(rows, range(SUMMED_ROWS, len(rows), SUMMED_ROWS))


def cut_tape(history: ExposureHistory, labels: NoisyLabels, counts: Array) -> tuple[Array, list[TapeBlock]]:
    """Positions of the spells that ended in churn, (n,), and all blocks; parameters as `fit_additive` takes them."""
    decisions, totals = history.decisions, history.totals
    events, event, cuts = cut_events(decisions.spell)
    inner = np.searchsorted(totals.spell, [events[which.start] for which, _ in cuts[1:]])
    sums = [slice(*edges) for edges in pairwise([0, *inner, len(totals.spell)])]
    return events, [
        TapeBlock(
            decisions.select(rows),
            event[rows] - which.start,
            labels.select(events[which]),
            counts[events[which]],
            totals.select(at),
            counts[totals.spell[at]],
        )
        for (which, rows), at in zip(cuts, sums, strict=True)
    ]


def expect_block(block: TapeBlock, causes: Array, beta: Array, confusion: ConfusionMatrices) -> EventSums:
    """E-step of one block.

    Parameters
    ----------
    causes, beta
        Cause and coefficient of each exposure; (J,).
    """
    p, density, likelihood, top = _chances(block, causes, beta, confusion)
    safe = np.maximum(density, 1e-300)
    claim = (likelihood * (block.weight / safe)[:, None])[block.event] * block.decisions.weight[:, None]
    of_cause = np.eye(K, dtype="float32")[causes]
    claimed = ((claim.astype("float32").T @ block.decisions.x) * of_cause.T).sum(axis=0)
    weighted = p * block.weight[:, None]
    return EventSums(
        claimed.astype("float64"),
        weighted.sum(axis=0),
        count_said(block.labels, weighted),
        float(block.weight @ (np.log(safe) + top)),
    )


def posterior_block(block: TapeBlock, causes: Array, beta: Array, confusion: ConfusionMatrices) -> Array:
    """Posterior of the causes of each churn event of a block, parameters as `expect_block` takes them; (n, 6)."""
    return _chances(block, causes, beta, confusion)[0]


def _chances(
    block: TapeBlock, causes: Array, beta: Array, confusion: ConfusionMatrices
) -> tuple[Array, Array, Array, Array]:
    """Posterior, (n, 6), density (n,), likelihood of the labels by cause over its largest, (n, 6), and its log, (n,)."""
    log = label_log_likelihood(block.labels, confusion)
    top = log.max(axis=1, keepdims=True)
    likelihood = np.exp(log - top)
    of_cause = np.eye(K, dtype="float32")[causes] * beta[:, None]
    window = block.decisions.weight[:, None].astype("float32")
    joint = (block.decisions.x @ of_cause.astype("float32")) * window * likelihood[block.event]
    density = np.bincount(block.event, joint.sum(axis=1), len(likelihood))
    sums = [np.bincount(block.event, column, len(likelihood)) for column in joint.T]
    return np.stack(sums, axis=1) / np.maximum(density, 1e-300)[:, None], density, likelihood, top[:, 0]
