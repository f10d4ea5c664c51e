"""Arms of randomised campaigns: who was drawn, who was held out, who of them left in the weeks after.

Intention to treat: a member counts in the arm drawn, whatever was opened. In an arm is who was a member on the
day of the draw, which the touch cannot have changed. A leaving counts where its decision may have fallen into the
weeks after the draw; so an answer to the touch itself keeps nobody on the books.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.member_weeks.decision_windows import Spells
from whychurn.causes.member_weeks.week_calendar import DAYS, Calendar
from whychurn.causes.member_weeks.weeks_at_risk import event_time_weights
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, CONTROL

EFFECT_WEEKS: Final = 13  # weeks after the draw in which leavings are compared
HALF_LIFE: Final = 12.0  # weeks in which an effect halves; assumed, no test here is long enough to tell
LEAST_IN_WINDOW: Final = 0.1  # chance that the decision fell into these weeks from which a leaving counts
TOLERANCE: Final = 0.05  # of the sum of chances that should be one
MIX: Final = [f"mix_{cause}" for cause in CAUSES]
TOUCHES: Final = ["member_id", "campaign_id", "sent_at", "action", "randomized", "propensity"]


def randomised_rows(touches: pd.DataFrame) -> pd.DataFrame:
    """First row of each member in each randomised campaign: `TOUCHES`."""
    rows = touches[touches["randomized"].fillna(False).astype(bool)][TOUCHES]
    return rows.sort_values("sent_at", kind="stable").drop_duplicates(["campaign_id", "member_id"])


def assigned_members(
    rows: pd.DataFrame, spells: Spells, spell_table: pd.DataFrame, mix: pd.DataFrame, calendar: Calendar
) -> pd.DataFrame:
    """Rows of members who were there on the day of the draw, with what came of them.

    Parameters
    ----------
    rows
        See `randomised_rows`.
    spell_table
        Table ``spells``: member_id, spell_no, ended_on (day from which the company knew that the member had left).
    mix
        member_id, spell_no, ``p_<cause>`` of churn events (null where a cause cannot be told).

    Returns
    -------
    DataFrame
        `rows` with left (the decision to leave may have fallen into the `EFFECT_WEEKS` after the draw), force
        (mean part of the action's effect that was there at the decision, 0 to 1; 0 of who did not leave) and
        `MIX` (chances of the causes, null of who did not leave).
    """
    keys = ["member_id", "spell_no"]
    table = spells.table[[*keys, "entered"]].assign(spell=np.arange(len(spells.table)))
    table = table.merge(spell_table[[*keys, "ended_on"]], on=keys, how="left")
    table["ended"] = np.where(table["ended_on"].isna(), calendar.days, calendar.day(table["ended_on"]))
    mix = mix.rename(columns=dict(zip([f"p_{cause}" for cause in CAUSES], MIX, strict=True)))
    table = table.merge(mix[[*keys, *MIX]], on=keys, how="left").drop(columns=["spell_no", "ended_on"])
    both = rows.assign(day=calendar.day(rows["sent_at"])).merge(table, on="member_id")
    both = both[(both["entered"] <= both["day"]) & (both["day"] < both["ended"])]
    both = both.drop_duplicates(["campaign_id", "member_id"], keep="last").reset_index(drop=True)
    near, force = _weeks_after(both["spell"].to_numpy(), both["day"].to_numpy() // DAYS, spells)
    left = near >= LEAST_IN_WINDOW
    return both.assign(left=left, force=np.where(left, force, 0.0))


def _weeks_after(spell: Array, week: Array, spells: Spells) -> tuple[Array, Array]:
    """Chance that the decision fell into the weeks after `week`, and mean part of the effect at it; (n,) each."""
    chosen, event_week, p = event_time_weights(spells, np.unique(spell))
    windows = pd.DataFrame({"spell": chosen, "event_week": event_week, "p": p})
    rows = pd.DataFrame({"spell": spell, "week": week, "row": np.arange(len(spell))}).merge(
        windows, on="spell"
    )
    age = (rows["event_week"] - rows["week"]).to_numpy("float64")
    within = (age >= 0) & (age < EFFECT_WEEKS)
    near = np.bincount(rows["row"], rows["p"] * within, len(spell))
    force = np.bincount(rows["row"], rows["p"] * np.where(age >= 0, 0.5 ** (np.maximum(age, 0) / HALF_LIFE), 0.0),
                        len(spell))  # fmt: skip
    return near, force


def campaign_arms(assigned: pd.DataFrame, drawn: pd.DataFrame) -> pd.DataFrame:
    """One row for each action of each campaign, against the members held out of the same campaign.

    Parameters
    ----------
    assigned
        See `assigned_members`.
    drawn
        See `randomised_rows`: sizes of the arms are checked before anybody is left out.

    Returns
    -------
    DataFrame
        action, campaign_id, treated, control, treated_events, control_events, rate (leavings of members held
        out), difference (treated minus control), sd, force (of the leavings of members held out), `MIX` (of the
        same, weighted by force), srm_p_value, odd_propensity.
    """
    found = []
    for campaign, all_rows in drawn.groupby("campaign_id", sort=True):
        chances = arm_chances(all_rows)
        here = assigned[assigned["campaign_id"] == campaign]
        weight = _inverse_chance(here, chances)
        for action in chances.index.drop(CONTROL, errors="ignore"):
            arm = _compare(here, weight, str(action))
            srm = sample_ratio(all_rows, str(action), chances)
            odd = bool(chances["odd"].any())
            found.append({"action": action, "campaign_id": campaign, **arm, "srm_p_value": srm,
                          "odd_propensity": odd})  # fmt: skip
    columns = ["action", "campaign_id", "treated", "control", "treated_events", "control_events", "rate", "difference",
               "sd", "force", *MIX, "srm_p_value", "odd_propensity"]  # fmt: skip
    return pd.DataFrame(found, columns=columns)


def arm_chances(rows: pd.DataFrame) -> pd.DataFrame:
    """Stated chance of each arm of one campaign, by action: chance, turned, odd.

    ``turned``: the column holds the chance of being contacted in rows of members held out as well, so theirs is
    one minus it. ``odd``: it is missing, outside of (0, 1), or the chances of the arms do not add up.
    """
    p, held_out = rows["propensity"].astype("float64"), rows["action"] == CONTROL
    usable = bool(p.between(0, 1, inclusive="neither").all())
    mean = _mean_chances(p, rows["action"])
    two, turned = len(mean) == 2 and CONTROL in mean.index, False
    if usable and two and abs(mean.sum() - 1) > TOLERANCE:
        contacted = _mean_chances(p.where(~held_out, 1 - p), rows["action"])
        turned = bool(abs(contacted.sum() - 1) <= TOLERANCE)
        mean = contacted if turned else mean
    odd = not usable or (abs(mean.sum() - 1) > TOLERANCE if two else mean.sum() > 1 + TOLERANCE)
    return pd.DataFrame({"chance": mean, "turned": turned, "odd": odd})


def _mean_chances(own: pd.Series, action: pd.Series) -> pd.Series:
    """Mean chance of each arm over all drawn, from the chances of those in it (Horvitz and Thompson 1952)."""
    return 1 / (1 / own.where(own > 0)).groupby(action).mean()


def sample_ratio(rows: pd.DataFrame, action: str, chances: pd.DataFrame) -> float:
    """p-value of the sizes of one arm and of the members held out against their chances; NaN if these are odd.

    Sample ratio mismatch (Fabijan et al. 2019): chi-square with one degree of freedom.
    """
    if CONTROL not in chances.index or chances["odd"].any():
        return float("nan")
    sizes = np.array([(rows["action"] == one).sum() for one in (action, CONTROL)], dtype="float64")
    expected = chances["chance"].reindex([action, CONTROL]).to_numpy("float64")
    return float(stats.chisquare(sizes, expected / expected.sum() * sizes.sum()).pvalue)


def _inverse_chance(here: pd.DataFrame, chances: pd.DataFrame) -> Array:
    """Weight of each row: one over the chance of its arm where chances differ between members, else one."""
    p = here["propensity"].to_numpy("float64")
    if chances["odd"].any():
        return np.ones(len(here))
    own = np.where(chances["turned"].any() & (here["action"] == CONTROL).to_numpy(), 1 - p, p)
    mean = here["action"].map(chances["chance"]).to_numpy("float64")
    return mean / own


def _compare(here: pd.DataFrame, weight: Array, action: str) -> dict[str, float]:
    """Sizes, rates and difference of one arm and the members held out; NaN where one of them is empty."""
    treated, control = ((here["action"] == one).to_numpy() for one in (action, CONTROL))
    left, force = here["left"].to_numpy("float64"), here["force"].to_numpy("float64")
    sizes = {"treated": float(treated.sum()), "control": float(control.sum())}
    events = {"treated_events": float(left[treated].sum()), "control_events": float(left[control].sum())}
    rates, variances, both = [], [], treated | control
    # by the rate of both arms together: by its own, an arm with few leavings by chance would weigh more
    pooled = float(weight[both] @ left[both] / max(weight[both].sum(), 1e-12))
    for arm in (treated, control):
        share = weight[arm] / max(weight[arm].sum(), 1e-12)
        rates.append(float(share @ left[arm]) if arm.any() else np.nan)
        variances.append(float((share**2).sum()) * pooled * (1 - pooled) if arm.any() else np.nan)
    of_events = weight * control * left
    effect = of_events * force
    total = max(effect.sum(), 1e-12)
    mix = {name: float(effect @ np.nan_to_num(here[name].to_numpy("float64"))) / total for name in MIX}
    return {
        **sizes,
        **events,
        "rate": rates[1],
        "difference": rates[0] - rates[1],
        "sd": float(np.sqrt(sum(variances))),
        "force": float(effect.sum() / max(of_events.sum(), 1e-12)),
        **mix,
    }
