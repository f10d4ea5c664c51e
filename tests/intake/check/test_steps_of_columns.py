"""Each step that judges whole columns, alone: default dates, forms of ids, codes."""

from __future__ import annotations

import pandas as pd
import pytest

from whychurn.contract.tables import ACTIVITY_TABLES
from whychurn.intake.check.checked_table import CheckedTable, absent_table
from whychurn.intake.check.codes.coded_columns import known_codes, nearest_code, plain_codes
from whychurn.intake.check.codes.not_understood import not_understood, note_unknown
from whychurn.intake.check.evidence.default_dates import blank_default_dates
from whychurn.intake.check.evidence.id_forms import join_id_forms, shapes

REAL = ["2019-05-02", "2021-08-30", "2023-01-17"]


@pytest.mark.parametrize(
    ("day", "rows", "blanked"),
    [
        ("1900-01-01", 1, True),
        ("2000-01-01", 2, False),  # two members may have joined on it
        ("2000-01-01", 3, True),
        ("2099-12-31", 1, True),
        ("2018-05-02", 3, False),
    ],
)
def test_a_day_that_stands_for_not_known_becomes_null_and_is_counted(
    a_checked_table, day, rows, blanked
) -> None:
    members = a_checked_table("members", joined_on=[day] * rows + REAL)
    blank_default_dates(members)
    assert members.frame["joined_on"].isna().sum() == (rows if blanked else 0)
    assert members.frame["joined_on"].tolist()[rows:] == list(pd.to_datetime(REAL))
    told = ("notice_default_date", {"column": "members.joined_on", "day": day, "n": rows})
    assert members.notices == ([told] if blanked else [])
    assert members.blanked == ({"default_date:joined_on": rows} if blanked else {})


def test_the_end_of_time_is_an_end_of_terms(a_checked_table) -> None:
    terms = a_checked_table("memberships", starts_on=REAL, ends_on=["2099-12-31", *REAL[1:]])
    blank_default_dates(terms)
    assert terms.frame["ends_on"].notna().all() and not terms.notices


def test_a_birth_year_of_1900_is_not_known(a_checked_table) -> None:
    members = a_checked_table("members", birth_year=[1900, 1951, 1990])
    blank_default_dates(members)
    assert members.frame["birth_year"].isna().tolist() == [True, False, False]


def with_members(members: CheckedTable, orders: CheckedTable) -> dict[str, CheckedTable]:
    absent = {table: absent_table(table) for table in ACTIVITY_TABLES}
    return {"members": members, **absent, "orders": orders}


@pytest.mark.parametrize(
    ("listed", "written", "kinds"),
    [
        (["0012", "0034"], ["M-0012", "M-0034"], ("A-9999", "9999")),
        (["C-12", "C-34"], ["c12", "c 34"], ("A99", "A-99")),
        (["会员12", "会员34"], ["12", "34"], ("99", "字字99")),
        (["12", "34"], ["0012", "0034"], ("9999", "99")),
    ],
)
def test_ids_of_one_other_form_are_written_as_the_members_are(
    a_checked_table, listed, written, kinds
) -> None:
    orders = a_checked_table("orders", member_id=[written[0], written[1], written[0]])
    join_id_forms(with_members(a_checked_table("members", member_id=listed), orders))
    assert orders.frame["member_id"].tolist() == [listed[0], listed[1], listed[0]]
    [(key, values)] = orders.notices
    assert key == "notice_ids_form" and (values["n"], values["ids"], values["listed"]) == (3, 2, "members")
    assert (values["theirs"], values["ours"]) == kinds


@pytest.mark.parametrize(
    ("listed", "written"),
    [
        (["A7", "B7"], ["7", "8"]),  # two members would become one
        (["A7", "A8"], ["X7", "Y7"]),  # two writings would become one
        (["A7", "A8"], ["7", "9"]),  # half of the ids stay unknown
    ],
)
def test_ids_stay_where_a_form_would_join_two_or_explain_too_few(a_checked_table, listed, written) -> None:
    orders = a_checked_table("orders", member_id=written)
    join_id_forms(with_members(a_checked_table("members", member_id=listed), orders))
    assert orders.frame["member_id"].tolist() == written and not orders.notices


