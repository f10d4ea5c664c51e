"""What a served model needs to answer which contact a member should get, from features alone: ``actions.json``."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.contact_consent import channel_column
from whychurn.action.effects.dogs import LIMIT, aversion_scale
from whychurn.action.effects.efficacy import Effects
from whychurn.action.effects.mix import causes_told, programme_shares
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.plan.gains import decay_of, is_barred, money_known, worth_a_day
from whychurn.action.plan.kept_days import STEP_DAYS
from whychurn.action.plan.options import Option
from whychurn.contract.causes import CAUSES

DECIMALS: Final = 6
PARTS: Final = 12  # of members by days to the end of their terms


def served_actions(inputs: ActionInputs, plan: Section) -> dict[str, Any] | None:
    """Efficacies by cause with their draws, costs by channel, what a day is worth; None without members, or an
    action that any of them may get.

    Left out are actions that nobody may get but by lot (`is_barred`), and those kept for one tier, which features do not
    tell.

    Parameters
    ----------
    plan
        Of `plan_section`: ``extra`` with state, options and effects.
    """
    state, effects, params = plan.extra["state"], plan.extra["effects"], inputs.params.action
    options = plan.extra["options"].held if "options" in plan.extra else []
    if not len(state) or not options:
        return None
    tiers = bool(state["tier"].notna().any())
    allowed = [one for one in options if not is_barred(one, effects, params.evidence_needed)]
    allowed = [one for one in allowed if not (tiers and "tier=" in (one.eligible or ""))]
    ways: dict[str, dict[str, float]] = {}
    for one in allowed:
        ways.setdefault(one.action, {}).update(one.channels)
    if not ways:
        return None
    first = {one.action: one for one in reversed(allowed)}
    money = money_known(state)
    return {
        "causes": list(CAUSES),
        "shares": _rounded(programme_shares(inputs)),
        "by_cause": causes_told(inputs),
        "effect_days": params.effect_days,
        "value_days": params.value_days,
        "horizon_days": int(inputs.panel_facts.get("horizon_days", params.effect_days)),
        "money": money,
        "worth_a_day": float(np.round(np.median(worth_a_day(state, params.value_days)), DECIMALS)),
        "margin_rate": inputs.params.business.margin_rate if _by_spend(inputs, money) else None,
        "by_days_left": _by_days_left(state),
        "aversion": {"limit": LIMIT, **aversion_scale(inputs.panel)},
        "columns": {way: column for way in sorted({way for one in ways.values() for way in one})
                    if (column := channel_column(inputs.tables["members"], way, inputs.params)) is not None},
        "actions": [_action(inputs, first[name], effects, ways[name]) for name in sorted(ways)],
    }  # fmt: skip


def _by_days_left(state: pd.DataFrame) -> dict[str, list[float]] | None:
    """Of members with terms, by days to the end of it: chance to decide over the chance to leave, and share of the days kept
    that lies in time, means of the members between two edges; None without terms.
    """
    if "p_decide" not in state or not state["days_left"].notna().any():
        return None
    known = state[state["days_left"].notna().to_numpy(bool)]
    edges = np.unique(np.quantile(known["days_left"], np.linspace(0, 1, PARTS + 1)[1:-1]))
    part = np.searchsorted(edges, known["days_left"], side="right")
    of_part = known.groupby(part)[["p_decide", "p_leave", "in_time"]].mean()
    of_part = of_part.reindex(range(len(edges) + 1)).ffill().bfill()
    decide = of_part["p_decide"] / of_part["p_leave"].clip(lower=1e-9)
    return {
        "edges": _rounded(edges),
        "decide": _rounded(decide),
        "in_time": _rounded(of_part["in_time"]),
    }


def _by_spend(inputs: ActionInputs, money: bool) -> bool:
    """Whether a member's margin follows from features: spend of the last year, and no fees beside it."""
    return money and "spend_365d" in inputs.panel and inputs.tables["memberships"].empty


def _action(inputs: ActionInputs, option: Option, effects: Effects, ways: dict[str, float]) -> dict[str, Any]:
    at, value_days = effects.actions.index(option.action), inputs.params.action.value_days
    edges = np.append(np.arange(0, value_days, STEP_DAYS), float(value_days))
    course = np.diff(decay_of(effects, option.action).so_far(edges)) / np.diff(edges)
    return {
        "action": option.action,
        "channels": dict(sorted(ways.items(), key=lambda pair: (pair[1], pair[0]))),
        "in_term": "terms" in (option.eligible or "").split(","),
        "theta": _rounded(effects.theta[at]),
        "kappa": _rounded(effects.kappa[at]),
        "theta_draws": _rounded(effects.theta_draws[:, at]),
        "kappa_draws": _rounded(effects.kappa_draws[:, at]),
        "course": _rounded(
            course
        ),  # effect in each week after the contact, in units of its mean over the follow-up
    }


def _rounded(values: Any) -> Any:
    return np.round(np.asarray(values, dtype="float64"), DECIMALS).tolist()
