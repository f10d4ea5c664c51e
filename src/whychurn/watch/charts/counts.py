"""What a block of members adds to the charts: whole numbers, so that blocks add up to the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.watch.charts.calendar import Calendar, month_of
from whychurn.watch.leavings import P
from whychurn.watch.limits.member_draws import drawn_sums, member_draws, member_uniforms

Counts = Mapping[str, Array]
DRAWS: Final = 200
BANDS: Final = 20  # of log-odds, a quarter wide; one more for members who are not still there
PARTS: Final = 1_000_000  # fractions are counted in millionths
SILENT_RATIO: Final = float(
    np.log(20) / np.log(5)
)  # 95 % quantile over the usual gap (80 %) of a memoryless rhythm
SCORE_STEP, SCORE_BINS = 0.05, 280  # log-odds from -7 to 7
EFFECT_STEP, EFFECT_BINS = 0.01, 401  # contributions from -2 to 2
SAMPLED: Final = 1_000  # members a month whose contributions are looked at


@dataclass(frozen=True)
class Block:
    """Some members with all their rows.

    Parameters
    ----------
    panel
        Their snapshots: member_id, spell_no, as_of, still_there, days_silent, usual_gap_days, churned_in_horizon.
    p
        Chance to leave of each of these; (rows,), NaN without a model.
    leavings
        member_id, spell_no, left_on by the study's definition, and ``p_<cause>`` (NaN where not told).
    contributions
        as_of and one column a feature, log-odds: of the sampled members still there.
    """

    panel: pd.DataFrame
    p: Array
    leavings: pd.DataFrame
    contributions: pd.DataFrame


def count_block(
    block: Block, calendar: Calendar, groups: Sequence[str], features: Sequence[str], seed: int
) -> Counts:
    """All that the charts need of a block of members; sums over blocks are those of all members.

    Parameters
    ----------
    groups
        ``all``, ``tier:<spend_tier>``, ``plan:<plan>``.
    features
        Columns of `contributions`.

    Returns
    -------
    Mapping
        rows, left (draws + 1, months, groups, bands); silent, present (draws + 1, snapshots); mix (draws + 1, months,
        causes) in millionths and told (draws + 1, months); closed (draws + 1, snapshots, bins, 2); open (snapshots,
        bins); effects (snapshots, features, bins). The first draw is the sample itself.
    """
    ids = pd.Index(
        np.unique(np.concatenate([block.panel["member_id"], block.leavings["member_id"]]).astype(str))
    )
    drawn = member_draws(ids.to_numpy(), DRAWS, seed)
    placed = [
        rows.assign(member=ids.get_indexer(pd.Index(rows["member_id"].astype(str))))
        for rows in (block.panel, block.leavings)
    ]
    block = replace(block, panel=placed[0], leavings=placed[1])

    def summed(member: pd.Series, cell: Array, amount: Array, cells: int) -> Array:
        return drawn_sums(cell, member.to_numpy(), amount, drawn, cells)

    return {
        **_leaving_counts(block, calendar, groups, summed),
        **_silence_counts(block, calendar, summed),
        **_mix_counts(block, calendar, summed),
        **_score_counts(block, calendar, summed),
        "effects": _effect_counts(block, calendar, features),
    }


def add_counts(one: Counts, other: Counts) -> Counts:
    """Counts of two blocks together."""
    return {name: one[name] + other[name] for name in one}


def sampled_share(panel: pd.DataFrame) -> float:
    """Share of members that gives about `SAMPLED` rows a snapshot."""
    return min(1.0, SAMPLED / float(panel.groupby("as_of").size().max())) if len(panel) else 1.0


def sampled_rows(panel: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Rows still there of a share of members, chosen by a hash of each so that blocks do not matter."""
    chosen = member_uniforms(panel["member_id"].to_numpy(), np.zeros(1), seed)[:, 0] < share
    return panel[chosen & panel["still_there"].to_numpy(dtype=bool)]


Summer = Callable[[pd.Series, Array, Array, int], Array]


def risk_bands(p: Array, still_there: Array) -> Array:
    """Band of each row by log-odds, a quarter wide from -5 to 0; 0 for members not still there, 1 without a model."""
    with np.errstate(divide="ignore", invalid="ignore"):
        band = np.floor((np.log(p / (1 - p)) + 5.0) * 4)
    return np.where(still_there, 1 + np.nan_to_num(np.clip(band, 0, BANDS - 1)), 0).astype("int64")


def _leaving_counts(
    block: Block, calendar: Calendar, groups: Sequence[str], summed: Summer
) -> dict[str, Array]:
    at = calendar.snapshots.get_indexer(pd.DatetimeIndex(block.panel["as_of"]))
    forecast = at < len(calendar.months)
    panel, at = block.panel[forecast], at[forecast]
    left = _left_in(panel, at, block.leavings, calendar)
    band = risk_bands(block.p[forecast], panel["still_there"].to_numpy(dtype=bool))
    shape = (len(calendar.months), len(groups), BANDS + 1)
    found = {name: np.zeros((DRAWS + 1, *shape), "int64") for name in ("rows", "left")}
    for code in _group_codes(panel, groups):
        known = code >= 0
        cell = np.ravel_multi_index((at[known], code[known], band[known]), shape)
        for name, amount in (("rows", np.ones(len(cell), "int64")), ("left", left[known])):
            sums = summed(panel["member"][known], cell, amount, int(np.prod(shape)))
            found[name] += sums.reshape(-1, *shape)
    return found


