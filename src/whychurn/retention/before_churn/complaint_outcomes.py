"""What follows words: who was gone after a complaint by how it was handled, and who left without a word."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params, RetentionParams
from whychurn.contract.results import columns_of, stack
from whychurn.contract.suppression import suppress_small_cells, suppress_small_counts
from whychurn.retention.rates.strata import with_tenure_band
from whychurn.stats.intervals import clustered_number, wilson

OUTCOME_COLUMNS: Final = columns_of("complaint_outcomes")
SILENCE_COLUMNS: Final = columns_of("silence")
HANDLED: Final = ("fast", "slow", "never")
SPOKE: Final = ("silent", "spoke", "complained")
NOTHING_SAID: Final = pd.DataFrame(
    {
        **{name: pd.Series(dtype="string") for name in ("feedback_id", "member_id", "origin", "source")},
        "known_on": pd.Series(dtype="datetime64[ns]"),
        **{f"p_{name}": pd.Series(dtype="float64") for name in (*CAUSES, "none")},
    }
)
_COMPLAINTS: Final = ("complaint", "ticket", "unknown")
_DAY: Final = pd.Timedelta(days=1)


def complaint_outcomes(
    said: pd.DataFrame,
    feedback: pd.DataFrame,
    spells: pd.DataFrame,
    observed_until: pd.Timestamp,
    params: Params,
    min_cell: int,
) -> pd.DataFrame:
    """Share last seen within ``complaint_outcome_days``, and then gone, by theme and handling of a complaint.

    How a complaint was handled is read on a landmark, ``complaint_landmark_days`` after it (Anderson, Cain & Gelber
    1983), and only members still there on that day are followed from it: otherwise those who stayed long enough to
    be answered would look loyal because they were answered.

    Parameters
    ----------
    said
        feedback_topics of the voice stage: feedback_id, member_id, known_on, origin, source, p_<cause>, p_none.
    feedback
        Checked feedback: feedback_id, created_at, responded_at, resolved.
    spells
        member_id, entered_on, last_active_on, ended_on (null while there).

    Returns
    -------
    `OUTCOME_COLUMNS`. ``theme`` all, a cause, ``none`` (no cause heard) or ``no_text``; ``handled`` fast (solved within
    ``complaint_fast_hours``), slow (solved by the landmark), never (not answered or not solved by then), and all.
    Wilson intervals with the number of members that a clustered variance leaves.
    """
    complaints = said[said["origin"].eq("feedback") & said["source"].isin(_COMPLAINTS)]
    told = complaints.merge(
        feedback[["feedback_id", "created_at", "responded_at", "resolved"]], on="feedback_id"
    )
    told = told.assign(landmark=told["known_on"] + params.retention.complaint_landmark_days * _DAY)
    horizon = params.retention.complaint_outcome_days * _DAY
    wait = (
        spells["ended_on"] - spells["last_active_on"]
    ).max()  # days of silence or grace before leaving counts
    wait = wait if pd.notna(wait) else 0 * _DAY
    told = told[told["landmark"] + horizon + wait <= observed_until]
    there = told.merge(spells[["member_id", "entered_on", "last_active_on", "ended_on"]], on="member_id")
    there = there[(there["entered_on"] <= there["landmark"]) & ~(there["ended_on"] <= there["landmark"])]
    there = there.assign(
        gone=there["ended_on"].notna() & (there["last_active_on"] <= there["landmark"] + horizon),
        theme=_themes(there),
        handled=_handled(there, params.retention),
    )
    rows = [
        _outcome(part, theme, handled, params.run.confidence)
        for theme in ("all", *CAUSES, "none", "no_text")
        for handled in ("all", *HANDLED)
        if len(part := _chosen(there, theme, handled))
    ]
    table = stack([pd.DataFrame(rows)], OUTCOME_COLUMNS[:-1])
    rates = ["rate", "low", "high"]
    return suppress_small_counts(table, {"members": ["complaints", "gone", *rates], "gone": rates}, min_cell)


def _themes(said: pd.DataFrame) -> pd.Series:
    """Cause named most strongly; ``none`` where "none" outweighs each of them."""
    names = [*CAUSES, "none"]
    shares = said[[f"p_{name}" for name in names]].fillna(0.0).to_numpy(dtype=float)
    theme = np.array(names, dtype=object)[shares.argmax(axis=1)] if len(said) else np.array([], dtype=object)
    return pd.Series(np.where(said["p_none"].isna(), "no_text", theme), index=said.index)


def _handled(told: pd.DataFrame, own: RetentionParams) -> pd.Series:
    hours = (told["responded_at"] - told["created_at"]).dt.total_seconds() / 3600
    solved = (told["responded_at"] < told["landmark"]) & told["resolved"].astype("boolean").fillna(True)
    fast = solved & (hours <= own.complaint_fast_hours)
    return pd.Series(np.select([fast, solved], HANDLED[:2], HANDLED[2]), index=told.index)


def _chosen(told: pd.DataFrame, theme: str, handled: str) -> pd.DataFrame:
    kept = told if theme == "all" else told[told["theme"] == theme]
    return kept if handled == "all" else kept[kept["handled"] == handled]


def _outcome(part: pd.DataFrame, theme: str, handled: str, confidence: float) -> dict[str, object]:
    by_member = part.groupby("member_id")["gone"].agg(["sum", "size"]).astype(float)
    hits, trials = by_member["sum"].to_numpy(), by_member["size"].to_numpy()
    rate = hits.sum() / trials.sum()
    number = clustered_number(hits, trials)
    low, high = wilson(np.array([rate * number]), np.array([number]), confidence)
    return {
        "theme": theme, "handled": handled, "complaints": trials.sum(), "members": float(len(by_member)),
        "gone": hits.sum(), "rate": rate, "low": low[0], "high": high[0],
    }  # fmt: skip


def silence(
    feedback: pd.DataFrame,
    surveys: pd.DataFrame,
    panel: pd.DataFrame,
    spells: pd.DataFrame,
    params: Params,
    min_cell: int,
) -> pd.DataFrame:
    """Who left without a word, by stratum, and whether the silent leave less.

    A word is any feedback (a rating without text as well) or answered survey, exit surveys apart. A leaver was silent
    if there was none from ``silent_days`` before the last activity until the leaving: the silence by which leaving is
    defined does not count as such. A member at a snapshot was silent if there was none in the ``silent_days`` before.

    Parameters
    ----------
    feedback, surveys
        Checked tables: member_id, created_at, source; member_id, kind, answered_at.
    panel
        Snapshots of consenting members with strata, spell_no, event, stop_on, churned_in_horizon.
    spells
        member_id, spell_no, last_active_on.

    Returns
    -------
    `SILENCE_COLUMNS`. ``kind`` leavers: of those who left (``members``), the share that had said nothing (``rate``),
    for all and by stratum. ``kind`` following: of the members at the last snapshot with a known outcome who were silent,
    spoke, or complained (``stratum``), the share that left within the horizon. ``part`` is the numerator. No rows where
    the study has neither feedback nor surveys.
    """
    words = _words(feedback, surveys)
    if words.empty or panel.empty:
        return suppress_small_cells(stack([], SILENCE_COLUMNS[:-1]), "members", ["part"], min_cell)
    banded = with_tenure_band(panel, params.retention.tenure_days)
    keys = ["member_id", "spell_no"]
    left = banded[banded["event"]].merge(spells[[*keys, "last_active_on"]], on=keys)
    since = left["last_active_on"] - params.retention.silent_days * _DAY
    left = left.assign(hit=_state(left, since, left["stop_on"], words).eq("silent"))
    rows = [_group(left, "leavers", "all", "all", params.run.confidence)]
    for dimension in ("spend_tier", "tenure_band", "channel", "region", "age_band"):
        if dimension in left and left[dimension].notna().any():
            for stratum, part in left.assign(stratum=left[dimension].fillna("?")).groupby("stratum"):
                rows.append(_group(part, "leavers", dimension, str(stratum), params.run.confidence))
    known = banded[banded["churned_in_horizon"].notna()]
    last = known[known["as_of"] == known["as_of"].max()]
    since = last["as_of"] - params.retention.silent_days * _DAY
    last = last.assign(
        hit=last["churned_in_horizon"].astype(bool), state=_state(last, since, last["as_of"], words)
    )
    for state in SPOKE:
        rows.append(_group(last[last["state"] == state], "following", "all", state, params.run.confidence))
    table = stack([pd.DataFrame(rows)], SILENCE_COLUMNS[:-1])
    rates = ["rate", "low", "high"]
    return suppress_small_counts(
        table[table["members"] > 0], {"members": ["part", *rates], "part": rates}, min_cell
    )


def _words(feedback: pd.DataFrame, surveys: pd.DataFrame) -> pd.DataFrame:
    """member_id, on, complaint: one row a word."""
    source = feedback["source"].astype("string").fillna("unknown")
    said = pd.DataFrame(
        {
            "member_id": feedback["member_id"],
            "on": feedback["created_at"],
            "complaint": source.isin(_COMPLAINTS),
        }
    )
    answered = surveys[surveys["answered_at"].notna() & surveys["kind"].ne("exit")]
    asked = pd.DataFrame(
        {"member_id": answered["member_id"], "on": answered["answered_at"], "complaint": False}
    )
    parts = [part for part in (said, asked) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else said


def _state(rows: pd.DataFrame, since: pd.Series, until: pd.Series, words: pd.DataFrame) -> pd.Series:
    """`SPOKE` of each row, by its member's words from `since` on, before `until`."""
    keyed = pd.DataFrame({"since": since.to_numpy(), "until": until.to_numpy(), "row": np.arange(len(rows))})
    near = keyed.assign(member_id=rows["member_id"].to_numpy()).merge(words, on="member_id")
    near = near[(near["on"] < near["until"]) & (near["on"] >= near["since"])]
    worst = near.groupby("row")["complaint"].any().reindex(keyed["row"])
    state = np.where(worst.isna(), "silent", np.where(worst.eq(True), "complained", "spoke"))
    return pd.Series(state, index=rows.index)


def _group(
    part: pd.DataFrame, kind: str, dimension: str, stratum: str, confidence: float
) -> dict[str, object]:
    hits, total = float(part["hit"].sum()), float(len(part))
    low, high = wilson(np.array([hits]), np.array([total]), confidence)
    return {
        "kind": kind, "dimension": dimension, "stratum": stratum, "members": total, "part": hits,
        "rate": hits / total if total else np.nan, "low": low[0], "high": high[0],
    }  # fmt: skip
