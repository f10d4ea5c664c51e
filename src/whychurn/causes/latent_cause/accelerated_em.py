"""EM with long steps: SQUAREM (Varadhan and Roland 2008, scheme S3), which never lowers the posterior.

EM creeps along what the data hardly tell, such as how the causes share the base. Two of its steps show the
direction and how fast they slow down; from these a long step is taken, and one of EM steadies it. Where the
long step would fall below the first of the two, it is not taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.contract.arrays import Array

LONGEST: Final = 1.5  # what a long step adds to an element, at most: from near zero EM returns slowly
GROWTH: Final = 4.0  # of the longest step after one that went well; its inverse after one that did not
STEADY: Final = 2  # cycles in a row in which nothing watched moves
Step = Callable[[Array], tuple[Array, float, Array]]


@dataclass(frozen=True)
class Accelerated:
    """Where the steps end.

    Parameters
    ----------
    state
        The state; (n,).
    values
        Objective at the start of each cycle of long steps.
    steps
        Steps of EM taken.
    moved
        Largest move of any watched figure in the last cycle.
    """

    state: Array
    values: list[float]
    steps: int
    moved: float


def accelerated_em(
    step: Step, start: Array, weight: Callable[[Array], Array], tolerance: float, most: int
) -> Accelerated:
    """Cycles of two steps, a long one and a steadying one, until nothing watched moves by `tolerance`.

    Parameters
    ----------
    step
        From a state, (n,), of unbounded numbers (logarithms) to the next one, the objective at the given one, and figures
        at the given one that are watched.
    weight
        How much each element of a state counts in the length of the long step; (n,).
    most
        Steps of EM at most.
    """
    state, steps, moved = start, 0, np.inf
    values: list[float] = []
    seen: Array | None = None
    steady, longest = 0, GROWTH
    while steps < most and steady < STEADY:
        first, value, _ = step(state)
        second, middle, _ = step(first)
        change, bend = first - state, second - 2 * first + state
        by = weight(first)
        length = float(np.sqrt(by @ change**2 / max(by @ bend**2, 1e-300)))
        length = min(max(length, 1.0), longest)
        far = 2 * length * change + length**2 * bend
        there = state + np.clip(far, -LONGEST, LONGEST)
        third, reached, figures = step(there)
        steps += 3
        if reached >= middle:
            longest *= GROWTH if length == longest else 1.0
        else:
            third, _, figures = step(second)
            steps, longest = steps + 1, max(longest / GROWTH, 1.0)
        moved = np.inf if seen is None else float(np.abs(figures - seen).max())
        steady = steady + 1 if moved <= tolerance else 0
        values.append(value)
        state, seen = third, figures
    return Accelerated(state, values, steps, moved)