def _left_in(panel: pd.DataFrame, at: Array, leavings: pd.DataFrame, calendar: Calendar) -> Array:
    """Whether the stay of each row ended in its month (place `at`); (rows,) of 0 and 1."""
    ended = calendar.months.get_indexer(month_of(leavings["left_on"]))
    stays = 1 + max((int(rows["spell_no"].max()) for rows in (panel, leavings) if len(rows)), default=0)

    def key(rows: pd.DataFrame, month: Array) -> Array:
        stay = rows["member"].to_numpy("int64") * stays + rows["spell_no"].to_numpy("int64")
        return stay * len(calendar.months) + month

    return np.isin(key(panel, at), key(leavings, ended)[ended >= 0]).astype("int64")


def _group_codes(panel: pd.DataFrame, groups: Sequence[str]) -> list[Array]:
    """Place in `groups` of each row: of all, of its tier, of its plan; -1 where there is none."""
    places = pd.Index(groups)
    columns = [("tier", "spend_tier"), ("plan", "plan")]
    named = [
        places.get_indexer(pd.Index(f"{kind}:" + panel[name].astype("string").fillna("")))
        for kind, name in columns
        if name in panel
    ]
    return [np.zeros(len(panel), "int64"), *named]


def group_names(panel: pd.DataFrame) -> list[str]:
    """``all``, and each tier and plan of a panel, in order."""
    columns = [("tier", "spend_tier"), ("plan", "plan")]
    named = [
        f"{kind}:{one}"
        for kind, name in columns
        if name in panel
        for one in sorted(panel[name].dropna().unique())
    ]
    return ["all", *named]


def _silence_counts(block: Block, calendar: Calendar, summed: Summer) -> dict[str, Array]:
    panel = block.panel
    at = calendar.snapshots.get_indexer(pd.DatetimeIndex(panel["as_of"]))
    silent = panel["days_silent"].to_numpy() > SILENT_RATIO * panel["usual_gap_days"].to_numpy()
    amounts = {"silent": silent.astype("int64"), "present": np.ones(len(panel), "int64")}
    return {name: summed(panel["member"], at, of, len(calendar.snapshots)) for name, of in amounts.items()}


def _mix_counts(block: Block, calendar: Calendar, summed: Summer) -> dict[str, Array]:
    p = block.leavings[P].to_numpy("float64")
    at = calendar.months.get_indexer(month_of(block.leavings["left_on"]))
    known = (at >= 0) & ~np.isnan(p).all(axis=1)
    at, member = at[known], block.leavings["member"][known]
    parts = np.rint(np.nan_to_num(p[known]) * PARTS).astype("int64")
    months = len(calendar.months)
    mix = [summed(member, at, parts[:, cause], months) for cause in range(len(CAUSES))]
    return {"mix": np.stack(mix, axis=2), "told": summed(member, at, np.ones(len(at), "int64"), months)}


def _score_counts(block: Block, calendar: Calendar, summed: Summer) -> dict[str, Array]:
    """Members still there by chance to leave and, where it is known, by whether they left."""
    rows = block.panel["still_there"].to_numpy(dtype=bool) & np.isfinite(block.p)
    panel, p = block.panel[rows], np.clip(block.p[rows], 1e-6, 1 - 1e-6)
    place = np.clip(np.floor(np.log(p / (1 - p)) / SCORE_STEP) + SCORE_BINS // 2, 0, SCORE_BINS - 1).astype(
        "int64"
    )
    at = calendar.snapshots.get_indexer(pd.DatetimeIndex(panel["as_of"]))
    known = panel["churned_in_horizon"].notna().to_numpy()
    label = panel["churned_in_horizon"].fillna(False).to_numpy(dtype=bool).astype("int64")
    shape = (len(calendar.snapshots), SCORE_BINS, 2)
    cell = np.ravel_multi_index((at[known], place[known], label[known]), shape)
    closed = summed(panel["member"][known], cell, np.ones(len(cell), "int64"), int(np.prod(shape)))
    unknown = np.bincount(at[~known] * SCORE_BINS + place[~known], minlength=shape[0] * SCORE_BINS)
    return {"closed": closed.reshape(-1, *shape), "unknown": unknown.reshape(shape[:2]).astype("int64")}


def _effect_counts(block: Block, calendar: Calendar, features: Sequence[str]) -> Array:
    at = calendar.snapshots.get_indexer(pd.DatetimeIndex(block.contributions["as_of"]))
    found = np.zeros((len(calendar.snapshots), len(features), EFFECT_BINS), "int64")
    for place, name in enumerate(features):
        effect = np.rint(block.contributions[name].to_numpy("float64") / EFFECT_STEP) + EFFECT_BINS // 2
        cell = at * EFFECT_BINS + np.clip(effect, 0, EFFECT_BINS - 1).astype("int64")
        found[:, place] = np.bincount(cell, minlength=len(found) * EFFECT_BINS).reshape(-1, EFFECT_BINS)
    return found
