"""Dates, numbers, flags and texts as people write them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whychurn.intake.read.coerce import coerce
from whychurn.intake.read.coerced import Reading
from whychurn.intake.read.dates.date_columns import read_dates
from whychurn.intake.read.dtypes import TEXT, standard_objects
from whychurn.intake.read.words.codes import recode


def text(*values: str | None) -> pd.Series:
    return pd.Series(pd.array(values, dtype=TEXT))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-01-05", "2024-01-05"),
        ("2024-01-05 10:20:30", "2024-01-05 10:20:30"),
        ("2024-01-05T10:20", "2024-01-05 10:20"),
        ("2024-01-05T10:20:30.250Z", "2024-01-05 10:20:30.250"),
        ("2024-01-05 10:20:30+08:00", "2024-01-05 10:20:30"),
        ("2024/1/5", "2024-01-05"),
        ("2024.1.5 9:05", "2024-01-05 09:05"),
        ("20240105", "2024-01-05"),
        ("20240105102030", "2024-01-05 10:20:30"),
        ("2024年1月5日", "2024-01-05"),
        ("2024年01月05日 14:30", "2024-01-05 14:30"),
        ("2024年1月5日下午3点20分", "2024-01-05 15:20"),
        ("2024年1月5日 上午9点", "2024-01-05 09:00"),
        ("２０２４－０１－０５", "2024-01-05"),
        ("05.01.2024", "2024-01-05"),
        ("25/01/2024", "2024-01-25"),
        ("01/25/2024 11:30 PM", "2024-01-25 23:30"),
        ("5 Jan 2024", "2024-01-05"),
        ("January 5, 2024", "2024-01-05"),
        ("45296", "2024-01-05"),
        ("45296.5", "2024-01-05 12:00"),
        ("1704412800", "2024-01-05"),
        ("1704412800000", "2024-01-05"),
        ("9999-12-31", "2200-01-01"),
        ("2299-06-01", "2200-01-01"),
    ],
)
def test_one_way_of_writing_a_date(written, meant) -> None:
    found = read_dates(text(written))
    assert found.values.tolist() == [pd.Timestamp(meant)]
    assert not found.bad.any()


@pytest.mark.parametrize(
    "written",
    [
        "soon",
        "2024-02-30",
        "2024-13-01",
        "31/31/2024",
        "2024-01-05 25:00",
        "0001-01-01",
        "12",
        "2024",
        "99999999",
    ],
)
def test_what_is_no_date_is_bad_not_null(written) -> None:
    found = read_dates(text(written))
    assert found.bad.tolist() == [True]
    assert found.values.isna().all()


@pytest.mark.parametrize("written", [None, "", "  ", "NULL", "NaT", "-", "无", "0000-00-00"])
def test_nothing_given_is_null_not_bad(written) -> None:
    found = read_dates(text(written))
    assert found.bad.tolist() == [False]


def test_three_formats_in_one_column() -> None:
    found = read_dates(text("2024-03-04", "2024/3/5", "06.03.2024"))
    assert found.values.dt.day.tolist() == [4, 5, 6]
    assert found.values.dt.month.tolist() == [3, 3, 3]
    assert dict(found.notes)["notice_formats"]["n"] == 2, "year first, and year last"


def test_one_proof_decides_for_its_column() -> None:
    day_first = read_dates(text("05/04/2024", "13/04/2024"))
    assert day_first.values.dt.month.tolist() == [4, 4]
    month_first = read_dates(text("05/04/2024", "05/13/2024"))
    assert month_first.values.dt.month.tolist() == [5, 5]
    assert day_first.notes == month_first.notes == ()
    assert (day_first.how["order"], month_first.how["order"]) == ("dmy", "mdy")


def test_without_proof_dots_are_day_first_and_slashes_month_first_and_both_are_told() -> None:
    found = read_dates(text("05/04/2024", "05.04.2024", "04/04/2024"))
    assert found.values.dt.month.tolist() == [5, 4, 4]
    said = dict(found.notes)["notice_ambiguous"]
    assert said["n"] == 2, "04/04 fits both orders alike and needs no guess"


def test_contrary_proofs_make_the_doubtful_bad() -> None:
    found = read_dates(text("05/04/2024", "13/04/2024", "04/13/2024", "06/06/2024"))
    assert found.bad.tolist() == [True, False, False, False]


def test_the_parameter_decides() -> None:
    assert read_dates(text("05/04/2024"), Reading(day_first=True)).values.dt.month.tolist() == [4]
    assert read_dates(text("05.04.2024"), Reading(day_first=False)).values.dt.month.tolist() == [5]
    assert read_dates(text("05/04/2024"), Reading(day_first=True)).notes == ()


@settings(max_examples=12)
@given(st.lists(st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2199, 1, 1)), min_size=1, max_size=20))
def test_dates_written_in_five_ways_come_back(moments) -> None:
    whole = [moment.replace(microsecond=0) for moment in moments]
    for form in (
        "%Y-%m-%d %H:%M:%S",
        "%Y/%m/%d %H:%M:%S",
        "%Y%m%d%H%M%S",
        "%Y年%m月%d日 %H时%M分%S秒",
        "%d.%m.%Y %H:%M:%S",
    ):
        found = read_dates(text(*[moment.strftime(form) for moment in whole]), Reading(day_first=True))
        assert found.values.tolist() == [pd.Timestamp(moment) for moment in whole], form


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12", 12.0), ("-3.5", -3.5), ("1,234", 1234.0), ("1,234,567.89", 1234567.89), ("¥128.00", 128.0),
        ("￥１２８．５", 128.5), ("128元", 128.0), ("$ 1,299", 1299.0), ("(45.00)", -45.0), ("15%", 0.15),
        ("1.2万", 12000.0), ("1e3", 1000.0), ("12,3456", 123456.0), ("RMB 88", 88.0), ("−7", -7.0), ("12,50", 12.5),
    ],
)  # fmt: skip
def test_one_way_of_writing_a_number(written, meant) -> None:
    found = coerce(text(written), "number")
    assert found.values.tolist() == pytest.approx([meant])
    assert not found.bad.any()


def test_decimal_commas_are_read_by_column() -> None:
    assert coerce(text("1.234,50", "7", "12,5"), "number").values.tolist() == [1234.5, 7.0, 12.5]
    assert coerce(text("1,234", "12.5"), "number").values.tolist() == [1234.0, 12.5]


@pytest.mark.parametrize("written", ["abc", "12-13", "1,23,4", "inf", "1.2.3", "十二"])
def test_what_is_no_number_is_bad(written) -> None:
    assert coerce(text(written, "5"), "number").bad.tolist() == [True, False]


def test_flags_in_two_languages() -> None:
    yes = ["true", "TRUE", "1", "yes", "Y", "t", "是", "1.0"]
    no = ["false", "0", "No", "n", "F", "否", "0.0"]
    found = coerce(text(*yes, *no, "perhaps", "", None), "flag")
    assert found.values.tolist()[: len(yes)] == [True] * len(yes)
    assert found.values.tolist()[len(yes) : len(yes) + len(no)] == [False] * len(no)
    assert found.bad.tolist()[-3:] == [True, False, False]


def test_numbers_become_ids_without_a_decimal_point() -> None:
    assert coerce(pd.Series([1.0, np.nan, 20.0]), "text").values.tolist() == ["1", pd.NA, "20"]
    assert coerce(text("007.0", "12", "a.0"), "id").values.tolist() == ["007", "12", "a.0"]


def test_none_is_a_code_not_a_gap() -> None:
    assert coerce(text("None", "NULL", " x "), "text").values.isna().tolist() == [False, True, False]


def test_codes_replace_source_values() -> None:
    assert recode(text("是", "否", "?"), {"是": True, "否": False}).values.tolist() == ["true", "false", "?"]
    assert recode(pd.Series([1.0, 2.0]), {1: "exit", 2: "nps"}).values.tolist() == ["exit", "nps"]


def test_mixed_spreadsheet_cells_become_text_and_then_dates() -> None:
    frame = standard_objects(
        pd.DataFrame({"d": [dt.datetime(2024, 1, 5), "2024/1/6", None, 45298]}, dtype=object)
    )
    assert coerce(frame["d"], "date").values.dt.day.tolist()[:2] == [5, 6]
    assert coerce(frame["d"], "date").values.tolist()[3] == pd.Timestamp("2024-01-07")
