"""Actions on members, randomised or aimed, and their true effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.world.clock import Clock
from whychurn.world.exposure import Path
from whychurn.world.members import Members
from whychurn.world.programme import Campaign, Programme


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
    programme: Programme, clock: Clock, members: Members, path: Path, rng: np.random.Generator
) -> list[Assignment]:
    """Choose members for each campaign: by lot, or by what marketing saw (few orders, coupon hunters)."""
    assignments = []
    for campaign in programme.campaigns:
        week = clock.week_at(campaign.at)
        here = members.entry < 7 * week
        if campaign.randomized:
            chosen = here & (rng.random(members.size) < campaign.share)
        else:
            recent = path.counts["orders"][max(0, week - 12) : week].sum(axis=0)
            coupons = path.counts["coupons"][max(0, week - 26) : week].sum(axis=0)
            score = -0.5 * recent + 0.8 * coupons + 0.8 * members.thrift
            likely = 1 / (1 + np.exp(-score)) * campaign.share * 1.6
            chosen = here & (rng.random(members.size) < likely)
        positions = np.flatnonzero(chosen)
        treated = rng.random(len(positions)) < campaign.propensity
        assignments.append(Assignment(campaign, week, positions, treated))
    return assignments


def apply_campaigns(hazards: np.ndarray, assignments: list[Assignment]) -> None:
    """Multiply hazards (causes, weeks, n) in place by the effects on those who got the action."""
    for one in assignments:
        got = one.chosen[one.treated]
        when = slice(one.week, one.week + one.campaign.weeks)
        hazards[CAUSES.index(one.campaign.cause), when, got] *= one.campaign.effect


def touches_table(
    assignments: list[Assignment],
    members: Members,
    clock: Clock,
    last_contact: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Contract table `touches`: members of whom the company did not know yet that they had left."""
    parts = []
    for one in assignments:
        day = one.week * 7 + rng.integers(0, 2, len(one.chosen))
        sent = (last_contact[one.chosen] >= day) & (day < clock.days)
        who, treated, day = one.chosen[sent], one.treated[sent], day[sent]
        n, campaign = len(who), one.campaign
        active = np.clip(0.35 + 0.1 * members.use[who], 0.05, 0.8)
        opened = pd.array(rng.random(n) < active, dtype="boolean")
        opened[~treated] = pd.NA
        parts.append(
            pd.DataFrame(
                {
                    "member_id": members.ids[who],
                    "campaign_id": campaign.id,
                    "sent_at": clock.instants(day, rng),
                    "action": np.where(treated, campaign.action, "control"),
                    "cost": np.where(treated, campaign.cost, 0.0),
                    "randomized": campaign.randomized,
                    "propensity": campaign.propensity if campaign.randomized else np.nan,
                    "opened": opened,
                }
            )
        )
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def action_effects(
    hazards: np.ndarray,
    assignments: list[Assignment],
    members: Members,
    clock: Clock,
    alive_until: np.ndarray,
) -> pd.DataFrame:
    """True effect of each action on each member chosen for it who was still there.

    Returns
    -------
    DataFrame
        member_id, campaign_id, action, treated, weeks, p_churn_untouched, p_churn_touched (both over the weeks of the
        effect, whatever was done), effect (ratio of the two).
    """
    total = hazards.sum(axis=0)
    parts = []
    for one in assignments:
        still = alive_until[one.chosen] >= one.week * 7
        who, treated = one.chosen[still], one.treated[still]
        when = slice(one.week, min(one.week + one.campaign.weeks, clock.weeks))
        own = hazards[CAUSES.index(one.campaign.cause), when][:, who].sum(axis=0)
        bare = own / np.where(treated, one.campaign.effect, 1.0)
        rest = total[when][:, who].sum(axis=0) - own
        untouched, touched = -np.expm1(-(rest + bare)), -np.expm1(-(rest + bare * one.campaign.effect))
        parts.append(
            pd.DataFrame(
                {
                    "member_id": members.ids[who],
                    "campaign_id": one.campaign.id,
                    "action": one.campaign.action,
                    "treated": treated,
                    "weeks": when.stop - when.start,
                    "p_churn_untouched": untouched,
                    "p_churn_touched": touched,
                    "effect": touched / untouched,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
