"""Terms of membership: when a decision to leave takes effect."""

import numpy as np

from whychurn.world.lives.members import Members
from whychurn.world.setting.clock import NEVER
from whychurn.world.setting.course_calendar import calendar
from whychurn.world.setting.programme import Programme
from whychurn.world.setting.scenario import Scenario


def term_days(programme: Programme, members: Members) -> np.ndarray:
    """Length of each member's terms by plan; (n,)."""
    return np.array([plan.days for plan in programme.plans.values()])[members.plan]


def term_end(scenario: Scenario, members: Members, since: np.ndarray, decided: np.ndarray) -> np.ndarray:
    """Last day of the term in which each decision to leave falls: then it takes effect.

    Parameters
    ----------
    since
        First day of the member's first term in this spell; (n,).
    decided
        Day of the decision, `NEVER` where there is none; (n,).
    """
    programme = scenario.programme
    if programme.kind == "inactivity":
        return decided
    some = decided < NEVER
    if programme.kind == "terms":
        length = term_days(programme, members)
        terms = np.where(some, decided - since, 0) // length + 1
        return np.where(some, since + terms * length - 1, NEVER)
    _, ends = calendar(programme, scenario.clock)
    return np.where(some, ends[np.searchsorted(ends, np.where(some, decided, 0))], NEVER)


def last_decision(scenario: Scenario, members: Members) -> np.ndarray:
    """Last day on which a decision of the first spell still takes effect in the window; (n,)."""
    programme, days = scenario.programme, scenario.clock.days
    if programme.kind == "inactivity":
        return np.full(members.size, days - 1)
    if programme.kind == "terms":
        length = term_days(programme, members)
        return members.joined + (days - members.joined) // length * length - 1
    _, ends = calendar(programme, scenario.clock)
    return np.full(members.size, ends[ends < days].max())
