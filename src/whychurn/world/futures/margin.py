"""What a member brings in a week of membership: the programme's margin on what he or she spends or pays."""

import numpy as np

from whychurn.world.lives.history.counts import season
from whychurn.world.lives.members import Members
from whychurn.world.lives.membership_terms import term_days
from whychurn.world.setting.scenario import Scenario

_WEEKS_A_YEAR = 365.25 / 7
_TAKEN = 0.85  # share of orders with a discount
_CUT = 0.6  # largest share taken off
_ORDER_SPREAD = 0.45  # sd of the log of an order's amount


def weekly_margin(scenario: Scenario, members: Members, discount: np.ndarray, first: int) -> np.ndarray:
    """Expected margin of each member in each week from `first` on, while a member; currency, (weeks, n).

    Parameters
    ----------
    discount
        Share taken off, all weeks of the clock; (weeks, n).
    """
    programme, weeks = scenario.programme, slice(first, None)
    index = scenario.market.own[weeks, members.region, members.category]
    price = np.array([line.price for line in programme.categories.values()])[members.category]
    off = np.clip(discount[weeks], 0, _CUT)
    income = np.zeros_like(off, dtype="float64")
    if programme.sells:
        amount = programme.purchase_price * price * np.exp(0.1 * members.usage + _ORDER_SPREAD**2 / 2)
        ordered = members.order_rate * season(programme, scenario.clock)[weeks]
        income += ordered * amount * index * (1 - _TAKEN * off)
    if programme.plans:
        fee = np.array([plan.price for plan in programme.plans.values()])[members.plan]
        income += fee * price * index * (1 - off) / _weeks_a_fee(scenario, members)
    if not programme.sells and not programme.plans:  # an app: its price is that of a month
        income += price * index * 12 / _WEEKS_A_YEAR
    return (programme.margin * income).astype("float32")


def _weeks_a_fee(scenario: Scenario, members: Members) -> np.ndarray:
    if scenario.programme.kind == "seasons":
        return np.full(members.size, _WEEKS_A_YEAR / len(scenario.programme.seasons))
    return term_days(scenario.programme, members) / 7
