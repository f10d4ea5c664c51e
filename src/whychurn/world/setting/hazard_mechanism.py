"""How hazards of the causes combine: they add up, or not, in worlds that check a method's assumptions.

additive
    Hazards of the causes add up (what the methods assume).
multiplicative
    Exposures multiply: total = B prod_k (1 + e_k / B), with B the sum of the bases and e_k the excess of
    cause k. A single exposure has the same effect as in the additive world, two at once have more. The excess
    over B is shared among the causes in proportion to log(1 + e_k / B).
seventh_cause
    Additive, with a cause outside the six that leaves no trace.
uneven_bases
    Additive, but one cause has half of the base hazard; the others share the rest.
swapped_traces
    Additive, but in the first region two causes have each other's traces.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.contract.causes import CAUSES
from whychurn.world.setting.programme import Cause, Programme

HIDDEN: Final = "hidden"
UNEVEN: Final = ("engagement", 0.5)  # a cause and its part of the base
SWAPPED: Final = ("personalization", "engagement")
_HIDDEN_STATED: Final = {"other": 0.55, "price": 0.20, "natural": 0.15, "product_service": 0.10}


def with_mechanism(programme: Programme, mechanism: str) -> Programme:
    """The programme with what the mechanism changes: a seventh cause, or how the causes share the base."""
    base = sum(cause.base for cause in programme.causes.values())
    if mechanism == "uneven_bases":
        most, part = UNEVEN
        rest = (1 - part) / (len(programme.causes) - 1)
        causes = {
            name: cause.model_copy(update={"base": base * (part if name == most else rest)})
            for name, cause in programme.causes.items()
        }
        return programme.model_copy(update={"causes": causes})
    if mechanism == "seventh_cause":
        survey = programme.survey
        answering = survey.answering | {HIDDEN: 0.8}
        stated = survey.stated | {HIDDEN: _HIDDEN_STATED}
        survey = survey.model_copy(update={"answering": answering, "stated": stated})
        causes = programme.causes | {HIDDEN: Cause(base=base, excess={})}
        return programme.model_copy(update={"causes": causes, "survey": survey})
    return programme


def combine(base: np.ndarray, excess: np.ndarray, mechanism: str) -> np.ndarray:
    """Hazard of each cause; arrays (causes, weeks, n)."""
    if mechanism != "multiplicative":
        return base + excess
    floor = base.sum(axis=0)
    logs = np.log1p(excess / floor)
    summed = logs.sum(axis=0)
    over = floor * np.expm1(summed)
    return base + over * logs / np.maximum(summed, 1e-12)


def total_without(base: np.ndarray, excess: np.ndarray, number: int, mechanism: str) -> np.ndarray:
    """Total hazard with the excess of one cause removed; (weeks, n)."""
    if mechanism != "multiplicative":
        return base.sum(axis=0) + excess.sum(axis=0) - excess[number]
    floor = base.sum(axis=0)
    logs = np.log1p(excess / floor)
    return floor * np.exp(logs.sum(axis=0) - logs[number])


def swap_traces(excess: np.ndarray, region: np.ndarray) -> None:
    """Give two causes each other's exposures in the first region, in place; `excess` (causes, weeks, n)."""
    one, other = (CAUSES.index(name) for name in SWAPPED)
    swapped = np.flatnonzero(region == 0)
    saved = excess[one][:, swapped].copy()
    excess[one][:, swapped] = excess[other][:, swapped]
    excess[other][:, swapped] = saved
