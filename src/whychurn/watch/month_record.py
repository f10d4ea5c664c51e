"""One month as it is told when it has ended, by member: what later months are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.risk.value_at_risk import margin_exposed, value_at_risk
from whychurn.stats.sources import rows_in
from whychurn.watch.inputs import MonthRecord, WatchInputs
from whychurn.watch.leavings import P, with_causes
from whychurn.watch.table_counts import digest_until

BANDS: Final = (90, 365)  # days of tenure: members who joined lately leave at other rates
Amounts = tuple[Array, Array | None]  # numerator and denominator by member; no denominator: a sum
MEMBER_COLUMNS: Final = ("member_id", "present", "left", "tenure", "tier", *P, "p_churn", "stake", "row")


def last_whole_month(observed_until: pd.Timestamp) -> pd.Timestamp:
    """First day of the last month that the data cover to its end."""
    return (observed_until + pd.Timedelta(days=1)).to_period("M").to_timestamp() - pd.DateOffset(months=1)


def record_month(inputs: WatchInputs, month: pd.Timestamp) -> MonthRecord:
    """`month` as today's tables, parameters and models tell it."""
    members = month_members(inputs, month)
    told = {
        "month": f"{month:%Y-%m}",
        "definition": inputs.panel_facts.get("definition"),
        "horizon_days": inputs.panel_facts.get("horizon_days"),
        "value_days": inputs.params.business.value_days,
        "digests": {**inputs.digests, "data": data_digest(inputs, month)},
        "avoidable": avoidable_parts(inputs.cause_shares),
        "received": {name: rows_in(source) for name, source in inputs.tables.items()},
    }
    told["headlines"] = {name: float(headline(one)) for name, one in amounts(members, told).items()}
    return MonthRecord(month, members, told)


def month_members(inputs: WatchInputs, month: pd.Timestamp, left: pd.DataFrame | None = None) -> pd.DataFrame:
    """Who was there and left in a month, and the chance to leave of who was still there when it ended.

    Parameters
    ----------
    left
        Leavings (member_id, spell_no, left_on); those of the study's definition by default.

    Returns
    -------
    DataFrame
        `MEMBER_COLUMNS`, sorted by member. tenure: band of days since joining at the month's start (0, 1, 2); tier:
        spend tier at its start; p_<cause>: of leavers; stake: margin exposed, and row: digest of the snapshot at its
        end, of members then still there.
    """
    end = month + pd.DateOffset(months=1)
    churners = inputs.churners[inputs.churners["is_main"]] if left is None else left
    spells = inputs.spells
    there = spells[(spells["entered_on"] < end) & (spells["ended_on"].isna() | (spells["ended_on"] >= month))]
    tenure = (month - there["started_on"]).dt.days
    present = pd.DataFrame(
        {"member_id": there["member_id"], "tenure": np.searchsorted(BANDS, tenure, side="right")}
    )
    gone = churners[(churners["left_on"] >= month) & (churners["left_on"] < end)].drop_duplicates("member_id")
    named = with_causes(gone[["member_id", "spell_no"]], inputs.member_causes)
    at_start = inputs.snapshot(month, ["member_id", "spend_tier"])
    tiers = at_start.reindex(columns=["member_id", "spend_tier"]).rename(columns={"spend_tier": "tier"})
    frame = present.groupby("member_id", sort=True)["tenure"].max().reset_index()
    frame = frame.assign(present=True).merge(
        named.drop(columns="spell_no").assign(left=True), on="member_id", how="outer"
    )
    frame = frame.merge(tiers, on="member_id", how="left").merge(
        _scores(inputs, end), on="member_id", how="outer"
    )
    flags = {name: frame[name].eq(True).fillna(False).astype(bool) for name in ("present", "left")}
    flags["present"] |= flags["left"]
    frame = frame.assign(**flags, tenure=frame["tenure"].fillna(len(BANDS)).astype("int64"))
    frame = frame.astype(
        {"member_id": "string", "tier": "string", **dict.fromkeys([*P, "p_churn", "stake"], "float64")}
    )
    return frame.sort_values("member_id", ignore_index=True)[list(MEMBER_COLUMNS)]


