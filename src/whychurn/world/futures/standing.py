"""Where each member of a block stands when the tables end: on the books, leaving already, or gone; touched or not."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.contract.causes import CONTROL
from whychurn.world.lives.action_effects import faded_contacts
from whychurn.world.lives.contacts import action_factors
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.clock import NEVER
from whychurn.world.setting.scenario import Scenario

_FORGOTTEN: Final = 30  # weeks after which a contact tires nobody
_ACTS: Final = 80  # weeks after which nothing is left of what a contact did


@dataclass(frozen=True)
class Standing:
    """Arrays of length n; F weeks of the future.

    Parameters
    ----------
    present
        On the books: has not left, or came back and has not left again.
    second
        Came back once: whoever leaves a second time does not return.
    leaving_on
        Last day of those who decided to leave before the window ended, and whose term still runs; else `NEVER`.
    since
        First day of the spell, from which terms are counted.
    gone_on
        Day on which those who are gone left last; `NEVER` for those present.
    tempo
        Factor on a member's hazards, more than one in a second life.
    left_from
        Number of the cause of the last leaving; -1 where there is none.
    contacted
        What is left of earlier contacts in the first week of the future, as a number of contacts.
    acting
        Factors on the hazards by what is left of the effects of earlier contacts; float32 (causes, F, n).
    """

    present: np.ndarray
    second: np.ndarray
    leaving_on: np.ndarray
    since: np.ndarray
    gone_on: np.ndarray
    tempo: np.ndarray
    left_from: np.ndarray
    contacted: np.ndarray
    acting: np.ndarray


def standing_of(scenario: Scenario, lives: SimulatedLives) -> Standing:
    """Where the members of a block stand on the first day after the window, for futures of params.play_weeks."""
    exits, days = lives.exits, scenario.clock.days
    second = exits.returned < days
    left = np.where(second, exits.left_again, exits.left)
    decided = np.where(second, exits.decided_again, exits.decided)
    present = left >= days
    winback = scenario.programme.winback
    return Standing(
        present=present,
        second=second,
        leaving_on=np.where(present & (decided < days), left, NEVER),
        since=np.where(second, exits.returned, lives.members.joined),
        gone_on=np.where(present, NEVER, left),
        tempo=np.where(second, winback.second_tempo, 1.0).astype("float32"),
        left_from=_last_cause(scenario, lives),
        contacted=_contacted(scenario, lives),
        acting=_acting(scenario, lives),
    )


def _contacted(scenario: Scenario, lives: SimulatedLives) -> np.ndarray:
    weeks, contacts = scenario.clock.weeks, lives.contacts
    late = contacts[(contacts["action"] != CONTROL) & (contacts["week"] >= weeks - _FORGOTTEN)]
    left = faded_contacts(scenario, np.ones(len(late)), weeks - late["week"].to_numpy("int64"))
    return np.bincount(late["position"].to_numpy("int64"), weights=left, minlength=lives.members.size)


def _acting(scenario: Scenario, lives: SimulatedLives) -> np.ndarray:
    """Factors of earlier contacts that were noticed, in the weeks of the future; (causes, F, n)."""
    weeks, contacts = scenario.clock.weeks, lives.contacts
    first = max(weeks - _ACTS, 0)
    late = contacts[contacts["week"] >= first]
    shape = (len(scenario.programme.causes), weeks - first + scenario.params.play_weeks, lives.members.size)
    shifted = late.assign(week=late["week"] - first)
    return action_factors(scenario, lives.members, shifted, shape)[:, weeks - first :].copy()


def _last_cause(scenario: Scenario, lives: SimulatedLives) -> np.ndarray:
    """Number of the cause of each member's last decision to leave that took effect; -1 where there is none; (n,)."""
    found = np.full(lives.members.size, -1)
    last = lives.leavers.sort_values("spell", kind="stable")
    causes = list(scenario.programme.causes)
    found[last["position"].to_numpy()] = [causes.index(name) for name in last["cause"]]
    returned = lives.exits.returned < scenario.clock.days
    found[returned & (lives.exits.left_again >= scenario.clock.days)] = -1
    return found
