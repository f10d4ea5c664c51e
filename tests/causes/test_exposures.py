"""Exposures: what is known on the day, times of trouble for those who never ask, and discounts that were
lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.exposures.block_exposures import with_hinges
from whychurn.causes.exposures.by_cause import member_exposures
from whychurn.causes.exposures.preferred_category import fit_category_mixture, preferred_category_posterior
from whychurn.causes.exposures.prices_and_rivals import price_sensitivity
from whychurn.causes.exposures.programme_reference_levels import estimate_reference_levels
from whychurn.causes.exposures.support_incidents import (
    IncidentRates,
    estimate_incident_rates,
    expected_unreported,
    support_contacts,
    with_service_share,
)
from whychurn.causes.member_weeks.week_calendar import Calendar
from whychurn.causes.member_weeks.weekly_counts import HALF_LIVES, member_activity
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.contract.params import CausesParams, load_params
from whychurn.contract.paths import PROJECT, StudyPaths

WEEKS, MEMBERS = 40, 60
FIRST = pd.Timestamp("2024-01-01")
TROUBLED = range(20, 24)


@pytest.fixture(scope="module")
def params() -> CausesParams:
    own = load_params(StudyPaths(PROJECT)).causes
    return own.model_copy(update={"exposures": own.exposures.model_copy(update={"trouble_prior": 5.0})})


def moment(day: Any) -> Any:
    return FIRST + pd.to_timedelta(day, unit="D")


def tables() -> dict[str, pd.DataFrame]:
    """Everyone orders each week: the first half tea, the others coffee. Each week some of the coffee drinkers
    ask for help; in the weeks of trouble some of the tea drinkers ask three times, members 1 to 9 never."""
    member, week = (part.ravel() for part in np.meshgrid(np.arange(MEMBERS), np.arange(WEEKS), indexing="ij"))
    tea = member < MEMBERS // 2
    orders = pd.DataFrame(
        {"m": member, "day": 7 * week, "category": np.where(tea, "tea", "coffee"), "amount": 10.0}
    )
    orders = orders.assign(discount=0.0, returned=False)
    asks = [(40 + week % 20, week) for week in range(WEEKS)]
    asks += [(10 + n, week) for week in TROUBLED for n in range(10) for _ in range(3)]
    asked = pd.DataFrame(asks, columns=["m", "week"]).assign(day=lambda rows: 7 * rows["week"] + 1)
    feedback = asked.assign(source="ticket", created_at=moment(asked["day"]), about_service=1.0)
    feedback["responded_at"] = feedback["created_at"] + pd.Timedelta(hours=2)
    return {"orders": orders, "feedback": feedback}


def records(found: dict[str, pd.DataFrame], members: int = MEMBERS) -> WeeklyRecords:
    rows = {name: table.sort_values(["m", "day"], ignore_index=True) for name, table in found.items()}
    who = pd.DataFrame({"member_id": [f"m{n}" for n in range(members)], "joined_on": FIRST})
    return WeeklyRecords(who, rows, None, Calendar(FIRST, 7 * WEEKS))


def test_trouble_reaches_those_who_did_not_ask_where_it_was(params) -> None:
    mine = records(tables())
    chances = preferred_category_posterior(mine, fit_category_mixture(mine))
    trouble = estimate_incident_rates(mine, member_activity(mine), chances, params.exposures)
    pace = np.ones((WEEKS, MEMBERS), "float32")
    pace[:, 2] = 2.0
    asked, late = expected_unreported(chances, trouble, pace)
    assert support_contacts(mine)[0][:, 1].sum() == 0  # member 1 never asked
    assert asked[TROUBLED, 1].min() > 0 and not late.any()
    assert asked[TROUBLED, 2] == pytest.approx(
        2 * asked[TROUBLED, 1]
    )  # who uses it twice as much meets twice as much
    assert asked[:20, 1].max() == 0 and asked[:, 40].max() == 0  # neither before nor in the other category


def test_trouble_is_among_the_exposures_and_quiet_times_have_none(params) -> None:
    found = tables()
    calm = found | {"feedback": found["feedback"][~found["feedback"]["week"].isin(TROUBLED)]}
    for held, expected in ((found, True), (calm, False)):
        mine = records(held)
        names = {
            name.split("@")[0]
            for _, name, _ in member_exposures(
                mine, estimate_reference_levels(mine, 1.0, params.exposures), member_activity(mine), params
            )
        }
        assert ("trouble" in names) is expected and "requests" in names


def test_a_complaint_about_the_price_is_no_request() -> None:
    feedback = pd.DataFrame({"feedback_id": ["a", "b", "c"], "source": "complaint"})
    said = pd.DataFrame({"feedback_id": ["a", "b"], "p_price": [0.9, 0.1], "p_engagement": [0.1, 0.0]})
    told = with_service_share(feedback, said, ["p_price", "p_engagement"])
    assert told["about_service"].tolist() == pytest.approx(
        [0.0, 0.9, 1.0]
    )  # without a text it may be anything
    rows = told.assign(m=0, day=[0, 7, 14], created_at=moment([0, 7, 14]), responded_at=pd.NaT)
    asked, _ = support_contacts(records({"feedback": rows}, 1))
    assert asked[:3, 0] == pytest.approx([0.0, 0.9, 1.0])


def test_thrift_is_known_on_the_day(params) -> None:
    """Coupons used in week 20 change nothing before `quiet_weeks` have passed; later ones never reach back."""
    received = [(0, 7 * week, "coupon_received") for week in range(30)]
    used = [(0, 7 * week + 1, "coupon_used") for week in range(20, 30)]
    mine = records({"events": pd.DataFrame(received + used, columns=["m", "day", "event_type"])}, 1)
    usual = estimate_reference_levels(mine, 1.0, params.exposures)
    level = price_sensitivity(mine, usual, params.exposures.quiet_weeks)[:, 0]
    fewer = records({"events": pd.DataFrame(received + used[:3], columns=["m", "day", "event_type"])}, 1)
    before = 23 + params.exposures.quiet_weeks
    assert (level[:before] == price_sensitivity(fewer, usual, params.exposures.quiet_weeks)[:before, 0]).all()
    assert (np.diff(level[20 + params.exposures.quiet_weeks : 30]) > 0).all()


def test_a_smaller_discount_on_renewal_counts_when_the_term_starts(params) -> None:
    terms = pd.DataFrame({"m": [0, 0, 1, 1], "day": [0, 70, 0, 70], "list_price": 100.0})
    terms["price_paid"] = [80.0, 95.0, 80.0, 60.0]
    terms["ends_on"] = moment(terms["day"] + 69)
    mine = records({"memberships": terms}, 2)
    found = {
        name: x
        for _, name, x in member_exposures(
            mine, estimate_reference_levels(mine, 1.0, params.exposures), member_activity(mine), params
        )
    }
    lost = found[f"lost_term_discount@{HALF_LIVES[0]:g}"]
    assert lost[:10].max() == 0 and lost[10, 0] == pytest.approx(1.5) and lost[:, 1].max() == 0
    assert (np.diff(lost[10:, 0]) < 0).all()


def test_orders_without_an_amount_lose_no_discount(params) -> None:
    orders = tables()["orders"].assign(amount=0.0, discount=np.nan)
    orders.loc[orders["day"] < 70, "discount"] = 0.0
    mine = records({"orders": orders})
    assert "lost_discount" not in {
        name
        for _, name, _ in member_exposures(
            mine, estimate_reference_levels(mine, 1.0, params.exposures), member_activity(mine), params
        )
    }


def test_incidents_that_nobody_reported_follow_use_and_category() -> None:
    """Two categories, an excess in the second week of the first one; the second member is half of each."""
    rates = IncidentRates(np.array([[0.0, 0], [0.4, 0]]), np.array([[0.0, 0], [0, 0.2]]))
    category_p = np.array([[1.0, 0], [0.5, 0.5]])
    contacts, late = expected_unreported(category_p, rates, np.array([[1.0, 1], [2, 1]]))
    assert contacts.tolist() == [[0, 0], [0.8, 0.2]] and late.tolist() == [[0, 0], [0, 0.1]]


def test_hinges_hold_what_lies_above_the_knot_for_the_short_half_life_only() -> None:
    values = np.array([[0.5], [3.0]])
    columns = [("price", f"rise@{half_life:g}", values) for half_life in HALF_LIVES]
    hinged = list(with_hinges(columns))
    assert [name for _, name, _ in hinged] == ["rise@5", "rise@5>1", "rise@18"]
    assert hinged[1][2].tolist() == [[0.0], [2.0]]
