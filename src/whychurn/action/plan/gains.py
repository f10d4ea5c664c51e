"""What each option would bring for each member: margin of the days that the member stays longer, before cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.effects.efficacy import UNTESTED, Effects
from whychurn.action.effects.mix import Q_COLUMNS
from whychurn.action.plan.kept_days import Decay, days_kept, days_kept_by_two, hazard_removed
from whychurn.action.plan.options import Option
from whychurn.action.plan.state import eligible
from whychurn.contract.arrays import Array

BLOCK: Final = 100_000  # members at once
SHOWN: Final = "shown"
HARMFUL: Final = "harmful"
HOPE: Final = 0.9  # quantile of what tests and belief leave possible
LIKELY: Final = 0.5  # chance of any gain below which nobody is contacted


@dataclass(frozen=True)
class OptionGains:
    """Gains of K options for n members; arrays of (n, K).

    Parameters
    ----------
    gain
        Expected over the value horizon, before cost; currency, or members kept where no money is known.
    change
        Of the chance to leave within the follow-up; below zero more stay.
    p_positive
        Chance that the gain is above zero.
    hopeful
        Gain where the action does better than `HOPE` of what is thought possible.
    allowed
        Members for whom the rule of the playbook holds.
    money
        Whether gains are currency; else members kept, which no cost can be taken from.
    """

    gain: Array
    change: Array
    p_positive: Array
    hopeful: Array
    allowed: Array
    money: bool

    def net(self, at: int, cost: float) -> Array:
        """Gain of option number `at` after its cost, where both are currency; (n,)."""
        return self.gain[:, at].astype("float64") - (cost if self.money else 0.0)


def option_gains(
    state: pd.DataFrame, options: Sequence[Option], effects: Effects, value_days: int
) -> OptionGains:
    """Gain of one contact by each option, for all members of `state`, in blocks of `BLOCK`.

    Parameters
    ----------
    state
        See `state.decision_state`.
    value_days
        Horizon over which a gain counts.
    """
    shape = (len(state), len(options))
    gain, change, positive, hopeful = (np.zeros(shape, dtype="float32") for _ in range(4))
    allowed = np.zeros(shape, dtype=bool)
    worth, done = worth_a_day(state, value_days), dict[str, int]()
    for at, option in enumerate(options):
        allowed[:, at] = eligible(state, option.eligible)
        if option.action in done:  # another channel of the same action: same effect
            for each in (gain, change, positive, hopeful):
                each[:, at] = each[:, done[option.action]]
            continue
        done[option.action] = at
        for start in range(0, len(state), BLOCK):
            part = slice(start, start + BLOCK)
            days, change[part, at], positive[part, at], best = _one_action(
                state.iloc[part], option.action, effects, value_days
            )
            gain[part, at], hopeful[part, at] = worth[part] * days, worth[part] * best
    return OptionGains(gain, change, positive, hopeful, allowed, money_known(state))


def money_known(state: pd.DataFrame) -> bool:
    """Whether the margin of anybody is on record."""
    return bool(np.isfinite(state["margin_day"].to_numpy("float64")).any())


def worth_a_day(state: pd.DataFrame, value_days: int) -> Array:
    """What a day that a member stays is worth: margin; without money one over the horizon, so that a whole one is a member
    kept; (n,).

    Members without money on record, while others have some, are worth the median of those.
    """
    margin = state["margin_day"].to_numpy("float64")
    known = np.isfinite(margin)
    if not known.any():
        return np.full(len(state), 1 / value_days)
    return np.where(known, margin, np.median(margin[known]))


def decay_of(effects: Effects, action: str) -> Decay:
    """Onset and half-life of an action's effect."""
    at = effects.actions.index(action)
    return Decay(float(effects.onset_weeks[at]), float(effects.half_life_weeks[at]), effects.effect_days)


def is_barred(option: Option, effects: Effects, evidence_needed: str) -> bool:
    """Whether nobody may get the option but by lot.

    An action whose tests showed harm; one aimed at no cause, until a test has shown it; with ``evidence_needed: tested`` one
    without a test.
    """
    tested = effects.tested.get(option.action, UNTESTED)
    harmful = tested == HARMFUL or (not option.causes and tested != SHOWN)
    return harmful or (evidence_needed == "tested" and tested == UNTESTED)


