"""One future of one block of members: the hazards that wait for them, and what they bring; no plan changes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.world.futures.later_history import continue_history
from whychurn.world.futures.later_market import later_scenario
from whychurn.world.futures.margin import weekly_margin
from whychurn.world.futures.standing import Standing
from whychurn.world.lives.simulated_hazards import base_hazards, excess_hazards
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.scenario import Scenario


@dataclass(frozen=True)
class Future:
    """Weeks after the window, for the members of one block; F weeks.

    Parameters
    ----------
    scenario
        The scenario that runs on to the end of the future.
    first
        Number of the first week of the future.
    base, excess
        Weekly hazards, with what is left of earlier contacts and without any new one; float32 (causes, F, n).
    margin
        Expected margin of a week of membership; currency, float32 (F, n).
    """

    scenario: Scenario
    first: int
    base: np.ndarray
    excess: np.ndarray
    margin: np.ndarray

    @property
    def weeks(self) -> int:
        """Weeks of the future."""
        return len(self.margin)


def draw_future(
    scenario: Scenario, lives: SimulatedLives, standing: Standing, block: int, number: int
) -> Future:
    """Future `number` of a block, from streams of its own: the same whatever is done in it.

    Parameters
    ----------
    scenario
        Of the window; its parameters say how many whole weeks follow the week in which the window ends.
    """
    members, first, weeks = lives.members, scenario.clock.weeks, scenario.params.play_weeks
    later = later_scenario(scenario, number, weeks)
    rng = scenario.stream(block, f"path of future {number}")
    exposures, levels = continue_history(later, members, lives.history, rng)
    hazards = lives.hazards
    waiting = {name: dose[first:] for name, dose in exposures.items()}
    return Future(
        scenario=later,
        first=first,
        base=base_hazards(later, members, hazards.frailty, first) * standing.acting,
        excess=excess_hazards(later, members, waiting, hazards.frailty, hazards.sensitivity)
        * standing.acting,
        margin=weekly_margin(later, members, levels["discount"], first),
    )
