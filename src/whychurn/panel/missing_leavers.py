"""Leavers who are missing from the tables: a first time without any leaving, though many were there who could.

Exports that hold only members who are still there, up to some day, or a table whose leavers were deleted, make rates
too low and stays too long (survivorship). Leavings expected before the first one, at the hazard after it, tell.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.stats.constant_hazard import fit_hazard

EXPECTED: Final = 10.0  # leavings expected where none came: a chance of e^-10
LEAST_DAYS: Final = 45
LEAST_EVENTS: Final = 5  # after the first leaving: fewer tell no rate


def missing_leavers(
    spells: pd.DataFrame, terms: pd.DataFrame | None, first: pd.Timestamp, last: pd.Timestamp
) -> dict[str, Any] | None:
    """First day on which anybody leaves, and the leavings that the later rate lets expect before it; None where few.

    Parameters
    ----------
    spells
        entered_on, last_active_on, churned.
    terms
        `covered_terms` where most have an end: a stay ends with a term. None: on any day.
    first, last
        First observed day, and the last on which leaving is known by the end of the data.

    Returns
    -------
    first_leaving_on, days and months without a leaving, expected (leavings), at_first, at_last (members there on
    the first and on the last day of them).
    """
    ended = spells.loc[spells["churned"], "last_active_on"]
    ended = ended[(ended >= first) & (ended <= last)]
    if len(ended) <= LEAST_EVENTS:
        return None
    begin = max(first, spells["entered_on"].min())
    day = ended.min()
    if (day - begin).days < LEAST_DAYS:
        return None
    events = len(ended) - 1  # the one that ends the time without any is not counted
    expected = (
        _by_days(spells, begin, day, last, events)
        if terms is None
        else _by_terms(terms, first, day, last, events)
    )
    if expected < EXPECTED:
        return None
    return {
        "first_leaving_on": f"{day:%Y-%m-%d}",
        "days": int((day - begin).days),
        "months": int((day.year - begin.year) * 12 + day.month - begin.month),
        "expected": round(float(expected)),
        "at_first": _there(spells, begin),
        "at_last": _there(spells, day - pd.Timedelta(days=1)),
    }


def silent_until(panel_facts: Mapping[str, Any]) -> pd.Timestamp | None:
    """First day on which anybody leaves, where leavings before it are missing; else None."""
    found = panel_facts.get("missing_leavers")
    return pd.Timestamp(found["first_leaving_on"]) if found else None


def _by_days(
    spells: pd.DataFrame, begin: pd.Timestamp, day: pd.Timestamp, last: pd.Timestamp, events: int
) -> float:
    entered = spells["entered_on"].to_numpy("datetime64[D]")
    until = spells["last_active_on"].where(spells["churned"], last).to_numpy("datetime64[D]")

    def member_days(low: pd.Timestamp, high: pd.Timestamp) -> float:
        inside = np.minimum(until, np.datetime64(high, "D")) - np.maximum(entered, np.datetime64(low, "D"))
        return float(inside.astype("int64").clip(0).sum())

    return events / max(member_days(day, last), 1.0) * member_days(begin, day)


def _by_terms(
    terms: pd.DataFrame, first: pd.Timestamp, day: pd.Timestamp, last: pd.Timestamp, events: int
) -> float:
    ends = terms["covered_until"]
    length = ((ends - terms["starts_on"]).dt.days + 1).to_numpy("float64")
    before, after = ((ends >= first) & (ends < day)).to_numpy(), ((ends >= day) & (ends <= last)).to_numpy()
    hazard = fit_hazard(length[after], min(events, int(after.sum()) - 1))
    return float((1 - np.exp(-hazard * length[before])).sum())


def _there(spells: pd.DataFrame, day: pd.Timestamp) -> int:
    until = spells["last_active_on"].where(spells["churned"], pd.Timestamp.max)
    return int(((spells["entered_on"] <= day) & (until >= day)).sum())
