"""Complaint outcomes: who churned after a complaint, by how it was handled (landmark analysis)."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params, RetentionParams
from whychurn.contract.results import columns_of, stack
from whychurn.contract.suppression import suppress_small_counts
from whychurn.stats.intervals import clustered_number, wilson

OUTCOME_COLUMNS: Final = columns_of("complaint_outcomes")
HANDLED: Final = ("fast", "slow", "never")
NO_FEEDBACK_TOPICS: Final = pd.DataFrame(
    {
        **{name: pd.Series(dtype="string") for name in ("feedback_id", "member_id", "origin", "source")},
        "known_on": pd.Series(dtype="datetime64[ns]"),
        **{f"p_{name}": pd.Series(dtype="float64") for name in (*CAUSES, "none")},
    }
)
COMPLAINTS: Final = ("complaint", "ticket", "unknown")
DAY: Final = pd.Timedelta(days=1)


def complaint_outcomes(
    feedback_topics: pd.DataFrame,
    feedback: pd.DataFrame,
    spells: pd.DataFrame,
    observed_until: pd.Timestamp,
    params: Params,
    min_cell: int,
) -> pd.DataFrame:
    """Share last seen within ``complaint_outcome_days``, and then churned, by theme and handling.

    How a complaint was handled is read on a landmark, ``complaint_landmark_days`` after it (Anderson,
    Cain & Gelber 1983), and only members still there on that day are followed from it: otherwise those
    who stayed long enough to be answered would look loyal because they were answered.

    Parameters
    ----------
    feedback_topics
        feedback_topics of the voice stage: feedback_id, member_id, known_on, origin, source, p_<cause>,
        p_none.
    feedback
        Checked feedback: feedback_id, created_at, responded_at, resolved.
    spells
        member_id, entered_on, last_active_on, ended_on (null while a member).

    Returns
    -------
    `OUTCOME_COLUMNS`. ``theme`` all, a cause, ``none`` (no cause named) or ``no_text``; ``handled`` fast
    (solved within ``complaint_fast_hours``), slow (solved by the landmark), never (not answered or not
    solved by then), and all. Wilson intervals with the number of members that a clustered variance leaves.
    """
    complaints = feedback_topics[
        feedback_topics["origin"].eq("feedback") & feedback_topics["source"].isin(COMPLAINTS)
    ]
    complaints = complaints.merge(
        feedback[["feedback_id", "created_at", "responded_at", "resolved"]], on="feedback_id"
    )
    complaints = complaints.assign(
        landmark=complaints["known_on"] + params.retention.complaint_landmark_days * DAY
    )
    horizon = params.retention.complaint_outcome_days * DAY
    wait = (spells["ended_on"] - spells["last_active_on"]).max()  # silence or grace before churn counts
    wait = wait if pd.notna(wait) else 0 * DAY
    complaints = complaints[complaints["landmark"] + horizon + wait <= observed_until]
    at_landmark = complaints.merge(
        spells[["member_id", "entered_on", "last_active_on", "ended_on"]], on="member_id"
    )
    at_landmark = at_landmark[
        (at_landmark["entered_on"] <= at_landmark["landmark"])
        & ~(at_landmark["ended_on"] <= at_landmark["landmark"])
    ]
    at_landmark = at_landmark.assign(
        churned=at_landmark["ended_on"].notna()
        & (at_landmark["last_active_on"] <= at_landmark["landmark"] + horizon),
        theme=_themes(at_landmark),
        resolution=_handled(at_landmark, params.retention),
    )
    rows = [
        _outcome(part, theme, handled, params.run.confidence)
        for theme in ("all", *CAUSES, "none", "no_text")
        for handled in ("all", *HANDLED)
        if len(part := _chosen(at_landmark, theme, handled))
    ]
    table = stack([pd.DataFrame(rows)], OUTCOME_COLUMNS[:-1])
    rates = ["rate", "low", "high"]
    return suppress_small_counts(
        table, {"members": ["complaints", "churned", *rates], "churned": rates}, min_cell
    )


def _themes(texts: pd.DataFrame) -> pd.Series:
    """Cause named most strongly; ``none`` where "none" outweighs each of them."""
    names = [*CAUSES, "none"]
    shares = texts[[f"p_{name}" for name in names]].fillna(0.0).to_numpy(dtype=float)
    theme = np.array(names, dtype=object)[shares.argmax(axis=1)] if len(texts) else np.array([], dtype=object)
    return pd.Series(np.where(texts["p_none"].isna(), "no_text", theme), index=texts.index)


def _handled(complaints: pd.DataFrame, settings: RetentionParams) -> pd.Series:
    hours = (complaints["responded_at"] - complaints["created_at"]).dt.total_seconds() / 3600
    solved = (complaints["responded_at"] < complaints["landmark"]) & complaints["resolved"].astype(
        "boolean"
    ).fillna(True)
    fast = solved & (hours <= settings.complaint_fast_hours)
    return pd.Series(np.select([fast, solved], HANDLED[:2], HANDLED[2]), index=complaints.index)


def _chosen(complaints: pd.DataFrame, theme: str, handled: str) -> pd.DataFrame:
    kept = complaints if theme == "all" else complaints[complaints["theme"] == theme]
    return kept if handled == "all" else kept[kept["resolution"] == handled]


def _outcome(part: pd.DataFrame, theme: str, handled: str, confidence: float) -> dict[str, object]:
    by_member = part.groupby("member_id")["churned"].agg(["sum", "size"]).astype(float)
    hits, trials = by_member["sum"].to_numpy(), by_member["size"].to_numpy()
    rate = hits.sum() / trials.sum()
    number = clustered_number(hits, trials)
    low, high = wilson(np.array([rate * number]), np.array([number]), confidence)
    return {
        "theme": theme, "resolution": handled, "complaints": trials.sum(), "members": float(len(by_member)),
        "churned": hits.sum(), "rate": rate, "low": low[0], "high": high[0],
    }  # fmt: skip
