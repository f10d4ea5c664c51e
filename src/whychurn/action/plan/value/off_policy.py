"""What policies would have brought on tests by lot that taught them nothing (off-policy value).

Earlier waves teach, later waves are the test: for each member drawn then, a policy names an action; those who got it by lot,
and those held out, tell what it changed. Doubly robust (AIPW; Dudik, Langford & Li 2011), intervals clustered by member.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.action.effects.efficacy import Effects
from whychurn.action.effects.mix import Q_COLUMNS
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.plan.dual import NOTHING
from whychurn.action.plan.gains import chance_to_decide, decay_of, money_known, option_gains, worth_a_day
from whychurn.action.plan.holdout import lot_numbers
from whychurn.action.plan.kept_days import days_kept, hazard_removed
from whychurn.action.plan.options import Options
from whychurn.action.plan.value.later_waves import LaterWaves, later_waves
from whychurn.action.plan.value.policies import POLICIES, Setting
from whychurn.action.playbook.read import Entry
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL
from whychurn.contract.results import columns_of, empty_table, typed

LEAST_EFFECTIVE: Final = 200.0  # members matched by lot, below which policies cannot be compared
NOMINAL: Final = 0.1  # share of the hazard at which a change of the chance is turned into days
LEAST_SHOWN: Final = (
    0.1  # share of decisions that show within the follow-up, below which a change weighs no more
)
FEW: Final = "too_few_matched"


def measured_values(
    inputs: ActionInputs, entries: Sequence[Entry], options: Options, effects: Section, budget_a_member: float
) -> pd.DataFrame:
    """Rows of plan_value with method aipw; values are null, with a note, where tests cannot compare.

    Parameters
    ----------
    effects
        See `later_waves`.
    budget_a_member
        Currency; policies of each wave have it for every member drawn.
    """
    later = later_waves(inputs, entries, options, effects)
    if later is None:
        return empty_table(columns_of("plan_value"))
    chosen = {name: np.full(len(later.rows), NOTHING, dtype="int64") for name in POLICIES}
    for wave in np.unique(later.rows["wave"]):
        here = np.flatnonzero(later.rows["wave"] == wave)
        setting = _setting(inputs, later, here, budget_a_member * len(here))
        for name, policy in POLICIES.items():
            chosen[name][here] = policy(setting)
    found = [
        {"policy": name, "method": "aipw", "budget": budget_a_member * len(later.rows),
         **policy_value(later.rows, later.state, later.options, option, later.effects, inputs.params.action.value_days,
                        inputs.params.run.confidence)}
        for name, option in chosen.items()
    ]  # fmt: skip
    return typed(pd.DataFrame(found, columns=columns_of("plan_value")))


def policy_value(
    rows: pd.DataFrame,
    state: pd.DataFrame,
    options: Options,
    option: Array,
    effects: Effects,
    value_days: int,
    confidence: float,
) -> dict[str, Any]:
    """Value of giving each row its `option`, over nobody being contacted.

    Parameters
    ----------
    rows
        Randomised rows with action, left, propensity, member_id; all drawn, those held out included.
    state
        p_leave, causes, d, margin_day as of the draw, in the order of `rows`.
    effects
        Taught by other rows: they only make intervals narrower, not values right.

    Returns
    -------
    dict
        members, contacts, cost, gain (a member, after cost), low, high, kept_per_1000, kept_low, kept_high, effective_n,
        note.
    """
    names = np.array([one.action for one in options.held] + [""], dtype=object)[option]
    costs = np.append(options.costs(), 0.0)[option]
    change, weight = _scores(rows, state, names, effects)
    gain = np.where(
        option == NOTHING, 0.0, -change * _worth_of_change(state, names, effects, value_days) - costs
    )
    effective = float(weight.sum() ** 2 / (weight**2).sum()) if weight.any() else 0.0
    anybody = bool((option != NOTHING).any())
    out: dict[str, Any] = {
        "members": len(rows), "contacts": int((option != NOTHING).sum()), "cost": float(costs.sum()),
        "effective_n": effective if anybody else np.nan, "note": None,
    }  # fmt: skip
    if anybody and effective < LEAST_EFFECTIVE:
        blank = ("gain", "low", "high", "kept_per_1000", "kept_low", "kept_high")
        return out | dict.fromkeys(blank, np.nan) | {"note": FEW}
    out |= dict.fromkeys(("gain", "low", "high"), np.nan)
    if money_known(state):
        out["gain"], out["low"], out["high"] = clustered(gain, rows["member_id"], confidence)
    kept = clustered(-1000 * change, rows["member_id"], confidence)
    return out | dict(zip(("kept_per_1000", "kept_low", "kept_high"), kept, strict=True))


def clustered(values: Array, member_id: pd.Series, confidence: float) -> tuple[float, float, float]:
    """Mean of rows with an interval that allows for several rows of one member."""
    mean, code = float(values.mean()), pd.factorize(member_id)[0]
    sums = np.bincount(code, values - mean)
    half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt((sums**2).sum()) / len(values)
    return mean, mean - float(half), mean + float(half)


def _scores(rows: pd.DataFrame, state: pd.DataFrame, names: Array, effects: Effects) -> tuple[Array, Array]:
    """Doubly robust change of the chance to leave by the named action (0 without one), and weight of the rows that got
    it by lot; (n,) each."""
    p = state["p_leave"].to_numpy("float64")
    expected = p + _expected_change(state, names, effects)
    left, e = rows["left"].to_numpy("float64"), rows["propensity"].to_numpy("float64")
    action = rows["action"].to_numpy(object)
    got, held = (action == names) & (names != ""), (action == CONTROL) & (names != "")
    change = expected - p + got / e * (left - expected) - held / e * (left - p)
    return np.where(names == "", 0.0, change), got / e


def _expected_change(state: pd.DataFrame, names: Array, effects: Effects) -> Array:
    found = np.zeros(len(state))
    for name in sorted(set(names) - {""}):
        here = np.flatnonzero(names == name)
        part = state.iloc[here]
        q, d = part[Q_COLUMNS].to_numpy("float64"), part["d"].to_numpy("float64")
        share = open_share(part)
        p = part["p_leave"].to_numpy("float64")
        found[here] = effects.change(p, q * share[:, None], d * share, str(name))[0]
    return found


def open_share(state: pd.DataFrame) -> Array:
    """Share of the chance to leave within the follow-up that was not decided by the draw; one without terms; (n,)."""
    return state["open_share"].to_numpy("float64") if "open_share" in state else np.ones(len(state))


def _worth_of_change(state: pd.DataFrame, names: Array, effects: Effects, value_days: int) -> Array:
    """Currency that one less chance to leave within the follow-up is worth, by what the action's effect goes on to do."""
    p = chance_to_decide(state)
    shown = np.maximum(open_share(state), LEAST_SHOWN) * state["p_leave"].to_numpy("float64")
    found, change = np.zeros(len(state)), -NOMINAL * p
    for name in sorted(set(names) - {""}):
        here = np.flatnonzero(names == name)
        removed = hazard_removed(p[here], change[here])
        days = days_kept(p[here], removed, decay_of(effects, str(name)), value_days)
        found[here] = days / (NOMINAL * shown[here])
    return found * worth_a_day(state, value_days)


def _setting(inputs: ActionInputs, later: LaterWaves, here: Array, budget: float) -> Setting:
    state, params = later.state.iloc[here].reset_index(drop=True), inputs.params.action
    day = pd.Timestamp(later.rows["sent_on"].iloc[here[0]])
    lots = [lot_numbers(state["member_id"], day, params.seed, name) for name in ("policy", "which")]
    gains, believed = (
        option_gains(state, later.options.held, effects, params.value_days, hopeful=False)
        for effects in (later.effects, later.believed)
    )
    return Setting(
        state=state,
        options=later.options,
        effects=later.effects,
        gains=gains,
        believed=(later.believed, believed),
        may=np.ones(len(state), dtype=bool),
        budget=budget,
        evidence_needed=params.evidence_needed,
        lot=(lots[0], lots[1]),
    )
