"""The data report tells what became of each row, what was assumed, and what is not understood."""

from __future__ import annotations

import pandas as pd
import pytest

from whychurn.report.data.sentences import (
    assumptions_table,
    left_out_lines,
    not_understood_table,
    notice_lines,
    tables_read,
    uncounted_acts_line,
)

SHARED = {"key": "intake.notice_signs", "values": {"n": 7, "column": "orders.amount"}}
GENERAL = {"key": "intake.notice_dropped_header", "values": {"table": "members", "column": "phone"}}
INTAKE = {
    "tables": {
        "orders": {
            "present": True, "read": 10, "kept": 6, "quarantined": 1, "folded": 0, "duplicates": 2, "netted": 1,
            "derived": 0, "first_day": "2024-01-01", "last_day": None, "notices": [SHARED],
        }
    },
    "notices": [SHARED, GENERAL],
}  # fmt: skip


def test_rows_balance_and_columns_without_rows_are_left_out() -> None:
    shown = tables_read(INTAKE, "en").iloc[0]
    assert shown["read"] == shown["kept"] + shown["quarantined"] + shown["duplicates"] + shown["netted"]
    assert "folded" not in shown and "derived" not in shown
    assert (shown["first_day"], shown["last_day"]) == ("2024-01-01", "")


def test_assumptions_stand_with_their_table_once() -> None:
    for lang, sign in (("en", "sign"), ("zh", "负号")):
        assumed = assumptions_table(INTAKE, lang)
        assert len(assumed) == 1 and sign in assumed["assumption"][0] and "orders" in assumed["table"][0]
        assert not any(sign in line for line in notice_lines(INTAKE, lang))


def test_values_of_few_members_show_no_count() -> None:
    found = pd.DataFrame(
        {"table": "events", "column": "event_type", "value": ["sauna", "AAA"], "rows": [90, 4], "members": [40, 3],
         "nearest_code": ["visit", None]}
    )  # fmt: skip
    shown = not_understood_table(found, "en", 10)
    assert shown["rows"].isna().tolist() == [False, True] == shown["members"].isna().tolist()
    assert not_understood_table(None, "en", 10).empty


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_acts_that_are_not_understood_bend_the_definition_of_churn_and_are_said(lang: str) -> None:
    found = pd.DataFrame(
        {"table": "events", "column": "event_type", "value": ["LoginSuccess", "sys_ping", "登录", "9A"],
         "rows": [900, 800, 100, 5], "members": [40, 40, 20, 2], "nearest_code": ["visit", None, "visit", "visit"]}
    )  # fmt: skip
    (line,) = uncounted_acts_line(found, lang, 10)
    assert "1,000" in line and "LoginSuccess → visit" in line and "登录 → visit" in line
    assert "sys_ping" not in line and "9A" not in line
    assert uncounted_acts_line(found[1:2], lang, 10) == [] == uncounted_acts_line(None, lang, 10)


@pytest.mark.parametrize(("lang", "out"), [("en", "is left out"), ("zh", "已剔除")])
def test_each_column_left_out_is_one_sentence_with_its_reason(lang: str, out: str) -> None:
    found = [
        {"column": "exit_code", "why": "name", "value": None, "bound": None, "rows": 12},
        {"column": "refund", "why": "filled_leavers", "value": 0.994, "bound": 0.97, "rows": 180},
    ]
    named, filled = left_out_lines({"member_columns_left_out": found}, lang)
    assert out in named and "members.exit_code" in named and "panel.keep: [exit_code]" in named
    assert out in filled and "members.refund" in filled and "0.99" in filled and "180" in filled
    assert left_out_lines({}, lang) == [] == left_out_lines({"member_columns_left_out": []}, lang)
