"""Who is known gone on a day, and what follows an invitation."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.action.tests_by_lot.day_sums import day_numbers
from whychurn.action.winback.contacts_by_lot import RETURN_DAYS, contacts_by_lot
from whychurn.action.winback.leavers import MIX, NEVER, first_return, known_gone, leavings
from whychurn.action.winback.person_time import after_contacts, before_contacts


def _days(leavers: SimpleNamespace, *numbers: int) -> np.ndarray:
    return day_numbers(pd.Series([leavers.day(one) for one in numbers]))


def test_a_member_is_gone_from_the_leaving_to_the_return(leavers: SimpleNamespace) -> None:
    given = leavers.inputs({"back": [1, 300], "away": [1], "here": [1]}, {"back": 100, "away": 120})
    events = leavings(given)
    who = pd.Series(["back", "back", "back", "back", "away", "here", "stranger"])
    gone = known_gone(events, who, _days(leavers, 99, 100, 300, 301, 400, 400, 400))
    assert gone["row"].tolist() == [1, 2, 4]  # in the morning of the return it is not known yet
    assert gone["left_on"].tolist() == [leavers.day(100), leavers.day(100), leavers.day(120)]
    assert events.set_index("member_id").loc["away", "back"] == NEVER
    assert events["daily_margin"].tolist() == pytest.approx([0.3, 0.3])


def test_answers_to_a_touch_are_no_return(leavers: SimpleNamespace) -> None:
    events = leavers.empty("events").reindex(range(2))
    events = events.assign(member_id="a", event_type="push_opened", campaign_id=["w1", "other"])
    events["occurred_at"] = [leavers.day(200), leavers.day(250)]
    sent = leavers.touches([("a", "w1", 199, "comeback_coupon")])
    given = leavers.inputs({"a": [1]}, {"a": 100}, events=events, touches=sent)
    back = first_return(given, pd.Series(["a"], dtype="string"), _days(leavers, 100))
    assert back.tolist() == _days(leavers, 250).tolist()


def test_with_terms_a_new_term_is_the_return(leavers: SimpleNamespace) -> None:
    terms = leavers.empty("memberships").reindex(range(2)).assign(member_id=["a", "b"])
    terms["starts_on"] = [leavers.day(220), leavers.day(50)]
    given = leavers.inputs({"a": [150], "b": [150]}, {"a": 100, "b": 100}, memberships=terms)
    given = replace(given, panel_facts={**given.panel_facts, "kind": "terms"})
    back = first_return(given, pd.Series(["a", "b"], dtype="string"), _days(leavers, 100, 100))
    assert back.tolist() == [_days(leavers, 220)[0], NEVER]


def test_an_ended_term_or_a_notice_is_a_leaving_and_silence_alone_is_not(leavers: SimpleNamespace) -> None:
    given = leavers.inputs({"ended": [1], "silent": [1], "said": [1]}, {})
    gone = pd.DataFrame({
        "member_id": ["ended", "silent", "said"], "as_of": leavers.today,
        "why": ["term_ended", "silent", "notice"], "days_silent": [10, 50, 0],
    })  # fmt: skip
    events = leavings(replace(given, already_gone=gone))
    assert events["member_id"].tolist() == ["ended", "said"]
    assert events["left_on"].tolist() == [leavers.today - pd.Timedelta(days=10), leavers.today]


def test_causes_are_those_of_the_leaving_else_the_programmes_shares(leavers: SimpleNamespace) -> None:
    causes = leavers.causes_of({"a": "price"})
    events = leavings(leavers.inputs({"a": [1], "b": [1]}, {"a": 100, "b": 100}, causes=causes))
    assert events["cause"].tolist() == ["price", "unknown"]
    assert events[MIX].to_numpy()[1] == pytest.approx(np.full(6, 1 / 6))
    assert events["p_price"].tolist() == pytest.approx([1.0, 1 / 6])


def test_only_draws_by_lot_for_members_then_gone_count(leavers: SimpleNamespace) -> None:
    sent = leavers.touches([
        ("a", "w1", 200, "comeback_coupon"), ("a", "w1", 201, "comeback_coupon"), ("a", "w2", 260, "control"),
        ("b", "w1", 90, "comeback_coupon"), ("a", "present", 200, "coupon"), ("b", "present", 200, "control"),
        ("b", "w2", 260, "new_idea"),
    ])  # fmt: skip
    given = leavers.inputs({"a": [1, 290], "b": [1]}, {"a": 100, "b": 100}, touches=sent)
    rows, aside = contacts_by_lot(given, leavings(given))
    assert rows[["member_id", "campaign_id", "action"]].to_numpy().tolist() == [
        ["a", "w1", "comeback_coupon"], ["a", "w2", "control"], ["b", "w2", "new_idea"],
    ]  # fmt: skip
    assert rows["days_to_return"].fillna(-1).tolist() == [90, 30, -1]
    assert rows["alone"].tolist() == [60, RETURN_DAYS, RETURN_DAYS]
    assert aside == {
        "for_present": {"control": 1, "coupon": 1},
        "repeated": {"comeback_coupon": 1},
        "not_gone": {"comeback_coupon": 1},
    }
    without = leavers.inputs({"a": [1]}, {"a": 100}, touches=sent.assign(randomized=False))
    assert contacts_by_lot(without, leavings(without))[0].empty


def test_time_away_is_cut_without_loss_and_ends_with_the_return(leavers: SimpleNamespace) -> None:
    sent = leavers.touches(
        [("a", "w1", 200, "comeback_coupon"), ("a", "w2", 260, "control"), ("b", "w1", 200, "control")]
    )
    acts = {"a": [1, 300], "b": [1], "c": [1, 150]}
    given = leavers.inputs(acts, {"a": 100, "b": 100, "c": 100}, touches=sent)
    events = leavings(given)
    rows, _ = contacts_by_lot(given, events)
    after = after_contacts(rows)
    by = after.groupby(["member_id", "campaign_id"])
    assert by["days"].sum().tolist() == [60, 41, 180]  # to the next draw; the day of return included; all
    assert by["event"].sum().tolist() == [0, 1, 0]
    assert after.loc[after["event"] == 1, "away"].tolist() == [160 + (30 + 41) / 2]
    assert after.loc[after["campaign_id"] == "w1", "late"].sum() == 2  # of b: 60 to 120 and 120 to 180 days
    assert after["treated"].sum() == 2
    before = before_contacts(events, rows, int(_days(leavers, 731)[0]))
    assert before.groupby("member_id")["days"].sum().to_dict() == {"a": 100, "b": 100, "c": 51}
    assert before.groupby("member_id")["event"].sum().to_dict() == {"a": 0, "b": 0, "c": 1}
