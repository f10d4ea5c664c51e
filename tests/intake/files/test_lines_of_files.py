"""Headers that do not stand first, lines that are no rows, quotes that swallow lines: found, counted and said."""

from __future__ import annotations

import csv
import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.intake.read.files.delimited import read_delimited
from whychurn.intake.read.files.header import (
    data_instead_of_header,
    find_header,
    is_value,
    known_names,
    looks_like_data,
)
from whychurn.intake.read.files.layout import Layout, find_layout
from whychurn.intake.read.files.quotes import Mended, may_swallow, mend_quotes, unended_quote
from whychurn.intake.read.files.rows_apart import is_closing, rows_apart
from whychurn.intake.read.raw_table import Hints, RawTable

VISITS = [["event_id", "member_id", "occurred_at", "event_type"]] + [
    [f"E{n:03d}", f"M{n % 7}", f"2024-03-{n % 28 + 1:02d}", "visit"] for n in range(40)
]


def written(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue()


def read(text: str, **hints: object) -> RawTable:
    return read_delimited(text.encode(), "events.csv", Hints(**hints))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("above", "n"),
    [
        ("Visits of all clubs\n", 1),
        ("Visits of all clubs\nmade on 2024-04-01\n\n", 2),
        ("门店到访明细表,,,\n导出时间：2024-04-01,,,\n,,,\n", 2),
        ('"Visits, all clubs",,,\n', 1),
        ("# exported by CRM\n# rows: 40\n", 2),
        ("Report:,visits\nFrom:,2024-03-01\n\n", 2),
        ("\n\n", 0),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_lines_above_the_header_are_skipped_and_said(above, n, delimiter) -> None:
    quoted = '"' in above
    raw = read((above if quoted else above.replace(",", delimiter)) + written(VISITS, delimiter))
    assert list(raw.frame.columns) == VISITS[0]
    assert len(raw.frame) == 40
    assert raw.row_number.tolist() == list(range(1, 41))
    told = dict(raw.notices).get("notice_header", {"n": 0})
    assert told["n"] == n


def test_a_header_is_recognised_by_the_names_of_the_mapping() -> None:
    known = known_names(
        IntakeParams(columns={"events.event_type": "Art des Besuchs", "events.member_id": "Karte"})
    )
    rows = [["alle", "Clubs"], ["Karte", "Art des Besuchs"], ["a", "visit"], ["b", "visit"]]
    assert find_header(rows, known) == 1
    assert find_header(rows, frozenset()) == 0
    assert find_header([[], [""]], known) is None


def test_the_line_of_the_header_may_be_stated() -> None:
    text = "x,y\nwhat,ever\nid,day\na,2024-01-01\n"
    assert list(read(text, header=3).frame.columns) == ["id", "day"]
    with pytest.raises(WhychurnError, match="line 9"):
        read(text, header=9)


def test_data_is_not_taken_for_a_header() -> None:
    assert looks_like_data(["7", "2024-01-01", "x"])
    assert not looks_like_data(["member_id", "joined_on"])
    assert is_value("13812345678") and not is_value("amount")
    assert "intake.header" in str(data_instead_of_header("x.csv").remedy)


def test_parts_put_together_with_their_headers_and_totals_are_told() -> None:
    rows = [*VISITS[:11], VISITS[0], *VISITS[11:], ["", "", "", ""], ["Total", "40", "", ""]]
    raw = read(written(rows))
    assert len(raw.frame) == 40
    assert {name: found.tolist() for name, found in raw.apart.items()} == {
        "repeated_header": [11], "empty_row": [42], "total_row": [43],
    }  # fmt: skip
    assert raw.rows == 43


def test_the_layout_of_a_file() -> None:
    found = find_layout(b"sep=;\nVisits\nid;day;\na;2024-01-01;\n", "x.csv", Hints())
    assert found == Layout(";", ["id", "day", ""], ["id", "day", ""], line=3, end=21, above=1)


@pytest.mark.parametrize("word", ["Total", "合计", "總計：", "Summe", "Grand total:", "ИТОГО"])
def test_totals_are_known_by_their_name(word) -> None:
    assert is_closing([word, "", "123"])
    assert is_closing(["", word, "9"])
    assert not is_closing(["A17", "M3", "2024-01-01"])
    assert not is_closing(["", "", "7"]), "a line that goes on with the row above is no remark"


def test_rows_apart_leaves_a_sound_table_alone() -> None:
    table = pa.table({"a": ["1", "2"], "b": ["x", "y"]})
    kept, numbers, apart = rows_apart(table, ["a", "b"], np.array([1, 2]))
    assert kept is table and numbers.tolist() == [1, 2] and not apart


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_any_line_end_will_do(end, last) -> None:
    text = written(VISITS, end=end)
    raw = read(text if last else text.removesuffix(end))
    assert len(raw.frame) == 40 and not len(raw.broken)


def test_zero_bytes_trailing_delimiters_and_row_names() -> None:
    raw = read("id,day\na\x00,2024-01-01\n\x00b,2024-01-02\n")
    assert raw.frame["id"].tolist() == ["a", "b"]
    assert dict(raw.notices)["notice_zero_bytes"]["n"] == 2
    trailing = read("id,day,plan\n" + "a,2024-01-01,x,\n" * 30)
    assert list(trailing.frame.columns) == ["id", "day", "plan"] and not len(trailing.broken)
    numbered = read("id,day\n" + "".join(f"{n},a,2024-01-01\n" for n in range(30)))
    assert numbered.frame["id"].unique().tolist() == ["a"] and not len(numbered.broken)
    index = read(",id,day\n" + "".join(f"{n},a,2024-01-01\n" for n in range(30)))
    assert list(index.frame.columns) == ["column 1", "id", "day"]


def test_comments_and_rows_of_another_length_are_counted_apart() -> None:
    raw = read(
        written(VISITS[:20]) + "# a remark\n" + written(VISITS[20:]) + "E9,M9\nE9,M9,2024-01-01,visit,more\n"
    )
    assert (len(raw.frame), raw.broken.tolist(), raw.apart["comment_line"].tolist()) == (40, [42, 43], [20])
    assert raw.rows == 43


# ------------------------------------------------------------------ quotes

NOTES = [["order_id", "member_id", "ordered_at", "amount", "note"]] + [
    [f"A{n:04d}", f"K{n % 9}", f"2023-05-{n % 28 + 1:02d} 10:15", f"{n}.5", "plain"] for n in range(200)
]


def with_stray_quote(first: int, last: int | None, place: int) -> str:
    lines = [",".join(row) for row in NOTES]
    cells = lines[first].split(",")
    cells[place] = '"' + cells[place]
    lines[first] = ",".join(cells)
    if last is not None:
        cells = lines[last].split(",")
        cells[place] += '"'
        lines[last] = ",".join(cells)
    return "\n".join(lines) + "\n"


@given(st.integers(1, 190), st.integers(1, 60), st.sampled_from([0, 1, 3, 4]))
@settings(max_examples=40, deadline=None)
def test_no_line_is_lost_to_a_stray_quote(first, length, place) -> None:
    last = min(first + length, 200)
    raw = read(with_stray_quote(first, last, place))
    assert len(raw.frame) + len(raw.broken) == 200
    assert len(raw.frame) >= 198
    told = dict(raw.notices)["notice_quote"]
    assert (told["lines"], told["n"]) == (str(first + 1), last - first)


def test_a_quote_that_never_ends_is_mended_or_named_by_its_line() -> None:
    assert len(read(with_stray_quote(120, None, 4)).frame) == 200
    text = written(NOTES[:50]) + 'A9,K1,2023-05-05,3,"and then\nsome words\nthat never end\n'
    with pytest.raises(WhychurnError, match="line 51 does not end"):
        read(text)


@given(
    st.lists(
        st.tuples(st.text("ab ,;\"\n'x", max_size=12), st.text('cd\n,"', max_size=8)), min_size=1, max_size=12
    )
)
@settings(max_examples=80, deadline=None)
def test_properly_quoted_texts_are_read_as_they_were_written(texts) -> None:
    rows = [["feedback_id", "created_at", "text", "reply"]]
    rows += [[f"F{n}", "2024-01-01", "plain", "words"] for n in range(20)]
    rows += [[f"F{n}", "2024-01-01", one, two] for n, (one, two) in enumerate(texts, 20)]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    raw = read(out.getvalue())
    assert raw.frame["text"].tolist()[20:] == [one for one, _ in texts]
    assert raw.frame["reply"].tolist()[20:] == [two for _, two in texts]
    assert not raw.notices


def test_letters_of_several_lines_stay_one_text() -> None:
    letter = "Dear shop,\nI waited, and waited, and waited.\nYours, A\n2024-01-01, in a hurry, sorry, bye"
    rows = [["id", "day", "amount", "text"]] + [[str(n), "2024-01-01", "5", letter] for n in range(30)]
    raw = read(written(rows))
    assert raw.frame["text"].tolist() == [letter] * 30
    assert not raw.notices


def test_the_parts_of_mending() -> None:
    table = pa.table({"a": ["1"], "b": ["x\n2,y"]})
    assert may_swallow(table, [], ",")
    assert not may_swallow(pa.table({"a": ["1"], "b": ["x\ny"]}), [], ",")
    text = b'1,2024-01-01,"x\n2,2024-01-02,y"\n3,2024-01-03,z\n'
    mended = mend_quotes(text, ",", 3)
    assert isinstance(mended, Mended)
    assert (mended.lines, mended.swallowed, mended.text.count(b"\n")) == ([1], [1], 3)
    assert unended_quote(b'1,"a\nb\n', ",") == 1
    assert unended_quote(b'1,"a\nb"\n', ",") is None