def may_be_chosen(
    option: Option, effects: Effects, gains: OptionGains, at: int, evidence_needed: str
) -> Array:
    """Members for whom option number `at` may be chosen by what is known of it, not by lot; (n,) bool.

    Never where leaving is expected to become likelier, or any gain is less likely than not.
    """
    if is_barred(option, effects, evidence_needed):
        return np.zeros(len(gains.gain), dtype=bool)
    held = gains.allowed[:, at] & (gains.p_positive[:, at] >= LIKELY) & (gains.change[:, at] < 0)
    return np.asarray(held)


def net_where_chosen(
    options: Sequence[Option], effects: Effects, gains: OptionGains, evidence_needed: str, may: Array
) -> Array:
    """Gain after cost where an option may be chosen for those who `may` be contacted, NaN elsewhere; (n, K)."""
    net = np.full(gains.gain.shape, np.nan)
    for at, option in enumerate(options):
        held = may & may_be_chosen(option, effects, gains, at, evidence_needed)
        net[held, at] = gains.net(at, option.cost)[held]
    return net


def second_gain(
    state: pd.DataFrame, first: Array, action: str, effects: Effects, gap_days: float, value_days: int
) -> Array:
    """What a contact `gap_days` after a first one adds to it; (n,), before cost.

    Parameters
    ----------
    first
        Action of each member's first contact; (n,).
    """
    found = np.zeros(len(state))
    worth = worth_a_day(state, value_days)
    for name in sorted(set(first)):
        here = np.flatnonzero(first == name)
        part = state.iloc[here]
        p, removed = _removed(part, effects, str(name))
        _, added = _removed(part, effects, action)
        one, other = decay_of(effects, str(name)), decay_of(effects, action)
        both = days_kept_by_two(p, (removed, one), (added, other), gap_days, value_days)
        found[here] = worth[here] * (both - days_kept(p, removed, one, value_days))
    return found


def gain_draws(state: pd.DataFrame, action: Array, effects: Effects, value_days: int) -> tuple[Array, Array]:
    """Draws of the gain and of the change of the chance to leave, of one action a member; two of (R, n)."""
    gain = np.zeros((len(effects.theta_draws), len(state)))
    change = np.zeros_like(gain)
    worth = worth_a_day(state, value_days)
    for name in sorted(set(action)):
        here = np.flatnonzero(action == name)
        part = state.iloc[here]
        p = part["p_leave"].to_numpy("float64")
        _, drawn = effects.change(
            p, part[Q_COLUMNS].to_numpy("float64"), part["d"].to_numpy("float64"), str(name)
        )
        days = days_kept(p, hazard_removed(p, drawn), decay_of(effects, str(name)), value_days)
        gain[:, here], change[:, here] = worth[here] * days, drawn
    return gain, change


def _removed(state: pd.DataFrame, effects: Effects, action: str) -> tuple[Array, Array]:
    """Chance untouched, and mean share of the hazard that a contact removes; (n,) each."""
    p = state["p_leave"].to_numpy("float64")
    q, d = state[Q_COLUMNS].to_numpy("float64"), state["d"].to_numpy("float64")
    return p, hazard_removed(p, effects.change(p, q, d, action)[0])


def _one_action(
    state: pd.DataFrame, action: str, effects: Effects, value_days: int
) -> tuple[Array, Array, Array, Array]:
    """Days kept, change of the chance, chance of any gain, days kept at `HOPE`; (n,) each."""
    p = state["p_leave"].to_numpy("float64")
    mean, draws = effects.change(
        p, state[Q_COLUMNS].to_numpy("float64"), state["d"].to_numpy("float64"), action
    )
    decay = decay_of(effects, action)
    days = days_kept(p, hazard_removed(p, mean), decay, value_days)
    if not len(draws):
        return days, mean, (mean < 0) * 1.0, days
    best = days_kept(p, hazard_removed(p, np.quantile(draws, 1 - HOPE, axis=0)), decay, value_days)
    return days, mean, (draws < 0).mean(axis=0), best
