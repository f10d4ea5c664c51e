"""What the plan and other policies bring as the estimated effects have it (rung attributed)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from whychurn.action.plan.dual import NOTHING
from whychurn.action.plan.gains import gain_draws
from whychurn.action.plan.value.policies import Setting
from whychurn.contract.arrays import Array


def believed_value(
    setting: Setting, option: Array, second: tuple[Array, Array], value_days: int, confidence: float
) -> dict[str, Any]:
    """Gain a member after cost and members kept of 1,000, with intervals from the draws of the effects.

    Parameters
    ----------
    option
        Option of each member, `NOTHING` of who is left alone; (n,).
    second
        Option of a second contact and what it adds before cost (NaN without one); two (n,).

    Returns
    -------
    dict
        contacts, cost, gain, low, high, kept_per_1000, kept_low, kept_high.
    """
    n = max(len(setting.state), 1)
    costs = np.append(setting.options.costs(), 0.0)
    cost = float(costs[option].sum() + costs[second[0]].sum())
    who = np.flatnonzero(option != NOTHING)
    contacts = len(who) + int((second[0] != NOTHING).sum())
    if not len(who):
        return {"contacts": contacts, "cost": cost} | dict.fromkeys(
            ("gain", "low", "high", "kept_per_1000", "kept_low", "kept_high"), 0.0
        )
    names = np.array([one.action for one in setting.options.held], dtype=object)
    state: pd.DataFrame = setting.state.iloc[who]
    gain, change = gain_draws(state, names[option[who]], setting.effects, value_days)
    added = np.nan_to_num(second[1][who])
    first = gain.mean(axis=0)
    scale = np.where(np.abs(first) > 1e-9, 1 + added / np.where(first == 0, 1, first), 1.0)
    scale = np.clip(scale, 1.0, 2.0)  # a second contact does no more than a first one
    total, kept = (gain * scale).sum(axis=1), -(change * scale).sum(axis=1)
    expected = float(setting.gains.gain[who, option[who]].astype("float64").sum() + added.sum())
    expected_kept = float(-(setting.gains.change[who, option[who]] * scale).sum())
    outside = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(total, outside)
    kept_low, kept_high = np.quantile(kept, outside)
    money = {"gain": (expected - cost) / n, "low": (min(low, expected) - cost) / n,
             "high": (max(high, expected) - cost) / n}  # fmt: skip
    return {
        "contacts": contacts,
        "cost": cost,
        **(money if setting.gains.money else dict.fromkeys(money, np.nan)),
        "kept_per_1000": 1000 * expected_kept / n,
        "kept_low": 1000 * min(float(kept_low), expected_kept) / n,
        "kept_high": 1000 * max(float(kept_high), expected_kept) / n,
    }
