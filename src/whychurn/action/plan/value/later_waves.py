"""Later waves of tests by lot, and what earlier waves alone would have taught about their actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.effects.efficacy import UNTESTED, Effects
from whychurn.action.effects.estimates.basis import Believed
from whychurn.action.effects.estimates.fit import fit_effects
from whychurn.action.effects.estimates.pooled import pooled_effects
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows
from whychurn.action.effects.mix import Q_COLUMNS
from whychurn.action.effects.undecided import LEAST_SHOWN, USUAL_POWER
from whychurn.action.effects.verdicts import verdicts
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.plan.belief import believed_effects
from whychurn.action.plan.options import Options
from whychurn.action.plan.state import with_open_decisions
from whychurn.action.playbook.read import Entry
from whychurn.action.snapshots import snapshots_of
from whychurn.action.tests_by_lot.day_sums import day_numbers
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
    inputs: ActionInputs, entries: Sequence[Entry], options: Options, effects: Section
) -> LaterWaves | None:
    """Rows of later waves with what earlier ones taught; None where there are too few of either.

    Parameters
    ----------
    effects
        ``extra``: usable (rows that teach) and arrays (the same with chances, mixes and aversion as of the draw).
    """
    rows, arrays = effects.extra.get("usable"), effects.extra.get("arrays")
    if rows is None or arrays is None or rows.empty:
        return None
    starts = rows.groupby("wave")["sent_on"].min().sort_values()
    if len(starts) < 2:
        return None
    first = starts.iloc[int(len(starts) * TEACHING)]
    later = (rows["sent_on"] >= first).to_numpy(bool)
    follow_up = pd.Timedelta(days=inputs.params.action.effect_days)
    sooner = (rows["sent_on"] + follow_up <= first).to_numpy(bool)
    if not sooner.any() or not later.any():
        return None
    tried = set(rows.loc[later, "action"])
    held = [one for one in options.held if one.action in tried]
    belief = believed_effects(entries, [one.action for one in held], inputs.params.action)
    return LaterWaves(
        rows[later].reset_index(drop=True),
        _as_of_draw(inputs, rows[later], arrays.select(later), effects.extra.get("power", USUAL_POWER)),
        replace(options, held=held, capacity=dict.fromkeys(options.capacity, np.inf)),
        _taught(inputs, entries, arrays.select(sooner), belief),
        belief,
    )


def _as_of_draw(
    inputs: ActionInputs, rows: pd.DataFrame, arrays: RandomisedRows, power: float
) -> pd.DataFrame:
    """What was known of each row at its draw, with the columns that policies read."""
    state = rows[["member_id"]].reset_index(drop=True).astype({"member_id": object})
    state = state.assign(p_leave=arrays.p, d=arrays.d)
    state[Q_COLUMNS] = arrays.q
    state = with_open_decisions(inputs, state, rows["sent_on"], power)
    if "open_share" in state:  # mix and aversion of all decisions again, for gains
        state["open_share"] = state["open_share"].clip(lower=LEAST_SHOWN)
        state[["d", *Q_COLUMNS]] /= state["open_share"].to_numpy("float64")[:, None]
    place = snapshots_of(inputs).on(rows["member_id"], day_numbers(rows["snapshot_on"]))
    known = inputs.panel.iloc[np.maximum(place, 0)]
    bought = np.where(place >= 0, daily_spend(known), np.nan)
    silence = known["days_silent"].astype("float64") / known["usual_gap_days"].clip(lower=1)
    value = inputs.lifetime_value.astype({"member_id": object}).set_index("member_id")
    value = value[["daily_spend", "tier"]].reindex(state["member_id"])
    spend = np.where(bought > 0, bought, value["daily_spend"].to_numpy("float64"))
    return state.assign(
        margin_day=inputs.params.business.margin_rate * spend,
        silence=np.where(place >= 0, silence.to_numpy("float64"), np.nan),
        tier=value["tier"].to_numpy(object),
        terms=True,
    )


def _taught(
    inputs: ActionInputs, entries: Sequence[Entry], arrays: RandomisedRows, belief: Effects
) -> Effects:
    """Effects of the belief's actions with what the rows `arrays` say of them."""
    known = {one.action: one for one in entries}
    believed = {
        name: Believed(known[name].causes, known[name].belief) if name in known else Believed()
        for name in belief.actions
    }
    fit = fit_effects(arrays, believed, inputs.params.action.resamples, inputs.params.action.seed)
    at = [fit.actions.index(name) for name in belief.actions]
    verdict = verdicts(arrays, pooled_effects(arrays), believed, inputs.params.action.false_discovery)
    tested = {name: verdict.get(name, UNTESTED) for name in belief.actions}
    return replace(
        belief, theta=fit.theta[at], theta_draws=fit.theta_draws[:, at], kappa=fit.kappa[at],
        kappa_draws=fit.kappa_draws[:, at], bayes_factor=fit.bayes_factor[at], tested=tested,
    )  # fmt: skip
