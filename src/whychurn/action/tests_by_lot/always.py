"""Effects week by week, with intervals that stay valid however often somebody looks.

Asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, Annals of Statistics 52): with sums
S of scores whose variances add up to V, S lies within

    sqrt((V + r) log((V + r) / (r alpha^2)))

of its mean at all times together with chance 1 - alpha. r is chosen so that the bound is tightest at the planned V.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from scipy import special

from whychurn.action.pooled_tests import POOLED
from whychurn.action.tests_by_lot.arms import MISMATCH, Arms, all_arms, sample_ratio
from whychurn.contract.arrays import Array
from whychurn.contract.results import columns_of, stack

LEVEL: Final = 0.05
_READ: Final = [
    "campaign_id", "wave", "action", "randomized", "stratum", "propensity", "propensity_stated", "complete",
    "sent_on", "left", "left_after", "followed_days",
]  # fmt: skip
WEEK: Final = 7
_LEAST: Final = 10  # leavers in each arm from which sums of scores are close to normal


def sequence_bound(variance: Array, planned: float, alpha: float = LEVEL) -> Array:
    """How far a sum of scores may be from its mean, at all looks together with chance 1 - `alpha`.

    Parameters
    ----------
    variance
        Sum of the variances of the scores so far, at each look.
    planned
        The same at the planned end, where the bound shall be tightest.
    """
    twice = -2 * np.log(alpha)
    r = planned / (twice + np.log(twice + 1))
    return np.sqrt((variance + r) * np.log((variance + r) / (r * alpha**2)))


def fixed_bound(variance: Array, alpha: float = LEVEL) -> Array:
    """The usual bound, valid at one look that was named in advance."""
    return float(special.ndtri(1 - alpha / 2)) * np.sqrt(variance)


def peeks(rows: pd.DataFrame, p: Array, effect_days: int, min_cell: int) -> pd.DataFrame:
    """Table ``action_peeks``: chance to leave, treated minus held out, as it would have looked week by week.

    One campaign: all members drawn, and who of them had left by the week. An action over all its campaigns: members
    whose follow-up had ended by the week. Weeks with fewer than `min_cell` leavers in an arm are left out, and
    campaigns whose arms do not fit.

    Parameters
    ----------
    rows, p
        As `readout.read_tests` takes them.
    """
    rows = rows[_READ].assign(p_untouched=p).reset_index(drop=True)
    least = max(min_cell, _LEAST)
    arms = [one for one in all_arms(rows) if not one.note and not sample_ratio(one) < MISMATCH]
    parts = [pd.DataFrame(_by_week(one, effect_days, least)) for one in arms]
    for action in sorted({one.action for one in arms}):
        several = [one for one in arms if one.action == action and one.rows["complete"].any()]
        if several:
            parts.append(pd.DataFrame(_over_campaigns(several, effect_days, least)))
    return stack(parts, columns_of("action_peeks"))


def scores(arms: Arms, left: Array, p: Array) -> Array:
    """Unbiased score of the effect of each row: (T / e - (1 - T) / (1 - e)) (left - p), the chances e known; (n,)."""
    sign = np.where(arms.treated, 1 / arms.chance, -1 / (1 - arms.chance))
    return arms.weight * sign * (left - p)


def _by_week(arms: Arms, effect_days: int, least: int) -> Iterator[dict[str, object]]:
    """Looks at one campaign: who had left by each week, of members followed for the whole time that is shown."""
    after = arms.rows["left_after"].to_numpy("float64")
    followed = int(arms.rows["followed_days"].min())
    p, last = arms.rows["p_untouched"].to_numpy("float64"), min(followed, effect_days)
    if last < WEEK:
        return
    days = [*range(WEEK, last + 1, WEEK)]
    held_out = ~arms.treated
    final = max(float((after[held_out] < last).mean()), 1e-9) if held_out.any() else 1e-9
    looks = []
    for day in days:
        left = (after < day).astype("float64")
        share = float(left[held_out].mean()) / final if held_out.any() else 0.0
        looks.append((left, scores(arms, left, share * p)))
    planned = float(np.var(looks[-1][1])) * len(after) * effect_days / last
    for week, (left, score) in enumerate(looks, start=1):
        if min(left[arms.treated].sum(), left[held_out].sum()) >= least:
            yield _look(arms.campaign_id, arms.action, week, score, planned)


def _over_campaigns(several: list[Arms], effect_days: int, least: int) -> Iterator[dict[str, object]]:
    """Looks at an action: members of all campaigns whose follow-up had ended, in order of time."""
    known = [one.rows["left"].notna().to_numpy(bool) for one in several]
    left = [one.rows["left"].to_numpy("float64", na_value=np.nan) for one in several]
    score = np.concatenate([
        scores(one, y, one.rows["p_untouched"].to_numpy("float64"))[kept]
        for one, y, kept in zip(several, left, known, strict=True)
    ])  # fmt: skip
    sent = np.concatenate([one.rows["sent_on"].to_numpy("datetime64[D]")[k] for one, k in zip(several, known, strict=True)])  # fmt: skip
    treated = np.concatenate([one.treated[kept] for one, kept in zip(several, known, strict=True)])
    y = np.concatenate([each[kept] for each, kept in zip(left, known, strict=True)])
    week = ((sent - sent.min()).astype("int64") + effect_days) // WEEK
    planned = float(np.var(score)) * len(score)
    for look in range(int(week.min()), int(week.max()) + 1):
        here = week <= look
        if min(y[here & treated].sum(), y[here & ~treated].sum()) >= least:
            yield _look(POOLED, several[0].action, look, score[here], planned)


def _look(campaign: str, action: str, week: int, score: Array, planned: float) -> dict[str, object]:
    n, effect = len(score), float(score.mean())
    variance = np.array(max(float(score.var()) * n, 1e-12))
    fixed, always = float(fixed_bound(variance)) / n, float(sequence_bound(variance, planned)) / n
    return {
        "campaign_id": campaign, "action": action, "week": week, "n": n, "effect": effect,
        "fixed_low": effect - fixed, "fixed_high": effect + fixed,
        "always_low": effect - always, "always_high": effect + always,
    }  # fmt: skip
