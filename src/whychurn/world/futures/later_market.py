"""A scenario that runs on: the window as it was, and prices, rivals and troubles of one future after it."""

from dataclasses import replace
from typing import TypeVar

import numpy as np

from whychurn.world.setting.changes import opened_rivals
from whychurn.world.setting.clock import Clock, stream
from whychurn.world.setting.market import Market, background, drift_of_lists
from whychurn.world.setting.programme import Disruption, PriceRise, Programme, Rival
from whychurn.world.setting.scenario import Scenario

_Event = TypeVar("_Event", PriceRise, Rival, Disruption)


def later_scenario(scenario: Scenario, number: int, weeks: int) -> Scenario:
    """`scenario` with a clock of whole weeks that ends `weeks` later, and the market of future `number`.

    Parameters
    ----------
    number
        Of the future; the same number gives the same future, whatever is planned in it.
    weeks
        Whole weeks after the week in which the window ends.
    """
    window = scenario.clock
    clock = Clock(window.start, 7 * (window.weeks + weeks))
    rng = stream(scenario.params.seed, 0, f"market of future {number}")
    programme = _with_later_events(scenario.programme, window, clock, rng)
    market = _later_market(scenario, programme, clock, rng)
    return replace(scenario, programme=programme, clock=clock, market=market)


def _with_later_events(
    programme: Programme, window: Clock, clock: Clock, rng: np.random.Generator
) -> Programme:
    """The programme with its events at their old weeks, and new ones after them, as frequent as in the window."""

    def moved(events: list[_Event]) -> list[_Event]:
        kept = [(window.week_at(event.at), event) for event in events]
        more = rng.poisson(len(events) * (clock.weeks - window.weeks) / window.weeks) if events else 0
        later = [
            (int(rng.integers(window.weeks, clock.weeks)), events[rng.integers(len(events))])
            for _ in range(more)
        ]
        return [event.model_copy(update={"at": (week + 0.5) / clock.weeks}) for week, event in kept + later]

    rivals = moved(programme.rivals)
    regions = list(programme.regions)
    rivals[len(programme.rivals) :] = [
        rival.model_copy(update={"region": regions[rng.integers(len(regions))]})
        for rival in rivals[len(programme.rivals) :]
    ]
    return programme.model_copy(
        update={
            "price_rises": moved(programme.price_rises),
            "rivals": rivals,
            "troubles": moved(programme.troubles),
        }
    )


def _later_market(scenario: Scenario, programme: Programme, clock: Clock, rng: np.random.Generator) -> Market:
    """The window's market, followed by weeks that start from its last one."""
    before, seen = scenario.market, scenario.clock.weeks
    regions, categories = list(programme.regions), list(programme.categories)
    later = np.arange(seen, clock.weeks)
    shape = (len(later), len(regions), len(categories))
    steps = np.ones(shape)
    for rise in programme.price_rises[len(scenario.programme.price_rises) :]:
        lines = [categories.index(name) for name in rise.categories]
        steps[clock.week_at(rise.at) - seen :, :, lines] *= 1 + rise.size
    listed = drift_of_lists(later) / drift_of_lists(seen - 1)
    own = before.own[-1] * steps * listed[:, None, None]
    activity, cut = background(rng, shape), np.zeros((clock.weeks, *shape[1:]))
    for rival in programme.rivals:
        weeks = slice(clock.week_at(rival.at), clock.week_at(rival.at) + rival.weeks)
        there = slice(max(weeks.start - seen, 0), max(weeks.stop - seen, 0))
        activity[there, regions.index(rival.region)] += rival.activity * rng.uniform(
            0.7, 1.2, len(categories)
        )
        cut[weeks, regions.index(rival.region)] += rival.price_cut
    activity += opened_rivals(scenario.params, programme, clock)[seen:]
    level = before.rival[-1] + cut[seen - 1] - 0.0003 * (seen - 1)
    drift = np.cumsum(rng.normal(0, 0.004, shape), axis=0)
    rival_price = level + 0.0003 * later[:, None, None] + drift - cut[seen:]
    return Market(
        own=np.concatenate([before.own, own]),
        rival=np.concatenate([before.rival, np.clip(rival_price, 0.6, None)]),
        activity=np.concatenate([before.activity, activity]),
        before=before.before,
    )
