"""CSV as companies send it."""

from __future__ import annotations

import codecs

import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.files.delimited import read_delimited
from whychurn.intake.read.files.encoding import decode
from whychurn.intake.read.files.layout import sniff_delimiter

CHINESE = "会员号,实付金额,品类\nA1,128.50,女装\nA2,99.00,母婴用品\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (CHINESE.encode("utf-8"), "utf-8"),
        (codecs.BOM_UTF8 + CHINESE.encode("utf-8"), "utf-8"),
        (CHINESE.encode("gb18030"), "gb18030"),
        (CHINESE.encode("gbk"), "gb18030"),
        (CHINESE.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "utf-16"),
    ],
    ids=["utf8", "utf8-bom", "gb18030", "gbk", "utf16", "utf16-be"],
)
def test_chinese_tables_read_the_same_in_each_encoding(tmp_path, content, encoding) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    found = read_delimited(path.read_bytes(), path.name)
    assert found.encoding == encoding
    assert list(found.frame.columns) == ["会员号", "实付金额", "品类"]
    assert found.frame["品类"].tolist() == ["女装", "母婴用品"]


def test_utf16_without_a_mark_is_told_by_its_zero_bytes() -> None:
    text = "member_id,joined_on\na,2024-01-01\n" * 20
    for name in ("utf-16-le", "utf-16-be"):
        found = decode(text.encode(name))
        assert (found.text, found.encoding, found.damaged) == (text.encode(), "utf-16", 0)


def test_western_accents_are_not_taken_for_chinese() -> None:
    text = "Kunde;Ort\nMüller;Köln\nGarçon;Besançon\n"
    found = decode(text.encode("latin-1"))
    assert (found.text, found.encoding, found.damaged) == (text.encode(), "cp1252", 0)


def test_one_damaged_character_does_not_turn_utf8_into_something_else() -> None:
    content = ("品类\n" + "女装很好看\n" * 50).encode() + b"\xe5\xa5,\n"
    found = decode(content)
    assert found.encoding == "utf-8"
    assert found.damaged == 1
    assert "女装很好看".encode() in found.text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(tmp_path, delimiter) -> None:
    path = tmp_path / "members.csv"
    path.write_text(f"member_id{delimiter}joined_on\n" + f"a{delimiter}2024-01-01\n" * 3, encoding="utf-8")
    assert read_delimited(path.read_bytes(), path.name).frame["joined_on"].tolist() == ["2024-01-01"] * 3


def test_decimal_commas_do_not_beat_semicolons() -> None:
    assert sniff_delimiter(["id;amount;text", "1;12,50;a,b", "2;7,00;c"]) == ";"


def test_a_stated_delimiter_is_obeyed(tmp_path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("sep=;\na;b\n1,5;2\n", encoding="utf-8")
    assert read_delimited(path.read_bytes(), path.name).frame.to_dict("list") == {"a": ["1,5"], "b": ["2"]}


def test_quotes_hold_delimiters_and_line_breaks(tmp_path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('id,text\n1,"a, ""b""\nc"\n2,d\n', encoding="utf-8")
    found = read_delimited(path.read_bytes(), path.name)
    assert found.frame["text"].tolist() == ['a, "b"\nc', "d"]
    assert found.row_number.tolist() == [1, 2]


def test_rows_of_another_length_are_told_by_number(tmp_path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b,c\n1,2,3\n4,5\n6,7,8\n9,10,11,12\n13,14,15\n", encoding="utf-8")
    found = read_delimited(path.read_bytes(), path.name)
    assert found.frame["a"].tolist() == ["1", "6", "13"]
    assert found.row_number.tolist() == [1, 3, 5]
    assert found.broken.tolist() == [2, 4]


def test_repeated_header_names_stay_apart(tmp_path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a, a ,b\n1,2,3\n", encoding="utf-8")
    assert list(read_delimited(path.read_bytes(), path.name).frame.columns) == ["a", "a.2", "b"]


def test_header_only_is_a_table_without_rows(tmp_path) -> None:
    path = tmp_path / "x.csv"
    for text in ("a,b\n", "a,b"):
        path.write_text(text, encoding="utf-8")
        assert read_delimited(path.read_bytes(), path.name).frame.shape == (0, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (codecs.BOM_UTF8 + b"\n\n", "empty"),
        (b"member_id:joined_on\na:2024-01-01\n", "one single column"),
        (b"13812345678,2024-01-01\n13912345678,2024-02-01\n", "first row looks like data"),
    ],
)
def test_what_is_no_table_gets_a_clear_message(tmp_path, content, message) -> None:
    path = tmp_path / "members.csv"
    path.write_bytes(content)
    with pytest.raises(WhychurnError, match=message) as caught:
        read_delimited(path.read_bytes(), path.name)
    assert caught.value.remedy
    assert "138" not in str(caught.value), "a message must not tell values"
