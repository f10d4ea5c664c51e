"""Who left without a word, and whether silent members leave more or less often."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, stack
from whychurn.contract.suppression import suppress_small_cells, suppress_small_counts
from whychurn.retention.before_churn.complaint_outcomes import COMPLAINTS, DAY
from whychurn.retention.rates.churn_by_stratum import with_tenure_band
from whychurn.stats.intervals import wilson

SILENCE_COLUMNS: Final = columns_of("silence")
SPOKE: Final = ("silent", "spoke", "complained")


def silent_churn(
    feedback: pd.DataFrame,
    surveys: pd.DataFrame,
    panel: pd.DataFrame,
    spells: pd.DataFrame,
    params: Params,
    min_cell: int,
) -> pd.DataFrame:
    """Silent churn: who left without feedback, by stratum, and whether silent members leave less often.

    A word is any feedback (a rating without text as well) or answered survey, exit surveys and interviews apart. A
    leaver was silent if there was none from ``silent_days`` before the last activity until churn:
    the silence by which churn is defined does not count as such. A member at a snapshot was silent if
    there was none in the ``silent_days`` before.

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
    `SILENCE_COLUMNS`. ``kind`` leavers: of those who left (``members``), the share that had said nothing
    (``rate``), for all and by stratum. ``kind`` following: of the members at the last snapshot with a
    known outcome who were silent, spoke, or complained (``stratum``), the share that left within the
    horizon. ``part`` is the numerator. No rows where the study has neither feedback nor surveys.
    """
    words = _words(feedback, surveys)
    if words.empty or panel.empty:
        return suppress_small_cells(stack([], SILENCE_COLUMNS[:-1]), "members", ["numerator"], min_cell)
    banded = with_tenure_band(panel, params.retention.tenure_days)
    keys = ["member_id", "spell_no"]
    left = banded[banded["event"]].merge(spells[[*keys, "last_active_on"]], on=keys)
    since = left["last_active_on"] - params.retention.silent_days * DAY
    left = left.assign(hit=_state(left, since, left["stop_on"], words).eq("silent"))
    rows = [_group(left, "leavers", "all", "all", params.run.confidence)]
    for dimension in ("spend_tier", "tenure_band", "channel", "region", "age_band"):
        if dimension in left and left[dimension].notna().any():
            for stratum, part in left.assign(stratum=left[dimension].fillna("?")).groupby("stratum"):
                rows.append(_group(part, "leavers", dimension, str(stratum), params.run.confidence))
    labelled = banded[banded["churned_in_horizon"].notna()]
    last = labelled[labelled["as_of"] == labelled["as_of"].max()]
    since = last["as_of"] - params.retention.silent_days * DAY
    last = last.assign(
        hit=last["churned_in_horizon"].astype(bool), state=_state(last, since, last["as_of"], words)
    )
    for state in SPOKE:
        rows.append(_group(last[last["state"] == state], "following", "all", state, params.run.confidence))
    table = stack([pd.DataFrame(rows)], SILENCE_COLUMNS[:-1])
    rates = ["rate", "low", "high"]
    return suppress_small_counts(
        table[table["members"] > 0], {"members": ["numerator", *rates], "numerator": rates}, min_cell
    )


def _words(feedback: pd.DataFrame, surveys: pd.DataFrame) -> pd.DataFrame:
    """member_id, on, complaint: one row a word."""
    source = feedback["source"].astype("string").fillna("unknown")
    written = pd.DataFrame(
        {
            "member_id": feedback["member_id"],
            "on": feedback["created_at"],
            "complaint": source.isin(COMPLAINTS),
        }
    )
    answered = surveys[surveys["answered_at"].notna() & ~surveys["kind"].isin(["exit", "interview"])]
    asked = pd.DataFrame(
        {"member_id": answered["member_id"], "on": answered["answered_at"], "complaint": False}
    )
    parts = [part for part in (written, asked) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else written


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
        "kind": kind, "dimension": dimension, "stratum": stratum, "members": total, "numerator": hits,
        "rate": hits / total if total else np.nan, "low": low[0], "high": high[0],
    }  # fmt: skip
