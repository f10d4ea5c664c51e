"""Exposures that follow from counts and levels, without any draw: doses that last, in units that add to hazards."""

from typing import Final

import numpy as np

from whychurn.world.lives.dose_response import remembered
from whychurn.world.lives.members import Members
from whychurn.world.setting.mechanism import Memory
from whychurn.world.setting.scenario import Scenario

SLOW_HOURS: Final = 36.0
RIVAL_HALF_LIFE: Final = 4.0  # weeks, where a mechanism has a memory of its own
Arrays = dict[str, np.ndarray]


def doses(scenario: Scenario, members: Members, counts: Arrays, levels: Arrays, before: Arrays) -> Arrays:
    """Units of each exposure, before any shape; (weeks, n), all weeks of the clock.

    Parameters
    ----------
    counts, levels
        What happened from the first week on; see `draw_counts` and `draw_levels`.
    before
        contact_before, spending_before: weeks since the last one when the clock begins; (n,).
    """
    return {
        **_product(scenario, members, counts),
        **_price(scenario, members, levels),
        **_competition(scenario, members, levels),
        **_messages(scenario, members, counts),
        **_engagement(scenario, members, counts, before),
        **_natural(scenario, members, counts),
    }


def weeks_since(count: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Weeks since the last week with a count, `first` (n,) of them before the window."""
    since = np.empty(count.shape, dtype="float32")
    level = first.astype("float32")
    for week, current in enumerate(count):
        level = np.where(current > 0, 0, level + 1)
        since[week] = level
    return since


def _lasting(scenario: Scenario, members: Members, count: np.ndarray, half_life: float) -> np.ndarray:
    """Doses as the mechanism remembers them, from joining on where it is calibrated; (weeks, n)."""
    if scenario.mechanism.totals is not None:
        count = count * (np.arange(len(count))[:, None] >= members.entry // 7)
    return remembered(count, half_life, scenario.mechanism.memory)


def _product(scenario: Scenario, members: Members, counts: Arrays) -> Arrays:
    half, hours = scenario.programme.half_life, counts["hours"]
    picky = np.exp(0.5 * members.quality_demands)
    late = (hours > SLOW_HOURS) * np.minimum(hours / SLOW_HOURS, 3)
    return {
        "defect": _lasting(scenario, members, counts["defects"] * picky, half["defect"]),
        "slow_response": _lasting(scenario, members, late, half["slow_response"]),
        "app_fault": _lasting(scenario, members, counts["faults"], half["app_fault"]),
    }


def _price(scenario: Scenario, members: Members, levels: Arrays) -> Arrays:
    """Rises since joining and discounts lost, in units of ten per cent, weighted by price sensitivity."""
    half, clock = scenario.programme.half_life, scenario.clock
    sensitivity = np.exp(0.6 * members.price_sensitivity).astype("float32")
    week = np.maximum(-(-members.joined // 7), 0)
    joined = np.arange(clock.weeks)[:, None] > week
    rise = np.diff(levels["own_price"], axis=0, prepend=levels["own_price"][:1]) * joined
    lost = np.maximum(-np.diff(levels["discount"], axis=0, prepend=levels["discount"][:1]), 0) * joined
    rises = _lasting(scenario, members, np.maximum(rise, 0) * 10, half["price_rise"])
    losses = _lasting(scenario, members, lost * 10, half["lost_discount"])
    return {"price_rise": rises * sensitivity, "lost_discount": losses * sensitivity}


def _competition(scenario: Scenario, members: Members, levels: Arrays) -> Arrays:
    responsiveness = np.exp(0.35 * members.price_sensitivity - 0.25 * members.sociability).astype("float32")
    gap = levels["own_price"] / levels["rival_price"] - 1
    felt = {
        "rival_campaign": np.maximum(levels["rival_activity"] - 0.9, 0) * responsiveness,
        "rival_price": np.maximum(gap - 0.02, 0) * 10 * responsiveness,
    }
    if scenario.mechanism.memory == Memory():  # rivals of this week only
        return felt
    return {name: _lasting(scenario, members, dose, RIVAL_HALF_LIFE) for name, dose in felt.items()}


def _messages(scenario: Scenario, members: Members, counts: Arrays) -> Arrays:
    half = scenario.programme.half_life["messages"]
    irrelevant, many = (
        _lasting(scenario, members, counts[name], half) for name in ("irrelevant", "many_messages")
    )
    return {
        "irrelevant_offers": np.maximum(irrelevant - 0.8, 0),
        "too_many_messages": np.maximum(many - 2, 0) / 3,
    }


def _engagement(scenario: Scenario, members: Members, counts: Arrays, before: Arrays) -> Arrays:
    contacts = counts["greetings"] + counts["activities"] + counts["community"]
    since = _since_joining(scenario, members, weeks_since(contacts, before["contact_before"]))
    unspent = weeks_since(counts["spendings"], before["spending_before"]) * members.points
    unspent = _since_joining(scenario, members, unspent)
    silence = scenario.mechanism.silence
    return {
        "no_contact": np.clip((since - silence.from_week) / 12, 0, silence.grows_weeks / 12),
        "unused_points": np.clip((unspent - 20) / 20, 0, 1.5),
    }


def _since_joining(scenario: Scenario, members: Members, since: np.ndarray) -> np.ndarray:
    """Weeks of silence, no more than since joining where the mechanism is calibrated; (weeks, n)."""
    if scenario.mechanism.totals is None:
        return since
    tenure = np.maximum(np.arange(len(since))[:, None] - members.joined // 7, 0)
    return np.minimum(since, tenure)


def _natural(scenario: Scenario, members: Members, counts: Arrays) -> Arrays:
    programme, clock = scenario.programme, scenario.clock
    since_end = np.arange(clock.weeks)[:, None] - members.need_end / 7
    if scenario.mechanism.memory == Memory():
        ended = np.where(since_end >= 0, 0.5 ** (np.maximum(since_end, 0) / programme.need.half_life), 0)
    else:
        ends = (since_end >= 0) & (since_end < 1)
        ended = _lasting(scenario, members, ends, programme.need.half_life)
    return {
        "moved": _lasting(scenario, members, counts["moves"], programme.half_life["moved"]),
        "need_ended": ended.astype("float32"),
    }
