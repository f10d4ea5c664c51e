"""Truth table `actions`: the true effect of each action on each member chosen for it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.world.lives.campaigns import Assignment
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.hazard_mechanism import combine
from whychurn.world.setting.scenario import Scenario


def actions_table(scenario: Scenario, lives: SimulatedLives) -> pd.DataFrame:
    """One row for each member chosen for a campaign who was still a member when it began.

    Returns
    -------
    DataFrame
        member_id, campaign_id, action, treated, weeks, p_churn_untouched, p_churn_touched (both over the
        weeks of the effect, whatever was done, other campaigns as they were), effect (ratio of the two).
    """
    return pd.concat([_effects(scenario, lives, one) for one in lives.assignments], ignore_index=True)


def _effects(scenario: Scenario, lives: SimulatedLives, assignment: Assignment) -> pd.DataFrame:
    hazards, campaign = lives.hazards, assignment.campaign
    present = lives.exits.left[assignment.chosen] >= assignment.week * 7
    who, treated = assignment.chosen[present], assignment.treated[present]
    weeks = slice(assignment.week, min(assignment.week + campaign.weeks, scenario.clock.weeks))
    number = list(scenario.programme.causes).index(campaign.cause)
    others = hazards.campaign_factors[:, weeks][:, :, who]
    others[number] /= np.where(treated, campaign.effect, 1.0)
    base, excess = hazards.base[:, weeks][:, :, who], hazards.excess[:, weeks][:, :, who]

    def churn_chance(effect: float) -> np.ndarray:
        factors = others.copy()
        factors[number] *= effect
        total = combine(base * factors, excess * factors, scenario.mechanism)
        return -np.expm1(-total.sum(axis=(0, 1), dtype="float64"))

    untouched, touched = churn_chance(1.0), churn_chance(campaign.effect)
    return pd.DataFrame(
        {
            "member_id": lives.members.ids[who],
            "campaign_id": campaign.id,
            "action": campaign.action,
            "treated": treated,
            "weeks": weeks.stop - weeks.start,
            "p_churn_untouched": untouched,
            "p_churn_touched": touched,
            "effect": touched / untouched,
        }
    )
