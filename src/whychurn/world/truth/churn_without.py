"""Truth table `churn_without`: each member's chance to leave, as it was and without each cause."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.world.lives.exits import at_risk
from whychurn.world.lives.members import Members
from whychurn.world.lives.membership_terms import last_decision
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.hazard_mechanism import combine, total_without
from whychurn.world.setting.scenario import Scenario


def churn_without(scenario: Scenario, lives: SimulatedLives) -> pd.DataFrame:
    """Chances from entry to the end of the window.

    With h_k(t) the hazard of cause k (campaigns as they were) and e_k(t) its excess over the base,
    p = 1 - exp(-sum_t sum_k h_k(t)) and p_without_k = 1 - exp(-sum_t (sum_j h_j(t) - e_k(t))): those saved
    from k stay exposed to all other causes.

    Returns
    -------
    DataFrame
        member_id, entry_on, p_churn and p_without_<cause>.
    """
    members, mechanism = lives.members, scenario.params.mechanism
    base = lives.hazards.base * lives.hazards.campaign_factors
    excess = lives.hazards.excess * lives.hazards.campaign_factors
    counted = _counted_weeks(scenario, members)

    def churn_chance(total: np.ndarray) -> np.ndarray:
        return -np.expm1(-(total * counted).sum(axis=0, dtype="float64"))

    table = pd.DataFrame({"member_id": members.ids, "entry_on": scenario.clock.dates(members.entry)})
    table["p_churn"] = churn_chance(combine(base, excess, mechanism).sum(axis=0))
    for number, cause in enumerate(scenario.programme.causes):
        table[f"p_without_{cause}"] = churn_chance(total_without(base, excess, number, mechanism))
    return table


def _counted_weeks(scenario: Scenario, members: Members) -> np.ndarray:
    """Share of each week at risk whose decision to leave takes effect in the window; (weeks, n)."""
    clock, last = scenario.clock, last_decision(scenario, members)
    week = np.arange(clock.weeks)[:, None]
    inside = np.clip((last + 1 - 7 * week) / (7 * clock.length[:, None]), 0, 1)
    return at_risk(clock, members.entry) * inside.astype("float32")
