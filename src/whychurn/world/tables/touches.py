"""Contract table `touches`: actions sent to members, and members held out as controls."""

import numpy as np
import pandas as pd

from whychurn.contract.causes import CONTROL
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.scenario import Scenario

OPENED = (0.12, 0.62)  # share recorded as opened of those who took no notice, and of those who did


def touches_table(scenario: Scenario, lives: SimulatedLives, rng: np.random.Generator) -> pd.DataFrame:
    """One row for each member chosen of whom the company did not know yet that they had left.

    The company pays for every contact when it is made. What it knows of notice is `opened`: some open without taking
    in what they read, and some hear of an offer elsewhere.
    """
    contacts = sent_contacts(scenario, lives).assign(gone=False)
    if len(lives.win_back):
        contacts = pd.concat([contacts, lives.win_back.assign(gone=True)], ignore_index=True)
    contacts = contacts[contacts["day"] < scenario.clock.days]
    who, day = contacts["position"].to_numpy(), contacts["day"].to_numpy()
    held_out = (contacts["action"] == CONTROL).to_numpy()
    there = lives.exits.left[who] >= day
    there |= (lives.exits.returned[who] <= day) & (day <= lives.exits.left_again[who])
    there |= contacts["gone"].to_numpy()  # asked back: some leavers still read
    missed, seen = OPENED
    chance = (
        np.where(contacts["noticed"].astype(bool), seen, missed)
        * np.exp(0.1 * lives.members.usage[who])
        * there
    )
    opened = pd.array(rng.random(len(who)) < chance, dtype="boolean")
    opened[held_out] = pd.NA
    return pd.DataFrame(
        {
            "member_id": lives.members.ids[who],
            "campaign_id": contacts["campaign_id"].to_numpy(),
            "sent_at": scenario.clock.instants(day, rng),
            "action": contacts["action"].to_numpy(),
            "channel": contacts["channel"].to_numpy(),
            "offer": contacts["offer"].to_numpy(),
            "cost": contacts["cost"].to_numpy(),
            "randomized": contacts["randomized"].to_numpy(),
            "propensity": contacts["propensity"].to_numpy(),
            "opened": opened,
        }
    )


def sent_contacts(scenario: Scenario, lives: SimulatedLives) -> pd.DataFrame:
    """The contacts of a block with members whom the company still takes for members; see `draw_contacts`."""
    exits, days = lives.exits, scenario.clock.days
    first_left = np.where(exits.returned < days, 10**6, exits.left)  # far off: the member came back
    last_left = np.where(exits.left_again < days, exits.left_again, first_left)
    last_contact = last_left + 7 * scenario.programme.lapse_contact_weeks
    contacts = lives.contacts
    sent = last_contact[contacts["position"].to_numpy()] >= contacts["day"].to_numpy()
    return contacts[sent & (contacts["day"] < days).to_numpy()].reset_index(drop=True)
