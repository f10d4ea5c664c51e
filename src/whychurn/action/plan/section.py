"""Tables playbook, plan and plan_value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.effects.efficacy import UNTESTED, Effects
from whychurn.action.effects.undecided import USUAL_POWER
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.plan.belief import believed_effects, beside
from whychurn.action.plan.contacts import Drawn, draw_contacts
from whychurn.action.plan.dual import NOTHING
from whychurn.action.plan.gains import OptionGains, option_gains
from whychurn.action.plan.holdout import lot_numbers
from whychurn.action.plan.options import Options, build_options
from whychurn.action.plan.playbook_table import playbook_table
from whychurn.action.plan.state import decision_state, known_reach
from whychurn.action.plan.table import plan_table
from whychurn.action.plan.value.model_value import believed_value
from whychurn.action.plan.value.off_policy import measured_values
from whychurn.action.plan.value.policies import POLICIES, Setting
from whychurn.action.playbook.read import Entry, load_playbook
from whychurn.action.roles import CONTACTED, EXPLORE, HELD_OUT, WAITS
from whychurn.contract.results import columns_of, empty_table, typed

BUDGET_SHARE: Final = 0.01  # of the margin of four weeks, where no budget is given
BUDGET_DAYS: Final = 28


@dataclass(frozen=True)
class _Ground:
    """What the plan is made from."""

    state: pd.DataFrame
    entries: list[Entry]
    options: Options
    effects: Effects
    gains: OptionGains
    budget: float


def plan_section(inputs: ActionInputs, tests: Section, effects: Section) -> Section:
    """Who gets what, through which channel, and what it brings beside simpler policies.

    Parameters
    ----------
    tests
        Its ``extra["untouched"]`` gives chances to leave.
    effects
        Its ``extra["effects"]``; without it, all actions are as the playbook believes. Policies are compared on its rows.

    Returns
    -------
    Section
        ``extra``: state (members still there), effects and options, for early warning and for the served model.
    """
    entries = load_playbook(inputs.params)
    found = _with_all(effects.extra.get("effects"), entries, inputs)
    state = decision_state(inputs, tests.extra.get("untouched"), effects.extra.get("power", USUAL_POWER))
    state.attrs["as_of"] = inputs.as_of
    playbook = playbook_table(entries, state, found, inputs.cause_shares, inputs.params)
    options = build_options(inputs, entries)
    if not len(state) or not options.held:
        empty = {name: empty_table(columns_of(name)) for name in ("plan", "plan_value")}
        facts = {"members": len(state), "reason": "nobody_there" if not len(state) else "no_actions"}
        return Section({"playbook": playbook, **empty}, facts, {"state": state, "effects": found})
    gains = option_gains(state, options.held, found, inputs.params.action.value_days)
    ground = _Ground(state, entries, options, found, gains, default_budget(inputs, state))
    drawn = draw_contacts(state, options, found, gains, inputs.params.action, ground.budget)
    names = sorted({way for one in options.held for way in one.channels} - {""})
    reach = (known_reach(inputs, state, names), names)
    plan = plan_table(state, options, found, gains, drawn, reach, inputs.params)
    values = _values(inputs, ground, drawn, effects)
    return Section(
        {"playbook": playbook, "plan": plan, "plan_value": values},
        _facts(inputs, ground, drawn, plan),
        {"state": state, "effects": found, "options": options},
    )


def default_budget(inputs: ActionInputs, state: pd.DataFrame) -> float:
    """``action.budget``, else a share of the margin of the members in four weeks, else what business.capacity costs."""
    params = inputs.params
    if params.action.budget is not None:
        return float(params.action.budget)
    margin = state["margin_day"].to_numpy("float64")
    if np.isfinite(margin).any():
        return float(BUDGET_SHARE * BUDGET_DAYS * np.nansum(margin))
    return float(params.business.capacity * len(state) * params.business.contact_cost)


def _with_all(found: Effects | None, entries: Sequence[Entry], inputs: ActionInputs) -> Effects:
    """Effects of every action on record and in the playbook; belief stands in where there is no other."""
    touches = inputs.tables["touches"]
    names = {one.action for one in entries if one.kind == "member"} | set(
        touches["action"].dropna().astype(str)
    )
    missing = sorted(names - set(found.actions if found else ()) - {"control"})
    if found is not None and not missing:
        return found
    draws = None if found is None else len(found.theta_draws)
    believed = believed_effects(entries, missing, inputs.params.action, draws)
    return believed if found is None else beside(found, believed)


def _setting(inputs: ActionInputs, ground: _Ground, drawn: Drawn) -> Setting:
    state, params = ground.state, inputs.params.action
    here = (
        inputs.panel[inputs.panel["as_of"] == inputs.as_of]
        .astype({"member_id": object})
        .set_index("member_id")
    )
    silent = here["days_silent"].astype("float64") / here["usual_gap_days"].astype("float64").clip(lower=1)
    belief = believed_effects(ground.entries, [one.action for one in ground.options.held], params)
    lots = [lot_numbers(state["member_id"], inputs.as_of, params.seed, name) for name in ("policy", "which")]
    may = state["consent"] & ~state["waits"] & (state["recent"] < params.contacts.member_4_weeks)
    return Setting(
        state=state.assign(silence=silent.reindex(state["member_id"]).to_numpy()),
        options=ground.options,
        effects=ground.effects,
        gains=ground.gains,
        believed=(belief, option_gains(state, ground.options.held, belief, params.value_days, hopeful=False)),
        may=may.to_numpy(bool) & ~drawn.held_out,
        budget=ground.budget,
        evidence_needed=params.evidence_needed,
        lot=(lots[0], lots[1]),
    )


def _values(inputs: ActionInputs, ground: _Ground, drawn: Drawn, effects: Section) -> pd.DataFrame:
    """Table plan_value: as the effects have it, and on randomised touches."""
    setting, params = _setting(inputs, ground, drawn), inputs.params
    none = np.full(len(ground.state), NOTHING, dtype="int64")
    rows = []
    for name, policy in POLICIES.items():
        if name == "plan":
            option = np.where(drawn.held_out | drawn.waits, NOTHING, drawn.first)
            second = np.where(drawn.held_out, NOTHING, drawn.second), drawn.second_gain
        else:
            option, second = policy(setting), (none, np.full(len(none), np.nan))
        value = believed_value(setting, option, second, params.action.value_days, params.run.confidence)
        rows.append({"policy": name, "method": "model", "members": len(none), **value, "effective_n": np.nan,
                     "budget": ground.budget, "note": None})  # fmt: skip
    measured = measured_values(inputs, ground.entries, ground.options, effects, ground.budget / len(none))
    return typed(pd.DataFrame([*rows, *measured.to_dict("records")], columns=columns_of("plan_value")))


def _facts(inputs: ActionInputs, ground: _Ground, drawn: Drawn, plan: pd.DataFrame) -> dict[str, Any]:
    """Counts and prices for sentences."""
    state, role = ground.state, plan["role"]
    contacts = plan[role.isin(CONTACTED)]
    money = bool(state["margin_day"].notna().any())
    untested = {one.action for one in ground.options.held} & {
        name for name, how in ground.effects.tested.items() if how == UNTESTED
    }
    return {
        "as_of": f"{inputs.as_of:%Y-%m-%d}",
        "members": len(state),
        "no_consent": int((~state["consent"]).sum()),
        "contacted_lately": int((state["recent"] >= inputs.params.action.contacts.member_4_weeks).sum()),
        "budget": round(ground.budget, 2),
        "budget_given": inputs.params.action.budget is not None,
        "spent": round(float(contacts["cost"].sum()), 2),
        "decided": _decided(state),
        "contacts": len(contacts),
        "contacted_members": int(contacts["member_id"].nunique()),
        "explored": int((role == EXPLORE).sum()),
        "held_out": int((role == HELD_OUT).sum()),
        "waiting": int((role == WAITS).sum()),
        "untested_contacts": int((contacts["evidence"] == UNTESTED).sum()),
        "price_of_money": round(drawn.choice.money, 4),
        "prices_of_channels": {
            name: round(float(price), 4)
            for name, price in zip(ground.options.capacity, drawn.choice.channels, strict=True)
        },
        "capacity_inferred": list(ground.options.inferred),
        "costs_known": ground.options.costs_known,
        "money_known": money,
        "half_life_assumed": sorted(
            {one.action for one in ground.options.held}
            & {
                n
                for n, known in zip(ground.effects.actions, ground.effects.half_life_known, strict=True)
                if not known
            }
        ),
        "untested": sorted(untested),
        "reason": _why_empty(ground, contacts),
    }


def _decided(state: pd.DataFrame) -> float | None:
    """Share of the leavings expected within the follow-up that members with terms have decided already; None without terms."""
    if "open_share" not in state:
        return None
    p = state["p_leave"].to_numpy("float64")
    return round(float(1 - p @ state["open_share"].to_numpy("float64") / max(p.sum(), 1e-12)), 4)


def _why_empty(ground: _Ground, contacts: pd.DataFrame) -> str | None:
    """Why the plan has no contact; None where it has some."""
    if len(contacts):
        return None
    if ground.budget <= 0:
        return "no_budget"
    if not ground.state["consent"].any():
        return "nobody_may_be_contacted"
    return "nothing_pays"
