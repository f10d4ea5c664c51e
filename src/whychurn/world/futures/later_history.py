"""What happens to members after the window: the same members with what lasts of them, new weeks drawn."""

from __future__ import annotations

import numpy as np

from whychurn.world.lives.history.counts import (
    MISPROFILED,
    NEGLECTED,
    PRESSURE,
    draw_counts,
    draw_levels,
)
from whychurn.world.lives.history.exposures import doses
from whychurn.world.lives.history.lasting_traits import LastingTraits, later_periods
from whychurn.world.lives.members import Members
from whychurn.world.lives.weekly_history import WeeklyHistory, in_shape
from whychurn.world.setting.scenario import Scenario

Arrays = dict[str, np.ndarray]


def continue_history(
    later: Scenario, members: Members, history: WeeklyHistory, rng: np.random.Generator
) -> tuple[Arrays, Arrays]:
    """Exposures and levels of window and future together; (weeks, n).

    Parameters
    ----------
    later
        The scenario that runs on (`later_scenario`).
    history
        Of the window; its counts and lasting traits are where the future starts.

    Returns
    -------
    exposures, levels
        All weeks of the clock of `later`.
    """
    seen = len(history.counts["orders"])
    traits = LastingTraits(_run_on(later, members, history, seen, rng))
    levels = draw_levels(later, members, traits, rng)
    new = {name: level[seen:] for name, level in levels.items()}
    since = _since_order(history.counts["orders"])
    drawn = draw_counts(later, members, new, traits, rng, since)
    before = {**history.counts, "hours": history.levels["hours"]}
    counts = {name: np.concatenate([before[name], count]) for name, count in drawn.items()}
    return in_shape(later, doses(later, members, counts, levels, traits.values)), levels


def _run_on(
    later: Scenario, members: Members, history: WeeklyHistory, seen: int, rng: np.random.Generator
) -> Arrays:
    """Lasting traits with the periods and discount cuts that begin in the future."""
    programme, n, weeks = later.programme, members.size, (seen, later.clock.weeks)
    traits = dict(history.traits)
    share = min(programme.discount_cut * (weeks[1] - seen) / seen, 1.0)
    cut = np.where(rng.random(n) < share, rng.integers(*weeks, n), later.clock.weeks)
    traits["cut_week"] = np.where(traits["cut_week"] < seen, traits["cut_week"], cut)
    for name, part, length in (
        ("misprofiled", programme.misprofiled, MISPROFILED),
        ("pressure", PRESSURE[1], PRESSURE[0]),
        ("neglected", programme.neglected, NEGLECTED),
    ):
        more = later_periods(weeks, part, length, n, rng)
        traits[name] = np.concatenate([traits[name], more])
    return traits


def _since_order(orders: np.ndarray) -> np.ndarray:
    """Weeks since the last order, as `draw_regular_orders` counts them; the whole window where there is none."""
    ever = (orders > 0).any(axis=0)
    last = len(orders) - 1 - np.argmax(orders[::-1] > 0, axis=0)
    return np.where(ever, len(orders) - 1 - last + 0.5, len(orders)).astype("float32")
