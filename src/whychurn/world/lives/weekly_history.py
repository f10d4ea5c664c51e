"""What happens to members week by week: the exposures that add to the hazard of each cause.

All arrays are (weeks, n). Exposures do not depend on who has left already: they are a member's history had he
or she stayed. So the hazards are known for everyone, and the truth without an exposure can be computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from whychurn.world.lives.dose_response import shaped
from whychurn.world.lives.history.counts import draw_counts, draw_coupons, draw_levels
from whychurn.world.lives.history.exposures import doses
from whychurn.world.lives.history.lasting_traits import LastingTraits
from whychurn.world.lives.members import Members
from whychurn.world.setting.scenario import Scenario


@dataclass(frozen=True)
class WeeklyHistory:
    """Counts of what happens, and exposures by name, both as (weeks, n).

    Parameters
    ----------
    counts
        orders, defects (of orders, or of visits where there are terms), service, faults, relevant,
        irrelevant, many_messages, greetings, activities, community, spendings, coupons, moves, visits.
    exposures
        Units of each exposure, never negative.
    levels
        own_price, discount, response (factor on answering times), rival_activity at the member's place, hours.
    traits
        What lasts beyond the window and no table shows; (n,), periods (k, 2, n).
    """

    counts: dict[str, np.ndarray]
    exposures: dict[str, np.ndarray]
    levels: dict[str, np.ndarray]
    traits: Mapping[str, np.ndarray] = field(default_factory=dict)


def simulate_history(scenario: Scenario, members: Members, rng: np.random.Generator) -> WeeklyHistory:
    """Draw what happens to each member in each week."""
    traits = LastingTraits()
    levels = draw_levels(scenario, members, traits, rng)
    counts = draw_counts(scenario, members, levels, traits, rng)
    exposures = doses(scenario, members, counts, levels, traits.values)
    counts["coupons"] = draw_coupons(scenario, members, exposures["price_rise"], rng)
    levels["hours"] = counts.pop("hours").astype("float32")
    return WeeklyHistory(counts, in_shape(scenario, exposures), levels, traits.values)


def in_shape(scenario: Scenario, exposures: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What each dose does, as the mechanism shapes it."""
    if not scenario.usual:
        return exposures
    shape, usual = scenario.mechanism.shape, scenario.usual
    return {name: shaped(dose, shape, usual[name]) for name, dose in exposures.items()}
