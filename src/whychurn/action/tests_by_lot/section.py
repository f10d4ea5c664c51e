"""Tables and facts on tests by lot: read-outs, weekly looks, sizes of the next tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.pooled_tests import pooled_tests
from whychurn.action.tests_by_lot.always import peeks
from whychurn.action.tests_by_lot.as_drawn.leaver_rows import RETURN_DAYS, leaver_rows
from whychurn.action.tests_by_lot.known_at_draw import decision_features, snapshot_features
from whychurn.action.tests_by_lot.readout import read_tests
from whychurn.action.tests_by_lot.rows import drawn_touches, spellings, touch_rows
from whychurn.action.tests_by_lot.sizes import BELIEF, UNMATCHED, size_table
from whychurn.action.tests_by_lot.untouched import Untouched, fit_from_panel, fit_untouched
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL, action_causes
from whychurn.contract.results import columns_of, stack

FIRST_ARMS: Final = 3  # actions of a first test
FIRST_SAVED: Final = 0.05  # share of the variance that an adjustment removes, where no test has told


def tests_section(inputs: ActionInputs) -> Section:
    """Tables action_tests, action_peeks, action_sizes.

    Returns
    -------
    Section
        Facts: touches, randomised, campaigns (action, whether drawn by lot, weeks of follow-up left, whether chances
        were stated), set_aside (rows by reason and action), spellings (names of actions that were read as another),
        untouched (model, source, leavers, log loss), members (still there on the decision day), p0 (their mean chance to leave untouched), first_arm (members an arm of the smallest
        plain test). Extra: rows, features (aligned), untouched, p (chance of each row), decision (features of members
        still there).
    """
    drawn = drawn_touches(inputs)
    rows, set_aside = touch_rows(inputs, drawn)
    gone = leaver_rows(inputs, drawn.touches, drawn.there)
    del drawn  # as large as all touches
    features, today = snapshot_features(inputs, rows), decision_features(inputs)
    untouched = _untouched(inputs, rows, features)
    p = untouched.at_draw(rows, features)
    params = inputs.params
    cell = params.privacy.min_cell
    back = read_tests(gone, np.full(len(gone), 0.5), params.action, cell, ["returned"])
    tests = stack([read_tests(rows, p, params.action, cell), back], columns_of("action_tests"))
    sizes = _sizes(inputs, rows, tests, today, untouched.decision(today))
    tables = {
        "action_tests": tests,
        "action_peeks": peeks(rows, p, params.action.effect_days, cell),
        "action_sizes": sizes,
    }
    facts = {
        "touches": len(inputs.tables["touches"]),
        "randomised": int(rows["randomized"].sum()),
        "campaigns": _campaigns(gone, RETURN_DAYS) | _campaigns(rows, params.action.effect_days),
        "set_aside": set_aside,
        "spellings": spellings(inputs.tables["touches"]["action"]),
        "untouched": {"model": untouched.model, "source": untouched.source, "leavers": untouched.leavers,
                      "log_loss": {name: round(loss, 5) for name, loss in untouched.log_loss.items()}},
        "members": len(today),
        "p0": round(float(untouched.decision(today).mean()), 5) if len(today) else None,
        "first_arm": _first_arm(sizes),
    }  # fmt: skip
    extra = {"rows": rows, "features": features, "untouched": untouched, "p": p, "decision": today}
    return Section(tables, facts, extra)


def _untouched(inputs: ActionInputs, rows: pd.DataFrame, features: pd.DataFrame) -> Untouched:
    """From members held out by lot; with too few leavers of them, from all members as they were."""
    least, seed = inputs.params.action.min_leavers, inputs.params.action.seed
    found = fit_untouched(rows, features, least, seed)
    if found.leavers >= least or not inputs.panel["churned_in_horizon"].notna().any():
        return found
    return fit_from_panel(inputs, seed)


def _campaigns(rows: pd.DataFrame, effect_days: int) -> dict[str, dict[str, Any]]:
    """Facts of each campaign, in order of its draw."""
    found = {}
    for (_, campaign), here in rows.groupby(["wave", "campaign_id"], sort=True):
        missing = effect_days - int(here["followed_days"].min())
        found[str(campaign)] = {
            "actions": sorted(here.loc[here["action"] != CONTROL, "action"].astype(str).unique()),
            "randomised": bool(here["randomized"].any()),
            "stated": bool(here.loc[here["randomized"], "propensity_stated"].all()),
            "sent_on": str(here["sent_on"].min().date()),
            "weeks_left": max(-(-missing // 7), 0),
        }
    return found


def _sizes(
    inputs: ActionInputs, rows: pd.DataFrame, tests: pd.DataFrame, today: pd.DataFrame, p: Array
) -> pd.DataFrame:
    """Sizes for actions that were tried and those of the programme; without any, for all that are known."""
    lot = rows[rows["randomized"] & (rows["action"] != CONTROL)]
    own = inputs.params.action.actions
    tried = {str(action) for action in rows["action"].unique()} - {CONTROL}
    names = {name for name in tried | set(own) or set(action_causes()) - {CONTROL} if name not in own or own[name].for_ == "present"}  # fmt: skip
    last = lot.loc[lot["wave"] == lot["wave"].max(), "action"].nunique() if len(lot) else FIRST_ARMS
    whole = pooled_tests(tests)
    saved = whole["variance_saved"].mean() if len(whole) else np.nan
    matched = {name: list(own[name].causes) if name in own else list(action_causes().get(name, ())) for name in sorted(names)}  # fmt: skip
    mix = _matched_mix(inputs, today.index, matched)
    efficacy = {name: _belief(inputs, name) if name in mix else UNMATCHED for name in matched}
    return size_table(p, mix, efficacy, int(last), float(saved) if np.isfinite(saved) else FIRST_SAVED)


def _belief(inputs: ActionInputs, action: str) -> float:
    own = inputs.params.action.actions.get(action)
    return BELIEF if own is None or own.belief is None else own.belief


def _matched_mix(
    inputs: ActionInputs, members: pd.Index, matched: Mapping[str, list[str]]
) -> dict[str, Array]:
    """Chance that a leaving of each member would be from a cause that the action is aimed at; programme shares where unknown."""
    if not len(members) or not len(inputs.cause_shares):
        return {}
    shares = inputs.cause_shares.set_index("cause")["share"]
    known = None
    if inputs.mix_at is not None:
        known = inputs.mix_at(
            pd.Series(members.to_numpy()), pd.Series(inputs.as_of, index=range(len(members)))
        )
    found = {}
    for action, causes in matched.items():
        if not causes:
            continue
        plain = np.full(len(members), float(shares.reindex(causes).sum()))
        own = (
            plain
            if known is None
            else known[[f"p_{cause}" for cause in causes]].sum(axis=1, skipna=False).to_numpy()
        )
        found[action] = np.where(np.isfinite(own), own, plain)
    return found


def _first_arm(sizes: pd.DataFrame) -> int | None:
    plain = sizes.loc[sizes["design"] == "plain", "n_arm"]
    return int(plain.min()) if len(plain) else None
