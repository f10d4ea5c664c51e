"""Changes planted from a month on (`world.changes`), in the market, in members' lives and in what is recorded."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import WorldParams
from whychurn.contract.params.world import WorldChange
from whychurn.contract.tables import TABLES
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.market import Market
from whychurn.world.setting.programme import Programme
from whychurn.world.setting.scenario import Scenario

UNDERCUT: Final = 0.03  # how far a rival that opens is cheaper, by unit of its activity


def with_changes(scenario: Scenario) -> Scenario:
    """The scenario whose prices and rivals change as planned; the same one where no change is planned.

    Applied after calibration, so that a change makes more members leave instead of being calibrated away.

    Raises
    ------
    WhychurnError
        If a change names a region, table or column that is not there, or begins outside the window.
    """
    params, programme, clock = scenario.params, scenario.programme, scenario.clock
    if not params.changes:
        return scenario
    market = scenario.market
    own, rival = market.own.copy(), market.rival.copy()
    for change in params.changes:
        _refuse_unknown(change, scenario)
        if change.kind == "price_rise":
            own[_where(change, programme, clock)] *= 1 + change.strength
        if change.kind == "rival_opening":
            rival[_where(change, programme, clock)] -= UNDERCUT * change.strength
    activity = market.activity + opened_rivals(params, programme, clock)
    return replace(scenario, market=Market(own, np.clip(rival, 0.6, None), activity, market.before))


def opened_rivals(params: WorldParams, programme: Programme, clock: Clock) -> np.ndarray:
    """Activity of the rivals that open, all weeks of the clock; (weeks, regions, 1)."""
    added = np.zeros((clock.weeks, len(programme.regions), 1))
    for change in params.changes:
        if change.kind == "rival_opening":
            added[_where(change, programme, clock)] += change.strength
    return added


def slower_answers(params: WorldParams, programme: Programme, clock: Clock) -> np.ndarray:
    """Factor of planted troubles on requests and hours to an answer; (weeks, regions)."""
    factor = np.ones((clock.weeks, len(programme.regions)), dtype="float32")
    for change in params.changes:
        if change.kind == "service_trouble":
            factor[_where(change, programme, clock)] *= change.strength
    return factor


def as_exported(
    tables: dict[str, pd.DataFrame], params: WorldParams, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Tables of a block as the company exports them when an export breaks or a code is renamed."""
    for change in params.changes:
        name, _, column = (change.of or "").partition(".")
        if name not in tables or (column and column not in tables[name]):
            continue
        table = tables[name]
        first, last = _days(change)
        concerned = table[str(TABLES[name].time)].between(first, last, inclusive="left")
        if not column:
            table = table[~concerned | (rng.random(len(table)) >= change.strength)].reset_index(drop=True)
        elif TABLES[name].fields[column].kind == "number":
            table = table.assign(**{column: table[column].mask(concerned, 0.0)})
        else:
            values = table[column].astype("object")
            concerned &= values.eq(change.code) if change.code else True
            value = f"{change.code}_v2" if change.code else None
            table = table.assign(**{column: values.mask(concerned, value)})
        tables = tables | {name: table}
    return tables


def _where(change: WorldChange, programme: Programme, clock: Clock) -> tuple[slice, slice]:
    """Weeks and regions of a change of lives: from the first week on that begins in its first month."""
    names = list(programme.regions)
    place = names.index(change.region) if change.region else 0
    first, last = ((day - pd.Timestamp(clock.start)).days for day in _days(change))
    return slice(-(-first // 7), -(-last // 7)), slice(place, place + 1 if change.region else None)


def _days(change: WorldChange) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First day, and first day no more."""
    first = pd.Timestamp(change.from_)
    return first, first + pd.DateOffset(months=change.months or 1200)


def _refuse_unknown(change: WorldChange, scenario: Scenario) -> None:
    first, clock = _days(change)[0], scenario.clock
    day = (first - pd.Timestamp(clock.start)).days
    name, _, column = (change.of or "").partition(".")
    wrong = None
    if not 0 <= day < clock.days:
        wrong = f"{change.from_} is no month of the simulated time", "name a month between first and last"
    elif change.region and change.region not in scenario.programme.regions:
        wrong = f"no region {change.region!r}", f"choose one of {', '.join(scenario.programme.regions)}"
    elif (name and name not in TABLES) or (column and column not in TABLES[name].fields):
        wrong = f"no table or column {change.of!r}", "name one of the input contract, such as orders.discount"
    if wrong:
        raise WhychurnError(wrong[0], file="params.yaml", column="world.changes", remedy=wrong[1])
