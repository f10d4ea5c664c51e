"""What one contact now would bring each member present: every action, in one future."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.world.futures.contacts_ahead import CHUNK
from whychurn.world.futures.stays import chance_to_leave
from whychurn.world.futures.values import Prospects
from whychurn.world.lives.action_effects import age_profile, contact_factors
from whychurn.world.lives.members import Members
from whychurn.world.setting.actions import Action
from whychurn.world.setting.scenario import Scenario

EFFECT_DAYS: Final = 90  # over which a change of the chance to leave is told
Factors = Callable[[np.ndarray, int], np.ndarray]  # of members (m,) and weeks: (causes, weeks, m)


@dataclass(frozen=True)
class NoticedGains:
    """Gains of a contact that is noticed, in the first week; (actions, m), members in the order asked for.

    Parameters
    ----------
    gain
        Margin more over the future, before cost; currency.
    change
        Change of the chance to leave within `EFFECT_DAYS`.
    """

    gain: np.ndarray
    change: np.ndarray


def noticed_gains(prospects: Prospects, who: np.ndarray, factors: list[Factors]) -> NoticedGains:
    """Gains of members `who` (m,), who are present, by each of `factors`."""
    weeks = prospects.future.weeks
    gain, change = np.zeros((2, len(factors), len(who)))
    for first in range(0, len(who), CHUNK):
        some = who[first : first + CHUNK]
        cells = slice(first, first + len(some))
        hazard, terms = prospects.untouched[:, some], prospects.terms.of(some)
        value, leaves = prospects.value(hazard, some), chance_to_leave(hazard, terms, EFFECT_DAYS)
        for number, factor in enumerate(factors):
            touched = prospects.hazard(some, factor(some, weeks))
            gain[number, cells] = prospects.value(touched, some) - value
            change[number, cells] = chance_to_leave(touched, terms, EFFECT_DAYS) - leaves
    return NoticedGains(gain, change)


def action_gains(scenario: Scenario, members: Members, prospects: Prospects, who: np.ndarray) -> NoticedGains:
    """Gains of each action for members present, referral included, in the order of the programme's actions."""
    contacted = prospects.standing.contacted
    names = scenario.programme.actions_for("present")

    def of(name: str) -> Factors:
        return lambda some, weeks: contact_factors(scenario, members, name, some, weeks, contacted[some])

    gains = noticed_gains(prospects, who, [of(name) for name in names])
    referral = scenario.programme.referral
    if referral.by in names:
        brought = referral.invited * prospects.content[who] * prospects.newcomer
        gains.gain[names.index(referral.by)] += brought
    return gains


def believed_factors(scenario: Scenario, cause: int, efficacy: float, half_life: float) -> Factors:
    """Factors of an action that removes `efficacy` of one cause's hazard in everybody, and halves in `half_life` weeks."""
    action = Action(half_life_weeks=half_life, channels=[], cost=0.0)
    number = len(scenario.programme.causes)

    def factors(some: np.ndarray, weeks: int) -> np.ndarray:
        found = np.ones((number, weeks, len(some)), dtype="float32")
        found[cause] -= (efficacy * age_profile(action, weeks))[:, None]
        return found

    return factors
