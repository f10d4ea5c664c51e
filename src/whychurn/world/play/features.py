"""What a company's tables tell of each member on the decision day, nothing hidden: for the best guess from data."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CONTROL
from whychurn.world.lives.history.exposures import SLOW_HOURS, weeks_since
from whychurn.world.lives.members import Members
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.clock import NEVER
from whychurn.world.setting.scenario import Scenario
from whychurn.world.tables.events import DISMISSED, DOG_DISMISSES

SPANS: Final = (4, 13, 52)  # weeks before the decision day
OWN_ACTS: Final = ("orders", "visits", "activities", "community", "spendings")
_UNKNOWN: Final = 200.0  # weeks, where a thing never happened
_CHILD: Final = "child"


def decision_day_features(
    scenario: Scenario, lives: SimulatedLives, rng: np.random.Generator
) -> pd.DataFrame:
    """One row a member, numbers only: counts of late, times since, prices and rivals at the place, touches.

    Counts stop when a member has left, as in the tables; nobody is told to be gone but by silence.

    Parameters
    ----------
    rng
        Draws how many pushes were dismissed, with the chances with which the tables draw it.
    """
    members, history, weeks = lives.members, lives.history, scenario.clock.weeks
    week = np.arange(weeks)[:, None]
    exits = lives.exits
    there = (week >= members.entry // 7) & (week <= exits.left // 7)
    there |= (week >= exits.returned // 7) & (week <= exits.left_again // 7)
    found: dict[str, np.ndarray] = {}
    for name, count in history.counts.items():
        seen = np.where(there, count, 0)
        for span in SPANS:
            found[f"{name}_{span}w"] = seen[-span:].sum(axis=0)
    acts = sum(np.where(there, history.counts[name], 0) for name in OWN_ACTS)
    never = np.full(members.size, _UNKNOWN)
    found["weeks_silent"] = weeks_since(np.asarray(acts), never)[-1]
    for name in ("orders", "defects", "faults", "greetings", "spendings", "moves"):
        found[f"weeks_since_{name}"] = weeks_since(np.where(there, history.counts[name], 0), never)[-1]
    slow = there & (history.levels["hours"] > SLOW_HOURS)
    found["weeks_since_slow"] = weeks_since(slow, never)[-1]
    found["slow_13w"] = slow[-13:].sum(axis=0)
    tenure = (scenario.clock.days - members.joined) / 7
    found["tenure_weeks"] = tenure
    found["acts_a_week"] = np.asarray(acts).sum(axis=0) / np.maximum(np.minimum(tenure, weeks), 1)
    found["silence_in_own_gaps"] = found["weeks_silent"] * found["acts_a_week"]
    found |= _place(members, history.levels) | _person(scenario, members)
    found |= _dismissals(lives, there, rng)
    return pd.DataFrame({name: np.asarray(values, "float32") for name, values in found.items()}).assign(
        **_touches(lives)
    )


def _dismissals(lives: SimulatedLives, there: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Pushes dismissed, more of them by sleeping dogs: all that tells of them beside little use."""
    annoyed = np.where(lives.members.dog, DOG_DISMISSES, 1.0)
    found = {}
    for fits, name in ((True, "relevant"), (False, "irrelevant")):
        pushes = np.where(there, lives.history.counts[name], 0).sum(axis=0)
        dismissed = rng.binomial(pushes, np.minimum(DISMISSED[fits] * annoyed, 1.0))
        found[f"dismissed_{name}"] = dismissed
        found[f"dismissed_share_{name}"] = dismissed / np.maximum(pushes, 1)
    return found


def _place(members: Members, levels: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Prices, discounts and rivals where the member is."""
    own, rival, discount = levels["own_price"], levels["rival_price"], levels["discount"]
    joined = np.clip(members.joined // 7, 0, len(own) - 1)
    return {
        "rise_13w": own[-1] / own[-14] - 1,
        "rise_52w": own[-1] / own[-min(53, len(own))] - 1,
        "rise_since_joining": own[-1] / own[joined, np.arange(members.size)] - 1,
        "gap_to_rival": own[-1] / rival[-1] - 1,
        "rivals_4w": levels["rival_activity"][-4:].mean(axis=0),
        "rivals_13w": levels["rival_activity"][-13:].mean(axis=0),
        "discount": discount[-13:].mean(axis=0),
        "discount_lost": discount[-52:-26].mean(axis=0) - discount[-13:].mean(axis=0),
        "category": members.category,
        "region": members.region,
    }


def _person(scenario: Scenario, members: Members) -> dict[str, np.ndarray]:
    """What a company knows of the person."""
    need, clock = scenario.programme.need, scenario.clock
    known = members.need_end < NEVER if need.kind == _CHILD else np.zeros(members.size, dtype=bool)
    years_left = (members.need_end - clock.days) / 365.25
    return {
        "age": clock.start.year - members.birth_year,
        "female": members.female,
        "came_through": members.channel,
        "plan": members.plan,
        "consent": members.marketing,
        "child_age": np.where(known, need.years - np.floor(years_left), np.nan),
    }


def _touches(lives: SimulatedLives) -> dict[str, np.ndarray]:
    """Contacts that a member had, by action, and how often he or she took notice as far as the company sees."""
    sent = lives.contacts[lives.contacts["action"] != CONTROL]
    size = lives.members.size
    return {"touches": np.bincount(sent["position"].astype("int64"), minlength=size).astype("float32")}
