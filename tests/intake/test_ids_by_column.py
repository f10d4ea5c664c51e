"""Ids digit by digit from every source, codes of a mapping, yes and no in words, one writing across tables."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.tables import TABLES
from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.check.all_tables import read_and_check
from whychurn.intake.check.column_reading import kind_of, read_column, shown_readings
from whychurn.intake.check.linked_ids import LINKS
from whychurn.intake.read.cells import bytes_present, narrow, plain_cells
from whychurn.intake.read.coerce import coerce
from whychurn.intake.read.coerced import PLAIN, Reading
from whychurn.intake.read.database_source import DatabaseSource
from whychurn.intake.read.dtypes import TEXT, standard_column
from whychurn.intake.read.ids import digits_cut, is_id, read_ids, without_point_zero
from whychurn.intake.read.source import open_source
from whychurn.intake.read.words.codes import code_text, recode
from whychurn.intake.read.words.flags import flag_words, read_flags

from .conftest import TODAY

LONG = [9007199254740993001, 9007199254740993008, 9007199254740993040]


def text(*cells: str | None) -> pd.Series:
    return pd.Series(pd.array(cells, dtype=TEXT))


def arrow(values: list[object], kind: pa.DataType) -> pd.Series:
    return standard_column(pa.chunked_array([pa.array(values, kind)]))


@pytest.mark.parametrize(
    "kind",
    [pa.decimal128(38, 0), pa.decimal128(38, 2), pa.decimal256(60, 0), pa.uint64(), pa.int64(), pa.string()],
    ids=str,
)
def test_long_ids_of_any_exact_type_keep_each_digit(kind: pa.DataType) -> None:
    values = (
        [str(one) for one in LONG]
        if kind == pa.string()
        else [Decimal(one) if "dec" in str(kind) else one for one in LONG]
    )
    found = read_ids(arrow([*values, None], kind))
    assert found.values.tolist() == [*map(str, LONG), pd.NA] and not found.bad.any()


def test_floats_are_ids_only_as_far_as_they_are_exact() -> None:
    assert read_ids(arrow([1001.0, None, 2.0**53 - 1], pa.float64())).values.tolist() == [
        "1001",
        pd.NA,
        "9007199254740991",
    ]
    assert read_ids(arrow([2.0**53, 5.0], pa.float64())).bad.tolist() == [True, False]
    assert read_ids(arrow([16777217.0, 5.0], pa.float32())).bad.tolist() == [True, False]
    assert arrow([b"\xff\x01", b"ab"], pa.binary()).tolist() == ["ff01", "ab"]


def test_long_ids_of_a_database_keep_each_digit(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("create table members (member_id numeric, joined_on text)")
        connection.executemany("insert into members values (?, '2024-01-01')", [(one,) for one in LONG[:2]])
    frame = DatabaseSource.at(f"sqlite:///{tmp_path}/shop.db", tmp_path).read("members").frame
    assert read_ids(frame["member_id"]).values.tolist() == [str(one) for one in LONG[:2]]


IDS = st.text("0123456789ABKMZ-", min_size=1, max_size=20).filter(lambda one: one.strip("-") == one)
WRAPPED = {
    "formula": '="{}"', "quoted": '"{}"', "apostrophe": "'{}", "blanks": "  {} ", "mark of order": "\ufeff{}",
    "no width": "{}\u200b", "hard blank": "\u00a0{}",
}  # fmt: skip


@settings(max_examples=60)
@given(st.lists(IDS, min_size=1, max_size=12), st.sampled_from(sorted(WRAPPED)))
def test_what_spreadsheets_put_around_ids_is_taken_off(ids: list[str], style: str) -> None:
    found = read_ids(text(*(WRAPPED[style].format(one) for one in ids)))
    assert found.values.tolist() == ids and not found.bad.any()


@settings(max_examples=40)
@given(st.lists(IDS, min_size=1, max_size=12))
def test_wide_ids_are_the_plain_ones(ids: list[str]) -> None:
    wide = [one.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}) for one in ids]
    assert read_ids(text(*wide)).values.tolist() == ids and narrow(text(*wide)).tolist() == ids


@settings(max_examples=60)
@given(st.lists(st.integers(1, 10**18), min_size=1, max_size=12, unique=True), st.integers(0, 17))
def test_scientific_notation_is_exact_or_bad(numbers: list[int], places: int) -> None:
    found = read_ids(text(*(f"{number:.{places}E}" for number in numbers)))
    for value, bad, number in zip(found.values, found.bad, numbers, strict=True):
        assert bad or value == str(number), "never another id"


def test_ids_that_only_look_like_numbers_stay() -> None:
    assert read_ids(text("1E5", "2F7", "00E12", "1.5.2", "A.0")).values.tolist() == [
        "1E5",
        "2F7",
        "00E12",
        "1.5.2",
        "A.0",
    ]
    assert without_point_zero(text("10.0", "10.50", "7")).tolist() == ["10", "10.50", "7"]
    assert is_id("campaign_id") and is_id("referred_by") and not is_id("region")
    assert digits_cut(text(*(f"{n:015d}0" for n in range(10**14, 10**14 + 30)))) and not digits_cut(
        text("1234567890123450")
    )


def test_lost_ids_stop_with_column_example_and_remedy() -> None:
    with pytest.raises(WhychurnError, match=r"touches\.campaign_id.*3\.1E\+12") as caught:
        read_column(text(*["3.1E+12"] * 9), "id", {}, Reading("touches.campaign_id"), "touches.csv")
    assert caught.value.rows == 9 and "as text" in str(caught.value.remedy)
    few = read_column(
        text(*map(str, range(99)), "3.1E+12"), "id", {}, Reading("orders.order_id"), "orders.csv"
    )
    assert [key for key, _ in few.notes] == ["notice_inexact_scientific"] and few.bad.sum() == 1


def test_codes_of_whole_columns() -> None:
    found = coerce(text("10.0", "20.0", None), "code")
    assert found.values.tolist() == ["10", "20", pd.NA] and found.notes[0][0] == "notice_code_point_zero"
    assert coerce(text("1.0", "1.5"), "code").values.tolist() == ["1.0", "1.5"], "versions stay"
    assert kind_of("region", "members", TABLES["members"].fields["region"]) == "code"
    assert kind_of("text", "feedback", TABLES["feedback"].fields["text"]) == "text"


def test_codes_are_met_whatever_their_writing() -> None:
    found = recode(
        text("Exit  Survey", "EXIT_SURVEY", "ｎｐｓ", "7.0", "x"),
        {"exit survey": "exit", "nps": "nps", 7: "seven"},
    )
    assert found.values.tolist() == ["exit", "exit", "nps", "seven", "x"]
    assert dict(found.notes)["notice_code_form"]["n"] == 4
    zeros = recode(text("10", "010", "20"), {"010": "a", "20": "b"})
    assert zeros.values.tolist() == ["a", "a", "b"]
    two = recode(text("1", "01"), {"01": "a", "001": "b"})
    assert two.values.tolist() == ["1", "a"], "1 can be either code and stays"
    assert "z" in dict(recode(text("y"), {"z": "a"}).notes)["notice_code_unused"]["codes"]
    assert [code_text(one) for one in (None, True, 2.0, " a ")] == [None, "true", "2", "a"]


def test_codes_in_a_file_of_parameters_stay_as_written(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("a: {codes: {t.c: {010: one, 0x1F: two, no: false, 1e3: ~, 12:30: NO}}, n: 010}\n")
    found = read_yaml(file, as_written=("a", "codes"))
    assert found["a"]["codes"]["t.c"] == {
        "010": "one",
        "0x1F": "two",
        "no": "false",
        "1e3": None,
        "12:30": "NO",
    }
    assert found["a"]["n"] == 8


@pytest.mark.parametrize(
    ("column", "yes", "no"),
    [
        ("orders.returned", ["退货", "Refunded", "Y", "√"], ["正常", "Not returned", "N", "无"]),
        ("feedback.resolved", ["closed", "已解决", "是"], ["Open", "处理中", "in-progress"]),
        ("touches.opened", ["Opened", "已读"], ["unread", "未打开", "bounced"]),
        ("memberships.auto_renew", ["自动续费", "AUTO", "on"], ["manual", "不续费", "off"]),
        ("touches.randomized", ["随机", "1.0"], ["targeted", "0.0"]),
    ],
)
def test_yes_and_no_in_words(column: str, yes: list[str], no: list[str]) -> None:
    found = read_flags(text(*yes, *no, "perhaps", ""), Reading(column))
    assert found.values.tolist()[:-2] == [True] * len(yes) + [False] * len(no)
    assert found.bad.tolist()[-2:] == [True, False]
    assert flag_words(column.partition(".")[2])["yes"] == 1


def test_words_that_are_neither_are_asked_about_with_the_line_to_write() -> None:
    said = read_column(text(*["maybe"] * 6, "yes"), "flag", {}, Reading("orders.returned"), None).notes
    assert (
        said[0][0] == "decide_unread_flag"
        and said[0][1]["word"] == "maybe"
        and "maybe (6)" in said[0][1]["words"]
    )
    assert coerce(text("yes"), "flag", PLAIN).values.tolist() == [True]


def test_marks_of_cells() -> None:
    assert plain_cells(text('="007"', "'12", "'s-Hage", " a\u200b ")).tolist() == [
        "007",
        "12",
        "'s-Hage",
        "a",
    ]
    assert np.flatnonzero(bytes_present(text("b", "a"))).tolist() == [97, 98]


@pytest.mark.parametrize(
    ("members", "orders", "key", "kept"),
    [
        ("{:08d}", "{}", "notice_zeros", "{:08d}"),
        ("{}", "{:06d}", "notice_zeros", "{:06d}"),
        ("k{}a", "K{}A", "notice_case", "k{}a"),
    ],
)
def test_ids_have_one_writing_across_tables(members, orders, key, kept, make_study) -> None:
    numbers = range(980, 1020)
    study = make_study(
        {
            "members": pd.DataFrame(
                {"member_id": [members.format(n) for n in numbers], "joined_on": "2024-01-01"}
            ),
            "orders": pd.DataFrame(
                {
                    "order_id": list(numbers),
                    "member_id": [orders.format(n) for n in numbers],
                    "ordered_at": "2024-02-01",
                    "amount": 5,
                }
            ),
        }
    )
    params = load_params(study)
    found = read_and_check(open_source(study, params.intake), params, TODAY)
    for table in ("members", "orders"):
        assert sorted(found.tables[table].frame["member_id"]) == sorted(kept.format(n) for n in numbers)
    assert key in [notice[0] for table in found.tables.values() for notice in table.notices]


def test_zeros_that_cannot_be_told_are_asked_about(make_study) -> None:
    ids = ["007", "08", "0009", *map(str, range(100, 140))]
    orders = pd.DataFrame(
        {
            "order_id": range(43),
            "member_id": [i.lstrip("0") for i in ids],
            "ordered_at": "2024-02-01",
            "amount": 5,
        }
    )
    study = make_study(
        {"members": pd.DataFrame({"member_id": ids, "joined_on": "2024-01-01"}), "orders": orders}
    )
    params = load_params(study)
    found = read_and_check(open_source(study, params.intake), params, TODAY)
    assert [key for key, _ in found.decisions] == ["decide_zeros"]
    assert all(table in TABLES for link in LINKS for table, _ in link)


def test_the_record_of_how_columns_were_read() -> None:
    how = {
        "ordered_at": {"dates": "x/x/YYYY 4", "order": "dmy", "order_by": "proof"},
        "amount": {"decimal": "comma"},
    }
    assert shown_readings(how) == "ordered_at [x/x/YYYY 4, dmy]; amount [1.234,5]"
