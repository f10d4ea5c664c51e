"""Days on which a stay could end at all (acts, ends of terms), and how many leavings a constant hazard puts there."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.contract.arrays import Array
from whychurn.retention.member_history import History
from whychurn.retention.member_logs import FAR
from whychurn.stats.constant_hazard import expected_leavings

FIXED_SHARE: Final = 0.5  # with fewer terms that have an end, stays can end on any day


@dataclass(frozen=True)
class Chances:
    """Days on which a stay could end, whose outcome is known.

    Parameters
    ----------
    member, day
        Code and day number.
    taken
        Whether the stay ended there (bool).
    expected
        Leavings that a constant hazard puts there.
    """

    member: Array
    day: Array
    taken: Array
    expected: Array


def chances_to_leave(history: History) -> Chances | None:
    """All chances of a programme; None where a stay could end on any day (most terms have no end).

    Under inactivity a stay ends on the day of an act: where acts come every 28 days, so do leavings, whatever
    the hazard. A term of a year that is not renewed stands for a year in which its holder could not leave, one
    of a month for a month.
    """
    gaps = history.absences[history.main]
    if history.by_orders:
        member, day = history.acts.member, history.acts.day
        length = days_since_last(member, day, gaps.wait)
    else:
        terms = history.terms
        if not len(terms) or terms["fixed"].mean() < FIXED_SHARE:
            return None
        member, day, starts = (
            terms.loc[terms["fixed"], name].to_numpy() for name in ("member", "ends", "starts")
        )
        length = day - starts + 1
    known = (day >= history.observed_from) & (day + gaps.wait <= history.observed_until)
    member, day, length = member[known], day[known], length[known]
    left = np.sort(gaps.member * FAR + gaps.last)
    here = member.astype("int64") * FAR + day
    taken = np.append(left, -1)[np.searchsorted(left, here)] == here
    return Chances(member, day, taken, expected_leavings(length, taken))


def days_since_last(member: Array, day: Array, most: int) -> Array:
    """Days since the member's day before, at most `most`; of the first ones the median of the others."""
    first = np.append(True, member[1:] != member[:-1])[: len(member)]
    gap = np.diff(day, prepend=0).clip(1, most)
    return np.where(first, np.median(gap[~first]) if (~first).any() else most, gap)


def by_bin(place: Array, taken: Array, expected: Array, bins: int) -> dict[str, Array]:
    """``expected`` and ``taken`` by bin; a `place` outside [0, `bins`) is not counted."""
    inside = (place >= 0) & (place < bins)
    return {
        "expected": np.bincount(place[inside], expected[inside], minlength=bins),
        "taken": np.bincount(place[inside], taken[inside].astype(float), minlength=bins),
    }
