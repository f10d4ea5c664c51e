"""Dates and times: what the whole column tells, and what must be said or asked."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from whychurn.intake.read.coerced import Coerced, Reading
from whychurn.intake.read.dates.date_columns import read_dates
from whychurn.intake.read.dtypes import TEXT

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December"]  # fmt: skip
DAYS = st.lists(st.dates(dt.date(1971, 1, 1), dt.date(2068, 12, 31)), min_size=1, max_size=30, unique=True)


def read(*cells: str | None, **given: object) -> Coerced:
    reading = Reading("orders.ordered_at", **given)  # type: ignore[arg-type]
    return read_dates(pd.Series(pd.array(cells, dtype=TEXT)), reading)


def keys(found: Coerced) -> list[str]:
    return [key for key, _ in found.notes]


def ordinal(day: int) -> str:
    ending = "th" if 10 < day % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def chinese(number: int) -> str:
    signs = "零一二三四五六七八九"
    if number < 10:
        return signs[number]
    tens, ones = divmod(number, 10)
    return ("" if tens == 1 else signs[tens]) + "十" + (signs[ones] if ones else "")


PLAIN = {
    "ordinal": lambda d: f"{ordinal(d.day)} {MONTHS[d.month - 1]} {d.year}",
    "ordinal of": lambda d: f"{ordinal(d.day)} of {MONTHS[d.month - 1]}, {d.year}",
    "month first": lambda d: f"{MONTHS[d.month - 1]} {ordinal(d.day)}, {d.year}",
    "short month": lambda d: f"{d.day:02d}-{MONTHS[d.month - 1][:3].upper()}-{d.year}",
    "weekday": lambda d: f"{d:%A}, {d.day} {MONTHS[d.month - 1]} {d.year}",
    "wide": lambda d: d.isoformat().translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789-"}),
    "chinese": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "chinese numerals": lambda d: (
        "".join("〇一二三四五六七八九"[int(c)] for c in str(d.year))
        + f"年{chinese(d.month)}月{chinese(d.day)}日"
    ),
    "slashes, year first": lambda d: f"{d.year}/{d.month}/{d.day}",
    "compact": lambda d: f"{d:%Y%m%d}",
    "serial": lambda d: f"{(d - dt.date(1899, 12, 30)).days}.0",
    "formula": lambda d: f'="{d.isoformat()}"',
}


@settings(max_examples=25)
@given(DAYS, st.sampled_from(sorted(PLAIN)))
def test_a_spelling_with_one_meaning_comes_back(days: list[dt.date], spelling: str) -> None:
    found = read(*map(PLAIN[spelling], days))
    assert found.values.tolist() == [pd.Timestamp(day) for day in days], spelling
    assert not any(key.startswith("decide_") for key in keys(found))


NUMERIC = {
    "%d/%m/%Y": "dmy", "%m/%d/%Y": "mdy", "%d-%m-%y": "dmy", "%m/%d/%y": "mdy", "%y-%m-%d": "ymd", "%y%m%d": "ymd",
    "%d.%m.%y": "dmy", "%d%m%Y": "dmy", "%d-%b-%y": "dmy", "%y-%b-%d": "ymd",
}  # fmt: skip


@settings(max_examples=60)
@given(DAYS, st.sampled_from(sorted(NUMERIC)))
def test_three_numbers_are_read_rightly_or_the_doubt_is_said(days: list[dt.date], form: str) -> None:
    assume(all(day.year > 1971 for day in days))
    found = read(*(day.strftime(form) for day in days))
    right = found.values == pd.Series([pd.Timestamp(day) for day in days])
    assert right.all() or found.bad.any() or keys(found), f"{form}: another day without a word"


@settings(max_examples=40)
@given(DAYS, st.sampled_from(sorted(NUMERIC)))
def test_three_numbers_follow_the_parameter(days: list[dt.date], form: str) -> None:
    found = read(*(day.strftime(form) for day in days), date_form=NUMERIC[form])
    assert found.values.tolist() == [pd.Timestamp(day) for day in days]
    assert not any(key.startswith("decide_") for key in keys(found))


def test_a_year_of_two_digits_comes_first_where_its_numbers_are_few() -> None:
    days = [dt.date(2023, 2, 1) + dt.timedelta(days=9 * n) for n in range(40)]
    for form, order in (("%y-%m-%d", "ymd"), ("%d-%m-%y", "dmy"), ("%m-%d-%y", "mdy")):
        found = read(*(day.strftime(form) for day in days))
        assert found.values.tolist() == [pd.Timestamp(day) for day in days], form
        assert found.how["order"] == order


def test_days_that_fit_both_orders_are_asked_about() -> None:
    cells = [f"{day:02d}/{month:02d}/2023" for day in range(1, 8) for month in (8, 9, 10)]
    found = read(*cells)
    said = dict(found.notes)["decide_ambiguous"]
    assert said["n"] == len(cells) and said["example"] in cells
    assert keys(read(*cells, day_first=True)) == []


@pytest.mark.parametrize(
    ("cell", "there"),
    [
        ("2023-03-16T18:41:00Z", "2023-03-17 02:41"),
        ("2023-03-16 18:41:00+00:00", "2023-03-17 02:41"),
        ("2023-03-16T18:41:00.000+0100", "2023-03-17 01:41"),
        ("Thu, 16 Mar 2023 18:41:00 GMT", "2023-03-17 02:41"),
        ("2023-03-16 18:41:00 UTC-5", "2023-03-17 07:41"),
        ("20230316T184100Z", "2023-03-17 02:41"),
        ("1678992060", "2023-03-17 02:41"),
        ("1678992060000.0", "2023-03-17 02:41"),
    ],
)
def test_instants_become_the_wall_clock_of_the_study(cell: str, there: str) -> None:
    found = read(cell, study_zone="Asia/Shanghai")
    assert found.values.tolist() == [pd.Timestamp(there)] and keys(found) == ["notice_zone_converted"]
    kept = read(cell)
    assert [
        key for key in keys(kept) if key in ("notice_offset_kept", "notice_zone_kept", "notice_epoch_utc")
    ]


def test_different_offsets_are_asked_about_and_summer_time_is_not() -> None:
    assert keys(read("2023-03-16 10:00:00+01:00", "2023-07-16 10:00:00+02:00")) == ["notice_offset_kept"]
    assert keys(read("2023-03-16 10:00:00+01:00", "2023-07-16 10:00:00+08:00")) == ["decide_offsets"]


def test_times_of_a_column_in_another_zone_are_converted_and_days_are_not() -> None:
    found = read("2023-07-01 20:00:00", "2023-12-31 23:00:00", zone="UTC", study_zone="Europe/Berlin")
    assert found.values.tolist() == [pd.Timestamp("2023-07-01 22:00"), pd.Timestamp("2024-01-01 00:00")]
    assert read("2023-07-01", zone="UTC", study_zone="Asia/Tokyo").values.tolist() == [
        pd.Timestamp("2023-07-01")
    ]


def test_timestamps_with_a_zone_in_their_type() -> None:
    column = pd.Series(pd.to_datetime(["2023-03-16 18:41"])).dt.tz_localize("UTC")
    assert read_dates(column, Reading(study_zone="Asia/Shanghai")).values.tolist() == [
        pd.Timestamp("2023-03-17 02:41")
    ]
    assert keys(read_dates(column)) == ["notice_zone_kept"]


def test_day_numbers_count_from_1904_where_the_user_says_so() -> None:
    assert read("45000").values.tolist() == [pd.Timestamp("2023-03-15")]
    assert read("43538", date_form="serial_1904").values.tolist() == [pd.Timestamp("2023-03-15")]


@pytest.mark.parametrize(
    "cell", ["March 2023", "2023-03", "week 12", "2023-03-05 25:10", "三月", "Q1 2023", "5"]
)
def test_what_names_no_day_is_bad(cell: str) -> None:
    assert read(cell).bad.tolist() == [True]
