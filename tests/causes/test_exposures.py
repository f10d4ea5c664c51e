"""Exposures: what is known on the day, times of trouble for those who never ask, and discounts that were lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.exposures.by_cause import exposures
from whychurn.causes.exposures.incidents import learn_trouble, met_by, requests, told_of
from whychurn.causes.exposures.preferred_category import learn_tastes, main_chances
from whychurn.causes.exposures.prices import thrift
from whychurn.causes.exposures.reference_levels import learn_usual
from whychurn.causes.member_weeks.counts import own_acts
from whychurn.causes.member_weeks.records import Calendar, Records
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
    """Everyone orders each week: the first half tea, the others coffee. Each week some of the coffee drinkers ask for help;
    in the weeks of trouble some of the tea drinkers ask three times, members 1 to 9 never."""
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


def records(found: dict[str, pd.DataFrame], members: int = MEMBERS) -> Records:
    rows = {name: table.sort_values(["m", "day"], ignore_index=True) for name, table in found.items()}
    who = pd.DataFrame({"member_id": [f"m{n}" for n in range(members)], "joined_on": FIRST})
    return Records(who, rows, None, Calendar(FIRST, 7 * WEEKS))


def test_trouble_reaches_those_who_did_not_ask_where_it_was(params) -> None:
    mine = records(tables())
    chances = main_chances(mine, learn_tastes(mine))
    trouble = learn_trouble(mine, own_acts(mine), chances, params.exposures)
    pace = np.ones((WEEKS, MEMBERS), "float32")
    pace[:, 2] = 2.0
    asked, late = met_by(chances, trouble, pace)
    assert requests(mine, params.exposures)[0][:, 1].sum() == 0  # member 1 never asked
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
            for _, name, _ in exposures(mine, learn_usual(mine, 1.0, params), own_acts(mine), params)
        }
        assert ("trouble" in names) is expected and "requests" in names


def test_a_complaint_about_the_price_is_no_request(params) -> None:
    feedback = pd.DataFrame({"feedback_id": ["a", "b", "c"], "source": "complaint"})
    said = pd.DataFrame({"feedback_id": ["a", "b"], "p_price": [0.9, 0.1], "p_engagement": [0.1, 0.0]})
    told = told_of(feedback, said, ["p_price", "p_engagement"])
    assert told["about_service"].tolist() == pytest.approx(
        [0.0, 0.9, 1.0]
    )  # without a text it may be anything
    rows = told.assign(m=0, day=[0, 7, 14], created_at=moment([0, 7, 14]), responded_at=pd.NaT)
    asked, _ = requests(records({"feedback": rows}, 1), params.exposures)
    assert asked[:3, 0] == pytest.approx([0.0, 0.9, 1.0])


def test_thrift_is_known_on_the_day(params) -> None:
    """Coupons used in week 20 change nothing before `quiet_weeks` have passed; later ones never reach back."""
    received = [(0, 7 * week, "coupon_received") for week in range(30)]
    used = [(0, 7 * week + 1, "coupon_used") for week in range(20, 30)]
    mine = records({"events": pd.DataFrame(received + used, columns=["m", "day", "event_type"])}, 1)
    usual = learn_usual(mine, 1.0, params)
    level = thrift(mine, usual, params.exposures)[:, 0]
    fewer = records({"events": pd.DataFrame(received + used[:3], columns=["m", "day", "event_type"])}, 1)
    before = 23 + params.exposures.quiet_weeks
    assert (level[:before] == thrift(fewer, usual, params.exposures)[:before, 0]).all()
    assert (np.diff(level[20 + params.exposures.quiet_weeks : 30]) > 0).all()


def test_a_smaller_discount_on_renewal_counts_when_the_term_starts(params) -> None:
    terms = pd.DataFrame({"m": [0, 0, 1, 1], "day": [0, 70, 0, 70], "list_price": 100.0})
    terms["price_paid"] = [80.0, 95.0, 80.0, 60.0]
    terms["ends_on"] = moment(terms["day"] + 69)
    mine = records({"memberships": terms}, 2)
    found = {
        name: x for _, name, x in exposures(mine, learn_usual(mine, 1.0, params), own_acts(mine), params)
    }
    lost = found[f"lost_term_discount@{params.exposures.half_lives[0]:g}"]
    assert lost[:10].max() == 0 and lost[10, 0] == pytest.approx(1.5) and lost[:, 1].max() == 0
    assert (np.diff(lost[10:, 0]) < 0).all()


def test_orders_without_an_amount_lose_no_discount(params) -> None:
    orders = tables()["orders"].assign(amount=0.0, discount=np.nan)
    orders.loc[orders["day"] < 70, "discount"] = 0.0
    mine = records({"orders": orders})
    assert "lost_discount" not in {
        name for _, name, _ in exposures(mine, learn_usual(mine, 1.0, params), own_acts(mine), params)
    }
