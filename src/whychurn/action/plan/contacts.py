"""The contacts of a plan: who gets which options within budget and caps, who is explored, who is held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.effects.efficacy import Effects
from whychurn.action.plan.dual import NOTHING, Candidates, Caps, Choice, choose
from whychurn.action.plan.exploration import explore, information, open_options
from whychurn.action.plan.gains import OptionGains, net_where_chosen, second_gain
from whychurn.action.plan.holdout import held_out, lot_numbers
from whychurn.action.plan.options import Options
from whychurn.contract.arrays import Array
from whychurn.contract.params.action import ActionParams

SECOND_AFTER_DAYS: Final = 14  # of a member's second contact


@dataclass(frozen=True)
class Drawn:
    """Contacts before they are written down; arrays of (n,).

    Parameters
    ----------
    first, second
        Number of the option, `NOTHING` without one; those of members held out are what they would have got, of members
        who wait for an answer what the plan has for afterwards.
    second_gain
        What the second contact adds, before cost; NaN without one.
    explored
        Whether `first` was drawn by lot.
    chance
        With which it was drawn then; NaN of others.
    held_out
        Members who are not contacted, by lot.
    waits
        Members who are not contacted before their open request is answered, whatever the lot.
    choice
        Prices of the policy.
    budget
        Currency: of the policy's contacts, and of exploration.
    """

    first: Array
    second: Array
    second_gain: Array
    explored: Array
    chance: Array
    held_out: Array
    waits: Array
    choice: Choice
    budget: tuple[float, float]


def draw_contacts(
    state: pd.DataFrame,
    options: Options,
    effects: Effects,
    gains: OptionGains,
    params: ActionParams,
    budget: float,
) -> Drawn:
    """Choose for all members, held-out ones included, as if the budget were larger by their share.

    So that members contacted and held out differ by lot alone, whatever they would have got.
    """
    as_of = pd.Timestamp(state.attrs["as_of"])
    out = held_out(state["member_id"], as_of, params.holdout_share, params.seed)
    scale = 1 / max(1 - params.holdout_share, 1e-9) if params.holdout_share < 1 else 0.0
    room = (params.contacts.member_4_weeks - state["recent"]).to_numpy("int64")
    waits = state["waits"].to_numpy(bool)
    allowed = state["consent"].to_numpy(bool) & (room > 0)
    may = allowed & ~waits
    open_ = open_options(list(options.held), effects, gains, may)
    for_lot = min(budget * params.explore_share, _most_explored(options, open_) / scale if scale else 0.0)
    needed = params.evidence_needed
    afterwards = net_where_chosen(options.held, effects, gains, needed, allowed & options.proven)
    net = np.where(waits[:, None], np.nan, afterwards)
    caps = Caps((budget - for_lot) * scale, np.array(list(options.capacity.values())) * scale)
    choice, first, second, added = _with_seconds(state, options, effects, gains, net, caps, room >= 2, params)
    spent = _cost(options, first).sum() + _cost(options, second).sum()
    open_ &= (first == NOTHING)[:, None]
    lots = [lot_numbers(state["member_id"], as_of, params.seed, purpose) for purpose in ("explore", "action")]
    left = max(budget * scale - spent, 0.0)
    by_lot, chance = explore(
        open_, information(state, list(options.held)), options.costs(), left, lots[0], lots[1]
    )
    explored = by_lot != NOTHING
    first = np.where(explored, by_lot, first)
    first[waits] = _worth_prices(afterwards[waits], options, choice)
    return Drawn(
        first=first,
        second=second,
        second_gain=added,
        explored=explored,
        chance=chance,
        held_out=out & ~waits,
        waits=waits,
        choice=choice,
        budget=(budget - for_lot, for_lot),
    )


def _worth_prices(net: Array, options: Options, choice: Choice) -> Array:
    """Each member's best option at the prices of the plan, `NOTHING` where none is worth them; (n,)."""
    worth = (
        np.nan_to_num(net, nan=-np.inf) - options.costs() * choice.money - options.uses() @ choice.channels
    )
    best = worth.argmax(axis=1)
    return np.where(worth[np.arange(len(worth)), best] > 0, best, NOTHING)


def _with_seconds(
    state: pd.DataFrame,
    options: Options,
    effects: Effects,
    gains: OptionGains,
    net: Array,
    caps: Caps,
    room: Array,
    params: ActionParams,
) -> tuple[Choice, Array, Array, Array]:
    """First contacts, then those whom a second one serves better than a first one serves others.

    The first choice is made without second contacts; then each member's best option may be joined by another action,
    and all is chosen anew.
    """
    costs, uses = options.costs(), options.uses()
    choice = choose(Candidates.of(net, np.broadcast_to(costs, net.shape), uses), caps)
    none = np.full(len(net), NOTHING, dtype="int64")
    who = np.flatnonzero((choice.option != NOTHING) & room)
    if not len(who):
        return choice, choice.option, none, np.full(len(net), np.nan)
    base = choice.option[who]
    added = _seconds(state.iloc[who], options, effects, net[who], base, params.value_days)
    paid = costs if gains.money else 0.0 * costs
    pair = added - paid + net[who, base][:, None]
    joint, k = np.full((len(net), 2 * len(costs)), np.nan), len(costs)
    joint[:, :k] = net
    joint[who, k:] = np.where(added > paid, pair, np.nan)
    cost = np.broadcast_to(np.append(costs, costs), joint.shape).copy()
    cost[who, k:] += costs[base][:, None]
    choice = choose(_paired(joint, cost, uses, choice.option), caps)
    paired = choice.option >= k
    second = np.where(paired, choice.option - k, NOTHING)
    first = choice.option.copy()
    place = np.full(len(net), -1, dtype="int64")
    place[who] = np.arange(len(who))
    first[paired] = base[place[paired]]
    gain = np.full(len(net), np.nan)
    gain[paired] = added[place[paired], second[paired]]
    return choice, first, second, gain


def _paired(joint: Array, cost: Array, uses: Array, base: Array) -> Candidates:
    """Candidates of single contacts and of pairs, whose uses of capped channels add up."""
    found = Candidates.of(joint, cost, np.concatenate([uses, uses]))
    pair = found.option >= len(uses)
    found.uses[pair] += uses[base[found.member[pair]]]
    return found


def _seconds(
    state: pd.DataFrame, options: Options, effects: Effects, net: Array, base: Array, value_days: int
) -> Array:
    """What each option adds as a second contact, NaN where it may not be chosen or repeats the first; (m, K)."""
    names = np.array([one.action for one in options.held], dtype=object)
    found = np.full(net.shape, np.nan)
    for at, name in enumerate(names):
        here = np.flatnonzero(np.isfinite(net[:, at]) & (net[:, at] > 0) & (names[base] != name))
        if len(here):
            found[here, at] = second_gain(
                state.iloc[here], names[base[here]], str(name), effects, SECOND_AFTER_DAYS, value_days
            )
    return found


def _most_explored(options: Options, open_: Array) -> float:
    """Cost of exploring everybody for whom something is open."""
    return float(np.where(open_, options.costs(), 0.0).max(axis=1).sum())


def _cost(options: Options, chosen: Array) -> Array:
    """Cost of each member's option; 0 without one; (n,)."""
    costs = np.append(options.costs(), 0.0)
    return np.asarray(costs[chosen])
