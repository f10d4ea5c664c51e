"""Whom to interview: leavers, or members at risk, drawn by lot with known chances, where the cause is least certain."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.stats.unequal_sampling import inclusion_probabilities, systematic_sample

FLOOR: Final = 0.3  # of the mean size: nobody's cause is so certain that it need not be checked
P_COLUMNS: Final = [f"p_{cause}" for cause in CAUSES]
LISTS: Final = ("left", "at-risk")
FRAME_COLUMNS: Final = ["member_id", "left_on", *P_COLUMNS]
SHEET_COLUMNS: Final = [
    "survey_id", "member_id", "list", "left_on", "asked_probability", "kind", "sent_at", "answered_at", "reason",
    "coder", "comment",
]  # fmt: skip


def leavers_to_ask(churners: pd.DataFrame, causes: pd.DataFrame | None, since: pd.Timestamp) -> pd.DataFrame:
    """Members who left on or after `since` and are not back: `FRAME_COLUMNS` and last_active_on.

    Parameters
    ----------
    churners
        Results file of that name.
    causes
        Results file ``member_causes``; None where no run told the causes yet: then no chances are known.
    """
    left = churners[churners["is_main"] & churners["returned_on"].isna() & (churners["left_on"] >= since)]
    left = left[["member_id", "spell_no", "left_on", "last_active_on"]]
    if causes is None:
        return left.reindex(columns=[*FRAME_COLUMNS, "last_active_on"]).reset_index(drop=True)
    of_leavers = causes.loc[causes["status"] == "churned", ["member_id", "spell_no", *P_COLUMNS]]
    left = left.merge(of_leavers, on=["member_id", "spell_no"], how="left")
    return left[[*FRAME_COLUMNS, "last_active_on"]]


def members_at_risk(
    scores: pd.DataFrame, causes: pd.DataFrame | None, high_risk: float, least: float
) -> pd.DataFrame:
    """Members still there who may soon leave: `FRAME_COLUMNS` (left_on empty), and last_active_on (empty).

    Parameters
    ----------
    scores
        Results file ``risk_scores``.
    high_risk
        Chance to leave from which on a member is at high risk.
    least
        Share of the members, those of highest risk, that is listed at least.
    """
    reached = scores["p_churn"] >= high_risk
    among_first = scores["p_churn"].rank(ascending=False, method="first") <= least * len(scores)
    listed = scores.loc[reached | among_first, ["member_id"]]
    if causes is not None:
        at_risk = causes.loc[causes["status"] == "at_risk", ["member_id", *P_COLUMNS]]
        listed = listed.merge(at_risk.drop_duplicates("member_id"), on="member_id", how="left")
    listed = listed.reindex(columns=[*FRAME_COLUMNS, "last_active_on"])
    dates = dict.fromkeys(("left_on", "last_active_on"), "datetime64[ns]")
    return listed.astype(dates).reset_index(drop=True)


def interviewed_before(frame: pd.DataFrame, surveys: pd.DataFrame) -> Array:
    """Whether an interview about this leaving was asked for already, answered or not; (n,) bool.

    Parameters
    ----------
    frame
        Of `leavers_to_ask` or `members_at_risk`; without a last activity any interview counts.
    surveys
        Interim surveys.
    """
    held = surveys[surveys["kind"] == "interview"]
    last = held.groupby("member_id")["sent_at"].max()
    asked = frame["member_id"].map(last)
    return (asked.notna() & ~(asked < frame["last_active_on"])).to_numpy(dtype=bool)


def sizes(posteriors: Array) -> Array:
    """Size by which members are drawn: root of the entropy of the cause, `FLOOR` of its mean at least; (n,).

    The variance of a weighted mean is least where chances follow the standard deviation of what is not known
    (Neyman 1934); the root of the entropy stands for it (Zrnic & Candès 2024, *Active statistical inference*).

    Parameters
    ----------
    posteriors
        Chance of each cause; what is missing from one is spread evenly over the causes that are NaN, or
        over all; (n, 6).
    """
    known = np.nan_to_num(posteriors)
    rest = np.clip(1 - known.sum(axis=1, keepdims=True), 0, 1)
    untold = np.isnan(posteriors)
    untold[~untold.any(axis=1)] = True
    chances = known + untold * rest / untold.sum(axis=1, keepdims=True)
    chances = chances / chances.sum(axis=1, keepdims=True)
    entropy = -(chances * np.log(np.where(chances > 0, chances, 1))).sum(axis=1)
    root = np.sqrt(np.maximum(entropy, 0))
    return np.maximum(root, FLOOR * root.mean()) if root.any() else np.ones(len(root))


def draw_by_lot(frame: pd.DataFrame, budget: int, seed: int) -> pd.DataFrame:
    """Rows of `frame` drawn by lot, with ``asked_probability``, in random order: who stops early asked a random part.

    Exactly `budget` rows, each with the chance that stands beside it (systematic sampling in random order,
    `stats.unequal_sampling`); all rows, with chance one, where the budget reaches them all. The same seed gives
    the same rows, whatever the order of `frame`.
    """
    frame = frame.sort_values("member_id", ignore_index=True)
    rng = np.random.default_rng(seed)
    chances = inclusion_probabilities(sizes(frame[P_COLUMNS].to_numpy(dtype=float)), budget)
    drawn = frame.assign(asked_probability=chances)[systematic_sample(chances, rng)]
    return drawn.iloc[rng.permutation(len(drawn))].reset_index(drop=True)


def sheet_to_fill(drawn: pd.DataFrame, who: str, asked_on: pd.Timestamp, taken: pd.Series) -> pd.DataFrame:
    """The list as a table of surveys to be filled in: `SHEET_COLUMNS`; no row has an answer yet.

    Parameters
    ----------
    who
        One of `LISTS`.
    asked_on
        Day of the draw; the first call is not earlier.
    taken
        survey_ids that exist already.
    """
    stem = f"I{asked_on:%Y%m%d}-"
    before = taken[taken.str.startswith(stem).fillna(False)].str.removeprefix(stem)
    first = int(pd.to_numeric(before, errors="coerce").max()) + 1 if len(before) else 1
    sheet = pd.DataFrame(
        {
            "survey_id": [f"{stem}{number:04d}" for number in range(first, first + len(drawn))],
            "member_id": drawn["member_id"],
            "list": who,
            "left_on": drawn["left_on"].dt.strftime("%Y-%m"),
            "asked_probability": drawn["asked_probability"].round(6),
            "kind": "interview",
            "sent_at": f"{asked_on:%Y-%m-%d}",
        }
    )
    return sheet.reindex(columns=SHEET_COLUMNS).astype(
        {**dict.fromkeys(SHEET_COLUMNS, "string"), "asked_probability": "float64"}
    )
