"""What a contact does to a member's hazards, and whether it is noticed at all.

A contact acts only on who takes notice. It then multiplies base and excess of each cause by
1 - efficacy x response x g(age), with g zero before the onset and halving every half-life after it; a sleeping dog's
hazards are multiplied too, as are those whom the action reminds of leaving, and of members whom one contact more
annoys.
"""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import load_actions
from whychurn.world.lives.members import Members
from whychurn.world.setting.actions import Action, Wake
from whychurn.world.setting.scenario import Scenario

HARDLY_USES: Final = -0.8  # trait `usage` below which a member hardly uses the programme
COUPON_WEEKS: Final = 8
LEAST_FACTOR: Final = 0.02  # of a hazard that an action leaves, however well a member responds


def age_profile(action: Action, weeks: int) -> np.ndarray:
    """Share g of an action's effect by weeks since the contact: 0 before the onset, then halving; (weeks,)."""
    age = np.arange(weeks) - action.onset_weeks
    return np.where(age >= 0, 0.5 ** (np.maximum(age, 0) / action.half_life_weeks), 0.0)


def contact_factors(
    scenario: Scenario,
    members: Members,
    action_name: str,
    who: np.ndarray,
    weeks: int,
    recent_contacts: np.ndarray | None = None,
) -> np.ndarray:
    """Factors on base and excess of each cause for members who took notice; (causes, weeks, m).

    Parameters
    ----------
    action_name
        Name in the programme's actions.
    who
        Positions of the members contacted; (m,).
    weeks
        Weeks from the contact on; the first is that of the contact.
    recent_contacts
        Earlier contacts, each counted as what is left of it (`faded_contacts`); (m,). None: there were none.
    """
    programme = scenario.programme
    action = programme.actions[action_name]
    factors = np.ones((len(programme.causes), weeks, len(who)))
    profile = age_profile(action, weeks)[:, None]
    for number, cause in enumerate(programme.causes):
        efficacy = action.causes.get(cause, 0.0)
        if efficacy:
            factors[number] -= efficacy * members.response[who] * profile
    np.maximum(factors, LEAST_FACTOR, out=factors)
    dogs = programme.dogs
    _raise(factors, members.dog[who], dogs.factor, dogs.weeks)
    if action.wakes:
        _raise(factors, woken(action.wakes, members)[who], action.wakes.factor, action.wakes.weeks)
    if recent_contacts is not None:
        left = 0.5 ** (np.arange(weeks) / programme.fatigue.half_life_weeks)
        factors *= 1 + programme.fatigue.annoys * recent_contacts * left[:, None]
    return factors.astype("float32")


def _raise(factors: np.ndarray, whom: np.ndarray, factor: float, weeks: int) -> None:
    factors[:, :weeks] = np.where(whom, factors[:, :weeks] * factor, factors[:, :weeks])


def woken(wake: Wake, members: Members) -> np.ndarray:
    """Members whom such a contact reminds of leaving; (n,) bool."""
    if wake.who == "dogs":
        return members.dog
    if wake.who == "hardly_uses":
        return members.usage < HARDLY_USES
    return np.ones(members.size, dtype=bool)


def spillover_dose(scenario: Scenario, members: Members, contacts: pd.DataFrame, weeks: int) -> np.ndarray:
    """Exposure to a price rise of members without a coupon where others of their region hold one; (weeks, n).

    The dose is `world.spillover` times the share of the region's members who hold one; a coupon is held for
    `COUPON_WEEKS`, whether it is noticed or not.

    Parameters
    ----------
    contacts
        See `contacts.draw_contacts`.
    """
    holds = np.zeros((weeks, members.size), dtype=bool)
    coupons = {name for name, cause in load_actions().items() if cause == "price"}
    for week, part in contacts[contacts["action"].isin(coupons)].groupby("week", sort=True)["position"]:
        first = int(str(week))
        holds[first : first + COUPON_WEEKS, part.to_numpy()] = True
    region = np.eye(len(scenario.programme.regions))[members.region]
    share = holds @ region / np.maximum(region.sum(axis=0), 1)
    return np.where(holds, 0.0, scenario.params.spillover * share[:, members.region])


def faded_contacts(scenario: Scenario, contacts: np.ndarray, weeks: float | np.ndarray) -> np.ndarray:
    """What is left of earlier contacts `weeks` later, as a number of contacts; shape of `contacts`."""
    return contacts * 0.5 ** (weeks / scenario.programme.fatigue.half_life_weeks)


def reach_chance(
    scenario: Scenario, members: Members, who: np.ndarray, channel: str, recent_contacts: np.ndarray
) -> np.ndarray:
    """Chance that members take notice of a contact: reach of the channel that they have, less when tired; (m,).

    Parameters
    ----------
    who
        Positions of the members; (m,).
    recent_contacts
        See `faded_contacts`; (m,).
    """
    channels = scenario.programme.contact_channels
    has = members.has_channel[list(channels).index(channel), who]
    tired = (1 - scenario.programme.fatigue.reach) ** recent_contacts
    return channels[channel].reach * has * tired
