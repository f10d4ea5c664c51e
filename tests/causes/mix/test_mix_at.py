"""The mix of causes on a day: what was recorded before it, nothing after."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.member_weeks.activity_tables import open_activity_tables
from whychurn.causes.member_weeks.week_calendar import Calendar
from whychurn.causes.member_weeks.weekly_records import RecordsReader
from whychurn.causes.mix.halves import member_half
from whychurn.causes.mix.mix_at import WHOLE, CauseMix, P, block_mixes, records_until
from whychurn.causes.mix.mix_model import mix_model, untold
from whychurn.causes.mix.saved_levels import levels_from_json, levels_to_json
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths

FIRST = pd.Timestamp("2024-01-01")
UNTIL = FIRST + pd.Timedelta(days=7 * 60 - 1)
LEVELS: dict[str, Any] = {
    "activity_rate": 1.0,
    "event_types": ["visit"],
    "coupon_use": 0.0,
    "discount_share": 0.0,
    "activity_quantiles": [],
    "category_mixture": {
        "categories": ["coffee", "tea"],
        "class_weights": [0.5, 0.5],
        "preferred_share": 0.9,
        "background_shares": [0.5, 0.5],
    },
    "campaigns": {
        "categories": ["coffee", "tea"],
        "subject": {"c1": 0},
        "irrelevance": {"c1": 0.5},
        "balance": [0.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    },
}


@pytest.fixture(scope="module")
def params() -> Params:
    return load_params(StudyPaths.at())


def saved(background_told: bool = True, twice: float = 1.0) -> dict[str, Any]:
    names = ["base"] * 6 + ["returns@5", "rival_activity"]
    values = [0.01] * 6 + [0.06, 0.06]
    return {
        "told": True,
        "why": None,
        "first_day": "2024-01-01",
        "causes": [*CAUSES, "product_service", "competition"],
        "names": names,
        "scale": [1.0] * 6 + [2.0, 1.0],
        "background_told": background_told,
        "whole": values,
        "halves": [values, [*values[:6], twice * values[6], values[7]]],
        "levels": LEVELS,
    }


def day(week: int, offset: int = 0) -> pd.Timestamp:
    return FIRST + pd.Timedelta(days=7 * week + offset)


def tables(**changed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    orders = pd.DataFrame(
        {
            "member_id": ["a", "a", "b"],
            "ordered_at": [day(20, 2), day(1), day(2)],
            "amount": 10.0,
            "discount": 0.0,
            "returned": [True, False, False],
            "category": ["coffee", "coffee", "tea"],
        }
    )
    weeks = range(60)
    market = pd.concat(
        [
            pd.DataFrame(
                {
                    "week_start": [day(week) for week in weeks],
                    "region": "north",
                    "category": category,
                    "own_price_index": 1.0,
                    "competitor_price_index": 1.0,
                    "competitor_activity": [3.0 * (category == "tea" and 30 <= week < 34) for week in weeks],
                }
            )
            for category in ("coffee", "tea")
        ]
    )
    members = pd.DataFrame(
        {
            "member_id": ["a", "b", "c"],
            "joined_on": FIRST,
            "profiling_consent": [True, True, False],
            "region": "north",
        }
    )
    events = pd.DataFrame(
        {"member_id": ["a"], "occurred_at": [day(1)], "event_type": ["visit"], "campaign_id": [None]}
    )
    feedback = pd.DataFrame(
        {"member_id": ["a"], "source": ["ticket"], "created_at": [day(1)], "responded_at": [day(1, 3)]}
    )
    terms = pd.DataFrame(
        {
            "member_id": ["a"],
            "starts_on": [day(0)],
            "ends_on": [day(60)],
            "list_price": 1.0,
            "price_paid": 1.0,
        }
    )
    given = {"orders": orders, "market": market, "members": members, "events": events, "feedback": feedback}
    return {**given, "memberships": terms.iloc[:0], **changed}


def mix(
    params: Params,
    who: list[str],
    when: list[pd.Timestamp],
    model: dict[str, Any] | None = None,
    **changed: pd.DataFrame,
) -> pd.DataFrame:
    reader = CauseMix(model or saved(), tables(**changed), UNTIL, params)
    return reader(pd.Series(who, dtype="string"), pd.Series(when))


def test_a_return_raises_service_from_the_week_after_and_fades(params) -> None:
    found = mix(params, ["a"] * 4, [day(20), day(21), day(26), day(59)])["p_product_service"]
    assert found[0] == pytest.approx(1 / 6, abs=1e-5)
    assert found[1] == pytest.approx((0.01 + 0.03) / (0.06 + 0.03), abs=1e-5)
    assert found[2] == pytest.approx((0.01 + 0.015) / (0.06 + 0.015), abs=1e-5)  # five weeks on: half
    assert 1 / 6 < found[3] < 0.25


def test_an_active_rival_counts_where_the_member_buys(params) -> None:
    found = mix(params, ["a", "b", "b"], [day(31), day(31), day(40)])["p_competition"]
    assert found[1] > 0.5 > 0.25 > found[0]
    assert found[2] == pytest.approx(1 / 6, abs=1e-5)


def test_nothing_that_comes_later_changes_the_mix(params) -> None:
    who, when = ["a", "b"] * 3, [day(21), day(31), day(30, 6), day(33, 3), day(59), day(5)]
    now = mix(params, who, when)
    base = tables()
    later = pd.DataFrame(
        {
            "member_id": ["a", "b"] * 30,
            "ordered_at": [day(41)] * 60,
            "amount": 10.0,
            "discount": 0.0,
            "returned": True,
            "category": ["tea", "coffee"] * 30,
        }
    )
    then = mix(params, who, when, orders=pd.concat([base["orders"], later]))
    before = [0, 1, 2, 3, 5]
    assert now.iloc[before].equals(then.iloc[before])
    assert not now.iloc[[4]].equals(then.iloc[[4]])


def test_rows_keep_the_order_asked_for_and_each_sums_to_one(params) -> None:
    found = mix(params, ["b", "a", "b", "a"], [day(31), day(21), day(31), day(50)])
    assert list(found.columns) == [*P, *WHOLE]
    assert found.iloc[0].equals(found.iloc[2])
    assert found[P].sum(axis=1).to_numpy() == pytest.approx(np.ones(4), abs=1e-5)


def test_members_who_may_not_be_profiled_and_days_before_any_week_have_no_mix(params) -> None:
    found = mix(params, ["c", "x", "a", "a"], [day(21), day(21), day(0, 6), day(1)])
    assert found.iloc[:3].isna().all(axis=None)
    assert found.iloc[3].notna().all()


def test_each_half_gets_the_coefficients_that_it_did_not_teach(params) -> None:
    half = member_half(pd.Series(["a"]))[0]
    plain = mix(params, ["a"], [day(21)])["p_product_service"][0]
    other = saved()
    other["halves"][half] = saved(twice=2.0)["halves"][1]
    found = mix(params, ["a"], [day(21)], other)
    assert found["p_product_service"][0] == pytest.approx(0.07 / 0.12, abs=1e-5)
    assert found["whole_product_service"][0] == pytest.approx(plain)
    halves = member_half(pd.Series([f"m{number}" for number in range(2000)]))
    assert halves.mean() == pytest.approx(0.5, abs=0.05)


def test_a_background_of_unknown_cause_is_spread_evenly(params) -> None:
    model = saved(background_told=False)
    model["whole"] = [0.06, 0, 0, 0, 0, 0, 0.06, 0.06]
    model["halves"] = [model["whole"]] * 2
    found = mix(params, ["a"], [day(21)], model)
    assert found["p_product_service"][0] == pytest.approx((0.01 + 0.03) / 0.09, abs=1e-5)
    assert found["p_natural"][0] == pytest.approx(0.01 / 0.09, abs=1e-5)


def test_an_answer_that_came_later_is_not_yet_known(params) -> None:
    given = tables()
    given["feedback"] = pd.DataFrame(
        {
            "member_id": ["a", "a"],
            "source": ["ticket", "ticket"],
            "created_at": [day(19, 5), day(10)],
            "responded_at": [day(20, 3), day(10, 3)],
        }
    )
    ids = given["members"]["member_id"].iloc[:2]
    with open_activity_tables(given, ids, "1GB") as activity:
        calendar = Calendar(FIRST, 420)
        reader = RecordsReader(given["members"].iloc[:2], activity, None, calendar)
        records = records_until(reader.read(np.arange(2)), np.array([0, 1]), 19)
        assert records.calendar.weeks == 20
        assert records.tables["feedback"]["responded_at"].isna().tolist() == [False, True]
        assert (records.tables["orders"]["day"] < 140).all()
        later = records_until(reader.read(np.arange(2)), np.array([0, 1]), 20)
        assert later.tables["feedback"]["responded_at"].notna().all()
        assert block_mixes(later, saved(), params.causes).shape == (2, 12)


def test_the_same_question_is_read_once_and_its_answer_is_nobody_s_to_change(params, monkeypatch) -> None:
    reader = CauseMix(saved(), tables(), UNTIL, params)
    asked = pd.Series(["a", "b"], dtype="string"), pd.Series([day(21), day(31)])
    first = reader(*asked)
    changed = reader(*asked)
    changed[:] = 0.0
    monkeypatch.setattr(CauseMix, "_mixes", None)  # a second reading would fail
    assert reader(*asked).equals(first)
    with pytest.raises(TypeError):
        reader(asked[0].iloc[::-1], asked[1])


def test_levels_survive_a_file() -> None:
    levels = levels_from_json(json.loads(json.dumps(LEVELS)))
    assert levels_to_json(levels) == LEVELS
    without = levels_from_json({**LEVELS, "campaigns": None})
    assert without.campaigns is None
    assert levels_to_json(without)["campaigns"] is None


def test_without_a_fit_there_is_no_mix_and_it_says_why() -> None:
    nothing: Any = None
    assert mix_model(nothing, None, nothing, nothing, nothing) == untold("no_leavings")
    assert untold("checks_failed") == {"told": False, "why": "checks_failed"}
