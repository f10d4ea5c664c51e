"""Which attributed churn event is which planted one: same member, nearest in time, one to one.

A churn definition dates churn by the last active day; members go quiet some weeks before they leave, and a
decision under a term takes effect at its end. So the two dates differ by days, and some events have no
partner: a lapse of a member who never left, an event too recent to be observed. None is dropped in silence.
"""

from typing import Final

import numpy as np
import pandas as pd

ATTRIBUTED: Final = ["member_id", "spell_no"]  # keys of an attributed event
PLANTED: Final = ["member_id", "spell"]  # keys of a planted one
MATCH_DAYS: Final = 90  # a purchase cycle or two between the last active day and the planted exit


def match_events(attributed: pd.DataFrame, planted: pd.DataFrame, max_days: int = MATCH_DAYS) -> pd.DataFrame:
    """Pair attributed churn events with planted ones of the same member, nearest first.

    Parameters
    ----------
    attributed
        One row an event: member_id, spell_no, anchor_on.
    planted
        One row an event: member_id, spell, decided_on, left_on, further columns.
    max_days
        anchor_on may lie so many days outside [decided_on, left_on].

    Returns
    -------
    DataFrame
        One row for each row of `attributed`, in its order: its columns, the columns of the planted event
        (null where there is none), and gap_days (anchor_on before decided_on: positive; after left_on:
        negative; inside: 0).
    """
    dates = planted[[*PLANTED, "decided_on", "left_on"]]
    pairs = attributed[[*ATTRIBUTED, "anchor_on"]].merge(dates, on="member_id")
    before = (pairs["decided_on"] - pairs["anchor_on"]).dt.days
    after = (pairs["anchor_on"] - pairs["left_on"]).dt.days
    pairs["gap_days"] = np.where(before > 0, before, -after.clip(lower=0)).astype("float64")
    pairs["distance"] = pairs["gap_days"].abs()
    order = ["distance", *ATTRIBUTED, "spell"]
    pairs = pairs[pairs["distance"] <= max_days].sort_values(order, kind="stable")
    chosen = _one_to_one(pairs)[[*ATTRIBUTED, "spell", "gap_days"]]
    matched = attributed.merge(chosen, on=ATTRIBUTED, how="left", validate="one_to_one")
    matched = matched.merge(planted, on=PLANTED, how="left", validate="many_to_one")
    return matched.set_index(attributed.index)


def match_counts(matched: pd.DataFrame, planted: pd.DataFrame) -> dict[str, float]:
    """How many events of both sides found a partner, and how far apart their dates lie.

    Parameters
    ----------
    matched
        As `match_events` returns it.

    Returns
    -------
    attributed, planted, matched, attributed_only (lapses without a planted event), planted_only (unobserved, too
    recent, or of members who may not be profiled), gap_days_median, gap_days_p95.
    """
    paired = matched["spell"].notna()
    gap = matched.loc[paired, "gap_days"].abs()
    return {
        "attributed": len(matched),
        "planted": len(planted),
        "matched": int(paired.sum()),
        "attributed_only": int((~paired).sum()),
        "planted_only": len(planted) - int(paired.sum()),
        "gap_days_median": float(gap.median()),
        "gap_days_p95": float(gap.quantile(0.95)),
    }


def _one_to_one(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs that are each other's nearest, again and again among those left; `pairs` sorted by distance."""
    taken = []
    while len(pairs):
        best = pairs[~pairs.duplicated(ATTRIBUTED) & ~pairs.duplicated(PLANTED)]
        taken.append(best)
        for keys in (ATTRIBUTED, PLANTED):
            used = pd.MultiIndex.from_frame(best[keys])
            pairs = pairs[~pd.MultiIndex.from_frame(pairs[keys]).isin(used)]
    return pd.concat(taken) if taken else pairs
