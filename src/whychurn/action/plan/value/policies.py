"""Policies that the plan is compared with, at the same budget: what people do without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.effects.efficacy import Effects
from whychurn.action.plan.dual import NOTHING, Candidates, Caps, choose
from whychurn.action.plan.gains import OptionGains, is_barred, net_where_chosen
from whychurn.action.plan.options import Options
from whychurn.contract.arrays import Array

OFFERS: Final = ("coupon", "discount", "renewal_discount", "price_lock")  # what members long missed are sent


@dataclass(frozen=True)
class Setting:
    """Members to choose from, and what may be done for them.

    Parameters
    ----------
    state
        p_leave, member_id and ``silence`` (days silent over the usual gap); one row a member.
    options, effects, gains
        As the plan has them.
    believed
        Gains as the playbook believes them, no test read; with the effects behind them.
    may
        Members who may be contacted; (n,).
    budget
        Currency, for these members.
    evidence_needed
        See ``action.evidence_needed``.
    lot
        Numbers from 0 to 1: the order of who comes first where nothing else decides, and the lot of the action; two (n,).
    """

    state: pd.DataFrame
    options: Options
    effects: Effects
    gains: OptionGains
    believed: tuple[Effects, OptionGains]
    may: Array
    budget: float
    evidence_needed: str
    lot: tuple[Array, Array]


def none(setting: Setting) -> Array:
    """Nobody is contacted."""
    return np.full(len(setting.state), NOTHING, dtype="int64")


def blanket(setting: Setting) -> Array:
    """One action for all, the one that brings most for its cost on average, in the order of a lot."""
    return _in_turn(setting, setting.lot[0], _single(setting))


def random(setting: Setting) -> Array:
    """Any action for anybody."""
    usual = [at for at, one in enumerate(setting.options.held) if one.capped is None]
    if not usual:
        return none(setting)
    drawn = np.array(usual)[np.minimum((setting.lot[1] * len(usual)).astype("int64"), len(usual) - 1)]
    return _in_turn(setting, setting.lot[0], drawn)


def rule(setting: Setting) -> Array:
    """An offer on the price for members missed longest, against their own usual gap."""
    names = [one.action for one in setting.options.held]
    offers = [names.index(one) for one in OFFERS if one in names]
    silence = np.nan_to_num(setting.state["silence"].to_numpy("float64"), nan=0.0)
    if not offers:
        return _in_turn(setting, -silence, _single(setting))
    return _in_turn(setting, -silence, np.full(len(setting.state), offers[0]))


def highest_risk(setting: Setting) -> Array:
    """The best single action for members likeliest to leave."""
    return _in_turn(setting, -setting.state["p_leave"].to_numpy("float64"), _single(setting))


def playbook(setting: Setting) -> Array:
    """Chosen as the plan chooses, by what is believed alone."""
    effects, gains = setting.believed
    return best_choice(setting, effects, gains)


def plan(setting: Setting) -> Array:
    """First contacts of the plan, without exploration and hold-out."""
    return best_choice(setting, setting.effects, setting.gains)


POLICIES: Final[dict[str, Callable[[Setting], Array]]] = {
    "plan": plan, "none": none, "blanket": blanket, "random": random, "rule": rule, "highest_risk": highest_risk,
    "playbook": playbook,
}  # fmt: skip


def best_choice(setting: Setting, effects: Effects, gains: OptionGains) -> Array:
    """Option of each member that brings most in all within budget and caps; (n,)."""
    options, costs = setting.options, setting.options.costs()
    may = setting.may & options.proven
    net = net_where_chosen(options.held, effects, gains, setting.evidence_needed, may)
    caps = Caps(setting.budget, np.array(list(options.capacity.values())))
    found = choose(Candidates.of(net, np.broadcast_to(costs, net.shape), options.uses()), caps)
    return found.option


def _single(setting: Setting) -> Array:
    """The option that brings most after cost on average, for all members; of those that may be chosen at all, if any."""
    held = setting.options.held
    costs = setting.options.costs()
    mean = setting.gains.gain[setting.may].mean(axis=0) if setting.may.any() else np.zeros(len(costs))
    free = np.array([one.capped is None for one in held])
    barred = np.array([is_barred(one, setting.effects, setting.evidence_needed) for one in held])
    open_ = free & ~barred if (free & ~barred).any() else np.ones(len(held), dtype=bool)
    net = np.where(open_, mean - (costs if setting.gains.money else 0.0 * costs), -np.inf)
    return np.full(len(setting.state), int(np.argmax(net)), dtype="int64")


def _in_turn(setting: Setting, order: Array, option: Array) -> Array:
    """`option` for members who may be contacted, the smallest `order` first, while budget and caps last."""
    found = none(setting)
    turn = np.lexsort((np.arange(len(order)), order))
    turn = turn[setting.may[turn]]
    costs = setting.options.costs()[option[turn]]
    uses = setting.options.uses()[option[turn]]
    fits = np.cumsum(costs) <= setting.budget + 1e-9
    fits &= (np.cumsum(uses, axis=0) <= np.array(list(setting.options.capacity.values()))).all(axis=1)
    found[turn[fits]] = option[turn[fits]]
    return found
