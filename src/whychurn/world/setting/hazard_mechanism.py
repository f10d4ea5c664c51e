"""How hazards of the causes meet (`combine`), and what a mechanism changes in a programme.

adding
    Hazards of the causes add up (what the methods assume).
interacting
    The excess e_k of some causes is more while another cause j hurts: e_k (1 + c e_j / (e_j + B)), with B the
    sum of the bases.
multiplying
    Exposures multiply: total = B prod_k (1 + e_k / B). A single exposure has the same effect as when hazards
    add up, two at once have more. The excess over B is shared among the causes in proportion to log(1 + e_k / B).
"""

from typing import Final

import numpy as np

from whychurn.contract.causes import CAUSES
from whychurn.world.setting.mechanism import Asking, Mechanism
from whychurn.world.setting.programme import Cause, Programme, Survey

HIDDEN: Final = "hidden"
INTERVIEWED: Final = (0.5, 0.75)  # response rates of leavers drawn by lot, by cause
SWAPPED: Final = ("personalization", "engagement")
_HIDDEN_STATED: Final = {"other": 0.55, "price": 0.20, "natural": 0.15, "product_service": 0.10}


def with_mechanism(programme: Programme, mechanism: Mechanism, rng: np.random.Generator) -> Programme:
    """The programme with what the mechanism changes: the bases, a seventh cause, what is said.

    Parameters
    ----------
    rng
        Draws how often the leavers of each cause answer and tell the truth, where the mechanism gives ranges.
    """
    causes, survey, interview = programme.causes, programme.survey, programme.interview
    base = sum(cause.base for cause in causes.values())
    if mechanism.base_parts:
        left = (1 - sum(mechanism.base_parts.values())) / (len(causes) - len(mechanism.base_parts))
        parts = dict.fromkeys(causes, left) | mechanism.base_parts
        causes = {
            name: cause.model_copy(update={"base": base * parts[name]}) for name, cause in causes.items()
        }
    if mechanism.seventh:
        causes = causes | {HIDDEN: Cause(base=base, excess={})}
        answering = survey.answering | {HIDDEN: 0.8}
        stated = survey.stated | {HIDDEN: _HIDDEN_STATED}
        survey = survey.model_copy(update={"answering": answering, "stated": stated})
        called, named = interview.answering | {HIDDEN: 0.6}, interview.accuracy | {HIDDEN: 0.0}
        interview = interview.model_copy(update={"answering": called, "accuracy": named})
    if mechanism.asking:
        survey = _asked(survey, mechanism.asking, rng)
        called = {cause: rng.uniform(*INTERVIEWED) for cause in interview.answering}
        interview = interview.model_copy(update={"answering": called})
    return programme.model_copy(update={"causes": causes, "survey": survey, "interview": interview})


def _asked(survey: Survey, asking: Asking, rng: np.random.Generator) -> Survey:
    """The survey with the mechanism's time of asking, who answers, and its form of not telling the truth."""
    stated = {}
    for cause in survey.stated:
        true = rng.uniform(*asking.truthful)
        row = {
            code: (1 - true) * part / sum(asking.instead.values()) for code, part in asking.instead.items()
        }
        stated[cause] = row | {cause: true + row.get(cause, 0.0)}
    answering = {cause: rng.uniform(*asking.answering) for cause in survey.answering}
    update: dict[str, object] = {
        "stated": stated, "answering": answering, "at_cancelling": asking.at_cancelling,
    }  # fmt: skip
    if asking.delay_days:
        update["delay_days"] = asking.delay_days
    return survey.model_copy(update=update)


def combine(base: np.ndarray, excess: np.ndarray, mechanism: Mechanism) -> np.ndarray:
    """Hazard of each cause; arrays (causes, weeks, n)."""
    if mechanism.together == "adding":
        return base + excess
    floor = base.sum(axis=0)
    if mechanism.together == "interacting":
        hazards = base + excess
        for cause, other in mechanism.interactions.items():
            hurts = excess[CAUSES.index(other)]
            number = CAUSES.index(cause)
            hazards[number] += mechanism.interaction_factor * excess[number] * hurts / (hurts + floor)
        return hazards
    logs = np.log1p(excess / floor)
    summed = logs.sum(axis=0)
    over = floor * np.expm1(summed)
    return base + over * logs / np.maximum(summed, 1e-12)


def total_without(base: np.ndarray, excess: np.ndarray, number: int, mechanism: Mechanism) -> np.ndarray:
    """Total hazard with the excess of one cause removed, and with it all that it does to others; (weeks, n)."""
    if mechanism.together == "adding":
        return base.sum(axis=0) + excess.sum(axis=0) - excess[number]
    removed = excess.copy()
    removed[number] = 0
    return combine(base, removed, mechanism).sum(axis=0)


def swap_traces(excess: np.ndarray, region: np.ndarray) -> None:
    """Give two causes each other's exposures in the first region, in place; `excess` (causes, weeks, n)."""
    one, other = (CAUSES.index(name) for name in SWAPPED)
    swapped = np.flatnonzero(region == 0)
    saved = excess[one][:, swapped].copy()
    excess[one][:, swapped] = excess[other][:, swapped]
    excess[other][:, swapped] = saved
