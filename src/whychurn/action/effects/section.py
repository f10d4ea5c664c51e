"""Tables and facts on effects: efficacies by cause, methods against each other, campaigns without lot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.effects.challengers.compare import compare_methods
from whychurn.action.effects.effects_table import effects_table
from whychurn.action.effects.efficacy import UNTESTED, Effects, fitted_effects
from whychurn.action.effects.estimates.basis import Believed
from whychurn.action.effects.estimates.decay import DAYS, Decay, believed_decay, fit_decay
from whychurn.action.effects.estimates.fit import Fit, believed_only, fit_effects
from whychurn.action.effects.estimates.pooled import effects_together, pooled_effects
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows, randomised_rows
from whychurn.action.effects.mix import causes_told
from whychurn.action.effects.undecided import USUAL_POWER, has_terms, leaving_power
from whychurn.action.effects.usable_rows import sampled, usable_rows, with_mix
from whychurn.action.effects.verdicts import verdicts
from whychurn.action.effects.without_lot.observed import observed_table
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.playbook.read import Entry, load_playbook
from whychurn.action.pooled_tests import pooled_tests
from whychurn.contract.arrays import Array
from whychurn.contract.results import columns_of, empty_table

DECAY_WAVES: Final = 3  # with full follow-up of the longest of `DAYS`
MOST_COMPARED: Final = 200_000  # rows of a sample of members that methods are compared on
DIGITS: Final = 5


def effects_section(inputs: ActionInputs, tests: Section) -> Section:
    """Tables action_effects, action_methods, action_observed.

    Returns
    -------
    Section
        Facts: told (whether causes are told apart), rows, set_aside (rows by reason and action), observed (see
        `observed_table`); with tests also methods (see `compare_methods`), spreads (met in the fit), cross_fit (how
        far mixes and efficacies move when members teach their own mix), tested (verdicts), decay (by action).
        Extra: effects, usable (rows that teach), arrays (the same as `RandomisedRows`), power (`leaving_power`).
    """
    entries = {
        one.action: one
        for one in load_playbook(inputs.params)
        if one.kind == "member" and one.for_ == "present"
    }
    usable, counts = usable_rows(inputs, tests)
    facts: dict[str, Any] = {"told": causes_told(inputs), "rows": len(usable), "set_aside": counts}
    if len(usable):
        return _from_tests(inputs, tests, usable, entries, facts)
    observed, facts["observed"] = observed_table(inputs, tests.extra["rows"], pd.Series(dtype="float64"))
    tables = {name: empty_table(columns_of(name)) for name in ("action_effects", "action_methods")}
    fit = believed_only(_believed(entries), inputs.params.action.resamples, inputs.params.action.seed)
    effects = _effects(inputs, fit, dict.fromkeys(entries, UNTESTED), {}, entries)
    extra = {"effects": effects, "usable": usable, "arrays": None}
    return Section(tables | {"action_observed": observed}, facts, extra)


def _from_tests(
    inputs: ActionInputs,
    tests: Section,
    usable: pd.DataFrame,
    entries: Mapping[str, Entry],
    facts: dict[str, Any],
) -> Section:
    action, believed = inputs.params.action, _believed(entries)
    power = USUAL_POWER
    if has_terms(inputs):
        columns = (usable[name].to_numpy("float64", na_value=np.nan) for name in ("p", "left", "left_180"))
        power = leaving_power(*columns)
    rows, whole = with_mix(inputs, usable, power)
    fit = fit_effects(rows, believed, action.resamples, action.seed)
    pooled = pooled_effects(rows)
    tested = verdicts(rows, pooled, believed, action.false_discovery)
    decays = _decays(usable, rows, entries)
    by_days, pays = _by_days(inputs, usable, rows), _pays_from(inputs, usable, entries)
    by_lot = pooled.set_index("action")["effect"].astype("float64")
    observed, facts["observed"] = observed_table(inputs, tests.extra["rows"], by_lot)
    methods, facts["methods"] = _methods(inputs, tests, usable, rows, believed)
    facts |= {
        "spreads": {name: round(value, DIGITS) for name, value in fit.spreads.items()},
        "cross_fit": _cross_fit(rows, whole, fit, believed, action.seed),
        "tested": dict(sorted(tested.items())),
        "decay": {name: _course(one) for name, one in decays.items()},
    }
    tables = {
        "action_effects": effects_table(inputs, rows, fit, by_days, pays, _read_out(tests)),
        "action_methods": methods,
        "action_observed": observed,
    }
    effects = _effects(inputs, fit, tested, decays, entries)
    return Section(tables, facts, {"effects": effects, "usable": usable, "arrays": rows, "power": power})


def _believed(entries: Mapping[str, Entry]) -> dict[str, Believed]:
    return {name: Believed(one.causes, one.belief) for name, one in entries.items()}


def _read_out(tests: Section) -> dict[str, float]:
    """q-value of each action over all its campaigns, main outcome, as action_tests has it."""
    table = tests.tables["action_tests"]
    if "q_value" not in table:
        return {}
    q = pooled_tests(table)["q_value"].astype("float64")
    return dict(zip(q.index.astype(str), q, strict=True))


def _course(one: Decay) -> dict[str, Any]:
    onset, half_life = round(one.onset_weeks, 2), round(one.half_life_weeks, 2)
    return {"onset_weeks": onset, "half_life_weeks": half_life, "known": one.known}


def _methods(
    inputs: ActionInputs,
    tests: Section,
    usable: pd.DataFrame,
    rows: RandomisedRows,
    believed: Mapping[str, Believed],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Methods on later waves; learners read the panel as of the draw, the chance untouched, the mix and aversion."""
    compared = sampled(usable["member_id"], MOST_COMPARED).to_numpy(bool)
    part, usable = rows.select(compared), usable[compared].reset_index(drop=True)
    known = tests.extra["features"].iloc[usable["place"]].to_numpy("float64")
    features = np.column_stack([known, part.p, part.q, part.d])
    action = inputs.params.action
    return compare_methods(usable, part, features, believed, action.effect_days, action.seed)