def test_shapes_of_ids_show_no_id() -> None:
    ids = pd.Series(["12", "A1234", "A9876", None, "会员5", "A5555", "34"], dtype="string")
    assert shapes(ids) == "A9…, 9…"
    assert shapes(ids, most=1) == "A9…"
    assert shapes(ids[4:5]) == "字…9"


def test_codes_of_a_column_are_those_of_the_contract() -> None:
    assert known_codes("surveys.kind") == ("exit", "satisfaction", "nps", "interview")
    assert {"price", "competition", "other", "unknown"} <= set(known_codes("surveys.reason"))
    assert {"visit", "push_sent", "opt_out"} <= set(known_codes("events.event_type"))
    assert known_codes("orders.amount") == ()


@pytest.fixture
def events(a_checked_table) -> CheckedTable:
    """Two visits; three members in the sauna, one of them with a word of its own."""
    kinds = ["visit", "sauna", "sauna", "Zoé", "sauna", "visit", None]
    return a_checked_table("events", member_id=list("aabcdaa"), event_type=kinds)


def test_values_that_are_no_codes_are_kept_with_their_rows_and_said(events) -> None:
    note_unknown(events, {})
    assert events.not_understood["event_type"].to_dict() == {1: "sauna", 2: "sauna", 3: "Zoé", 4: "sauna"}
    (key, values), (effect, counted) = events.notices
    assert key == "notice_unknown_codes" and (values["n"], values["different"]) == (4, 2)
    assert (effect, counted) == ("notice_uncounted_events", {"n": 4, "share": "67%"})
    assert values["words"] == "sauna (3)"  # of one row alone a value is not written out


def test_values_that_the_user_gave_are_understood(events) -> None:
    note_unknown(events, {"events.event_type": ["sauna"]})
    (_, values), _ = events.notices
    assert (values["n"], values["words"]) == (1, "AAA")
    events.notices.clear()
    events.mapped.pop("event_type")
    note_unknown(events, {})
    assert not events.notices


def test_events_without_any_known_type_must_be_decided(a_checked_table) -> None:
    events = a_checked_table("events", member_id=["a"] * 3, event_type=["sauna"] * 3)
    note_unknown(events, {})
    assert [key for key, _ in events.notices] == ["decide_unknown_codes", "notice_uncounted_events"]


def test_actions_that_the_contract_does_not_know_are_said_with_what_they_may_mean(a_checked_table) -> None:
    actions = ["Control", "coupon", "Rabattgutschein", "打折", "打折"]
    touches = a_checked_table("touches", member_id=list("abcde"), action=actions)
    assert plain_codes("touches.action", touches.frame["action"])[0] == "control"
    note_unknown(touches, {})
    found = not_understood({"touches": touches}, min_cell=2).set_index("value")
    assert found.loc["打折", ["rows", "members", "nearest_code"]].tolist() == [2, 2, "discount"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("LoginSuccess", "visit"),
        ("AddToCart", "visit"),
        ("Push_Klick", "push_opened"),
        ("登录", "visit"),
        ("xq7", None),
    ],
)
def test_foreign_names_of_events_have_a_nearest_code(value: str, code: str | None) -> None:
    assert nearest_code("events.event_type", value) == code


def test_rows_and_members_behind_a_value_are_counted_and_rare_ones_are_shapes(events) -> None:
    note_unknown(events, {})
    found = not_understood({"events": events}, min_cell=3)
    shown = found[["table", "column", "value", "rows", "members"]].values.tolist()
    assert shown == [["events", "event_type", "sauna", 3, 3], ["events", "event_type", "AAA", 1, 1]]
    assert not_understood({"events": events}, min_cell=4)["value"].tolist() == ["AAAAA", "AAA"]
    assert not_understood({}, min_cell=3).empty
