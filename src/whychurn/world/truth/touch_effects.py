"""Truth tables `action_efficacy` and `touch_effects`: what actions do to hazards, and each contact did to its member."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CONTROL
from whychurn.world.lives.action_effects import contact_factors
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.hazard_mechanism import combine
from whychurn.world.setting.scenario import Scenario

EFFECT_WEEKS: Final = 13  # over which the chances are compared: 90 days


def touch_effects(scenario: Scenario, lives: SimulatedLives) -> pd.DataFrame:
    """One row for each contact with, and each holding out of, a member who was in fact still there.

    Returns
    -------
    DataFrame
        member_id, campaign_id, action, channel, treated, noticed, p_notice (chance to take notice as of the contact),
        weeks (`EFFECT_WEEKS`, fewer at the end of the window), p_churn_untouched and p_churn_touched (chance to decide
        to leave in these weeks without this contact, and with it if it is noticed; all other contacts as they were),
        effect (ratio of the two; 1 for control). The effect by intention to treat is
        p_notice (p_churn_touched - p_churn_untouched).
    """
    contacts, exits = lives.contacts, lives.exits
    who, day = contacts["position"].to_numpy(), contacts["day"].to_numpy()
    there = (exits.left[who] >= day) | ((exits.returned[who] <= day) & (day <= exits.left_again[who]))
    named = contacts[there].assign(member_id=lives.members.ids[who[there]])
    groups = named.groupby(["week", "campaign_id", "action"], sort=True)
    columns = ["member_id", "campaign_id", "action", "channel", "treated", "noticed", "p_notice", "weeks",
               "p_churn_untouched", "p_churn_touched", "effect"]  # fmt: skip
    parts = [_effects(scenario, lives, part)[columns] for _, part in groups]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _effects(scenario: Scenario, lives: SimulatedLives, part: pd.DataFrame) -> pd.DataFrame:
    """Effects of the contacts of one action in one week."""
    hazards, action, week = lives.hazards, part["action"].iloc[0], int(part["week"].iloc[0])
    who, noticed = part["position"].to_numpy(), part["noticed"].to_numpy()
    weeks = slice(week, min(week + EFFECT_WEEKS, scenario.clock.weeks))
    number = weeks.stop - weeks.start
    own = np.ones((1, number, len(who)), dtype="float32")
    if action != CONTROL:
        own = contact_factors(scenario, lives.members, action, who, number, part["recent"].to_numpy())
    others = hazards.action_factors[:, weeks][:, :, who] / np.where(noticed, own, 1.0)
    base, excess = hazards.base[:, weeks][:, :, who], hazards.excess[:, weeks][:, :, who]

    def churn_chance(factors: np.ndarray) -> np.ndarray:
        total = combine(base * factors, excess * factors, scenario.mechanism)
        return -np.expm1(-total.sum(axis=(0, 1), dtype="float64"))

    untouched, touched = churn_chance(others), churn_chance(others * own)
    return part.assign(
        treated=action != CONTROL,
        weeks=number,
        p_churn_untouched=untouched,
        p_churn_touched=touched,
        effect=touched / untouched,
    )


def action_efficacy(scenario: Scenario) -> pd.DataFrame:
    """One row for each action and cause; the same for all members of ordinary response.

    Returns
    -------
    DataFrame
        action, cause, efficacy (share of the cause's hazard that is removed at first when noticed), onset_weeks,
        half_life_weeks, kind (works; dud; wakes: reminds members of leaving; win_back: for leavers),
        winback_log_odds (of coming back, for who left from the cause).
    """
    programme = scenario.programme
    rows = []
    for name, action in programme.actions.items():
        if action.for_ == "left":
            kind = "win_back"
        else:
            kind = "dud" if action.dud else "wakes" if action.wakes else "works"
        for cause in programme.causes:
            rows.append(
                {
                    "action": name,
                    "cause": cause,
                    "efficacy": action.causes.get(cause, 0.0),
                    "onset_weeks": action.onset_weeks,
                    "half_life_weeks": action.half_life_weeks,
                    "kind": kind,
                    "winback_log_odds": programme.winback.actions.get(name, {}).get(cause, 0.0),
                }
            )
    return pd.DataFrame(rows)
