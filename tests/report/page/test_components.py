"""Parts of pages for reviewers: numbers, blocks, intervals about zero, lists."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.report.page.components import blocks, numbers
from whychurn.report.page.components.hundred_dots import hundred_dots
from whychurn.report.page.components.interval_rows import IntervalRow, axis_range, interval_rows
from whychurn.report.page.components.list_table import FIRST_ROWS, list_table
from whychurn.report.page.components.small_lines import SmallLine, scale_steps, small_lines
from whychurn.report.page.formats import format_value
from whychurn.report.page.html_pieces import clauses, inline
from whychurn.report.page.html_table import TableLook, bare_table, filter_bar, table_tools, withheld_note

LOOK = TableLook("en", "CNY", 10, {"who": "Member"}, {"p": "percent"})


def row(**changed: object) -> IntervalRow:
    given = {
        "name": "a<b",
        "value": 5.0,
        "low": -2.0,
        "high": 12.0,
        "text": "+5",
        "between": "[−2 to +12]",
        "rung": "caused",
    }
    return IntervalRow(**{**given, **changed})  # type: ignore[arg-type]


def test_signs_intervals_and_money() -> None:
    assert [numbers.signed(value) for value in (18.2, -0.6, 0.3, -0.4, float("nan"))] == [
        "+18",
        "−1",
        "0",
        "0",
        "–",
    ]
    assert numbers.plain(-1234.4) == "−1,234"
    assert numbers.bracketed(-2, 37, "zh") == "[−2 至 +37]"
    assert numbers.bracketed(0.31, 33.8, "en") == "[+0.3 to +34]"
    assert numbers.bracketed(-33.8, -0.04, "en") == "[−34 to −0.04]"
    assert numbers.bracketed(-0.31, 33.8, "en") == "[0 to +34]", "what holds zero may read so"
    assert numbers.bracketed_plain(14, 19) == "[14–19]"
    assert [numbers.money(value, "en", "CNY") for value in (8300, 1_240_000, -250_000)] == [
        "¥8,300",
        "¥1.2 M",
        "−¥0.25 M",
    ]
    assert [numbers.money(value, "zh", "CNY") for value in (8300, 1_240_000, 12_400, 1.9)] == [
        "8,300 元",
        "124 万元",
        "1.2 万元",
        "1.90 元",
    ]
    assert [numbers.plain(value, 1) for value in (-0.04, -0.2, 0.0, 1000)] == [
        "0.0",
        "−0.2",
        "0.0",
        "1,000.0",
    ]
    assert numbers.money(150_000, "en", "SEK") == "0.15 M SEK"
    assert format_value(8300, "money", "zh", "CNY") == "8,300 元"
    assert format_value(-8300, "money", "en", "CNY") == "−¥8,300"
    assert numbers.signed_money(300, "en", "CNY") == "+¥300"
    assert numbers.money_between(1.3e5, 8e5, "en", "CNY") == "¥0.1–0.8 M"
    assert numbers.money_between(4e5, 2.1e6, "en", "CNY") == "¥0.4–2.1 M"
    assert numbers.money_between(41e4, 208e4, "zh", "CNY") == "41–208 万元"
    assert numbers.money_between(130_000, 800_000, "en", "USD") == "$0.1–0.8 M"
    assert numbers.money_between(300, 4000, "en", "CNY") == "¥300–4,000"
    assert numbers.money_between(14_132, 91_393, "en", "CNY") == "¥14,000–91,000"
    assert numbers.money_between(3_132, 9_393, "zh", "CNY") == "3,100–9,400 元"
    assert numbers.clauses_closed(["甲；", "乙；"]) == ["甲；", "乙。"]
    assert numbers.clauses_closed(["One.", "Two."]) == ["One.", "Two."] and numbers.clauses_closed([]) == []
    assert numbers.long_day("2025-12-31", "en") == "31 December 2025"
    assert [numbers.month_name("2025-12-01", lang) for lang in ("en", "zh")] == [
        "December 2025",
        "2025 年 12 月",
    ]
    assert numbers.long_day("2025-12-31", "zh") == "2025 年 12 月 31 日"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-22, 37], (-40, 40, 20)),
        ([-62, 45], (-75, 50, 25)),
        ([3, 9], (0, 10, 2)),
        ([-0.4], (-0.4, 0.1, 0.1)),
        ([], (0, 0.2, 0.2)),
    ],
)
def test_axes_hold_zero_in_round_numbers(values: list[float], expected: tuple[float, float, float]) -> None:
    assert axis_range(values) == pytest.approx(expected)


def test_dots_lie_where_their_values_are() -> None:
    html = interval_rows([row(verdict="proven", detail="more")], "en", ("more leave", "more stay"))
    low, high, _ = axis_range([-2, 12])
    at = 100 * (5 - low) / (high - low)
    assert f'cx="{at:.2f}%"' in html
    assert "a&lt;b" in html and "a<b" not in html
    assert 'data-rung="caused"' in html and 'tabindex="0"' in html and "← more leave" in html
    assert "iv-detail" not in interval_rows([row(detail="more")], "en", ("l", "r"), look="compact")
    wide = interval_rows([row()], "en", ("l", "r"), within=[-100])
    assert "−100" in wide


def test_an_estimate_without_interval_is_refused() -> None:
    with pytest.raises(WhychurnError, match="no interval"):
        interval_rows([row(low=math.nan)], "en", ("l", "r"))


def test_blocks_carry_their_rung_once() -> None:
    html = blocks.block(
        "Finding <x>", blocks.claim("**3** kept", "caused"), "en", rung="caused", ident="here"
    )
    assert html.count("wc-rung") == 1 and 'id="here"' in html and "Finding &lt;x&gt;" in html
    assert "<strong>3</strong>" in html
    lines = blocks.claims([("caused", "a"), ("described", "b")], "en", badges=True)
    assert lines.count("wc-rung") == 2
    assert blocks.pair("", "x") == '<div class="bk-pair">x</div>'
    assert "<details" in blocks.fold("How", "3 rows", "x") and "3 rows" in blocks.fold("How", "3 rows", "x")
    assert "Needs touches. It would show effects." in blocks.missing_block("t", "touches", "effects", "en")
    assert blocks.note("`x`") == '<p class="bk-note"><code>x</code></p>'
    assert "已证实" in blocks.tag("proven", "zh")
    with pytest.raises(WhychurnError, match="unknown tag"):
        blocks.tag("sure", "en")


def test_long_lists_have_filters_and_short_ones_none() -> None:
    frame = pd.DataFrame({"who": [f"m{n}" for n in range(20)], "cause": ["Price", "A & B"] * 10, "p": 0.2})
    html = list_table(frame, "t", LOOK, ("cause",), most=16)
    assert html.count("<tr") == 17 and html.count("wc-more") == 16 - FIRST_ROWS
    assert "<option>A &amp; B</option><option>Price</option>" in html
    assert re.search(r"first 16 of 20", html)
    assert 'data-column="1"' in html
    assert "wc-filters" not in list_table(frame.head(5), "t", LOOK, ("cause",))
    assert "<table" not in list_table(frame.head(0), "t", LOOK)
    assert ">20.0%<" in bare_table(frame.head(1), "t", LOOK)


def test_a_choice_is_offered_for_columns_that_are_there() -> None:
    frame = pd.DataFrame({"who": ["m1", "m2"], "cause": ["Price", "Rivals"]})
    html = filter_bar(frame, LOOK, ("cause", "tier"))
    assert html.count("<select") == 1 and 'data-column="1" data-key="cause"' in html
    assert "<select" not in filter_bar(frame, LOOK) and "wc-search" in filter_bar(frame, LOOK)


def test_all_rows_are_offered_only_where_some_are_hidden() -> None:
    assert "wc-all" in table_tools(30, 12, "en") and "30" in table_tools(30, 12, "en")
    assert "wc-all" not in table_tools(12, 12, "en") and "wc-csv" in table_tools(12, None, "en")


def test_a_second_value_is_marked_as_stroke_or_ring_and_no_words_stand_below_without_ends() -> None:
    stroke = interval_rows([row(low=2.0, mark=10.0)], "en", look="stroke")
    _, high, _ = axis_range([2, 12, 10])
    assert f'class="mark" x1="{100 * 10 / high:.2f}%"' in stroke and "iv-ends" not in stroke
    assert 'class="ring"' in interval_rows([row(low=2.0, mark=10.0)], "en", look="ring")
    assert 'class="mark"' not in interval_rows([row()], "en", ("l", "r"))


def test_a_hundred_marks_are_drawn_and_no_more() -> None:
    html = hundred_dots(46, 19, "46 right")
    counts = [html.count(f'class="{name}"') for name in ("dot", "cross", "open")]
    assert counts == [46, 19, 35] and 'aria-label="46 right"' in html
    with pytest.raises(WhychurnError, match="parts of 100"):
        hundred_dots(90, 20, "")


def test_small_lines_break_where_a_month_is_not_told() -> None:
    nan = math.nan
    line = SmallLine(
        "Price",
        "**up**",
        [10, 20, nan, 30],
        [8, 18, nan, 28],
        [12, 22, nan, 32],
        "attributed",
        [(1, "rise"), (3, "rise")],
    )
    months = list(pd.date_range("2025-01-01", periods=4, freq="MS"))
    html = small_lines([line], months)
    assert (
        html.count('class="curve"') == 2
        and html.count('class="event"') == 2
        and html.count("<em>rise</em>") == 1
    )
    assert "M33.33 " in html and 'data-rung="attributed"' in html and "<span>2025-04</span>" in html
    assert scale_steps([line]) == [10, 20, 30]


def test_words_of_members_keep_their_language_and_are_escaped() -> None:
    html = blocks.quote("<太贵>", "zh", "complaint, May 2025")
    assert (
        '<blockquote lang="zh-CN" data-verbatim>&lt;太贵&gt;</blockquote>' in html
        and "complaint, May 2025" in html
    )
    assert (
        blocks.see("50_causes.html#said", "All") == '<p class="see"><a href="50_causes.html#said">All</a></p>'
    )


def test_words_in_another_language_than_the_page_are_marked_as_original() -> None:
    assert blocks.original("zh", "en") == ["Chinese original"] and blocks.original("en", "zh") == ["英文原文"]
    assert blocks.original("zh", "zh") == [] == blocks.original("other", "en")


def test_a_list_says_why_cells_are_not_shown() -> None:
    frame = pd.DataFrame(
        {"group": ["a", "b"], "members": pd.array([20, None], "Int64"), "suppressed": [False, True]}
    )
    look = TableLook("en", "CNY", 10)
    assert "fewer than 10 members" in list_table(frame, "t", look)
    assert "fewer than 10 members" not in list_table(frame.head(1), "t", look)
    assert withheld_note(frame.drop(columns="suppressed"), "en", 10) == ""


def test_an_interval_in_a_sentence_does_not_break() -> None:
    assert inline("**2** [−1 to 3] more") == '<strong>2</strong> <span class="in">[−1 to 3]</span> more'
    assert inline("a [word] `x`") == "a [word] <code>x</code>"


def test_a_chinese_heading_of_a_block_breaks_between_clauses() -> None:
    assert clauses("甲，乙；丙。") == ["甲，", "乙；", "丙。"]
    assert "<h2><span>甲，</span><span>乙</span></h2>" in blocks.block("甲，乙", "", "zh")
    assert "<h2>a, b; c.</h2>" in blocks.block("a, b; c.", "", "en")


def test_bullets_are_escaped_and_keep_what_is_strong() -> None:
    assert blocks.bullets(["**a** <b", "c"]) == "<ul><li><strong>a</strong> &lt;b</li><li>c</li></ul>"
