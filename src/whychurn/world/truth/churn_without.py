"""Truth table `churn_without`: each member's chance to leave, as it was and without each cause."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.world.lives.exits import counted_weeks
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.hazard_mechanism import combine, total_without
from whychurn.world.setting.scenario import Scenario


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
