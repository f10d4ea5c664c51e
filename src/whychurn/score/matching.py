"""Which planted leaving is which attributed one: same member, nearest in time, one to one.

A churn definition dates a leaving by the last day of presence; members go quiet some weeks before they leave, and a
decision under a term takes effect at its end. So the two differ in days, and some have no partner: a lapse of a member
who never left, a leaving too recent to be seen. Neither is dropped in silence.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

MINE: Final = ["member_id", "spell_no"]  # an attributed leaving
THEIRS: Final = ["member_id", "spell"]  # a planted one


def match_leavings(attributed: pd.DataFrame, leavings: pd.DataFrame, max_days: int) -> pd.DataFrame:
    """Pair attributed leavings with planted ones of the same member, nearest first.

    Parameters
    ----------
    attributed
        One row a leaving: member_id, spell_no, anchor_on.
    leavings
        One row a planted leaving: member_id, spell, decided_on, left_on, further columns.
    max_days
        The anchor may lie so many days outside [decided_on, left_on] (`score.match_days`).

    Returns
    -------
    DataFrame
        One row for each row of `attributed`, in its order: its columns, the columns of the planted leaving (null where
        there is none), and gap_days (anchor before decided_on: positive; after left_on: negative; inside: 0).
    """
    pairs = attributed[[*MINE, "anchor_on"]].merge(
        leavings[[*THEIRS, "decided_on", "left_on"]], on="member_id"
    )
    before = (pairs["decided_on"] - pairs["anchor_on"]).dt.days
    after = (pairs["anchor_on"] - pairs["left_on"]).dt.days
    pairs["gap_days"] = np.where(before > 0, before, -after.clip(lower=0)).astype("float64")
    pairs["distance"] = pairs["gap_days"].abs()
    pairs = pairs[pairs["distance"] <= max_days].sort_values(["distance", *MINE, "spell"], kind="stable")
    chosen = _one_to_one(pairs)[[*MINE, "spell", "gap_days"]]
    found = attributed.merge(chosen, on=MINE, how="left", validate="one_to_one")
    return found.merge(leavings, on=THEIRS, how="left", validate="many_to_one").set_index(attributed.index)


def match_counts(matched: pd.DataFrame, leavings: pd.DataFrame) -> dict[str, float]:
    """How many of both sides found a partner, and how far apart their days lie.

    Parameters
    ----------
    matched
        As `match_leavings` returns it.

    Returns
    -------
    attributed, planted, matched, attributed_only (lapses without a planted leaving), planted_only (unseen, too
    recent, or of members who may not be profiled), gap_days_median, gap_days_p95.
    """
    paired = matched["spell"].notna()
    gap = matched.loc[paired, "gap_days"].abs()
    return {
        "attributed": len(matched),
        "planted": len(leavings),
        "matched": int(paired.sum()),
        "attributed_only": int((~paired).sum()),
        "planted_only": len(leavings) - int(paired.sum()),
        "gap_days_median": float(gap.median()) if len(gap) else float("nan"),
        "gap_days_p95": float(gap.quantile(0.95)) if len(gap) else float("nan"),
    }


def _one_to_one(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs that are each other's nearest, again and again among those left; `pairs` sorted by distance."""
    taken = []
    while len(pairs):
        best = pairs[~pairs.duplicated(MINE) & ~pairs.duplicated(THEIRS)]
        taken.append(best)
        mine = pd.MultiIndex.from_frame(pairs[MINE]).isin(pd.MultiIndex.from_frame(best[MINE]))
        theirs = pd.MultiIndex.from_frame(pairs[THEIRS]).isin(pd.MultiIndex.from_frame(best[THEIRS]))
        pairs = pairs[~mine & ~theirs]
    return pd.concat(taken) if taken else pairs
