"""Actions on members, randomised or aimed, and their true effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.world.lives.exposure import Path
from whychurn.world.lives.members import Members
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.mechanism import combine
from whychurn.world.setting.programme import Campaign, Programme


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


def campaign_factors(
    programme: Programme, assignments: list[Assignment], shape: tuple[int, ...]
) -> np.ndarray:
    """Factors on base and excess of each cause, from the actions that members got; (causes, weeks, n)."""
    factors = np.ones(shape, dtype="float32")
    for one in assignments:
        got = one.chosen[one.treated]
        when = slice(one.week, one.week + one.campaign.weeks)
        factors[list(programme.causes).index(one.campaign.cause), when, got] *= one.campaign.effect
    return factors


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
    programme: Programme,
    clock: Clock,
    members: Members,
    assignments: list[Assignment],
    base: np.ndarray,
    excess: np.ndarray,
    factors: np.ndarray,
    mechanism: str,
    alive_until: np.ndarray,
) -> pd.DataFrame:
    """True effect of each action on each member chosen for it who was still there.

    Parameters
    ----------
    base, excess, factors
        Hazards before campaigns and the factors of all campaigns; (causes, weeks, n).
    alive_until
        Last day of the first life; (n,).

    Returns
    -------
    DataFrame
        member_id, campaign_id, action, treated, weeks, p_churn_untouched, p_churn_touched (both over the weeks of the
        effect, whatever was done, other campaigns as they were), effect (ratio of the two).
    """
    parts = []
    for one in assignments:
        still = alive_until[one.chosen] >= one.week * 7
        who, treated = one.chosen[still], one.treated[still]
        when = slice(one.week, min(one.week + one.campaign.weeks, clock.weeks))
        number = list(programme.causes).index(one.campaign.cause)
        other = factors[:, when][:, :, who]
        other[number] /= np.where(treated, one.campaign.effect, 1.0)
        p = []
        for effect in (1.0, one.campaign.effect):
            mine = other.copy()
            mine[number] *= effect
            total = combine(base[:, when][:, :, who] * mine, excess[:, when][:, :, who] * mine, mechanism)
            p.append(-np.expm1(-total.sum(axis=(0, 1), dtype="float64")))
        parts.append(_effect_rows(members.ids[who], one.campaign, treated, when.stop - when.start, *p))
    return pd.concat(parts, ignore_index=True)


def _effect_rows(
    ids: np.ndarray,
    campaign: Campaign,
    treated: np.ndarray,
    weeks: int,
    untouched: np.ndarray,
    touched: np.ndarray,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "member_id": ids,
            "campaign_id": campaign.id,
            "action": campaign.action,
            "treated": treated,
            "weeks": weeks,
            "p_churn_untouched": untouched,
            "p_churn_touched": touched,
            "effect": touched / untouched,
        }
    )
