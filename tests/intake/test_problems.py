"""What cannot be read and what must be decided stops a run, all of it in one message."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from whychurn import cli
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.intake.check import all_tables
from whychurn.intake.check.checked_table import absent_table
from whychurn.intake.check.missing_columns import near_columns
from whychurn.intake.check.problems import (
    excess_problems,
    is_decision,
    no_activity,
    raise_problems,
    sentence,
    to_decide,
)
from whychurn.intake.preview import check_source

ONE = ("decide_example", {"column": "orders.amount"})
WORDS = {"decide_example": {"en": "{column}: choose", "zh": "{column}：请选择"}}


@pytest.fixture
def undecided(monkeypatch):
    """Each table that is read leaves one thing to decide and one assumption."""
    from whychurn import labels

    words = labels.section_words("intake")
    monkeypatch.setattr(labels, "section_words", lambda _: {**words, **WORDS})
    judged = all_tables.check_table

    def check_table(table, raw, params):
        checked = judged(table, raw, params)
        checked.notices += [ONE, ("notice_derived", {"n": 1})]
        return checked

    monkeypatch.setattr(all_tables, "check_table", check_table)


def test_what_is_to_be_decided_is_told_once() -> None:
    assert to_decide([("notice_x", {}), ONE, ONE]) == [ONE]


def test_several_problems_are_one_message_and_one_alone_is_itself() -> None:
    one, two = WhychurnError("first", file="a.csv"), WhychurnError("second")
    raise_problems([], [])
    with pytest.raises(WhychurnError) as alone:
        raise_problems([("orders", one)], [])
    assert alone.value is one
    with pytest.raises(WhychurnError, match=r"(?s)2 points.*orders: first.*a\.csv.*events: second"):
        raise_problems([("orders", one), ("events", two)], [])


@pytest.mark.usefixtures("undecided")
def test_a_run_stops_and_the_check_tells(tables, make_study, build) -> None:
    study = make_study(tables)
    report = check_source(study, load_params(study))
    assert not report.fits and report.problems.empty
    assert report.decisions == ["orders.amount: choose"]
    with pytest.raises(WhychurnError, match=r"to be decided: orders\.amount: choose"):
        build(study)
    assert not (study.interim / "intake.json").exists()
    assert sentence(ONE, "zh") == "orders.amount：请选择"
    found = CliRunner().invoke(cli.app, ["data", "check", str(study.root)])
    assert found.exit_code == 1 and "To be decided" in found.output


def test_a_table_that_cannot_be_read_makes_up_nothing(tables, make_study) -> None:
    """Neither are members made from orders, nor are orders of unknown members."""
    tables["members"] = tables["members"].rename(columns={"joined_on": "tier"})
    report = check_source(make_study(tables), load_params(make_study(tables)))
    counts = report.tables.set_index("table")
    assert counts.loc["members", "derived"] == 0 and counts.loc["orders", "kept"] == 5
    assert report.problems["table"].tolist() == ["members"]


def test_each_table_with_too_many_bad_rows_is_named(tables, make_study) -> None:
    tables["orders"]["amount"] = "x"
    tables["events"] = pd.DataFrame(
        {"member_id": np.repeat("a", 4), "occurred_at": "?", "event_type": "visit"}
    )
    report = check_source(make_study(tables), load_params(make_study(tables)))
    assert report.problems["table"].tolist() == ["orders", "events"]


def test_a_missing_column_is_sought_by_name_and_content(tables, make_study) -> None:
    """A date is not suggested for an amount, nor a column that serves already."""
    orders = tables["orders"].rename(columns={"amount": "total_paid", "ordered_at": "bought"})
    study = make_study({**tables, "orders": orders.assign(amount_words="ten")})
    report = check_source(study, load_params(study))
    [message] = report.problems["message"]
    assert "lacks the required columns ordered_at, amount" in message
    assert "orders.ordered_at: bought, orders.amount: total_paid" in message


@pytest.mark.parametrize(
    ("table", "gone", "kind"), [("orders", "amount", "number"), ("members", "joined_on", "date")]
)
def test_nothing_is_suggested_where_nothing_fits(tables, make_study, table, gone, kind) -> None:
    tables[table] = tables[table].drop(columns=gone).assign(shop="north")
    report = check_source(make_study(tables), load_params(make_study(tables)))
    [message] = report.problems["message"]
    assert f"no column left looks like {gone} (a {kind})" in message and "intake.columns" not in message


def test_near_columns_by_name() -> None:
    frame = pd.DataFrame({"age": [1, 2], "amount paid": [3.5, 4], "when": ["2024-01-01", "2024-02-01"]})
    assert near_columns("orders", "amount", frame) == ["amount paid", "age"]
    assert near_columns("orders", "ordered_at", frame) == ["when"]


def test_only_what_the_user_must_choose_is_a_decision() -> None:
    assert is_decision(ONE)
    assert not is_decision(("notice_decide_example", {})) and not is_decision(("notice_folded", {}))


def first_rows(of: int, rows: int) -> np.ndarray:
    return np.arange(of) < rows


def test_too_many_bad_rows_are_counted_with_the_most_frequent_reason(a_checked_table) -> None:
    """Three of ten orders are bad; two more are set aside for no fault of theirs."""
    orders = a_checked_table("orders", order_id=list("0123456789"))
    orders.row_reasons.mark(first_rows(10, 2), "wrong_type", "amount")
    orders.row_reasons.mark(first_rows(10, 3), "missing_value", "member_id")
    orders.row_reasons.mark(first_rows(10, 5), "odd_day", "ordered_at")
    tables = {"members": a_checked_table("members", member_id=["a", "b"]), "orders": orders}
    assert excess_problems(tables, 0.3) == []
    [(table, error)] = excess_problems(tables, 0.29)
    assert (table, error.column, error.rows) == ("orders", "amount", 3)
    assert "3 of 10 rows are bad (30.0%, allowed 29.0%); most often wrong_type, 2 rows" in str(error)


def test_rows_that_could_not_be_split_are_bad_rows(a_checked_table) -> None:
    members = a_checked_table("members", member_id=["a", "b", "c"])
    members.broken = np.array([4])
    [(_, error)] = excess_problems({"members": members}, 0.2)
    assert "1 of 4 rows are bad (25.0%" in str(error) and "broken_row" in str(error)


def test_without_a_usable_member_there_is_no_study(a_checked_table) -> None:
    members = a_checked_table("members", member_id=["a", "b"])
    members.row_reasons.mark(first_rows(2, 2), "missing_value", "joined_on")
    [(table, error)] = excess_problems({"members": members}, 1.0)
    assert table == "members" and "no usable member" in str(error)
    [(_, error)] = excess_problems({"members": absent_table("members")}, 1.0)
    assert "'members' has no row" in str(error)
    assert excess_problems({"members": absent_table("members", unread=True)}, 1.0) == []


def test_a_study_without_a_day_has_no_activity() -> None:
    assert no_activity(pd.Timestamp("2024-05-20")) == []
    for none in (None, pd.NaT):
        [(table, error)] = no_activity(none)
        assert table == "" and "orders, memberships, events" in str(error)
