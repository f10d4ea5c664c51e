"""How right the answers on actions are where the truth is planted: effects, verdicts, and what the plan brings.

Gains are those of one contact each, means over futures of the world; a plan is played whole by `whychurn world play`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

HORIZON: Final = 90  # days; of leavings that are compared
POLICY_ROLES: Final = ("policy", "explore")
TRUTH: Final = ("decision_state", "option_gains", "touch_effects", "action_efficacy")
TOLD: Final = ("plan", "playbook", "action_effects")
Measure = tuple[str, float]


def action_scores(
    told: Mapping[str, pd.DataFrame], true: Mapping[str, pd.DataFrame], decides_and_leaves: bool
) -> pd.DataFrame:
    """One row a measure.

    Parameters
    ----------
    told
        Result tables plan, playbook and action_effects.
    true
        Planted tables decision_state, option_gains, touch_effects and action_efficacy, ids as in the results.
    decides_and_leaves
        Whether a decision to leave takes effect at once; with terms it does later, and effects are not compared.

    Returns
    -------
    DataFrame
        measure, value: effects_compared, effects_covered, effect_error (average effects by lot: actions, share of
        intervals that hold the truth, mean absolute error); duds_called_shown, works_called_shown, harm_avoided
        (shares of tested actions); plan_contacts, plan_gain_told, plan_gain_true (currency a member on the books, after
        cost), gone_contacted (share of contacts), dogs_contacted (share of sleeping dogs among members contacted, over
        their share among members on the books).
    """
    rows = [
        *(_effects(told["action_effects"], true["touch_effects"]) if decides_and_leaves else ()),
        *_verdicts(told, true["action_efficacy"]),
        *_plan(told["plan"], true["decision_state"], true["option_gains"]),
    ]
    return pd.DataFrame(rows, columns=["measure", "value"]).astype({"value": "float64"})


def _effects(told: pd.DataFrame, touches: pd.DataFrame) -> Iterator[Measure]:
    """Average effects of being drawn for an action, whether it was noticed or not."""
    told = told[(told["cause"] == "all") & (told["horizon_days"] == HORIZON) & (told["treated"] > 0)]
    by_lot = touches[touches["treated"] & touches["campaign_id"].str.startswith("test-")]
    change = by_lot["p_notice"] * (by_lot["p_churn_touched"] - by_lot["p_churn_untouched"])
    mean = change.groupby(by_lot["action"].astype("string")).mean().rename("true")
    both = told.astype({"action": "string"}).set_index("action").join(mean, how="inner")
    both = both.dropna(subset=["low", "high", "true"])
    yield "effects_compared", len(both)
    if len(both):
        held = (both["low"] <= both["true"]) & (both["true"] <= both["high"])
        yield "effects_covered", held.mean()
        yield "effect_error", (both["effect"] - both["true"]).abs().mean()


def _verdicts(told: Mapping[str, pd.DataFrame], efficacy: pd.DataFrame) -> Iterator[Measure]:
    playbook, effects, plan = told["playbook"], told["action_effects"], told["plan"]
    verdict = playbook.groupby(playbook["action"].astype(str))["tested"].first()
    tested = set(effects.loc[effects["treated"] > 0, "action"].astype(str))
    planned = set(plan.loc[plan["role"] == "policy", "action"].astype(str))
    kinds = efficacy.groupby("action")["kind"].first()
    for measure, kind in (("duds_called_shown", "dud"), ("works_called_shown", "works")):
        names = [name for name in kinds.index[kinds == kind] if name in tested]
        if names:
            yield measure, float(np.mean([verdict.get(name) == "shown" for name in names]))
    wakes = [name for name in kinds.index[kinds == "wakes"] if name in tested]
    if wakes:
        avoided = [verdict.get(name) == "harmful" or name not in planned for name in wakes]
        yield "harm_avoided", float(np.mean(avoided))


def _plan(plan: pd.DataFrame, state: pd.DataFrame, options: pd.DataFrame) -> Iterator[Measure]:
    contacts = plan[plan["role"].isin(POLICY_ROLES)].astype({"member_id": "string", "action": "string"})
    yield "plan_contacts", len(contacts)
    if contacts.empty:
        return
    members = state.astype({"member_id": "string"}).set_index("member_id")
    here = members["present"].reindex(contacts["member_id"]).fillna(False).to_numpy(bool)
    on_books = members["present"].sum()
    yield "gone_contacted", 1 - here.mean()
    dog = members["dog"].reindex(contacts["member_id"][here]).to_numpy(bool)
    if len(dog):
        yield "dogs_contacted", dog.mean() / members.loc[members["present"], "dog"].mean()
    gain = _true_gains(contacts, options)
    yield "plan_gain_true", (gain.sum() - contacts["cost"].sum()) / on_books
    yield "plan_gain_told", (contacts["gain"].sum() - contacts["cost"].sum()) / on_books


def _true_gains(contacts: pd.DataFrame, options: pd.DataFrame) -> np.ndarray:
    """Gain of each contact, zero for who is gone; without a channel that of the first channel of which notice is taken."""
    options = options.astype({"member_id": "string", "action": "string"})
    kinds = contacts[["member_id", "action", "channel"]].astype({"channel": "string"})
    named = kinds.merge(
        options.astype({"channel": "string"}), on=["member_id", "action", "channel"], how="left"
    )["gain"]
    noticed = options[options["gain"] != 0].groupby(["member_id", "action"], observed=True)["gain"].first()
    first = kinds.merge(noticed.rename("first").reset_index(), on=["member_id", "action"], how="left")[
        "first"
    ]
    return np.nan_to_num(np.where(kinds["channel"].isna(), first, named).astype("float64"))
