"""Segments of the consenting members: value, spend tier, activity class."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.params import Params, RetentionParams
from whychurn.contract.results import columns_of, empty_table
from whychurn.contract.suppression import suppress_small_cells, suppress_small_counts
from whychurn.retention.member_history import YEAR_DAYS, YEAR_MONTHS, History, as_dates
from whychurn.retention.member_logs import FAR, Log
from whychurn.retention.month_grid import left_between, months_complete
from whychurn.stats.intervals import add_wilson

_ORDER: Final = (
    *("high", "potential", "ordinary"),
    *("active", "at_risk", "dormant"),
    *("champions", "promising", "steady", "slipping", "quiet"),
)
KINDS: Final = ("value_tier", "spend_tier", "activity_class", "rfm")
MEMBER_COLUMNS: Final = columns_of("member_segments")
SEGMENT_COLUMNS: Final = columns_of("segments", "suppressed")


def member_segments(history: History, params: RetentionParams, day: int) -> pd.DataFrame:
    """Segments of each consenting member who has not left before `day` (day number; rows before it count).

    Returns
    -------
    DataFrame
        ``r``, ``f``, ``m``: fifths of recency, frequency and spend, 5 best; equal values share a fifth.
        ``value_tier``: by the mean rank of the three; ``rfm``: the named groups of `_rfm_group`.
        ``spend_tier``: by `params.tiers`; ``activity_class``: active below half of `dormant_days`, at risk up to it.
    """
    who = np.flatnonzero(_members_on(history, day) & history.consent)
    frame = pd.DataFrame(
        {
            "member_id": history.ids[who].astype("string"),
            "as_of": as_dates(np.full(len(who), day)),
            "days_since_activity": (day - _last_before(history, history.acts, day)[who]).astype(float),
            "days_since_purchase": (day - _last_before(history, history.buys, day)[who]).astype(float),
            "purchase_days_365d": _year_sum(history, history.buys, day)[who],
            "spend_365d": _year_sum(history, history.payments, day)[who],
        }
    )
    ranks = pd.DataFrame(
        {
            "r": (-frame["days_since_purchase"]).rank(pct=True),
            "f": frame["purchase_days_365d"].rank(pct=True),
            "m": frame["spend_365d"].rank(pct=True),
        }
    )
    frame[["r", "f", "m"]] = np.ceil(ranks * 5).clip(1, 5)
    frame["value_tier"] = _value_tier(ranks, params.value_shares)
    frame["spend_tier"] = spend_tier(frame["spend_365d"].to_numpy(), params.tiers)
    frame["activity_class"] = _activity_class(frame["days_since_activity"].to_numpy(), params.dormant_days)
    frame["rfm"] = _rfm_group(frame)
    return frame[MEMBER_COLUMNS]


def segment_table(history: History, params: Params, min_cell: int) -> pd.DataFrame:
    """One row per segment: size and money today, and how many of those in it a year ago have left since.

    ``members_then`` and ``rate`` look at who was in the segment 12 complete months ago (or at the first
    full month after the data start, where they are shorter).
    """
    today = member_segments(history, params.retention, history.observed_until + 1)
    span = _look_back(history)
    if today.empty:
        return suppress_small_cells(empty_table(SEGMENT_COLUMNS), "members", [], min_cell)
    then = _then(history, params.retention, span)
    rows = pd.concat([_sizes(today, then, kind, params.retention.tiers) for kind in KINDS], ignore_index=True)
    rows = add_wilson(rows, "churners", "members_then", params.run.confidence)
    rows["as_of"] = as_dates(np.full(len(rows), history.observed_until + 1)).to_numpy()
    spend = ["spend_365d", "spend_share", "mean_spend"]
    counts = {
        "members": ["member_share", *spend, "mean_purchase_days", "median_days_since"],
        "members_then": ["churners", "rate", "low", "high"],
    }
    return suppress_small_counts(rows[SEGMENT_COLUMNS], counts, min_cell)


def spend_tier(spend: Array, tiers: dict[str, float]) -> Array:
    """Name of the highest tier whose bound `spend` reaches, else ``regular``."""
    ordered = sorted(tiers.items(), key=lambda item: item[1])
    names = np.array(["regular", *(name for name, _ in ordered)], dtype=object)
    return names[np.searchsorted([bound for _, bound in ordered], spend, side="right")]


def _value_tier(ranks: pd.DataFrame, shares: dict[str, float]) -> Array:
    place = ranks.mean(axis=1).rank(pct=True, ascending=False, method="first").to_numpy()
    high = shares["high"]
    return np.select([place <= high, place <= high + shares["potential"]], ["high", "potential"], "ordinary")


def _activity_class(days: Array, dormant_days: int) -> Array:
    return np.select([days < dormant_days / 2, days <= dormant_days], ["active", "at_risk"], "dormant")


def _rfm_group(frame: pd.DataFrame) -> Array:
    recent, often, big = frame["r"] >= 4, frame["f"] >= 4, frame["m"] >= 4
    quiet = frame["r"] <= 2
    return np.select(
        [recent & often & big, quiet & (often | big), recent & ~often, quiet],
        ["champions", "slipping", "promising", "quiet"],
        "steady",
    )


def _sizes(today: pd.DataFrame, then: pd.DataFrame, kind: str, tiers: dict[str, float]) -> pd.DataFrame:
    now = today.groupby(kind).agg(
        members=("member_id", "size"),
        spend_365d=("spend_365d", "sum"),
        mean_spend=("spend_365d", "mean"),
        mean_purchase_days=("purchase_days_365d", "mean"),
        median_days_since=("days_since_purchase", "median"),
    )
    total = now["spend_365d"].sum()
    now["member_share"] = now["members"] / now["members"].sum()
    now["spend_share"] = now["spend_365d"] / total if total > 0 else np.nan
    past = then.groupby(kind).agg(members_then=("left", "size"), churners=("left", "sum"))
    table = now.join(past, how="left").fillna({"members_then": 0, "churners": 0})
    table = table.iloc[np.argsort([_place(kind, str(name), tiers) for name in table.index], kind="stable")]
    return table.rename_axis("segment").reset_index().assign(kind=kind)


def _place(kind: str, name: str, tiers: dict[str, float]) -> float:
    if kind == "spend_tier":
        return -tiers.get(name, 0.0)
    return _ORDER.index(name)


def _then(history: History, params: RetentionParams, span: tuple[int, int] | None) -> pd.DataFrame:
    if span is None:
        return empty_table([*MEMBER_COLUMNS, "left"])
    first, after = span
    then = member_segments(history, params, int(history.edges[first]))
    left = left_between(history, history.main, first, after)
    return then.assign(
        left=left[history.ids.get_indexer(pd.Index(then["member_id"].astype(object)))].astype(float)
    )


def _look_back(history: History) -> tuple[int, int] | None:
    complete = np.flatnonzero(months_complete(history))
    if not len(complete):
        return None
    after = int(complete[-1]) + 1
    first = max(int(complete[0]), after - YEAR_MONTHS)
    return (first, after) if first < after else None


def _members_on(history: History, day: int) -> Array:
    gaps = history.absences[history.main]
    away = (gaps.left <= day) & (gaps.returned >= day)
    present = history.entered < day
    present[gaps.member[away]] = False
    return present


def _last_before(history: History, log: Log, day: int) -> Array:
    last, earlier = np.full(len(history.ids), -FAR), log.day < day
    last[log.member[earlier]] = log.day[earlier]  # sorted: the latest wins
    return np.maximum(last, history.started)


def _year_sum(history: History, log: Log, day: int) -> Array:
    inside = (log.day < day) & (log.day >= day - YEAR_DAYS)
    return np.bincount(log.member[inside], log.amount[inside], len(history.ids))
