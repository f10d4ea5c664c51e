"""Topics over time: monthly shares, and the weeks in which a topic's share changed for good."""

from typing import Final

import numpy as np
import pandas as pd
from scipy.special import xlogy
from scipy.stats import norm

from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.contract.suppression import suppress_small_cells

MONTH_COLUMNS: Final = columns_of("topic_months")
CHANGE_COLUMNS: Final = columns_of("topic_changes")
MIN_CHANGE_WEEKS: Final = 6  # shortest stretch between two change points
CHANGE_PENALTY: Final = 12.0  # log likelihood that one more change point must gain


def topics_by_month(texts: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Texts of each topic by month.

    Parameters
    ----------
    texts
        topic_id, member_id, known_on; rows without topic (-1) count towards none.
    min_cell
        Months in which fewer members spoke of a topic are blank.

    Returns
    -------
    `MONTH_COLUMNS`: share is of the month's texts with a topic; months without a text of a topic count 0.
    """
    with_topic = texts[texts["topic_id"].ge(0)].assign(
        month=lambda t: t["known_on"].dt.to_period("M").dt.start_time
    )
    if with_topic.empty:
        return pd.DataFrame(columns=list(MONTH_COLUMNS))
    grouped = with_topic.groupby(["topic_id", "month"])
    counts = pd.DataFrame({"texts": grouped.size(), "members": grouped["member_id"].nunique()})
    months = pd.date_range(with_topic["month"].min(), with_topic["month"].max(), freq="MS")
    every = pd.MultiIndex.from_product(
        [sorted(with_topic["topic_id"].unique()), months], names=["topic_id", "month"]
    )
    table = counts.reindex(every, fill_value=0).reset_index()
    table["share"] = table["texts"] / table.groupby("month")["texts"].transform("sum").clip(lower=1)
    return suppress_small_cells(table, "members", ["texts", "share"], min_cell)[list(MONTH_COLUMNS)]


def topic_changes(texts: pd.DataFrame, params: Params, min_cell: int) -> pd.DataFrame:
    """Weeks from which a topic's share of all topics was another than before.

    Weekly counts are Poisson with the week's texts as exposure; the segmentation with the best penalised
    likelihood is found exactly (optimal partitioning, Jackson et al. 2005). The interval of the ratio
    takes the place of the change as given, so it is too narrow.

    Parameters
    ----------
    texts
        As for `topics_by_month`.

    Returns
    -------
    `CHANGE_COLUMNS`, one row a change: shares of the stretch before and after, their ratio with interval,
    gain in log likelihood against no change there. Stretches with fewer than `min_cell` texts on a side are left out.
    """
    counts = weekly_counts(texts)
    total = counts.sum(axis=1).to_numpy(dtype=float)
    rows = []
    for topic in counts.columns:
        series = counts[topic].to_numpy(dtype=float)
        cuts = change_points(series, total, MIN_CHANGE_WEEKS, CHANGE_PENALTY)
        edges = [0, *cuts, len(series)]
        for left, cut, right in zip(edges, edges[1:], edges[2:], strict=False):
            before, after = series[left:cut].sum(), series[cut:right].sum()
            if min(before, after) >= min_cell:
                change = _compare(
                    before, total[left:cut].sum(), after, total[cut:right].sum(), params.run.confidence
                )
                rows.append({"topic_id": topic, "week": counts.index[cut], **change})
    table = pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))
    return table.sort_values("log_likelihood_gain", ascending=False, ignore_index=True)


def weekly_counts(texts: pd.DataFrame) -> pd.DataFrame:
    """Texts by week (Mondays; whole weeks only) and topic."""
    with_topic = texts[texts["topic_id"].ge(0)]
    if with_topic.empty:
        return pd.DataFrame()
    weeks = with_topic["known_on"] - pd.to_timedelta(with_topic["known_on"].dt.weekday, unit="D")
    counts = with_topic.groupby([weeks.rename("week"), "topic_id"]).size().unstack(fill_value=0)
    every = pd.date_range(counts.index.min(), counts.index.max(), freq="7D")
    first, last = with_topic["known_on"].min(), with_topic["known_on"].max()
    whole = every[(every >= first) & (every + pd.Timedelta(days=6) <= last)]
    return counts.reindex(whole, fill_value=0)


def change_points(counts: np.ndarray, exposure: np.ndarray, least: int, penalty: float) -> list[int]:
    """Positions at which a Poisson rate changes: minimises negative log likelihood plus `penalty` a change.

    Parameters
    ----------
    counts, exposure
        (n,), expected count = rate of the segment times exposure.
    least
        Shortest segment.
    """
    n = len(counts)
    if n < 2 * least:
        return []
    events, risk = np.concatenate([[0], counts.cumsum()]), np.concatenate([[0], exposure.cumsum()])
    best, last = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=int)
    best[0] = -penalty
    for end in range(least, n + 1):
        starts = np.array([0, *range(least, end - least + 1)])
        total = best[starts] + penalty + _cost(events[end] - events[starts], risk[end] - risk[starts])
        place = int(total.argmin())
        best[end], last[end] = total[place], starts[place]
    cuts, end = [], n
    while last[end] > 0:
        end = int(last[end])
        cuts.append(end)
    return cuts[::-1]


def _cost(events: np.ndarray, risk: np.ndarray) -> np.ndarray:
    """Smallest negative log likelihood, up to what no segmentation changes: S - S log(S / E)."""
    return np.asarray(events - xlogy(events, np.divide(events, risk, out=np.ones_like(risk), where=risk > 0)))


def _compare(
    before: float, risk_before: float, after: float, risk_after: float, confidence: float
) -> dict[str, float]:
    ratio = (after / risk_after) / (before / risk_before)
    error = norm.ppf(0.5 + confidence / 2) * np.sqrt(1 / before + 1 / after)
    apart = _cost(np.array([before, after]), np.array([risk_before, risk_after])).sum()
    joint = _cost(np.array([before + after]), np.array([risk_before + risk_after])).sum()
    return {
        "share_before": before / risk_before,
        "share_after": after / risk_after,
        "ratio": ratio,
        "low": float(ratio * np.exp(-error)),
        "high": float(ratio * np.exp(error)),
        "log_likelihood_gain": float(joint - apart),
        "texts_before": before,
        "texts_after": after,
    }