def _scores(inputs: WatchInputs, day: pd.Timestamp) -> pd.DataFrame:
    rows = inputs.snapshot(day)
    rows = rows[rows["still_there"].to_numpy(dtype=bool)] if len(rows) else rows
    if inputs.probability is None or rows.empty:
        return pd.DataFrame({
            "member_id": pd.Series(dtype="string"), "p_churn": pd.Series(dtype="float64"),
            "stake": pd.Series(dtype="float64"), "row": pd.Series(dtype="string"),
        })  # fmt: skip
    known = rows[[name for name in inputs.panel_facts["features"] if name in rows]]
    digest = pd.util.hash_pandas_object(known.round(6), index=False).map("{:016x}".format)
    return pd.DataFrame({
        "member_id": rows["member_id"], "p_churn": inputs.probability(rows),
        "stake": margin_exposed(rows, inputs.params.business), "row": digest.astype("string"),
    })  # fmt: skip


def avoidable_parts(shares: pd.DataFrame) -> dict[str, float]:
    """Part of each cause's share of leavings that would not have been without it (cause_shares)."""
    if shares.empty:
        return {}
    known = shares[(shares["share"] > 0) & shares["cause"].isin(CAUSES) & shares["avoidable_share"].notna()]
    parts = known["avoidable_share"] / known["share"]
    return dict(zip(known["cause"].astype(str), parts.astype(float).tolist(), strict=True))


def data_digest(inputs: WatchInputs, month: pd.Timestamp) -> str:
    """Digest of all rows of the months up to `month`; the order of rows does not matter."""
    end, total = month + pd.DateOffset(months=1), 0
    for _, counts in sorted(inputs.counted.items()):
        hashes, rows = digest_until(counts, end)
        total = (total * 31 + hashes + rows) % 2**64
    return f"{total:016x}"


def amounts(members: pd.DataFrame, told: Mapping[str, Any]) -> dict[str, Amounts]:
    """What each member adds to each headline: numerator, and denominator where the headline is a share.

    Parameters
    ----------
    members
        `MEMBER_COLUMNS`.
    told
        horizon_days, value_days and avoidable (cause -> part) of the run.
    """
    left, present = (members[name].to_numpy("float64") for name in ("left", "present"))
    found: dict[str, Amounts] = {"leavings": (left, None), "rate": (left, present)}
    for tier in sorted(members["tier"].dropna().unique()):
        own = members["tier"].eq(tier).fillna(False).to_numpy("float64")
        found[f"tier:{tier}"] = (left * own, present * own)
    p = members[P].to_numpy("float64")
    known = (~np.isnan(p).any(axis=1) * left).astype("float64")
    if known.any():
        p = np.nan_to_num(p) * known[:, None]
        found |= {f"cause:{cause}": (p[:, place], known) for place, cause in enumerate(CAUSES)}
        if told["avoidable"]:
            parts = np.array([told["avoidable"].get(cause, 0.0) for cause in CAUSES])
            found["avoidable_share"] = (p @ parts, known)
    chance, stake = (members[name].to_numpy("float64") for name in ("p_churn", "stake"))
    if np.isfinite(chance).any():
        lost = value_at_risk(chance, stake, told["horizon_days"], told["value_days"])
        found["value_at_risk"] = (np.nan_to_num(lost), None)
    return found


def headline(amounts: Amounts) -> Array | float:
    """Sum, or share, over members."""
    above, below = amounts
    return share_of(above.sum(), None if below is None else below.sum())


def share_of(top: Array | float, bottom: Array | float | None) -> Array | float:
    """Sums of a headline as it is told: a sum, or a share where it has a denominator."""
    if bottom is None:
        return top
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=np.asarray(bottom) > 0)[()]
