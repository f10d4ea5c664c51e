"""One block of members from joining to exit: all that its tables and its truth are made of."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.world.lives.contacts import draw_contacts
from whychurn.world.lives.exits import Exits, draw_exits
from whychurn.world.lives.members import Members, draw_members
from whychurn.world.lives.returning.referral import draw_referrers
from whychurn.world.lives.returning.win_back import draw_win_back, still_gone, won_back
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
    win_back
        Leavers who were asked back, or held out: see `draw_win_back`.
    referrer
        Position of the member through whom somebody came; see `draw_referrers`; (n,).
    """

    members: Members
    history: WeeklyHistory
    contacts: pd.DataFrame
    hazards: Hazards
    exits: Exits
    leavers: pd.DataFrame
    win_back: pd.DataFrame
    referrer: np.ndarray


def simulate_lives(scenario: Scenario, block: int, numbers: np.ndarray) -> SimulatedLives:
    """Draw the members with global `numbers` (n,) and their lives, each purpose from its own stream."""

    def stream(purpose: str) -> np.random.Generator:
        return scenario.stream(block, purpose)

    members = draw_members(scenario, numbers, stream("members"), stream("contact traits"))
    history = simulate_history(scenario, members, stream("path"))
    contacts = draw_contacts(scenario, members, history, stream)
    hazards = simulate_hazards(scenario, members, history, contacts, stream)
    exits = draw_exits(scenario, members, hazards.by_cause, stream("lives"))
    win_back = draw_win_back(scenario, members, exits, contacts, stream)
    left_from = _first_causes(
        scenario, draw_leavers(scenario, history, hazards, exits, stream("causes")), members
    )
    exits = won_back(scenario, members, hazards, exits, left_from, win_back, stream("won back"))
    win_back = still_gone(win_back, exits)
    leavers = draw_leavers(scenario, history, hazards, exits, stream("causes"))
    referrer = draw_referrers(scenario, members, hazards.by_cause, exits, contacts, stream("referral"))
    return SimulatedLives(members, history, contacts, hazards, exits, leavers, win_back, referrer)


def _first_causes(scenario: Scenario, leavers: pd.DataFrame, members: Members) -> np.ndarray:
    """Number of the cause of each member's first leaving; -1 where there is none; (n,)."""
    first, causes = leavers[leavers["spell"] == 1], list(scenario.programme.causes)
    found = np.full(members.size, -1)
    found[first["position"].to_numpy()] = [causes.index(name) for name in first["cause"]]
    return found
