"""Exposures: what is known on the day, late answers, silence, and discounts that were lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.exposures.block_exposures import with_hinges
from whychurn.causes.exposures.by_cause import SILENT_WEEKS, member_exposures
from whychurn.causes.exposures.late_answers import LATE_CAP, late_answers
from whychurn.causes.exposures.prices_and_rivals import price_sensitivity
from whychurn.causes.exposures.programme_reference_levels import estimate_reference_levels
from whychurn.causes.member_weeks.week_calendar import Calendar
from whychurn.causes.member_weeks.weekly_counts import HALF_LIVES
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.contract.params import CausesParams, load_params
from whychurn.contract.paths import PROJECT, StudyPaths

WEEKS, MEMBERS = 40, 60
FIRST = pd.Timestamp("2024-01-01")
TROUBLED = range(20, 24)


@pytest.fixture(scope="module")
def params() -> CausesParams:
    return load_params(StudyPaths(PROJECT)).causes


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
    feedback = asked.assign(source="ticket", created_at=moment(asked["day"]))
    feedback["responded_at"] = feedback["created_at"] + pd.Timedelta(hours=2)
    return {"orders": orders, "feedback": feedback}


def records(found: dict[str, pd.DataFrame], members: int = MEMBERS) -> WeeklyRecords:
    rows = {name: table.sort_values(["m", "day"], ignore_index=True) for name, table in found.items()}
    who = pd.DataFrame({"member_id": [f"m{n}" for n in range(members)], "joined_on": FIRST})
    return WeeklyRecords(who, rows, None, Calendar(FIRST, 7 * WEEKS))


def test_asking_for_help_is_no_exposure_but_a_late_answer_is(params) -> None:
    mine = records(tables())
    usual = estimate_reference_levels(mine, 1.0, params.exposures)
    names = {name.split("@")[0] for _, name, _ in member_exposures(mine, usual, params)}
    assert not names & {"requests", "trouble", "late_answers"}, "all were answered within hours"
    asked = tables()["feedback"].head(3)
    hours = pd.to_timedelta([2, 48, 2000], unit="h")
    late = late_answers(records({"feedback": asked.assign(responded_at=asked["created_at"] + hours)}))
    assert late[late > 0].tolist() == [2.0, LATE_CAP] and not late_answers(records({})).any()


def test_silence_counts_from_the_first_weeks_on(params) -> None:
    """Greeted in week 0 and never again: each column begins after its own number of weeks."""
    events = pd.DataFrame({"m": [0], "day": [0], "event_type": ["greeting"]})
    mine = records({"events": events}, 1)
    usual = estimate_reference_levels(mine, 1.0, params.exposures)
    found = {name: x[:, 0] for _, name, x in member_exposures(mine, usual, params)}
    for start in SILENT_WEEKS:
        silent = found[f"no_contact@{start}"]
        assert not silent[: start + 1].any() and silent[start + 1] == pytest.approx(1 / 12)
    assert SILENT_WEEKS[0] == 1


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
            mine, estimate_reference_levels(mine, 1.0, params.exposures), params
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
            mine, estimate_reference_levels(mine, 1.0, params.exposures), params
        )
    }


def test_hinges_hold_what_lies_above_the_knot_for_the_short_half_life_only() -> None:
    values = np.array([[0.5], [3.0]])
    columns = [("price", f"rise@{half_life:g}", values) for half_life in HALF_LIVES]
    hinged = list(with_hinges(columns))
    assert [name for _, name, _ in hinged] == ["rise@5", "rise@5>1", "rise@18"]
    assert hinged[1][2].tolist() == [[0.0], [2.0]]
