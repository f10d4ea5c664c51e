"""Workbooks with titles, several sheets and totals; JSON of any layout."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.files.json_records import read_json_records
from whychurn.intake.read.files.workbook import read_workbook, sheet_names
from whychurn.intake.read.raw_table import Hints, RawTable

TOUCHES = [["touch_id", "member_id", "sent_at", "action"]] + [
    [f"X{n}", f"M{n}", f"2024-02-{n + 1:02d}", "email"] for n in range(12)
]


def book(**sheets: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if rows and len(rows[0]) == 1:
            sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=4)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def read(content: bytes, sheet: str = "", **hints: Any) -> list[RawTable]:
    return read_workbook(content, "touches.xlsx", sheet, "touches", Hints(**hints))


@pytest.mark.parametrize(
    "above",
    [
        [["Campaign contacts"]],
        [["营销触达记录"], ["导出时间：", "2024-03-01"], []],
        [[], ["Campaigns", None, None, "2024"], []],
        [["Company", "Shop AG"], ["From", "2024-01-01"]],
    ],
)
def test_titles_above_the_header_are_skipped_and_said(above) -> None:
    (raw,) = read(book(Sheet1=[*above, *TOUCHES]))
    assert list(raw.frame.columns) == TOUCHES[0]
    assert raw.frame["touch_id"].tolist() == [row[0] for row in TOUCHES[1:]]
    assert raw.row_number.tolist() == list(range(1, 13))
    told = dict(raw.notices)["notice_header"]
    assert told["line"] == len(above) + 1
    assert told["n"] == sum(any(row) for row in above)


def test_the_row_of_the_header_may_be_stated() -> None:
    (raw,) = read(book(a=[["x", "y"], ["id", "day"], ["a", "2024-01-01"]]), header=2)
    assert list(raw.frame.columns) == ["id", "day"]


def test_totals_repeated_headers_and_empty_rows() -> None:
    rows = [*TOUCHES[:6], [], TOUCHES[0], *TOUCHES[6:], [], ["合计", None, None, 12], ["printed by a clerk"]]
    (raw,) = read(book(a=rows))
    assert len(raw.frame) == 12
    assert {name: found.tolist() for name, found in raw.apart.items()} == {
        "repeated_header": [7],
        "total_row": [16, 17],
    }


def test_which_sheet_is_read_is_said() -> None:
    notes = [["Remarks"], ["none"]]
    (raw,) = read(book(Info=notes, data=TOUCHES))
    assert len(raw.frame) == 12 and not raw.notices
    (raw,) = read(book(other=[["a", "b"], ["1", "2"]], Touches=TOUCHES))
    assert dict(raw.notices)["notice_sheet"]["sheet"] == "Touches"
    (raw,) = read(book(x=[["a", "b"], ["1", "2"]], y=TOUCHES), known=frozenset(TOUCHES[0]))
    assert dict(raw.notices)["notice_sheet"]["sheet"] == "y"
    assert len(read(book(x=[["a", "b"], ["1", "2"]], y=TOUCHES), "x")[0].frame) == 1
    with pytest.raises(WhychurnError, match="no sheet 'z'"):
        read(book(x=TOUCHES), "z")
    assert sheet_names(book(a=notes, b=notes), "t.xlsx") == ["a", "b"]


def test_sheets_of_one_table_are_put_together_or_asked_about() -> None:
    months = {"2024-01": TOUCHES[:7], "2024-02": [TOUCHES[0], *TOUCHES[7:]]}
    parts = read(book(**months))
    assert [len(part.frame) for part in parts] == [6, 6]
    assert "notice_sheets" in dict(parts[0].notices)
    named = {"shops": TOUCHES[:7], "web": [TOUCHES[0], *TOUCHES[7:]]}
    (raw,) = read(book(**named))
    assert "decide_sheets" in dict(raw.notices)
    assert [len(part.frame) for part in read(book(**named), "*")] == [6, 6]


def test_two_columns_of_one_name_are_told() -> None:
    (raw,) = read(book(a=[["id", "sent_at", "sent_at"], ["a", "2024-01-01", "2024-01-02"]]))
    assert raw.repeated == ("sent_at",)
    assert raw.frame["sent_at.2"].tolist() == ["2024-01-02"]


@pytest.mark.parametrize("cut", [200, 800, 2000, -60, -4])
def test_a_damaged_workbook_is_one_sentence(cut) -> None:
    content = book(a=TOUCHES * 20)
    with pytest.raises(WhychurnError, match="not readable") as caught:
        read(content[:cut])
    assert caught.value.remedy


@pytest.mark.parametrize("place", [300, 700, 1500])
def test_flipped_bytes_never_end_in_a_traceback(place) -> None:
    content = bytearray(book(a=TOUCHES * 20))
    content[place : place + 40] = b"\xff" * 40
    try:
        read(bytes(content))
    except WhychurnError as error:
        assert error.remedy


def test_an_empty_sheet() -> None:
    with pytest.raises(WhychurnError, match="the sheet is empty"):
        read(book(a=[]))
    with pytest.raises(WhychurnError, match="looks like data"):
        read(book(a=[[1, 2.5, "2024-01-01"], [2, 3.5, "2024-01-02"]]))
    assert read(book(a=TOUCHES[:1]))[0].frame.shape == (0, 4)


# ------------------------------------------------------------------ JSON

ROWS: list[dict[str, Any]] = [
    {"id": 9007199254740993123, "card": "007", "amount": 10.50, "at": {"day": "2024-01-01", "shop": {"no": 1}},
     "lines": [{"sku": 1}], "vip": True, "note": None},
    {"id": 12, "card": "008", "amount": 7, "at": {"day": "2024-01-02"}, "later": "x"},
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(map(json.dumps, ROWS)),
        "\r\n\r\n".join(map(json.dumps, ROWS)) + "\r\n",
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
        json.dumps({"data": ROWS, "total": 2}),
        json.dumps({"meta": {"pages": 1}, "orders": ROWS}, indent=1),
        "\ufeff" + json.dumps(ROWS),
    ],
)
def test_json_of_any_layout_is_one_table(text) -> None:
    raw = read_json_records(text.encode(), "t.json")
    assert raw.frame["id"].tolist() == ["9007199254740993123", "12"], "ids keep their digits"
    assert raw.frame["card"].tolist() == ["007", "008"]
    assert raw.frame["amount"].astype(float).tolist() == [10.5, 7]
    assert raw.frame["at.day"].tolist() == ["2024-01-01", "2024-01-02"]
    assert json.loads(raw.frame["at.shop"].iloc[0]) == {"no": "1"}
    assert raw.frame["later"].isna().tolist() == [True, False]
    told = dict(raw.notices)
    assert "at.day" in told["notice_json_nested"]["names"]
    assert told["notice_json_lists"]["names"] == "lines"
    assert ("notice_json_key" in told) == ('"data"' in text or '"orders"' in text)


def test_lines_that_are_no_objects_are_counted() -> None:
    raw = read_json_records(b'{"a": 1}\n{"a": \n[1]\n{"a": 2}\n', "t.jsonl")
    assert (raw.frame["a"].tolist(), raw.row_number.tolist(), raw.broken.tolist()) == (
        ["1", "2"],
        [1, 4],
        [2, 3],
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ('[{"a": 1}, {"a": ', "breaks off in line 1"),
        ('{\n"a": [\n{"b": 1},\n', "breaks off in line"),
        ("[1, 2, 3]", "no list of objects"),
        ('{"a": 1, "b": }', "damaged or breaks off"),
    ],
)
def test_json_that_is_no_table(text, words) -> None:
    with pytest.raises(WhychurnError, match=words) as caught:
        read_json_records(text.encode(), "t.json")
    assert caught.value.remedy


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.text(max_size=8) | st.none(), min_size=1), min_size=1)
)
def test_texts_of_json_lines_are_kept(rows) -> None:
    raw = read_json_records("\n".join(map(json.dumps, rows)).encode(), "t.jsonl")
    assert len(raw.frame) == len(rows)
    for name in raw.frame:
        kept = [None if pd.isna(value) else value for value in raw.frame[name].tolist()]
        assert kept == [row.get(name) for row in rows]
