"""Contract table `touches`: actions sent to members, and members held out as controls."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.world.lives.campaigns import Assignment
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.scenario import Scenario


def touches_table(scenario: Scenario, lives: SimulatedLives, rng: np.random.Generator) -> pd.DataFrame:
    """One row for each member chosen of whom the company did not know yet that they had left."""
    exits, days = lives.exits, scenario.clock.days
    first_left = np.where(exits.returned < days, 10**6, exits.left)  # far off: the member came back
    last_left = np.where(exits.left_again < days, exits.left_again, first_left)
    last_contact = last_left + 7 * scenario.programme.lapse_contact_weeks
    parts = [_sent(scenario, lives, one, last_contact, rng) for one in lives.assignments]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _sent(
    scenario: Scenario,
    lives: SimulatedLives,
    assignment: Assignment,
    last_contact: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    clock, campaign = scenario.clock, assignment.campaign
    day = assignment.week * 7 + rng.integers(0, 2, len(assignment.chosen))
    sent = (last_contact[assignment.chosen] >= day) & (day < clock.days)
    who, treated, day = assignment.chosen[sent], assignment.treated[sent], day[sent]
    chance = np.clip(0.35 + 0.1 * lives.members.usage[who], 0.05, 0.8)
    opened = pd.array(rng.random(len(who)) < chance, dtype="boolean")
    opened[~treated] = pd.NA
    return pd.DataFrame(
        {
            "member_id": lives.members.ids[who],
            "campaign_id": campaign.id,
            "sent_at": clock.instants(day, rng),
            "action": np.where(treated, campaign.action, "control"),
            "cost": np.where(treated, campaign.cost, 0.0),
            "randomized": campaign.randomized,
            "propensity": campaign.propensity if campaign.randomized else np.nan,
            "opened": opened,
        }
    )