def _effects(
    inputs: ActionInputs,
    fit: Fit,
    tested: Mapping[str, str],
    decays: Mapping[str, Decay],
    entries: Mapping[str, Entry],
) -> Effects:
    courses = [decays.get(name, believed_decay(entries, name)) for name in fit.actions]
    return fitted_effects(fit, courses, tested, inputs.params.action.effect_days)


def _decays(usable: pd.DataFrame, rows: RandomisedRows, entries: Mapping[str, Entry]) -> dict[str, Decay]:
    """Course of each tested action's effect, from rows followed for the longest time; else what is believed."""
    found = {name: believed_decay(entries, name) for name in rows.actions}
    names = [f"left_{days}" if f"left_{days}" in usable else "left" for days in DAYS]
    full = usable[names].notna().all(axis=1).to_numpy(bool)
    if usable.loc[full, "wave"].nunique() < DECAY_WAVES:
        return found
    outcomes = usable.loc[full, names].to_numpy("float64")
    for name, (effect, covariance, rates) in effects_together(rows.select(full), outcomes).items():
        found[name] = fit_decay(effect, covariance, rates, found[name].half_life_weeks)
    return found


def _by_days(inputs: ActionInputs, usable: pd.DataFrame, rows: RandomisedRows) -> dict[int, RandomisedRows]:
    """The same touches after other numbers of days, those whose follow-up reaches so far."""
    found = {inputs.params.action.effect_days: rows}
    for days in DAYS:
        name = f"left_{days}"
        if name not in usable or days in found:
            continue
        known = usable[name].notna().to_numpy(bool)
        if known.any():
            part = rows.select(known)
            found[days] = randomised_rows(usable[known], part.p, part.q, part.d, name)
    return found


def _pays_from(inputs: ActionInputs, usable: pd.DataFrame, entries: Mapping[str, Entry]) -> dict[str, float]:
    """Cost of a contact over what a member still there is expected to bring; nothing where either is unknown."""
    margin = float(inputs.lifetime_value["expected_margin"].mean()) if len(inputs.lifetime_value) else np.nan
    cost = usable.groupby("action")["cost"].mean()
    found = {}
    for name, spent in cost.items():
        usual = float(spent)
        if np.isnan(usual) and str(name) in entries:
            entry = entries[str(name)]
            usual = entry.cost + min(entry.channels.values(), default=0.0)
        found[str(name)] = usual / margin if margin > 0 else np.nan
    return found


def _cross_fit(
    rows: RandomisedRows, whole: Array, fit: Fit, believed: Mapping[str, Believed], seed: int
) -> dict[str, float]:
    """How far one mix taught by all members lies from the cross-fitted one, and what it would make of efficacies."""
    same = RandomisedRows(**{**vars(rows), "q": whole})
    other = fit_effects(same, believed, 0, seed)
    tested = len(rows.actions)
    return {
        "mix_moved": round(float(np.abs(whole - rows.q).mean()), DIGITS),
        "theta_moved_most": round(float(np.abs(other.theta[:tested] - fit.theta[:tested]).max()), DIGITS),
    }
