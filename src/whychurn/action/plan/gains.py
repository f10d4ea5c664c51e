"""What each option would bring for each member: margin of the days that the member stays longer, before cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.effects.efficacy import UNTESTED, Effects
from whychurn.action.effects.mix import Q_COLUMNS
from whychurn.action.effects.verdicts import HARMFUL, NOT_SHOWN, SHOWN
from whychurn.action.plan.kept_days import Decay, days_kept, days_kept_by_two, hazard_removed
from whychurn.action.plan.options import Option
from whychurn.action.plan.state import eligible
from whychurn.contract.arrays import Array

BLOCK: Final = 100_000  # members at once
HOPE: Final = 0.9  # quantile of what tests and belief leave possible
AGAINST: Final = 1 / 3  # Bayes factor of "works" below which a test speaks against it (Kass & Raftery 1995)
LIKELY: Final = 0.5  # chance to pay below which nobody is contacted but by lot


@dataclass(frozen=True)
class OptionGains:
    """Gains of K options for n members; arrays of (n, K).

    Parameters
    ----------
    gain
        Expected over the value horizon, before cost; currency, or members kept where no money is known.
    change
        Of the chance to leave within the follow-up; below zero more stay.
    p_pays
        Chance that the gain is above the cost of the option; above zero where no money is known.
    hopeful
        Gain where the action does better than `HOPE` of what is thought possible; zero where nobody asked for it.
    allowed
        Members for whom the rule of the playbook holds.
    money
        Whether gains are currency; else members kept, which no cost can be taken from.
    """

    gain: Array
    change: Array
    p_pays: Array
    hopeful: Array
    allowed: Array
    money: bool

    def net(self, at: int, cost: float) -> Array:
        """Gain of option number `at` after its cost, where both are currency; (n,)."""
        return self.gain[:, at].astype("float64") - (cost if self.money else 0.0)


def option_gains(
    state: pd.DataFrame, options: Sequence[Option], effects: Effects, value_days: int, hopeful: bool = True
) -> OptionGains:
    """Gain of one contact by each option, for all members of `state`, in blocks of `BLOCK`.

    Parameters
    ----------
    state
        See `state.decision_state`.
    value_days
        Horizon over which a gain counts.
    hopeful
        Whether gains are asked for that exploration hopes for.
    """
    shape, money = (len(state), len(options)), money_known(state)
    gain, change, pays, hoped = (np.zeros(shape, dtype="float32") for _ in range(4))
    allowed = np.zeros(shape, dtype=bool)
    worth, columns = worth_a_day(state, value_days), dict[str, list[int]]()
    for at, option in enumerate(options):
        allowed[:, at] = eligible(state, option.eligible)
        columns.setdefault(option.action, []).append(at)
    for action, same in columns.items():  # several channels of one action: same effect, own costs
        needed = np.array([options[one].cost if money else 0.0 for one in same])
        for start in range(0, len(state), BLOCK):
            part = slice(start, start + BLOCK)
            found = _one_action(state.iloc[part], action, effects, value_days, hopeful)
            gain[part, same] = (worth[part] * found.days)[:, None]
            hoped[part, same] = (worth[part] * found.hopeful)[:, None]
            change[part, same] = found.change[:, None]
            pays[part, same] = found.chance_of_days(needed / np.maximum(worth[part, None], 1e-9))
    return OptionGains(gain, change, pays, hoped, allowed, money)


def money_known(state: pd.DataFrame) -> bool:
    """Whether the margin of anybody is on record."""
    return bool(np.isfinite(state["margin_day"].to_numpy("float64")).any())


def worth_a_day(state: pd.DataFrame, value_days: int) -> Array:
    """What a day that a member stays is worth: margin; without money one over the horizon, so that a whole one is a member
    kept; (n,).

    Members without money on record, while others have some, are worth the median of those. Of a term, only days after its
    end count (``in_time``).
    """
    margin = state["margin_day"].to_numpy("float64")
    known = np.isfinite(margin)
    worth = (
        np.where(known, margin, np.median(margin[known]))
        if known.any()
        else np.full(len(state), 1 / value_days)
    )
    return worth * state["in_time"].to_numpy("float64") if "in_time" in state else worth


def chance_to_decide(state: pd.DataFrame) -> Array:
    """Chance to decide on leaving within the follow-up, which a contact acts on: to leave, where members have no terms; (n,)."""
    return state["p_decide" if "p_decide" in state else "p_leave"].to_numpy("float64")


def decay_of(effects: Effects, action: str) -> Decay:
    """Onset and half-life of an action's effect."""
    at = effects.actions.index(action)
    return Decay(float(effects.onset_weeks[at]), float(effects.half_life_weeks[at]), effects.effect_days)


