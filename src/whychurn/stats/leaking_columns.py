"""Columns of customers that are written when somebody leaves: by name, by time, by whom they are filled for, by how well they tell.

A column is judged against who left. Honest predictors stay: a type of contract orders leavers and stayers with an AUC of 0.7
to 0.9, and a value of it holds both; what is written at leaving holds leavers alone, or orders nearly all pairs.
"""

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from whychurn.contract.arrays import Array
from whychurn.contract.snapshot.leaving_words import holds_word
from whychurn.stats.intervals import wilson

MAX_AUC: Final = 0.95  # a column that orders leavers and stayers better than this alone
MAX_AUC_SUSPECT: Final = 0.85  # the same where its name speaks of leaving
MIN_PURE: Final = 0.97  # share of leavers (or stayers) among those for whom a column is filled
MIN_PURE_SUSPECT: Final = 0.85
MIN_MARKED: Final = 10  # customers behind a finding
MIN_COVERED: Final = 0.05  # of the leavers have it filled; of a value other than the commonest:
MIN_COVERED_VALUE: Final = 0.25
MIN_LATE: Final = 0.02  # of the leavers have a date after their leaving
BINS: Final = 50  # most bins of numbers, whose leavers may lie in the middle
BIN_ROWS: Final = 10  # customers of a bin, at least
PLACEHOLDERS: Final = (
    "", "-", "--", "n/a", "na", "none", "null", "nil", "not applicable", "无", "不适用", "未知",
)  # fmt: skip
FINDINGS: Final = ("column", "why", "value", "bound", "rows")


def leaking_columns(
    frame: pd.DataFrame,
    left: Array,
    seed: int,
    ended_on: pd.Series | None = None,
    entered_on: pd.Series | None = None,
) -> pd.DataFrame:
    """Columns that seem to be written at leaving or after it.

    Parameters
    ----------
    frame
        One row a customer, only the columns to be judged.
    left
        Who left; (n,) bool.
    seed
        Of the halves in which categories are ranked and judged.
    ended_on
        Day on which each left, null for stayers; with it dates are compared, and each quarter's leavers are judged
        against those who were there before it and stay.
    entered_on
        First day of each; needed with `ended_on`.

    Returns
    -------
    column, why (time, filled_leavers, filled_stayers, value, auc, name; the first that holds), value (share or AUC; null for
    a name), bound (that it exceeds) and rows (customers behind it); no row for an honest column.
    """
    found = []
    for name in frame.columns:
        suspect = holds_word(str(name), "suspect_after_leaving")
        column = frame[name].reset_index(drop=True)
        finding = _late(column, ended_on) or _filled(column, left, suspect)
        finding = finding or _telling(column, left, suspect, seed, _quarters(ended_on, entered_on))
        if finding is None and holds_word(str(name), "known_after_leaving"):
            finding = {"why": "name", "value": np.nan, "bound": np.nan, "rows": int(column.notna().sum())}
        if finding:
            found.append({"column": str(name), **finding})
    return pd.DataFrame(found, columns=list(FINDINGS))


def column_auc(column: pd.Series, left: Array, seed: int) -> float:
    """How well a column alone orders leavers and stayers, whichever way; 0.5 where it cannot.

    Numbers by their ranks and by bins, texts by values: bins and values are ranked by the share of leavers in one half of
    the customers and judged in the other, so that many values do not flatter. Missing is a value.
    """
    half = np.random.default_rng(seed).random(len(column)) < 0.5
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        numbers = column.astype("float64").to_numpy()
        by_rank = auc(np.where(np.isnan(numbers), -np.inf, numbers), left)
        number = int(np.clip(len(numbers) // BIN_ROWS, 2, BINS))
        edges = np.unique(np.nanquantile(numbers, np.linspace(0, 1, number + 1)))
        bins = pd.Series(np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers, side="left")))
        return max(by_rank, _halves_auc(bins, left, half))
    return _halves_auc(column.astype("string").fillna("").astype(object), left, half)


