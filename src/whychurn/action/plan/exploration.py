"""Contacts by lot where it is not known what an action does: what is learnt is worth the money."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.effects.efficacy import UNTESTED, Effects
from whychurn.action.effects.mix import Q_COLUMNS
from whychurn.action.effects.verdicts import HARMFUL
from whychurn.action.plan.dual import NOTHING
from whychurn.action.plan.gains import OptionGains
from whychurn.action.plan.options import Option
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

FLOOR: Final = 0.05  # least chance of an open action
SURE: Final = 0.95  # chance to pay, or not to, from which on nothing is left to learn
LEAST_P: Final = 0.005


def open_options(options: list[Option], effects: Effects, gains: OptionGains, consent: Array) -> Array:
    """Where an action by lot would teach something and may pay; (n, K) bool.

    Not where tests showed harm, nor where a gain is sure or out of reach; a tested action only where its cost is within
    what is thought possible. Of an action with several channels the first option stands for all.
    """
    found = np.zeros(gains.gain.shape, dtype=bool)
    seen: set[str] = set()
    for at, option in enumerate(options):
        tested = effects.tested.get(option.action, UNTESTED)
        if option.action in seen or option.capped is not None or tested == HARMFUL:
            continue
        seen.add(option.action)
        sure = np.maximum(gains.p_pays[:, at], 1 - gains.p_pays[:, at]) > SURE
        pays = gains.hopeful[:, at] > option.cost
        found[:, at] = consent & gains.allowed[:, at] & ~sure & (pays | (tested == UNTESTED))
    return found


def information(state: pd.DataFrame, options: list[Option]) -> Array:
    """What one contact teaches of each option's efficacy, (p q)^2 / (p (1 - p)); (n, K).

    q is the share of the causes that the action is aimed at; of one aimed at none a sixth.
    """
    p = np.clip(state["p_leave"].to_numpy("float64"), LEAST_P, 1 - LEAST_P)
    mix = state[Q_COLUMNS].to_numpy("float64")
    q = np.column_stack(
        [
            mix[:, [CAUSES.index(cause) for cause in one.causes]].sum(axis=1)
            if one.causes
            else np.full(len(state), 1 / len(CAUSES))
            for one in options
        ]
    )
    return np.asarray((p[:, None] * q) ** 2 / (p * (1 - p))[:, None])


def chances(worth: Array, open_: Array) -> Array:
    """Chance of each open option for each member, in proportion to `worth` and at least `FLOOR`; rows sum to 1 or 0."""
    count = open_.sum(axis=1, keepdims=True)
    total = np.where(open_, worth, 0.0)
    share = total / np.where(total.sum(axis=1, keepdims=True) > 0, total.sum(axis=1, keepdims=True), 1.0)
    floor = np.minimum(FLOOR, 1 / np.maximum(count, 1))
    return np.asarray(np.where(open_, floor + (1 - floor * count) * share, 0.0))


def explore(
    open_: Array, worth: Array, cost: Array, budget: float, who: Array, which: Array
) -> tuple[Array, Array]:
    """Members drawn to be explored until `budget` is spent, and the option drawn for each.

    Parameters
    ----------
    open_, worth, cost
        `open_options`, `information`, and cost of each option; (n, K), (n, K), (K,).
    who, which
        Numbers from 0 to 1 by lot: who comes first, in proportion to what is learnt (Efraimidis & Spirakis 2006), and which
        option; (n,).

    Returns
    -------
    option, chance
        Number of the option, `NOTHING` of others, and the chance with which it was drawn; (n,).
    """
    chance = chances(worth, open_)
    size = np.where(open_, worth, 0.0).sum(axis=1)
    with np.errstate(divide="ignore"):
        order = np.argsort(
            np.where(size > 0, np.log(who) / np.maximum(size, 1e-300), -np.inf), kind="stable"
        )[::-1]
    steps = np.cumsum(chance, axis=1)
    drawn = (which[:, None] * steps[:, -1:] >= steps).sum(axis=1)
    drawn = np.minimum(drawn, chance.shape[1] - 1)
    order = order[size[order] > 0]
    spent = np.cumsum(cost[drawn[order]])
    chosen = order[spent <= budget]
    option = np.full(len(open_), NOTHING, dtype="int64")
    option[chosen] = drawn[chosen]
    return option, np.where(option != NOTHING, chance[np.arange(len(chance)), drawn], np.nan)
