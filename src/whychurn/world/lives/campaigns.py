"""Actions on members, randomised or aimed: who is chosen, who is treated, and what it does to the hazards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.world.lives.members import Members
from whychurn.world.lives.weekly_history import WeeklyHistory
from whychurn.world.setting.programme import Campaign, Programme
from whychurn.world.setting.scenario import Scenario


@dataclass(frozen=True)
class Assignment:
    """Who was chosen for one campaign in a block, and who got the action.

    Parameters
    ----------
    campaign
        The campaign.
    week
        Week in which it starts.
    chosen
        Positions of the members chosen; (m,).
    treated
        Whether they got the action (the others are held out); (m,).
    """

    campaign: Campaign
    week: int
    chosen: np.ndarray
    treated: np.ndarray


def assign_campaigns(
    scenario: Scenario, members: Members, history: WeeklyHistory, rng: np.random.Generator
) -> list[Assignment]:
    """Choose members for each campaign: by lot, or by what marketing saw (few orders, coupon hunters)."""
    assignments = []
    for campaign in scenario.programme.campaigns:
        week = scenario.clock.week_at(campaign.at)
        joined = members.entry < 7 * week
        if campaign.randomized:
            chosen = joined & (rng.random(members.size) < campaign.share)
        else:
            recent = history.counts["orders"][max(0, week - 12) : week].sum(axis=0)
            coupons = history.counts["coupons"][max(0, week - 26) : week].sum(axis=0)
            score = -0.5 * recent + 0.8 * coupons + 0.8 * members.price_sensitivity
            likely = 1 / (1 + np.exp(-score)) * campaign.share * 1.6
            chosen = joined & (rng.random(members.size) < likely)
        positions = np.flatnonzero(chosen)
        treated = rng.random(len(positions)) < campaign.propensity
        assignments.append(Assignment(campaign, week, positions, treated))
    return assignments


def campaign_factors(
    programme: Programme, assignments: list[Assignment], shape: tuple[int, ...]
) -> np.ndarray:
    """Factors on base and excess of each cause, from the actions that members got; (causes, weeks, n)."""
    factors = np.ones(shape, dtype="float32")
    for assignment in assignments:
        campaign, treated = assignment.campaign, assignment.chosen[assignment.treated]
        weeks = slice(assignment.week, assignment.week + campaign.weeks)
        factors[list(programme.causes).index(campaign.cause), weeks, treated] *= campaign.effect
    return factors