def auc(score: Array, left: Array) -> float:
    """Mann-Whitney's AUC in the better direction; 0.5 where one class is absent."""
    positive = int(left.sum())
    if positive in (0, len(left)):
        return 0.5
    rank = rankdata(score)[left].sum() - positive * (positive + 1) / 2
    area = float(rank / (positive * (len(left) - positive)))
    return max(area, 1 - area)


def _halves_auc(values: pd.Series, left: Array, half: Array) -> float:
    rate = pd.Series(left[half].astype(float)).groupby(values[half].to_numpy()).mean()
    score = values[~half].map(rate).astype("float64").fillna(float(left[half].mean()) if half.any() else 0.5)
    return auc(score.to_numpy(), left[~half])


def _late(column: pd.Series, ended_on: pd.Series | None) -> dict[str, Any] | None:
    if ended_on is None or not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    ended = ended_on.reset_index(drop=True)
    late, leavers = int((column > ended).sum()), int((column.notna() & ended.notna()).sum())
    if not leavers or late < MIN_LATE * leavers:
        return None
    return {"why": "time", "value": late / leavers, "bound": MIN_LATE, "rows": late}


def _filled(column: pd.Series, left: Array, suspect: bool) -> dict[str, Any] | None:
    """Whether the cells that are filled, or differ from the commonest value, are those of leavers alone."""
    text = column.astype("string").str.strip().str.casefold()
    filled = ~(text.isna() | text.isin(PLACEHOLDERS)).to_numpy(dtype=bool)
    least = MIN_PURE_SUSPECT if suspect else MIN_PURE
    if 0 < filled.sum() < len(filled):
        if finding := _pure(filled, left, least, MIN_COVERED, "filled_leavers"):
            return finding
        empty_share = float(left[~filled].mean())
        if empty_share > 0.8 and (~filled).sum() >= MIN_MARKED:
            return _pure(filled, ~left, least, 0.9, "filled_stayers")
        return None
    commonest = text.mode()
    differs = (text != commonest.iloc[0]).to_numpy(dtype=bool) if len(commonest) else filled
    return _pure(differs, left, least, MIN_COVERED_VALUE, "value")


def _pure(marked: Array, wanted: Array, least: float, covered: float, why: str) -> dict[str, Any] | None:
    """A finding where nearly all of `marked` are `wanted`, far above the share of these, and enough of them."""
    rows, share = int(marked.sum()), float(wanted.mean())
    if rows < MIN_MARKED or not 0 < share < 1 or marked[wanted].mean() < covered:
        return None
    hits = int(wanted[marked].sum())
    low = float(wilson(np.array([hits]), np.array([rows]), 0.95)[0][0])
    if hits < least * rows or low < share + (1 - share) / 2:
        return None
    return {"why": why, "value": hits / rows, "bound": least, "rows": rows}


def _telling(
    column: pd.Series, left: Array, suspect: bool, seed: int, quarters: list[Array]
) -> dict[str, Any] | None:
    bound = MAX_AUC_SUSPECT if suspect else MAX_AUC
    if column.nunique(dropna=False) < 2 or min(left.sum(), (~left).sum()) < MIN_MARKED:
        return None
    groups = quarters or [np.ones(len(column), dtype=bool)]
    areas = [column_auc(column[group].reset_index(drop=True), left[group], seed) for group in groups]
    area = float(np.average(areas, weights=[left[group].sum() for group in groups])) if areas else 0.5
    if area <= bound:
        return None
    return {"why": "auc", "value": area, "bound": bound, "rows": int(np.any(groups, axis=0).sum())}


def _quarters(ended_on: pd.Series | None, entered_on: pd.Series | None) -> list[Array]:
    """Each quarter's leavers with those who were there before it and stay, where there are enough of both."""
    if ended_on is None or entered_on is None:
        return []
    ended, entered = ended_on.reset_index(drop=True), entered_on.reset_index(drop=True)
    groups = []
    for quarter in sorted(ended.dropna().dt.to_period("Q").unique()):
        leavers = (ended.dt.to_period("Q") == quarter).to_numpy(dtype=bool)
        stayers = (ended.isna() & (entered < quarter.start_time)).to_numpy(dtype=bool)
        if min(leavers.sum(), stayers.sum()) >= 2 * MIN_MARKED:
            groups.append(leavers | stayers)
    return groups
