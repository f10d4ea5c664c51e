"""Rows as of the draw: who is in, who is set aside and counted, what came after, on lives written down by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.action.tests_by_lot.as_drawn.chances import own_chances
from whychurn.action.tests_by_lot.as_drawn.leaver_rows import invites_leavers, leaver_rows
from whychurn.action.tests_by_lot.as_drawn.outcomes import outcomes_after
from whychurn.action.tests_by_lot.as_drawn.presence import Presence, follow_up_days, own_acts, presence
from whychurn.action.tests_by_lot.day_sums import (
    DaySums,
    codes_of,
    day_numbers,
    each_once,
    keys_of,
    last_up_to,
)
from whychurn.action.tests_by_lot.rows import COLUMNS, DrawnTouches, drawn_touches, spellings, touch_rows

DRAW = 200


def campaign(programme: SimpleNamespace, acts: dict[str, list[int]], **given: object) -> pd.DataFrame:
    """Every member in one campaign on day `DRAW`, in turns coupon and control."""
    names = ["coupon", "control"]
    return programme.touches([(one, "c1", DRAW, names[k % 2]) for k, one in enumerate(acts)], **given)


def test_leaving_is_the_last_presence_within_the_follow_up(programme: SimpleNamespace) -> None:
    acts = {
        "stays": programme.regular(540),
        "leaves": programme.regular(240),
        "later": programme.regular(300),
        "at_once": programme.regular(DRAW - 1),
    }
    rows, counts = touch_rows(programme.inputs(acts, campaign(programme, acts)))
    found = rows.set_index("member_id")
    assert counts == {}
    assert found["left"].to_dict() == {"stays": 0, "leaves": 1, "later": 0, "at_once": 1}
    assert found["left_30"].to_dict() == {"stays": 0, "leaves": 0, "later": 0, "at_once": 1}
    assert found["left_180"].to_dict() == {"stays": 0, "leaves": 1, "later": 1, "at_once": 1}
    assert list(rows.columns) == COLUMNS and found["complete"].all()
    assert (found["followed_days"] == (programme.end - programme.day(DRAW)).days - 90).all()
    assert (found["sent_on"] == programme.day(DRAW)).all()


def test_who_is_not_there_is_set_aside_and_counted_by_action(programme: SimpleNamespace) -> None:
    acts = {
        "there": programme.regular(540),
        "held": programme.regular(540),
        "gone": programme.regular(100),
        "gone_held": programme.regular(100),
        "silent": programme.regular(160),
        "new": [],
        "there_2": programme.regular(540),
    }
    sent = campaign(programme, acts)
    sent = pd.concat([sent, sent[sent["member_id"] == "there"]], ignore_index=True)
    inputs = programme.inputs(acts, sent)
    members = inputs.tables["members"]
    members.loc[members["member_id"] == "new", "joined_on"] = programme.day(DRAW + 1)
    rows, counts = touch_rows(inputs)
    assert sorted(rows["member_id"]) == ["held", "there", "there_2"]
    assert counts == {
        "repeated": {"coupon": 1},
        "before_joining": {"control": 1},
        "after_leaving": {"control": 1, "coupon": 1},
        "not_there": {"coupon": 1},
    }


def test_without_a_snapshot_nobody_can_be_profiled(programme: SimpleNamespace) -> None:
    acts = {"a": programme.regular(540), "b": programme.regular(540)}
    inputs = programme.inputs(acts, campaign(programme, acts))
    inputs = replace(inputs, panel=inputs.panel[inputs.panel["member_id"] == "a"])
    rows, counts = touch_rows(inputs)
    assert list(rows["member_id"]) == ["a"] and counts == {"no_profile": {"control": 1}}
    assert rows["snapshot_on"].iloc[0] == pd.Timestamp("2024-07-01")


def test_answers_to_the_touch_are_no_presence(programme: SimpleNamespace) -> None:
    """The member opens the mail on day 300 and does nothing else after day 240: left."""
    acts = {"a": programme.regular(240), "b": programme.regular(240)}
    event = {
        "member_id": "a",
        "occurred_at": programme.day(300),
        "event_type": "push_opened",
        "value": np.nan,
    }
    inputs = programme.inputs(
        acts, campaign(programme, acts), events=pd.DataFrame([event | {"campaign_id": "c1"}])
    )
    assert touch_rows(inputs)[0]["left"].tolist() == [1, 1]
    elsewhere = programme.inputs(
        acts, campaign(programme, acts), events=pd.DataFrame([event | {"campaign_id": "news"}])
    )
    assert touch_rows(elsewhere)[0]["left"].tolist() == [0, 1]


def test_follow_up_that_has_not_ended_is_unknown_for_everybody(programme: SimpleNamespace) -> None:
    """546 days of data: a draw on day 400 is followed for 56 days and no more, whoever left already."""
    acts = {"a": programme.regular(400), "b": programme.regular(545)}
    sent = programme.touches([("a", "c1", 400, "coupon"), ("b", "c1", 400, "control")])
    rows, _ = touch_rows(programme.inputs(acts, sent))
    assert rows["left"].isna().all() and not rows["complete"].any() and rows["left_30"].tolist() == [1, 0]
    assert rows["followed_days"].tolist() == [56, 56]


def test_outcomes_count_from_the_draw_on(programme: SimpleNamespace) -> None:
    acts = {"a": [0, 190, 199, 200, 250, 289, 290, 400], "b": programme.regular(540)}
    out = {"member_id": "a", "occurred_at": programme.day(230), "event_type": "opt_out", "campaign_id": None}
    members = pd.DataFrame(
        {"member_id": ["a", "b", "n"], "joined_on": programme.day(0), "referred_by": [None, None, "a"]}
    )
    members.loc[2, "joined_on"] = programme.day(210)
    inputs = programme.inputs(acts, campaign(programme, acts), events=pd.DataFrame([out]), members=members)
    first = touch_rows(inputs)[0].iloc[0]
    assert (first["spend"], first["orders"], first["repurchased"], first["spend_before"]) == (
        30.0,
        3.0,
        1.0,
        20.0,
    )
    assert (first["opted_out"], first["referred"]) == (1.0, 1.0)
    assert np.isnan(first["renewed"]) and np.isnan(first["returned"])
    again = outcomes_after(
        inputs, pd.DataFrame({"member_id": ["a"]}), day_numbers(pd.Series([programme.day(240)]))
    )
    assert (
        np.isnan(again["opted_out"][0]) and again["spend"][0] == 30.0
    )  # opted out before: cannot do so again


def test_terms_are_left_at_notice_or_at_their_last_day(programme: SimpleNamespace) -> None:
    acts = {"renews": [], "lapses": [], "notice": [], "told": [], "over": []}
    sent = campaign(programme, acts)
    end = {"renews": 250, "lapses": 250, "notice": 400, "told": 400, "over": 150}
    notice = {"notice": 230, "told": 190}
    terms = pd.DataFrame(
        [(one, programme.day(0), programme.day(last), programme.day(notice[one]) if one in notice else None)
         for one, last in end.items()] + [("renews", programme.day(251), programme.day(520), None)],
        columns=["member_id", "starts_on", "ends_on", "cancelled_on"],
    )  # fmt: skip
    terms = terms.assign(cancelled_on=pd.to_datetime(terms["cancelled_on"]))
    last = {"renews": 520, "lapses": 250, "notice": 400, "told": 400, "over": 150}
    spells = pd.DataFrame(
        [(one, programme.day(0), programme.day(days), programme.day(days + 30), one != "renews",
          programme.day(notice[one]) if one in notice else None) for one, days in last.items()],
        columns=["member_id", "entered_on", "last_active_on", "ended_on", "churned", "notice_on"],
    )  # fmt: skip
    spells.loc[0, "ended_on"] = pd.NaT
    facts = {
        "kind": "terms",
        "definition": "terms_30d",
        "activity": "memberships",
        "features": ["orders_90d"],
    }
    inputs = replace(programme.inputs(acts, sent, memberships=terms), spells=spells, panel_facts=facts)
    rows, counts = touch_rows(inputs)
    found = rows.set_index("member_id")
    assert counts == {"after_leaving": {"coupon": 1}, "not_there": {"control": 1}}  # over; told
    assert found["left"].to_dict() == {"renews": 0, "lapses": 1, "notice": 1}
    assert found["renewed"].fillna(-1).to_dict() == {"renews": 1.0, "lapses": 0.0, "notice": -1.0}
    assert follow_up_days(inputs) == 30


def test_touches_of_other_campaigns_and_waves(programme: SimpleNamespace) -> None:
    acts = {"a": programme.regular(540), "b": programme.regular(540)}
    sent = pd.concat(
        [
            programme.touches([("a", "x", 150, "coupon"), ("b", "x", 150, "control")]),
            programme.touches([("a", "early", 100, "letter")], randomized=False, propensity=np.nan),
            campaign(programme, acts),
        ],
        ignore_index=True,
    )
    rows, _ = touch_rows(programme.inputs(acts, sent))
    found = rows.set_index(["campaign_id", "member_id"])
    assert found.loc[("c1", "a"), "recent_touch_days"] == 50 and np.isnan(
        found.loc[("c1", "b"), "recent_touch_days"]
    )
    assert found.loc[("x", "a"), "recent_touch_days"] == 50
    assert found["wave"].to_dict() == {
        ("early", "a"): 1,
        ("x", "a"): 2,
        ("x", "b"): 2,
        ("c1", "a"): 3,
        ("c1", "b"): 3,
    }
    assert not found.loc[("early", "a"), "randomized"]


def drawn(actions: list[str], chances: list[float | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {"member_id": [f"m{k}" for k in range(len(actions))], "campaign_id": "c", "action": actions,
         "randomized": True, "propensity": chances}
    )  # fmt: skip


def test_chances_absent_outside_turned_and_by_stratum() -> None:
    absent = own_chances(drawn(["a", "a", "a", "control"], [None] * 4).astype({"propensity": float}))
    assert absent["propensity"].tolist() == [0.75, 0.75, 0.75, 0.25] and not absent["propensity_stated"].any()
    odd = own_chances(drawn(["a", "a", "control", "control"], [0.5, 1.2, 0.5, np.nan]))
    assert odd["chance_outside"].tolist() == [False, True, False, True]
    turned = own_chances(drawn(["a"] * 3 + ["control"], [0.75] * 4))
    assert turned["propensity"].tolist() == pytest.approx([0.75, 0.75, 0.75, 0.25])
    strata = own_chances(drawn(["a", "control", "a", "control"], [0.5, 0.5, 0.2, 0.8]))
    assert strata["stratum"].tolist() == ["0.5", "0.5", "0.2", "0.2"]
    many = own_chances(drawn(["a", "b", "control"], [0.3, 0.3, 0.4]))
    assert set(many["stratum"]) == {"all"} and many["propensity"].tolist() == [0.3, 0.3, 0.4]


def test_a_chance_outside_takes_the_row_out_and_is_counted(programme: SimpleNamespace) -> None:
    acts = {"a": programme.regular(540), "b": programme.regular(540), "c": programme.regular(540)}
    sent = campaign(programme, acts).assign(propensity=[0.5, 0.5, 0.0])
    rows, counts = touch_rows(programme.inputs(acts, sent))
    assert counts == {"no_chance": {"coupon": 1}} and len(rows) == 2


def test_no_touches_give_no_rows(programme: SimpleNamespace) -> None:
    rows, counts = touch_rows(programme.inputs({"a": programme.regular(540)}, programme.empty("touches")))
    assert len(rows) == 0 and list(rows.columns) == COLUMNS and counts == {}


def test_members_are_found_by_name_once_or_often_known_or_not() -> None:
    ids = pd.Index(["a", "b", "c"], dtype=object)
    for kind in ("object", "string"):
        asked = pd.Series(["c", "a", None, "z", "c"], dtype=kind)
        assert codes_of(ids, asked).tolist() == [2, 0, -1, -1, 2]
    assert codes_of(ids, pd.Series([], dtype=object)).tolist() == []


def test_sums_of_days_and_presence(programme: SimpleNamespace) -> None:
    ids = pd.Index(["a", "b"])
    sums = DaySums.of(
        ids, pd.Series(["b", "a", "a", "x"]), np.array([5, 3, 9, 4]), np.array([1.0, 2.0, 4.0, 8.0])
    )
    code = np.array([0, 0, 1, 1])
    assert sums.within(code, np.array([3, 4, 0, 6]), np.array([9, 10, 6, 9])).tolist() == [2.0, 4.0, 1.0, 0.0]
    assert sums.before(code, np.array([3, 10, 5, 6])).tolist() == [-1, 1, -1, 2]
    assert sums.days.tolist() == [3, 9, 5] and sums.codes.tolist() == [0, 0, 1]
    keys = keys_of(np.array([0, 0, 1]), np.array([3, 9, 5]))
    assert each_once(keys[[2, 0, 2, 1, 0]]).tolist() == keys.tolist() and not len(each_once(keys[:0]))
    assert last_up_to(keys, np.array([0, 0, 1, -1, 2]), np.array([2, 9, 4, 9, 9])).tolist() == [
        -1,
        1,
        -1,
        -1,
        -1,
    ]
    assert last_up_to(keys[:0], code, np.array([1, 2, 3, 4])).tolist() == [-1] * 4
    inputs = programme.inputs({"a": [0, 20, 40]}, programme.empty("touches"))
    assert len(own_acts(inputs).keys) == 3, "joining counts, and a day once"
    first = day_numbers(pd.Series([programme.day(0)]))[0]
    found: Presence = presence(inputs, pd.Series(["a", "a", "stranger"]), first + np.array([50, 130, 50]))
    assert found.joined.tolist() == [True, True, False] and found.gone.tolist() == [False, True, False]
    assert found.silent[:2].tolist() == [10, 90] and found.last[0] == first + 40


def test_one_action_in_many_spellings_is_one(programme: SimpleNamespace) -> None:
    names = pd.Series(
        ["VIP-Call", "vip call", "vip call", "vip_call", "coupon", "会员 来电", "会员来电", "会员来电"]
    )
    assert spellings(names) == {"VIP-Call": "vip call", "vip_call": "vip call", "会员 来电": "会员来电"}
    acts = {one: programme.regular(540) for one in "abc"}
    sent = programme.touches(
        [("a", "c1", DRAW, "VIP-Call"), ("b", "c1", DRAW, "vip call"), ("c", "c1", DRAW, "vip call")]
    )
    assert set(touch_rows(programme.inputs(acts, sent))[0]["action"]) == {"vip call"}


def test_leavers_who_come_back_are_rows_of_their_own(programme: SimpleNamespace) -> None:
    """Known gone on day 200: one comes back after 50 days, one after 200, one never; who is still there is none of them."""
    gone = programme.regular(80)
    acts = {"back": [*gone, 250], "late": [*gone, 400], "never": gone, "there": programme.regular(540)}
    event = {
        "member_id": "never",
        "occurred_at": programme.day(210),
        "event_type": "push_opened",
        "campaign_id": "c1",
    }
    inputs = programme.inputs(acts, campaign(programme, acts), events=pd.DataFrame([event]))
    drawn: DrawnTouches = drawn_touches(inputs)
    assert invites_leavers(drawn.touches, drawn.there).all()
    rows = leaver_rows(inputs, drawn.touches, drawn.there)
    assert (
        touch_rows(inputs)[1] == {"invitation": {"control": 2, "coupon": 2}}
        and len(touch_rows(inputs)[0]) == 0
    )
    assert rows.set_index("member_id")["returned"].to_dict() == {"back": 1.0, "late": 0.0, "never": 0.0}
    assert rows["complete"].all() and rows["left"].isna().all() and drawn.set_aside == {}
    young = programme.touches([("back", "c2", 400, "gift"), ("never", "c2", 400, "control")])
    inputs = programme.inputs(acts, young)
    drawn = drawn_touches(inputs)
    rows = leaver_rows(inputs, drawn.touches, drawn.there)
    assert (
        rows["returned"].isna().all()
        and rows["followed_days"].tolist() == [147, 147]
        and not rows["complete"].any()
    )
