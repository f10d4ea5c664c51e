"""Behaviour in the weeks before churn, against matched members who stayed."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from scipy import sparse, stats

from whychurn.contract.arrays import Array
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, stack, typed
from whychurn.contract.suppression import suppress_small_cells, suppress_small_counts
from whychurn.retention.before_churn.matched_controls import MatchedSets
from whychurn.retention.member_history import History, log_of
from whychurn.retention.member_logs import FAR, Log, payment_log
from whychurn.retention.month_grid import membership_days, window_sum
from whychurn.stats.multiple_testing import benjamini_hochberg

COMPLAINTS: Final = ("complaint", "ticket")
STUDY_COLUMNS: Final = columns_of("event_study", "suppressed")
PRECURSOR_COLUMNS: Final = columns_of("leading_indicators", "suppressed")
ROUNDING: Final = 1e-9  # a difference this small against the means is none
DRAWS: Final = 400  # multiplier draws behind the simultaneous bands


def behaviour_logs(history: History, tables: Mapping[str, pd.DataFrame]) -> dict[str, Log]:
    """What is followed week by week; measures without a single row are left out."""
    orders, events, feedback = tables["orders"], tables["events"], tables["feedback"]
    named = feedback["source"].isin(COMPLAINTS)
    logs = {
        "purchases": history.buys,
        "contacts": history.uses,
        # a fee falls due, whoever is about to leave
        "spend": history.payments if tables["memberships"].empty else payment_log(history.ids, orders),
        "returns": log_of(history, orders[orders["returned"].astype("boolean").fillna(False)], "ordered_at"),
        "complaints": log_of(history, feedback[named] if named.any() else feedback, "created_at"),
        "pushes_opened": log_of(history, events[events["event_type"] == "push_opened"], "occurred_at"),
        "pushes_dismissed": log_of(history, events[events["event_type"] == "push_dismissed"], "occurred_at"),
    }
    if orders.empty:
        del logs["purchases"], logs["spend"]
    return {name: log for name, log in logs.items() if len(log.day)}


def event_study(
    history: History, logs: Mapping[str, Log], matched: MatchedSets, params: Params, min_cell: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Weekly means of churners and controls, and leading indicators ranked by lead time.

    Week -1 is the seven days before the anchor day, which itself is left out.

    Returns
    -------
    study
        ``difference`` of the means of the week with a pointwise interval (clustered by matched set and by
        member). ``change``: the same difference minus its mean over the first
        `event_study_baseline_weeks` of the window, among members followed through the whole window
        (`members_followed`); its bounds hold for all weeks of a measure at once (multiplier bootstrap of
        the largest |t|).
    precursors
        Measures whose change stays away from zero in every week from ``lead_weeks`` before the anchor on.
        ``effect`` is the change in the last week, ``relative`` its share of the controls' baseline level;
        ``q`` is Benjamini-Hochberg's over the measures. The direction is that of the leavers against the stayers.
    """
    weeks = np.arange(-params.retention.event_study_weeks, 0)
    study, precursors = [], []
    if matched.is_case.any():
        since = np.maximum(_membership_start(history, matched), history.observed_from)
        observed = matched.anchor[:, None] + 7 * weeks[None, :] >= since[:, None]
        for name, log in logs.items():
            level = weekly_sums(log, matched, weeks)
            table, precursor = _measure(name, level, observed, weeks, matched, params)
            study.append(table)
            precursors.append(precursor)
    counts = {"members": STUDY_COLUMNS[3:8], "members_followed": STUDY_COLUMNS[9:]}
    frame = suppress_small_counts(stack(study, STUDY_COLUMNS), counts, min_cell)
    return frame, _rank(
        typed(pd.DataFrame(precursors, columns=[*PRECURSOR_COLUMNS, "p_value"])), params, min_cell
    )


def weekly_sums(log: Log, matched: MatchedSets, weeks: Array) -> Array:
    """Sums of `log` in each week before the anchor: rows of `matched` x weeks."""
    start = matched.anchor[:, None] + 7 * weeks[None, :]
    member = np.broadcast_to(matched.member[:, None], start.shape)
    return window_sum(log, member, start, start + 7)


def _membership_start(history: History, matched: MatchedSets) -> Array:
    """First day of the membership that each anchor lies in."""
    member, first, _, _ = membership_days(history)
    keys = np.sort(member * FAR + first)
    offset = matched.member * FAR
    start = keys[np.maximum(np.searchsorted(keys, offset + matched.anchor, side="right") - 1, 0)] - offset
    return np.where(start >= 0, start, history.entered[matched.member])


def _measure(
    name: str, level: Array, observed: Array, weeks: Array, matched: MatchedSets, params: Params
) -> tuple[pd.DataFrame, dict[str, object]]:
    level_fit = _compare(level, observed, matched)
    margin = stats.norm.ppf(0.5 + params.run.confidence / 2) * level_fit["error"]
    baseline = params.retention.event_study_baseline_weeks
    whole = np.repeat(observed.all(axis=1, keepdims=True), len(weeks), axis=1)
    baseline_level = level[:, :baseline].mean(axis=1, keepdims=True)
    change = _compare(level - baseline_level, whole, matched)
    later = np.arange(len(weeks)) >= baseline
    bound, p = _largest(change, later, matched, params)
    table = pd.DataFrame(
        {
            "measure": name,
            "week": weeks,
            "members": level_fit["cases"],
            "churners": level_fit["case_mean"],
            "controls": level_fit["control_mean"],
            "difference": level_fit["difference"],
            "low": level_fit["difference"] - margin,
            "high": level_fit["difference"] + margin,
            "members_followed": change["cases"],
            "change": change["difference"],
            "change_low": change["difference"] - bound * change["error"],
            "change_high": change["difference"] + bound * change["error"],
        }
    )
    return table, _precursor(name, table, later, float(np.mean(level_fit["control_mean"][:baseline])), p)


