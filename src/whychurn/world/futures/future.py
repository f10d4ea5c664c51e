"""One future of one block of members: the hazards that wait for them, and what they bring; no plan changes it."""

from dataclasses import dataclass

import numpy as np

from whychurn.world.futures.later_market import later_scenario
from whychurn.world.futures.margin import weekly_margin
from whychurn.world.futures.standing import Standing
from whychurn.world.lives.history.counts import MISPROFILED, NEGLECTED, PRESSURE, draw_counts, draw_levels
from whychurn.world.lives.history.exposures import doses
from whychurn.world.lives.history.lasting_traits import LastingTraits, later_periods
from whychurn.world.lives.members import Members
from whychurn.world.lives.simulated_hazards import base_hazards, excess_hazards
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.lives.weekly_history import WeeklyHistory, in_shape
from whychurn.world.setting.scenario import Scenario

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Future:
    """Weeks after the window, for the members of one block; F weeks.

    Parameters
    ----------
    scenario
        The scenario that runs on to the end of the future.
    first
        Number of the first week of the future.
    base, excess
        Weekly hazards, with what is left of earlier contacts and without any new one; float32 (causes, F, n).
    margin
        Expected margin of a week of membership; currency, float32 (F, n).
    """

    scenario: Scenario
    first: int
    base: np.ndarray
    excess: np.ndarray
    margin: np.ndarray

    @property
    def weeks(self) -> int:
        """Weeks of the future."""
        return len(self.margin)


def draw_future(
    scenario: Scenario, lives: SimulatedLives, standing: Standing, block: int, number: int
) -> Future:
    """Future `number` of a block, from streams of its own: the same whatever is done in it.

    Parameters
    ----------
    scenario
        Of the window; its parameters say how many whole weeks follow the week in which the window ends.
    """
    members, first, weeks = lives.members, scenario.clock.weeks, scenario.params.play_weeks
    later = later_scenario(scenario, number, weeks)
    rng = scenario.stream(block, f"path of future {number}")
    exposures, levels = continue_history(later, members, lives.history, rng)
    hazards = lives.hazards
    waiting = {name: dose[first:] for name, dose in exposures.items()}
    return Future(
        scenario=later,
        first=first,
        base=base_hazards(later, members, hazards.frailty, first) * standing.acting,
        excess=excess_hazards(later, members, waiting, hazards.frailty, hazards.sensitivity)
        * standing.acting,
        margin=weekly_margin(later, members, levels["discount"], first),
    )


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
