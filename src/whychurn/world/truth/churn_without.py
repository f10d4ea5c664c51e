"""Truth tables `churn_without` and `stay_without`: chances to leave and stays, as they were and without each cause."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.lives.exits import at_risk, counted_weeks
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.hazard_mechanism import combine, total_without
from whychurn.world.setting.scenario import Scenario

AS_IT_WAS: Final = "none"


def churn_without(scenario: Scenario, lives: SimulatedLives) -> pd.DataFrame:
    """Chances from entry to the end of the window.

    With h(t) the total hazard (actions as they were) and h_-k(t) the total without the excess of cause k,
    p = 1 - exp(-sum_t h(t)) and p_without_k = 1 - exp(-sum_t h_-k(t)): those saved from k stay exposed to all
    other causes. Where hazards add up, h_-k = h - e_k with e_k the excess of k over its base.

    Returns
    -------
    DataFrame
        member_id, entry_on, p_churn and p_without_<cause>.
    """
    members, mechanism = lives.members, scenario.mechanism
    base = lives.hazards.base * lives.hazards.action_factors
    excess = lives.hazards.excess * lives.hazards.action_factors
    counted = counted_weeks(scenario, members)

    def churn_chance(total: np.ndarray) -> np.ndarray:
        return -np.expm1(-(total * counted).sum(axis=0, dtype="float64"))

    table = pd.DataFrame({"member_id": members.ids, "entry_on": scenario.clock.dates(members.entry)})
    table["p_churn"] = churn_chance(combine(base, excess, mechanism).sum(axis=0))
    for number, cause in enumerate(scenario.programme.causes):
        table[f"p_without_{cause}"] = churn_chance(total_without(base, excess, number, mechanism))
    return table


def stay_without(scenario: Scenario, lives: SimulatedLives) -> pd.DataFrame:
    """Expected counts of one block of members by weeks since joining, first spells only.

    Returns
    -------
    DataFrame
        removed (``none`` or a cause, of which the whole hazard is gone, base included), tenure_week, present
        (expected member-weeks) and left (expected decisions to leave). Sums over the blocks give the hazard
        of a week as left / present; members who joined before the window count from its first week.
    """
    clock, members, hazards = scenario.clock, lives.members, lives.hazards.by_cause
    share = at_risk(clock, members.entry)
    age = np.maximum((7 * np.arange(clock.weeks)[:, None] - members.joined) // 7, 0)
    total = hazards.sum(axis=0, dtype="float64")
    parts = []
    for number, removed in enumerate([AS_IT_WAS, *scenario.programme.causes], start=-1):
        hazard = (total if number < 0 else _without(scenario, lives, total, number)) * share
        survival = np.exp(-(np.cumsum(hazard, axis=0) - hazard))  # at the beginning of each week
        counts = {
            "present": np.bincount(age.ravel(), (survival * share * clock.length[:, None]).ravel()),
            "left": np.bincount(age.ravel(), (survival * -np.expm1(-hazard)).ravel()),
        }
        part = pd.DataFrame({"removed": removed, "tenure_week": np.arange(len(counts["left"])), **counts})
        parts.append(part[part["present"] > 0])
    return pd.concat(parts, ignore_index=True)


def _without(scenario: Scenario, lives: SimulatedLives, total: np.ndarray, number: int) -> np.ndarray:
    """Total hazard without base and excess of one cause, nor what it does to the others; (weeks, n)."""
    hazards = lives.hazards
    if scenario.mechanism.together == "adding":
        return total - hazards.by_cause[number]
    base, excess = hazards.base * hazards.action_factors, hazards.excess * hazards.action_factors
    return total_without(base, excess, number, scenario.mechanism).astype("float64") - base[number]