def _precursor(
    name: str, table: pd.DataFrame, later: Array, baseline_level: float, p: float
) -> dict[str, object]:
    last = table.iloc[-1]
    side = np.where(table["change_low"] > 0, 1, np.where(table["change_high"] < 0, -1, 0))
    same = (side == side[-1]) & (side != 0) & later
    lead = len(same) if same.all() else int(np.argmin(same[::-1]))
    return {
        "measure": name,
        "lead_weeks": lead,
        "direction": {1: "up", -1: "down", 0: "none"}[int(side[-1])],
        "effect": last["change"],
        "low": last["change_low"],
        "high": last["change_high"],
        "baseline": baseline_level,
        "relative_change": last["change"] / baseline_level if baseline_level else np.nan,
        "members": last["members_followed"],
        "p_value": p,
    }


def _rank(precursors: pd.DataFrame, params: Params, min_cell: int) -> pd.DataFrame:
    precursors = precursors.assign(p_adjusted=benjamini_hochberg(precursors["p_value"].to_numpy(float)))
    precursors = precursors[
        (precursors["lead_weeks"] > 0) & (precursors["p_adjusted"] < params.run.false_discovery)
    ]
    precursors = precursors.sort_values(
        ["lead_weeks", "p_adjusted", "measure"], ascending=[False, True, True], ignore_index=True
    )
    return suppress_small_cells(
        precursors[PRECURSOR_COLUMNS], "members", ["effect", "low", "high", "relative_change"], min_cell
    )


def _compare(values: Array, observed: Array, matched: MatchedSets) -> dict[str, Array]:
    """Mean of cases minus mean of controls per week, controls averaged within their set.

    The standard error adds the variance clustered by set and by member and takes off the unclustered one
    (Cameron, Gelbach and Miller 2011), because a stayer may serve several sets.
    """
    case = matched.is_case[:, None]
    sets = int(matched.group.max()) + 1
    by_set = _membership(matched.group, sets)
    controls = np.asarray(by_set @ (observed & ~case).astype(float))
    usable = (np.asarray(by_set @ (observed & case).astype(float)) > 0) & (controls > 0)
    cases = usable.sum(axis=0)
    total = np.maximum(cases, 1)
    in_use = observed & usable[matched.group]
    weight = np.where(case, 1.0, 1.0 / np.maximum(controls, 1.0)[matched.group]) * in_use / total
    case_mean, control_mean = ((weight * values * part).sum(axis=0) for part in (case, ~case))
    residual = weight * np.where(case, values - case_mean, control_mean - values)
    _, codes = np.unique(matched.member, return_inverse=True)
    by_member = np.asarray(_membership(codes, int(codes.max()) + 1) @ residual)
    clustered = (by_member**2).sum(axis=0)
    both = (np.asarray(by_set @ residual) ** 2).sum(axis=0) + clustered - (residual**2).sum(axis=0)
    error = np.sqrt(np.where(both > 0, both, clustered))
    has_cases = cases > 0
    difference = case_mean - control_mean
    alike = np.abs(difference) <= ROUNDING * np.maximum(np.abs(case_mean), np.abs(control_mean))
    difference, error = np.where(alike, 0.0, difference), np.where(alike & (error < ROUNDING), 0.0, error)
    result = {"case_mean": case_mean, "control_mean": control_mean, "difference": difference}
    result = {key: np.where(has_cases, value, np.nan) for key, value in (result | {"error": error}).items()}
    return result | {"cases": cases, "influence": by_member}


def _membership(codes: Array, size: int) -> sparse.csr_matrix:
    ones = np.ones(len(codes))
    return sparse.csr_matrix((ones, (codes, np.arange(len(codes)))), shape=(size, len(codes)))


def _largest(
    fit: dict[str, Array], later: Array, matched: MatchedSets, params: Params
) -> tuple[float, float]:
    """Bound of |t| that holds for all weeks at once, and the p-value of the largest |t| seen."""
    influence = fit["influence"][:, later]
    spread = np.sqrt((influence**2).sum(axis=0))
    usable = (spread > 0) & (fit["error"][later] > 0)
    if not usable.any() or matched.is_case.sum() < 2:
        return float("nan"), float("nan")
    generator = np.random.default_rng(params.run.seed)
    signs = generator.choice(np.array([-1.0, 1.0]), (DRAWS, len(influence)))
    drawn = np.abs(signs @ (influence[:, usable] / spread[usable])).max(axis=1)
    observed = np.abs(fit["difference"][later][usable] / fit["error"][later][usable]).max()
    p = (1 + int((drawn >= observed).sum())) / (DRAWS + 1)
    return float(np.quantile(drawn, params.run.confidence)), p
