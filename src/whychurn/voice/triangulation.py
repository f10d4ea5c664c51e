"""Shares of the causes by texts, interviews and surveys, and whether they agree."""

from collections.abc import Mapping
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import TRIANGULATION_SOURCES
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.contract.suppression import suppress_small_cells
from whychurn.stats.bootstrap import resample

TRIANGULATION_COLUMNS: Final = columns_of("triangulation")


def triangulate(
    feedback_topics: pd.DataFrame, surveys: pd.DataFrame, min_cell: int, params: Params
) -> pd.DataFrame:
    """Share of each cause by source.

    Parameters
    ----------
    feedback_topics
        Results file of that name. A text counts for each cause with its probability, among texts as far
        as they name any; interviews (feedback of that source, comments of interviews drawn by lot) and comments
        of exit surveys are sources of their own.
    surveys
        Checked surveys: member_id, kind, reason. Reasons of exit surveys outside the six causes are left out.
    min_cell
        Fewer members behind a source: its shares are not shown and not compared.

    Returns
    -------
    `TRIANGULATION_COLUMNS`, one row a cause and source; n members behind the source; intervals by
    bootstrap over members. ``verdict`` of a cause: see `judge`.
    """
    interview = feedback_topics["source"].isin(["interview", "survey_interview"])
    survey = feedback_topics["origin"].eq("survey")
    exits = surveys[surveys["kind"].eq("exit") & surveys["reason"].isin(CAUSES)]
    reasons = pd.DataFrame({f"p_{c}": exits["reason"].eq(c).astype(float) for c in CAUSES})
    weights = {
        "texts": _by_member(feedback_topics[~interview & ~survey]),
        "interviews": _by_member(feedback_topics[interview]),
        "survey_comments": _by_member(feedback_topics[survey & feedback_topics["source"].eq("survey_exit")]),
        "survey_reasons": reasons.groupby(exits["member_id"].to_numpy()).sum(),
    }
    rows = [_shares(name, table, params) for name, table in weights.items()]
    return judge(
        suppress_small_cells(pd.concat(rows, ignore_index=True), "n", ["share", "low", "high"], min_cell)
    )


def add_behaviour(triangulation: pd.DataFrame, cause_shares: pd.DataFrame, n: float) -> pd.DataFrame:
    """The table with the attribution's shares by behaviour (results file cause_shares), judged again.

    Parameters
    ----------
    cause_shares
        cause, share, low, high.
    n
        Leavers behind it.
    """
    six = cause_shares[cause_shares["cause"].isin(CAUSES)]
    rows = six[["cause", "share", "low", "high"]].assign(source="behaviour", n=float(n), suppressed=False)
    others = triangulation[triangulation["source"] != "behaviour"]
    return judge(pd.concat([others, rows], ignore_index=True))


def judge(shares: pd.DataFrame) -> pd.DataFrame:
    """Fill ``verdict`` by cause: whether the intervals of the sources that are shown overlap, pair by pair.

    ``agree``: all pairs overlap; ``differ``: none does; ``partly``: some do; ``alone``: fewer than two sources.
    """
    verdicts = {cause: _verdict(part.dropna(subset=["low"])) for cause, part in shares.groupby("cause")}
    judged = shares.assign(verdict=shares["cause"].map(verdicts))
    order = judged["cause"].map(CAUSES.index) * len(TRIANGULATION_SOURCES) + judged["source"].map(
        TRIANGULATION_SOURCES.index
    )
    return judged.loc[order.sort_values(kind="stable").index, list(TRIANGULATION_COLUMNS)].reset_index(
        drop=True
    )


def _verdict(part: pd.DataFrame) -> str:
    bounds = list(part[["low", "high"]].itertuples(index=False, name=None))
    overlaps = [a[0] <= b[1] and b[0] <= a[1] for a, b in combinations(bounds, 2)]
    if not overlaps:
        return "alone"
    return "agree" if all(overlaps) else "partly" if any(overlaps) else "differ"


def _by_member(texts: pd.DataFrame) -> pd.DataFrame:
    return texts.groupby("member_id")[[f"p_{cause}" for cause in CAUSES]].sum()


def _shares(source: str, weights: pd.DataFrame, params: Params) -> pd.DataFrame:
    columns = [f"p_{cause}" for cause in CAUSES]
    values = weights[columns].to_numpy(dtype=float) if len(weights) else np.zeros((0, len(CAUSES)))
    values = values[values.sum(axis=1) > 0]
    frame: Mapping[str, object] = {"cause": list(CAUSES), "source": source, "n": float(len(values))}
    if not len(values):
        return pd.DataFrame(frame).assign(share=np.nan, low=np.nan, high=np.nan)
    random = np.random.default_rng(params.run.seed)
    drawn = np.array([resample(len(values), random) @ values for _ in range(params.voice.draws)])
    drawn /= drawn.sum(axis=1, keepdims=True)
    tail = 100 * (1 - params.run.confidence) / 2
    low, high = np.percentile(drawn, [tail, 100 - tail], axis=0)
    return pd.DataFrame(frame).assign(share=values.sum(axis=0) / values.sum(), low=low, high=high)
