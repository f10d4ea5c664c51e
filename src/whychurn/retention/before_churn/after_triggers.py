"""Who churned soon after a complaint or an expired offer, against comparable members without one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.arrays import Array
from whychurn.contract.params import Params, RetentionParams
from whychurn.retention.before_churn.event_study import COMPLAINTS
from whychurn.retention.member_history import History, in_blocks, log_of, of_members
from whychurn.retention.member_logs import Log, log_of_members
from whychurn.retention.month_grid import churned_at_month_ends, latest_before, monthly_sum

# bounds of the bands of days since the last activity, or to the term's end
QUIET_DAYS: Final = (7, 14, 30, 60, 90)
CLEAN_WEEKS: Final = 4  # controls had no such moment in these weeks
YEAR_WEEKS: Final = 52
MAX_MEMBERS: Final = 50_000  # read at most (drawn by seed): weeks x members are held in memory


def trigger_logs(history: History, tables: Mapping[str, pd.DataFrame]) -> dict[str, Log]:
    """Moments that may drive members away: complaints, expired offers, returns, app faults."""
    events, orders, feedback = tables["events"], tables["orders"], tables["feedback"]
    named = feedback["source"].isin(COMPLAINTS)
    logs = {
        "complaint": log_of(history, feedback[named] if named.any() else feedback, "created_at"),
        "offer_expired": log_of(history, events[events["event_type"] == "offer_expired"], "occurred_at"),
        "return": log_of(history, orders[orders["returned"].astype("boolean").fillna(False)], "ordered_at"),
        "app_fault": log_of(history, events[events["event_type"] == "app_fault"], "occurred_at"),
    }
    return {name: log for name, log in logs.items() if len(log.day)}


def trigger_outcomes(history: History, triggers: Mapping[str, Log], params: Params) -> pd.DataFrame:
    """Share churned within some days of the week of each trigger, and the share of comparable members.

    Each week is a landmark: members with the trigger in the week before it are compared with members
    without one in the last four weeks, who stand in the same month, band of days since the last activity
    (terms: days to the end of the term), tenure band and spend tier. Both are members on the landmark,
    and both are counted from it on. Gone within d days: no activity (terms: no cover) from day d after
    the landmark on, under the main definition.

    Returns
    -------
    DataFrame
        Columns of `hazard_peaks` but p_adjusted and is_node; ``background`` is the expected share, ``ratio``
        observed to expected, its interval clustered by member.
    """
    kept = _sample(history, params)
    weekly = _by_week(history if kept is None else of_members(history, kept))
    if weekly.months < 1 or not triggers:
        return pd.DataFrame()
    edges = np.arange(weekly.months + 1)
    stratum = np.concatenate([_likeness(block, params.retention) for block in in_blocks(weekly)])
    present = _present(weekly)
    rows = []
    for name, log in triggers.items():
        hits = monthly_sum(weekly, log if kept is None else log_of_members(log, kept)) > 0
        # seen at the edge after the week
        hits = np.concatenate([np.zeros((len(hits), 1), bool), hits], axis=1)
        recent = np.cumsum(hits, axis=1, dtype=np.int32)
        recent[:, CLEAN_WEEKS:] -= recent[:, :-CLEAN_WEEKS].copy()
        for days in params.retention.node_outcome_days:
            observed = weekly.edges + days + weekly.absences[weekly.main].wait <= weekly.observed_until + 1
            usable = present & observed[None, :] & (edges >= CLEAN_WEEKS)[None, :]
            churned = _gone_within(weekly, days)
            row = _observed_to_expected(
                usable & hits, usable & (recent == 0), churned, stratum, params.run.confidence
            )
            if row:
                rows.append({"clock": name, "unit": "days_after", "bin_start": 0, "bin_end": days, **row})
    return pd.DataFrame(rows)


def _sample(history: History, params: Params) -> Array | None:
    """Codes of the members that are read, sorted; None: all."""
    size = len(history.ids)
    if size <= MAX_MEMBERS:
        return None
    return np.sort(np.random.default_rng(params.run.seed).choice(size, MAX_MEMBERS, replace=False))


def _by_week(history: History) -> History:
    first = history.observed_from + (-(history.observed_from + 3)) % 7  # the first Monday
    return replace(history, edges=np.arange(first, history.observed_until + 2, 7))


def _present(weekly: History) -> Array:
    churned = churned_at_month_ends(weekly, weekly.main, as_known=True)
    return (weekly.entered[:, None] < weekly.edges[None, :]) & ~churned


def _gone_within(weekly: History, days: int) -> Array:
    gaps = weekly.absences[weekly.main]
    change = np.zeros((len(weekly.ids), len(weekly.edges) + 1), dtype=np.int16)
    np.add.at(change, (gaps.member, np.searchsorted(weekly.edges, gaps.last - days, side="right")), 1)
    np.add.at(change, (gaps.member, np.searchsorted(weekly.edges, gaps.left, side="left")), -1)
    return np.cumsum(change, axis=1)[:, : len(weekly.edges)] > 0


def _likeness(weekly: History, params: RetentionParams) -> Array:
    edges = weekly.edges[None, :]
    if weekly.by_orders:
        last = latest_before(weekly, weekly.acts.member, weekly.acts.day)
        distance = edges - np.maximum(last, weekly.started[:, None])
    else:
        terms = [weekly.terms[name].to_numpy() for name in ("member", "starts", "ends")]
        distance = latest_before(weekly, *terms) - edges
    spend = monthly_sum(weekly, weekly.payments)
    total = np.concatenate([np.zeros((len(spend), 1)), np.cumsum(spend, axis=1)], axis=1)
    total[:, YEAR_WEEKS:] -= total[:, :-YEAR_WEEKS].copy()
    parts = [
        (np.searchsorted(QUIET_DAYS, distance, side="right"), len(QUIET_DAYS) + 1),
        (
            np.searchsorted(params.tenure_days, edges - weekly.started[:, None], "right"),
            len(params.tenure_days) + 1,
        ),
        (np.searchsorted(sorted(params.tiers.values()), total, side="right"), len(params.tiers) + 1),
    ]
    code = np.broadcast_to((edges - edges.min()) // 28, total.shape)  # four weeks stand for the month
    for part, size in parts:
        code = code * size + part
    return code


def _observed_to_expected(
    treated: Array, control: Array, churned: Array, stratum: Array, confidence: float
) -> dict[str, float] | None:
    size = int(stratum.max()) + 1
    base = np.bincount(stratum[control], minlength=size).astype(float)
    base_gone = np.bincount(stratum[control], churned[control], size)
    member, week = np.nonzero(treated & (base[stratum] > 0))
    if not len(member):
        return None
    place = stratum[member, week]
    outcome, expected = churned[member, week].astype(float), base_gone[place] / base[place]
    residual = np.bincount(member, outcome - expected)
    # The expected shares are estimates too: their variance joins the clustered one of the treated.
    load = np.bincount(place, minlength=size)
    share = np.divide(base_gone, base, out=np.zeros(size), where=base > 0)
    spread = np.divide(load**2 * share * (1 - share), base, out=np.zeros(size), where=base > 0).sum()
    observed, awaited = float(outcome.sum()), float(expected.sum())
    error = float(np.sqrt((residual**2).sum() + spread))
    row = {"members": float(len(np.unique(member))), "exposure": float(len(member)), "events": observed}
    row |= {"rate": observed / len(member), "background": awaited / len(member)}
    row |= dict.fromkeys(("low", "high", "smoothed", "ratio", "ratio_low", "ratio_high", "p_value"), np.nan)
    if observed > 0 and awaited > 0 and error > 0:
        z = float(stats.norm.ppf(0.5 + confidence / 2))
        spread_log = error / observed
        ratio = observed / awaited
        row |= {"ratio": ratio, "ratio_low": ratio * np.exp(-z * spread_log)}
        row |= {"ratio_high": ratio * np.exp(z * spread_log)}
        row |= {"low": row["background"] * row["ratio_low"], "high": row["background"] * row["ratio_high"]}
        row["p_value"] = float(2 * stats.norm.sf(abs(observed - awaited) / error))
    return row
