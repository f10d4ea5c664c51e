"""Numbers: decimal mark, currencies, percent and words, by the evidence of the whole column."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whychurn.intake.read.coerced import Coerced, Reading
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.numbers.amount_marks import currency_of, take_apart
from whychurn.intake.read.numbers.decimal_mark import read_body
from whychurn.intake.read.numbers.number_columns import read_numbers

AMOUNTS = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=25, unique=True)


def read(*cells: str | None, column: str = "orders.amount", **given: object) -> Coerced:
    reading = Reading(column, **given)  # type: ignore[arg-type]
    return read_numbers(pd.Series(pd.array(cells, dtype=TEXT)), reading)


def keys(found: Coerced) -> list[str]:
    return [key for key, _ in found.notes]


def written(cents: int, group: str, mark: str, places: int) -> str:
    whole, part = divmod(abs(cents), 10**places)
    grouped = f"{whole:,}".replace(",", group)
    return ("-" if cents < 0 else "") + grouped + (f"{mark}{part:0{places}d}" if places else "")


MARKS = {
    "point": (",", "."), "point, no groups": ("", "."), "comma": (".", ","), "comma, no groups": ("", ","),
    "blank": (" ", ","), "hard blank": ("\u00a0", ","), "thin blank": ("\u2009", "."), "swiss": ("’", "."),
}  # fmt: skip


@settings(max_examples=80)
@given(AMOUNTS, st.sampled_from(sorted(MARKS)), st.integers(0, 4))
def test_a_written_number_comes_back_or_the_doubt_is_said(cents: list[int], style: str, places: int) -> None:
    found = read(*(written(one, *MARKS[style], places) for one in cents))
    wanted = pd.Series([one / 10**places for one in cents])
    right = (found.values - wanted).abs() <= 1e-9 * wanted.abs()
    assert right.all() or found.bad.any() or keys(found), "another number without a word"
    if places in (1, 2):
        assert right.all(), "one or two decimals prove the mark"


@settings(max_examples=40)
@given(AMOUNTS, st.sampled_from(sorted(MARKS)), st.integers(0, 4))
def test_a_written_number_follows_the_parameter(cents: list[int], style: str, places: int) -> None:
    mark = "point" if MARKS[style][1] == "." else "comma"
    found = read(*(written(one, *MARKS[style], places) for one in cents), decimal=mark)
    assert found.values.tolist() == pytest.approx([one / 10**places for one in cents])
    assert not any(key.startswith("decide_") for key in keys(found))


SIGNS = [
    "HK${}", "NT$ {}", "US$ {}", "A${}", "C${}", "R$ {}", "S${}", "{} kr", "{} zł", "₹{}", "₩ {}", "{} ₽", "港币 {}", "{}港元",
    "新台币{}元", "人民币{}元", "{}块", "{}美元", "{} EUR", "CHF {}", "€{}", "{}€", "£ {}", "￥{}", "₺{}", "₦{}", "Rs. {}", "RM{}",
    "{} USD", "AED {}", "{}日元", "₿{}",
]  # fmt: skip


@pytest.mark.parametrize("sign", SIGNS)
def test_any_currency_is_read_and_said(sign: str) -> None:
    found = read(*(sign.format(cell) for cell in ("1,234.50", "99.90", "7.25")))
    assert found.values.tolist() == [1234.5, 99.9, 7.25]
    said = dict(found.notes)["notice_currency"]
    assert said["currency"] and said["n"] == 3 and found.how["currency"] == said["currency"]


def test_two_currencies_in_one_column_are_asked_about() -> None:
    found = read(*["€10", "€12", "€13"] * 5, *["$10", "$11"] * 4)
    assert (
        "decide_currencies" in keys(found)
        and "EUR (15)" in dict(found.notes)["decide_currencies"]["currencies"]
    )
    assert "decide_currencies" not in keys(read(*["HK$10", "港币 12", "$13"] * 5)), "names of one currency"
    few = read(*["€10"] * 98, "$10", "$11")
    assert few.values.notna().sum() == 98 and "notice_currencies" in keys(few)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("(45.00)", -45.0), ("45.00-", -45.0), ("−45", -45.0), ("£-5", -5.0), ("-£5", -5.0), ("(£5)", -5.0), ("12.-", 12.0),
        ("1.2万", 12_000.0), ("3千", 3_000.0), ("2亿元", 2e8), ("5百万", 5e6), ("1.5k", 1500.0), ("$3M", 3e6), ("12.5%", 0.125),
        ("12,34,567.80", 1234567.8), ("1'234.50", 1234.5), ("１，２３４．５０", 1234.5), ('="12.5"', 12.5), ("+7", 7.0),
    ],
)  # fmt: skip
def test_one_way_of_writing(cell: str, value: float) -> None:
    assert read(cell).values.tolist() == pytest.approx([value])


@pytest.mark.parametrize(
    "cell",
    ["12 pcs", "3.5元/月", "(5", "5)", "--5", "1 23", "1,23,4", "€5 $", "USD", "12:30", "5kg", "#REF!"],
)
def test_no_number(cell: str) -> None:
    found = read(cell, "1.5")
    assert found.values.tolist()[1] == 1.5 and pd.isna(found.values[0])


def test_a_point_before_three_digits_is_asked_about_unless_something_tells() -> None:
    cells = ["2.718", "13.160", "940.250", "1.200"]
    said = dict(read(*cells).notes)["decide_decimal"]
    assert (said["n"], said["example"], said["point"], said["comma"]) == (4, "2.718", "2.718", "2718")
    assert read(*cells, "3.5").values.tolist()[0] == 2.718
    assert read(*cells, "3,50").values.tolist()[0] == 2718.0
    assert read(*cells, "0.125").values.tolist()[0] == 2.718
    assert read(*cells, decimal="comma").values.tolist() == [2718.0, 13160.0, 940250.0, 1200.0]


def test_parts_of_amounts() -> None:
    one = take_apart("-HK$1.2万")
    assert one is not None and (one.body, one.factor, one.currency) == ("1.2", -1e4, frozenset({"HKD"}))
    assert take_apart(None) is None and take_apart("abc") is None
    assert currency_of("pcs") is None and currency_of("") == frozenset()
    assert (read_body("1.234", "point"), read_body("1.234", "comma")) == (1.234, 1234.0)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["Promoter", "Detractor", "Passive"], [9.5, 3.0, 7.5]),
        (["推荐者", "中立者", "贬损者", "10"], [9.5, 7.5, 3.0, 10.0]),
        (["Very satisfied", "dissatisfied", "3"], [5.0, 2.0, 3.0]),
        (["很满意", "一般", "非常不满意"], [5.0, 3.0, 1.0]),
        (["★★★★☆", "4/5", "5 stars", "三星"], [4.0, 4.0, 5.0, 3.0]),
    ],
)
def test_scores_in_words_are_read_and_said(cells: list[str], values: list[float]) -> None:
    found = read(*cells, column="surveys.score")
    assert found.values.tolist() == values and "notice_score_words" in keys(found)


def test_words_of_no_one_scale_are_not_read() -> None:
    assert read("Promoter", "very satisfied", column="surveys.score").bad.all()
    assert read("very satisfied", "9", column="surveys.score").bad.tolist() == [True, False]
    assert read("Promoter", column="orders.amount").bad.all()
