"""Draws by lot: interviews among the surveys (the chance of being asked, answers coded by several), touches."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.intake.check.checked_table import CheckedTable

INTERVIEW: Final = "interview"


def check_interviews(checked: CheckedTable) -> None:
    """Set rows with an impossible chance aside, date answers that only have a reason, and say who was asked.

    A reason without a day is an answer: it counts from the day of asking. Changes `checked`.
    """
    frame = checked.frame
    chance = frame["asked_probability"]
    outside = ((chance <= 0) | (chance > 1)).to_numpy(dtype=bool, na_value=False)
    if outside.any():
        checked.row_reasons.mark(outside, "impossible_amount", "asked_probability", chance)
        example = f"{chance[outside].iloc[0]:g}"
        checked.notices.append(("notice_asked_probability", {"n": int(outside.sum()), "example": example}))
    held = frame["kind"].eq(INTERVIEW).fillna(False)
    undated = held & frame["reason"].notna() & frame["answered_at"].isna() & frame["sent_at"].notna()
    if undated.any():
        checked.frame["answered_at"] = frame["answered_at"].mask(undated, frame["sent_at"])
        checked.notices.append(("notice_interview_undated", {"n": int(undated.sum())}))
    asked = checked.frame[held & checked.row_reasons.good]
    if len(asked):
        checked.notices.append(("notice_interviews", _counts(asked)))


def _counts(asked: pd.DataFrame) -> dict[str, int]:
    each = asked.assign(answered=asked["answered_at"].notna(), drawn=asked["asked_probability"].notna())
    by_id = each.groupby("survey_id").agg(
        answered=("answered", "any"), drawn=("drawn", "any"), coders=("coder", "nunique")
    )
    return {
        "n": len(by_id),
        "answered": int(by_id["answered"].sum()),
        "silent": int((~by_id["answered"]).sum()),
        "twice": int((by_id["coders"] > 1).sum()),
        "without": int((~by_id["drawn"]).sum()),
    }


def repeated_codings(frame: pd.DataFrame, good: np.ndarray) -> np.ndarray:
    """Good rows whose survey_id an earlier one has, but for interviews of one member coded by others; (rows,) bool."""
    rows = frame[good]
    later = rows["survey_id"].duplicated()
    first = rows[~later].set_index("survey_id").reindex(rows["survey_id"])
    another = pd.Series(True, index=rows.index)
    for name in ("kind", "member_id"):
        another &= rows[name].eq(pd.Series(first[name].to_numpy(), index=rows.index)).fillna(False)
    another &= rows["kind"].eq(INTERVIEW).fillna(False)
    another &= rows["coder"].notna() & first["coder"].notna().to_numpy()
    another &= ~rows.duplicated(["survey_id", "coder"])
    repeated = np.zeros(len(frame), dtype=bool)
    repeated[good] = (later & ~another).to_numpy(dtype=bool)
    return repeated


def note_chances(checked: CheckedTable) -> None:
    """Say where a touch was drawn by lot and nobody recorded with which chance; changes the notices of `checked`.

    The share of the arm in its campaign stands in then, which is right only where all members had the same chance.
    """
    frame = checked.frame
    by_lot = frame["randomized"].fillna(False).astype(bool)
    absent = by_lot & frame["propensity"].isna()
    if absent.any():
        counts = {"n": int(absent.sum()), "of": int(by_lot.sum())}
        campaigns = int(frame.loc[absent, "campaign_id"].nunique())
        checked.notices.append(("notice_propensity_absent", {**counts, "campaigns": campaigns}))
