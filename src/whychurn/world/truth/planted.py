"""The planted truth: cause of each leaving, churn without each cause, effect of each action.

Files of ``data/truth`` (no other stage may read them):

member_causes
    One row for each leaving in the window, and one for each member still there at its end.
    member_id (the company's own), spell (1, 2 after a return), status (churned, at_risk), decided_on, left_on (null for at
    risk; with terms the last day of the term), cause, subcause (drawn; null for at risk), p_<cause> (posterior of the causes
    in that week: the hazard of each cause over the total).
churn_without
    One row for each member: entry_on, p_churn (chance to have left by the end of the window, from entry on) and
    p_without_<cause>. With h_k(t) the hazard of cause k (campaigns as they were) and e_k(t) its excess over the base,
    p = 1 - exp(-sum_t sum_k h_k(t)) and p_without_k = 1 - exp(-sum_t (sum_j h_j(t) - e_k(t))): those saved from k
    stay exposed to all other causes (the damper). With terms, only weeks whose decision takes effect in the window count.
stay_without
    Expected member-weeks and leavings by weeks since joining, as it was and with the whole hazard of one cause gone, by
    block of members: see `removal.stay_without`.
actions
    One row for each member chosen for a campaign and still there: see `campaigns.action_effects`.
    In the world with a seventh cause, ``hidden`` stands beside the six in all of these.
world.json
    Parameters, programme, and the planted facts in plain words.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.world.lives.exposure import Path
from whychurn.world.lives.hazard import GENERAL, NOT, at_risk
from whychurn.world.lives.life import Life
from whychurn.world.lives.members import Members
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.mechanism import combine, total_without
from whychurn.world.setting.programme import Programme


def posterior(hazards: np.ndarray, week: np.ndarray, who: np.ndarray) -> np.ndarray:
    """Share of each cause in the total hazard of members `who` in `week`; (m, causes), rows sum to one."""
    mix = hazards[:, week, who].T.astype("float64")
    return mix / mix.sum(axis=1, keepdims=True)


def draw_leavers(
    programme: Programme,
    clock: Clock,
    path: Path,
    factor: np.ndarray,
    base: np.ndarray,
    hazards: np.ndarray,
    life: Life,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Leavings in the window with their true cause, drawn from the posterior.

    Returns
    -------
    DataFrame
        position, spell, decided_day, left_day, cause, subcause, p_<cause>.
    """
    spells = ((life.decided, life.left), (life.decided_again, life.left_again))
    parts = []
    for number, (decided, left) in enumerate(spells, start=1):
        who = np.flatnonzero(left < clock.days)
        parts.append(np.stack([who, np.full(len(who), number), decided[who], left[who]]))
    who, spell, decided, left = np.concatenate(parts, axis=1)
    week = decided // 7
    p = posterior(hazards, week, who)
    cause = np.minimum((np.cumsum(p, axis=1) < rng.random(len(who))[:, None]).sum(axis=1), p.shape[1] - 1)
    table = pd.DataFrame({"position": who, "spell": spell, "decided_day": decided, "left_day": left})
    table["cause"] = np.array(list(programme.causes), object)[cause]
    table["subcause"] = _subcauses(programme, clock, path, factor, base, cause, week, who, rng)
    for number, name in enumerate(programme.causes):
        table[f"p_{name}"] = p[:, number]
    return table


def _subcauses(
    programme: Programme,
    clock: Clock,
    path: Path,
    factor: np.ndarray,
    base: np.ndarray,
    cause: np.ndarray,
    week: np.ndarray,
    who: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Sub-cause of each leaving, in proportion to base and exposures of its cause."""
    found = np.full(len(who), GENERAL, dtype=object)
    for number, name in enumerate(programme.causes):
        mine = np.flatnonzero(cause == number)
        at, members = week[mine], who[mine]
        scale = factor[members] * clock.length[at]
        weights = programme.causes[name].excess
        parts = [base[number, at, members]]
        parts += [weight * path.exposures[sub][at, members] * scale for sub, weight in weights.items()]
        share = np.cumsum(np.stack(parts), axis=0)
        pick = (share / share[-1] < rng.random(len(mine))).sum(axis=0)
        found[mine] = np.array([GENERAL, *weights], object)[np.minimum(pick, len(weights))]
    return found


def causes_table(
    programme: Programme,
    clock: Clock,
    members: Members,
    hazards: np.ndarray,
    life: Life,
    leavers: pd.DataFrame,
) -> pd.DataFrame:
    """Table `member_causes`: every leaving, and the current mix of those still there."""
    gone = leavers.assign(status="churned")
    again = life.returned < NOT
    there = np.where(again, life.left_again >= clock.days, life.left >= clock.days)
    who = np.flatnonzero(there)
    p = posterior(hazards, np.full(len(who), clock.weeks - 1), who)
    stay = pd.DataFrame({"position": who, "spell": np.where(again[who], 2, 1), "status": "at_risk"})
    for number, name in enumerate(programme.causes):
        stay[f"p_{name}"] = p[:, number]
    table = pd.concat([gone, stay], ignore_index=True).sort_values(["position", "spell"], ignore_index=True)
    dated = {
        name: pd.Series(clock.dates(table[day].fillna(0).to_numpy())).where(table[day].notna())
        for name, day in (("decided_on", "decided_day"), ("left_on", "left_day"))
    }
    table = table.assign(member_id=members.ids[table["position"].to_numpy()], **dated)
    kept = ["member_id", "spell", "status", "decided_on", "left_on", "cause", "subcause"]
    return table[[*kept, *(f"p_{name}" for name in programme.causes)]]


def counting_weeks(clock: Clock, members: Members, last_effective: np.ndarray) -> np.ndarray:
    """Share of each week that counts in churn by the end of the window; (weeks, n).

    Parameters
    ----------
    last_effective
        Last day on which a decision to leave still takes effect in the window; (n,).
    """
    week = np.arange(clock.weeks)[:, None]
    inside = np.clip((last_effective + 1 - 7 * week) / (7 * clock.length[:, None]), 0, 1)
    return at_risk(clock, members.entry) * inside.astype("float32")


def churn_without(
    programme: Programme,
    clock: Clock,
    members: Members,
    base: np.ndarray,
    excess: np.ndarray,
    mechanism: str,
    last_effective: np.ndarray,
) -> pd.DataFrame:
    """Table `churn_without`; `base` and `excess` (causes, weeks, n) as the campaigns left them."""
    counted = counting_weeks(clock, members, last_effective)

    def chance(total: np.ndarray) -> np.ndarray:
        return -np.expm1(-(total * counted).sum(axis=0, dtype="float64"))

    table = pd.DataFrame({"member_id": members.ids, "entry_on": clock.dates(members.entry)})
    table["p_churn"] = chance(combine(base, excess, mechanism).sum(axis=0))
    for number, cause in enumerate(programme.causes):
        table[f"p_without_{cause}"] = chance(total_without(base, excess, number, mechanism))
    return table
