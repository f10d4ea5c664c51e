"""Touches drawn by lot: whether the chance of each is on record."""

from __future__ import annotations

from whychurn.intake.check.checked_table import CheckedTable


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
