"""Later waves of tests by lot, and what earlier waves alone would have taught about their actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.effects.basis import Believed
from whychurn.action.effects.dogs import contact_aversion
from whychurn.action.effects.efficacy import UNTESTED, Effects
from whychurn.action.effects.fit import fit_effects
from whychurn.action.effects.mix import Q_COLUMNS, cause_mix
from whychurn.action.effects.randomised_rows import randomised_rows
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.plan.belief import believed_effects
from whychurn.action.plan.options import Options
from whychurn.action.playbook.read import Entry
from whychurn.action.tests_by_lot.known_at_draw import snapshot_features
from whychurn.contract.arrays import Array
from whychurn.panel.spend_rate import daily_spend

TEACHING: Final = 0.5  # share of the waves that teach


@dataclass(frozen=True)
class LaterWaves:
    """Rows of later waves, and what earlier waves taught."""

    rows: pd.DataFrame
    state: pd.DataFrame
    options: Options
    effects: Effects
    believed: Effects


def later_waves(
    inputs: ActionInputs, entries: Sequence[Entry], options: Options, tests: Section
) -> LaterWaves | None:
    """Rows of later waves with what earlier ones taught; None where there are too few of either."""
    rows, untouched = tests.extra.get("rows"), tests.extra.get("untouched")
    if rows is None or untouched is None or rows.empty:
        return None
    lot = rows["randomized"].to_numpy(bool) & rows["left"].notna().to_numpy(bool)
    lot &= rows["propensity"].between(0, 1, inclusive="right").to_numpy(bool)
    rows = rows[lot].sort_values(["wave", "member_id"], ignore_index=True)
    starts = rows.groupby("wave")["sent_on"].min().sort_values()
    first = starts.iloc[int(len(starts) * TEACHING)] if len(starts) > 1 else None
    if first is None:
        return None
    later = (rows["sent_on"] >= first).to_numpy(bool)
    sooner = (rows["sent_on"] + pd.Timedelta(days=inputs.params.action.effect_days) <= first).to_numpy(bool)
    if not sooner.any() or not later.any():
        return None
    state = _as_of_draw(inputs, rows, untouched)
    held = [one for one in options.held if one.action in set(rows.loc[later, "action"])]
    belief = believed_effects(entries, [one.action for one in held], inputs.params.action)
    effects = _taught(inputs, entries, rows[sooner], state[sooner], belief)
    uncapped = dict.fromkeys(options.capacity, np.inf)
    return LaterWaves(
        rows[later].reset_index(drop=True),
        state[later].reset_index(drop=True),
        replace(options, held=held, capacity=uncapped),
        effects,
        belief,
    )


def _as_of_draw(inputs: ActionInputs, rows: pd.DataFrame, untouched: Any) -> pd.DataFrame:
    """What was known of each row at its draw, with the columns that policies read."""
    state = rows[["member_id"]].assign(
        p_leave=untouched.at_draw(rows, snapshot_features(inputs, rows)),
        d=contact_aversion(inputs, rows["member_id"], rows["sent_on"]),
    )
    state[Q_COLUMNS] = cause_mix(inputs, rows["member_id"], rows["sent_on"]).to_numpy("float64")
    panel = inputs.panel.assign(spend=daily_spend(inputs.panel))
    panel["silence"] = panel["days_silent"].astype("float64") / panel["usual_gap_days"].clip(lower=1)
    keys = rows[["member_id", "snapshot_on"]].astype({"member_id": object})
    known = panel[["member_id", "as_of", "spend", "silence"]].astype({"member_id": object})
    found = keys.merge(
        known, left_on=["member_id", "snapshot_on"], right_on=["member_id", "as_of"], how="left"
    )
    fees = inputs.lifetime_value.astype({"member_id": object}).set_index("member_id")["daily_spend"]
    bought = found["spend"].to_numpy("float64")
    spend = np.where(bought > 0, bought, fees.reindex(found["member_id"]).to_numpy("float64"))
    tiers = inputs.lifetime_value.astype({"member_id": object}).set_index("member_id")["tier"]
    return state.assign(
        margin_day=inputs.params.business.margin_rate * spend,
        silence=found["silence"].to_numpy("float64"),
        tier=tiers.reindex(state["member_id"]).to_numpy(object),
        terms=True,
    )


def _taught(
    inputs: ActionInputs, entries: Sequence[Entry], rows: pd.DataFrame, state: pd.DataFrame, belief: Effects
) -> Effects:
    """Effects of the belief's actions with what `rows` say of them."""
    known = {one.action: one for one in entries}
    believed = {
        name: Believed(known[name].causes, known[name].belief) if name in known else Believed()
        for name in belief.actions
    }
    arrays = randomised_rows(
        rows,
        state["p_leave"].to_numpy("float64"),
        state[Q_COLUMNS].to_numpy("float64"),
        state["d"].to_numpy("float64"),
    )
    fit = fit_effects(arrays, believed, inputs.params.action.resamples, inputs.params.action.seed)
    at = [fit.actions.index(name) for name in belief.actions]
    tested = {name: "not_shown" if name in arrays.actions else UNTESTED for name in belief.actions}
    for name in arrays.actions:  # harm and proof by the draws: what earlier waves alone could tell
        if name in belief.actions:
            removed = fit.theta_draws[:, fit.actions.index(name)].mean(axis=1)
            tested[name] = _verdict(removed, inputs.params.run.confidence)
    return replace(
        belief, theta=fit.theta[at], theta_draws=fit.theta_draws[:, at], kappa=fit.kappa[at],
        kappa_draws=fit.kappa_draws[:, at], p_works=fit.p_works[at], tested=tested,
    )  # fmt: skip


def _verdict(removed: Array, confidence: float) -> str:
    if not len(removed):
        return "not_shown"
    below = float((removed < 0).mean())
    return "harmful" if below > confidence else "shown" if below < 1 - confidence else "not_shown"