def is_barred(option: Option, effects: Effects, evidence_needed: str) -> bool:
    """Whether nobody may get the option but by lot.

    An action whose tests showed harm, or spoke against its working: belief does not outvote a test of the programme's own,
    more contacts by lot may. One aimed at no cause, until a test has shown it; with
    ``evidence_needed: tested`` one without a test.
    """
    tested = effects.tested.get(option.action, UNTESTED)
    if tested == NOT_SHOWN and effects.bayes_factor[effects.actions.index(option.action)] < AGAINST:
        return True
    harmful = tested == HARMFUL or (not option.causes and tested != SHOWN)
    return harmful or (evidence_needed == "tested" and tested == UNTESTED)


def may_be_chosen(
    option: Option, effects: Effects, gains: OptionGains, at: int, evidence_needed: str
) -> Array:
    """Members for whom option number `at` may be chosen by what is known of it, not by lot; (n,) bool.

    Never where leaving is expected to become likelier, or where it is less likely than not that the contact pays: a few
    large gains that belief holds possible are looked for by exploration.
    """
    if is_barred(option, effects, evidence_needed):
        return np.zeros(len(gains.gain), dtype=bool)
    held = gains.allowed[:, at] & (gains.p_pays[:, at] >= LIKELY) & (gains.change[:, at] < 0)
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
        p = chance_to_decide(part)
        _, drawn = effects.change(
            p, part[Q_COLUMNS].to_numpy("float64"), part["d"].to_numpy("float64"), str(name)
        )
        days = days_kept(p, hazard_removed(p, drawn), decay_of(effects, str(name)), value_days)
        gain[:, here], change[:, here] = worth[here] * days, drawn
    return gain, change


def _removed(state: pd.DataFrame, effects: Effects, action: str) -> tuple[Array, Array]:
    """Chance untouched, and mean share of the hazard that a contact removes; (n,) each."""
    p = chance_to_decide(state)
    q, d = state[Q_COLUMNS].to_numpy("float64"), state["d"].to_numpy("float64")
    return p, hazard_removed(p, effects.change(p, q, d, action)[0])


@dataclass(frozen=True)
class _OneAction:
    """Days kept, at the mean and at `HOPE`, (n,); change of the chance to leave and draws of it, (n,) and (R, n); and days
    kept by one point less of that chance, (n,).
    """

    days: Array
    hopeful: Array
    change: Array
    draws: Array
    days_a_point: Array

    def chance_of_days(self, needed: Array) -> Array:
        """Chance that more than `needed` days (n, m) are kept; (n, m). Days are in proportion to the change, near enough."""
        if not len(self.draws):
            return np.asarray((self.days[:, None] > needed) * 1.0)
        least = -needed / np.maximum(self.days_a_point, 1e-9)[:, None]
        return np.stack([(self.draws < one).mean(axis=0) for one in least.T], axis=1)


def _one_action(
    state: pd.DataFrame, action: str, effects: Effects, value_days: int, hopeful: bool
) -> _OneAction:
    p, decay = chance_to_decide(state), decay_of(effects, action)
    mean, draws = effects.change(
        p, state[Q_COLUMNS].to_numpy("float64"), state["d"].to_numpy("float64"), action
    )
    fifth = np.maximum(p / 5, 1e-9)  # a usual change of the chance

    def kept(change: Array) -> Array:
        return days_kept(p, hazard_removed(p, change), decay, value_days)

    hoped = np.zeros(len(state))
    if hopeful:
        hoped = kept(np.quantile(draws, 1 - HOPE, axis=0) if len(draws) else mean)
    return _OneAction(kept(mean), hoped, mean, draws, kept(-fifth) / fifth)
