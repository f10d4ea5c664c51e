"""Table cause_touches: what each randomised action changed, and what that says of its cause's share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.touches.cure_posterior import power_at, share_posterior
from whychurn.causes.touches.randomised_arms import (
    MIX,
    assigned_members,
    campaign_arms,
    randomised_rows,
)
from whychurn.contract.causes import CAUSES, CONTROL, load_actions
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table, typed
from whychurn.contract.suppression import suppress_small_counts
from whychurn.stats.multiple_testing import benjamini_hochberg

LEAST_EVENTS: Final = 10  # leavings of either arm below which nothing is compared
MISMATCH: Final = 0.001  # of the check of the arms' sizes; below, the draw was not as stated
LEAST_POWER: Final = 0.8  # below, a test that finds nothing says little
NO_ROWS: Final = {"touches": 0, "randomised": 0, "why_not": "no_touches"}
SHARES: Final = ("share_without", "share_without_low", "share_without_high",
                 "share_with", "share_with_low", "share_with_high")  # fmt: skip


def touch_results(
    evidence: Evidence,
    touches: pd.DataFrame,
    spells: pd.DataFrame,
    members: pd.DataFrame,
    shares: pd.DataFrame,
    params: Params,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Table cause_touches, and what is said where it has no rows.

    Parameters
    ----------
    touches
        Interim touches.
    spells
        Table ``spells``.
    members, shares
        Tables member_causes and cause_shares.

    Returns
    -------
    tuple
        The table; touches and randomised (rows), why_not: no_touches, none_randomised, no_control or null.
    """
    empty = empty_table(columns_of("cause_touches"))
    if touches.empty:
        return empty, dict(NO_ROWS)
    rows = randomised_rows(touches)
    facts: dict[str, Any] = {"touches": len(touches), "randomised": len(rows), "why_not": None}
    if rows.empty:
        return empty, facts | {"why_not": "none_randomised"}
    if not (rows["action"] == CONTROL).any():
        return empty, facts | {"why_not": "no_control"}
    assigned = assigned_members(rows, evidence.spells, spells, members, evidence.calendar)
    arms = campaign_arms(assigned, rows)
    return touch_table(arms, shares, params), facts


def touch_table(arms: pd.DataFrame, shares: pd.DataFrame, params: Params) -> pd.DataFrame:
    """One row an action: both arms, the difference, the cause's share without and with all tests aimed at it.

    Parameters
    ----------
    arms
        See `randomised_arms.campaign_arms`.
    shares
        Table cause_shares.
    """
    actions, confidence = load_actions(), params.run.confidence
    rows = [
        _action_row(str(action), group, actions, confidence)
        for action, group in arms.groupby("action", sort=True)
    ]
    table = pd.DataFrame(rows).reindex(columns=columns_of("cause_touches", "suppressed"))
    usable = arms[_usable(arms)].assign(cause=lambda part: part["action"].map(actions))
    given = shares.dropna(subset=["share", "low", "high"]).set_index("cause")
    for cause in given.index.intersection(pd.Index(CAUSES)):
        tests = usable[usable["cause"] == cause].assign(mix=lambda part, name=f"mix_{cause}": part[name])
        share, low, high = (float(given.loc[cause, name]) for name in ("share", "low", "high"))
        if tests.empty:
            continue
        found = share_posterior(tests, share, low, high, confidence)
        at = (table["cause"] == cause) & table["difference"].notna()
        table.loc[at, list(SHARES)] = (share, low, high, found.share, found.low, found.high)
    table["p_adjusted"] = benjamini_hochberg(table["p_value"].to_numpy("float64"))
    table["shown"] = table["p_adjusted"] < params.run.false_discovery
    figures = ["difference", "low", "high", "p_value", "p_adjusted", "least_difference", "power", *SHARES]
    counts = {"treated_events": figures, "control_events": figures, "treated": figures, "control": figures}
    least = params.privacy.min_cell
    return suppress_small_counts(typed(table), counts, least)


def _usable(arms: pd.DataFrame) -> pd.Series:
    """Campaigns whose arms can be compared: both there, as large as stated, and enough leavings."""
    enough = arms[["treated_events", "control_events"]].max(axis=1) >= LEAST_EVENTS
    return enough & (arms["treated"] > 0) & (arms["control"] > 0) & ~(arms["srm_p_value"] < MISMATCH)


def _action_row(
    action: str, arms: pd.DataFrame, actions: Mapping[str, str | None], confidence: float
) -> dict[str, Any]:
    """Figures of one action over its campaigns, weighted by the inverse of their variances."""
    used = arms[_usable(arms)]
    counts = ["treated", "control", "treated_events", "control_events"]
    row: dict[str, Any] = {
        "cause": actions.get(action),
        "action": action,
        "campaigns": len(arms),
        **{name: float(arms[name].sum()) for name in counts},
        "srm_p_value": arms["srm_p_value"].min(),
        "odd_propensity": bool(arms["odd_propensity"].any()),
        "note": _note(action, arms, used, actions),
    }
    if used.empty:
        return row
    weight = 1 / used["sd"] ** 2
    weight /= weight.sum()
    sd = float(np.sqrt((weight**2 * used["sd"] ** 2).sum()))
    half = float(stats.norm.ppf((1 + confidence) / 2))
    difference = float(weight @ used["difference"])
    row |= {"difference": difference, "low": difference - half * sd, "high": difference + half * sd}
    row["p_value"] = float(2 * stats.norm.sf(abs(difference) / sd))
    row["least_difference"] = (half + float(stats.norm.ppf(LEAST_POWER))) * sd
    if row["cause"] is not None:
        mean = {name: float(weight @ used[name]) for name in ("rate", "force", *MIX)}
        mix = mean[f"mix_{row['cause']}"]
        row["power"] = power_at(mean["rate"], mean["force"], mix, sd, confidence) if mix > 0 else None
    return row


def _note(
    action: str, arms: pd.DataFrame, used: pd.DataFrame, actions: Mapping[str, str | None]
) -> str | None:
    """Why a row says nothing, or nothing of a cause: a code; null where it says both."""
    if used.empty:
        if (arms["control"] == 0).all() or (arms["treated"] == 0).all():
            return "no_control"
        return "mismatch" if (arms["srm_p_value"] < MISMATCH).any() else "few_leavings"
    if action not in actions:
        return "unknown_action"
    return None if actions[action] else "no_cause"
