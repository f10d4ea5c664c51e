"""One block of members from joining to exit: all that its tables and its truth are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.world.lives.contacts import draw_contacts
from whychurn.world.lives.exits import Exits, draw_exits
from whychurn.world.lives.members import Members, draw_members
from whychurn.world.lives.simulated_hazards import Hazards, simulate_hazards
from whychurn.world.lives.true_causes import draw_leavers
from whychurn.world.lives.weekly_history import WeeklyHistory, simulate_history
from whychurn.world.setting.scenario import Scenario


@dataclass(frozen=True)
class SimulatedLives:
    """Members of a block, what happened to them, and when and why they left.

    Parameters
    ----------
    members, history
        Who they are, and what happens to them week by week.
    contacts
        Who was contacted with what, or held out: see `draw_contacts`.
    hazards, exits
        Weekly hazards of the causes, and the exits drawn from them.
    leavers
        Exits in the window with their true cause: see `draw_leavers`.
    """

    members: Members
    history: WeeklyHistory
    contacts: pd.DataFrame
    hazards: Hazards
    exits: Exits
    leavers: pd.DataFrame


def simulate_lives(scenario: Scenario, block: int, numbers: np.ndarray) -> SimulatedLives:
    """Draw the members with global `numbers` (n,) and their lives, each purpose from its own stream."""

    def stream(purpose: str) -> np.random.Generator:
        return scenario.stream(block, purpose)

    members = draw_members(scenario, numbers, stream("members"), stream("contact traits"))
    history = simulate_history(scenario, members, stream("path"))
    contacts = draw_contacts(scenario, members, history, stream)
    hazards = simulate_hazards(scenario, members, history, contacts, stream)
    exits = draw_exits(scenario, members, hazards.by_cause, stream("lives"))
    leavers = draw_leavers(scenario, history, hazards, exits, stream("causes"))
    return SimulatedLives(members, history, contacts, hazards, exits, leavers)
