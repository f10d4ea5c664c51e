"""The first page, case by case: what it finds, how sure, with which interval; numbers read back from the page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, typed
from whychurn.report.index import blocks, changed, picture, sentences
from whychurn.report.index.results import IndexResults, read_index
from whychurn.report.page.wording import Wording
from whychurn.report.render.index_page import index_body
from whychurn.report.words import LANGUAGES

RATE = {"rate": 0.31, "low": 0.302, "high": 0.318, "members": 12549, "numerator": 3890}
YEAR = RATE | {"period": "2025-01-01", "period_end": "2026-01-01"}
RETENTION = {
    "churn_last_12_months": YEAR,
    "members": 20000,
    "members_left_ever": 6903,
    "observed_until": "2025-12-31",
    "revenue_lost": 6_000_000.0,
}
BY_LOT = {"churn_events": 6713, "from_words": True, "interviews": {"basis": "lot", "answered_by_lot": 196}}
WINNER = {"product_service": (0.40, 0.30), "price": (0.20, 0.10)}
TIE = {"product_service": (0.30, 0.20), "price": (0.28, 0.18)}
SPREAD = dict.fromkeys(CAUSES, (0.16, 0.08))


@pytest.fixture
def empty(tmp_path: Path) -> IndexResults:
    """A study for which no stage has run."""
    study = StudyPaths(tmp_path)
    return read_index(study, load_params(study))


def shares(known: dict[str, tuple[float, float]], *, avoidable: bool = True) -> pd.DataFrame:
    """Shares and avoidable shares, two points either side; 5 % and 2 % where not given, 16 % for life change."""
    rows: list[dict[str, Any]] = []
    for cause in CAUSES:
        share, saved = known.get(cause, (0.16, 0.12) if cause == "natural" else (0.05, 0.02))
        row = {
            "cause": cause,
            "share": share,
            "low": share - 0.02,
            "high": share + 0.02,
            "churn_events": 6713,
        }
        if avoidable:
            row |= {"avoidable_share": saved, "avoidable_low": saved - 0.02, "avoidable_high": saved + 0.02}
        rows.append(row)
    rows.append({"cause": UNKNOWN, "named_share": 0.41, "churn_events": 6713})
    return typed(pd.DataFrame(rows).reindex(columns=columns_of("cause_shares")))


def told(empty: IndexResults, known: dict[str, tuple[float, float]], **changes: Any) -> IndexResults:
    """Results with such shares."""
    given: dict[str, Any] = {"retention": RETENTION, "causes": BY_LOT, "currency": "CNY"}
    return replace(empty, shares=shares(known), **(given | changes))


def page(lang: str = "en") -> Wording:
    return Wording(lang, "CNY", 10)


@pytest.mark.parametrize(
    ("known", "rung", "expected"),
    [
        (
            WINNER,
            "attributed",
            "Product and service costs most: 30 of every 100 leavers could have been kept.",
        ),
        (
            WINNER,
            "associated",
            "Product and service goes along with most of what could be avoided: 30 of every",
        ),
        (TIE, "attributed", "Product and service and price cost most and cannot be told apart."),
        (SPREAD, "attributed", "leads, but not clearly."),
    ],
)
def test_the_headline_says_a_winner_a_tie_or_neither(
    empty: IndexResults, known: dict[str, tuple[float, float]], rung: str, expected: str
) -> None:
    left, finding = sentences.headline(told(empty, known), rung, page())
    assert left == "31 of every 100 members left in 2025."
    assert expected in finding
    if rung == "associated":
        assert "could have been kept" not in finding


def test_intervals_that_touch_are_a_tie() -> None:
    apart = {"product_service": (0.30, 0.2001), "price": (0.20, 0.16)}
    touching = {"product_service": (0.30, 0.2000), "price": (0.20, 0.1601)}
    assert list(sentences.leaders(shares(apart))["cause"]) == ["product_service"]
    assert list(sentences.leaders(shares(touching))["cause"]) == ["product_service", "price"]


def test_life_change_leads_no_list_however_large() -> None:
    table = shares({"natural": (0.6, 0.5), "price": (0.3, 0.2)})
    assert list(sentences.leaders(table)["cause"]) == ["price"]
    assert sentences.ranked(table)["cause"].iloc[0] == sentences.BEYOND_REACH


def test_causes_without_avoidable_churn_are_ranked_by_share(empty: IndexResults) -> None:
    results = replace(told(empty, WINNER), shares=shares(WINNER, avoidable=False))
    assert sentences.headline(results, "associated", page())[1] == (
        "Product and service comes first: it goes along with 40 of every 100 departures."
    )
    drawn = picture.picture(results, "associated", page())
    assert "avoidable" not in drawn and "<b>40</b> <span>[38–42]</span>" in drawn


def test_no_departures_and_causes_that_cannot_be_told(empty: IndexResults) -> None:
    nobody = RETENTION | {
        "churn_last_12_months": YEAR | {"rate": 0.0, "numerator": 0},
        "members_left_ever": 0,
    }
    quiet = replace(empty, retention=nobody)
    assert sentences.headline(quiet, "associated", page()) == ["No member left in 2025."]
    unknown = replace(empty, retention=RETENTION, causes={"churn_events": 40})
    assert (
        sentences.headline(unknown, "associated", page())[1]
        == "Why they left cannot be told from these data."
    )
    short = replace(empty, retention={"members": 30, "members_left_ever": 0})
    assert sentences.headline(short, "associated", page()) == ["No departure was seen in these data."]
    few = RETENTION | {"churn_last_12_months": YEAR | {"rate": 0.004}}
    assert sentences.headline(replace(unknown, retention=few), "associated", page())[0].startswith(
        "Fewer than 1"
    )
    assert sentences.headline(empty, "associated", page()) == []


def test_years_that_are_no_calendar_years_are_named_by_their_end(empty: IndexResults) -> None:
    shifted = RETENTION | {
        "churn_last_12_months": YEAR | {"period": "2024-07-01", "period_end": "2025-07-01"}
    }
    left = sentences.headline(told(empty, WINNER, retention=shifted), "attributed", page())[0]
    assert left == "31 of every 100 members left in the 12 months to 30 June 2025."


def test_the_rate_stands_beside_its_interval_and_the_money(empty: IndexResults) -> None:
    assert sentences.rate_line(told(empty, WINNER), page()) == (
        "Of 12,549 members there on 1 January 2025, **31.0%** [30.2–31.8] had left by 31 December 2025."
        " Leavers had paid **¥6.0 M** in the year before."
    )
    no_money = {name: value for name, value in RETENTION.items() if name != "revenue_lost"}
    assert "paid" not in sentences.rate_line(told(empty, WINNER, retention=no_money), page())
    assert sentences.rate_line(empty, page()) == ""
    assert sentences.over_line(told(empty, WINNER), "Shop", page()) == (
        "Shop · 20,000 members · data to 31 December 2025"
    )
    assert sentences.over_line(empty, "Shop", page()) == "Shop"


def test_the_base_says_what_is_counted_and_what_is_not_named(empty: IndexResults) -> None:
    line = sentences.base_line(told(empty, WINNER), page())
    assert "6,713 departures" in line and "For 41 of 100 no single cause is named" in line
    assert sentences.per_100(0.405) == "40"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_rows_of_the_picture_hold_the_numbers_of_the_table(empty: IndexResults, lang: str) -> None:
    results = told(empty, WINNER | {"competition": (0.123, 0.077)})
    drawn = picture.picture(results, "attributed", page(lang))
    rows = re.findall(
        r'<div class="ca-row.*?data-cause="(\w+)" data-claim data-rung="(\w+)">(.*?)</span></div>', drawn
    )
    table = results.shares.set_index("cause")
    assert {cause for cause, _, _ in rows} == set(CAUSES)
    for cause, rung, html in rows:
        value = html.split('<div class="ca-value">')[1].split("<small>")[0]
        numbers = [int(number) for number in re.findall(r"\d+", value)]
        names = ["avoidable_share", "avoidable_low", "avoidable_high", "share", "low", "high"]
        assert numbers == [round(100 * table.loc[cause, name]) for name in names]
        assert rung == "attributed"
    saved = [table.loc[cause, "avoidable_share"] for cause, _, _ in rows]
    assert saved == sorted(saved, reverse=True)


def test_money_is_the_avoidable_part_of_what_was_paid_and_life_change_is_beyond_reach(
    empty: IndexResults,
) -> None:
    results = told(empty, WINNER)
    rows = {row["cause"]: row for row in results.shares.to_dict("records")}
    assert picture.money_of(rows["product_service"], results, page()) == "¥1.7–1.9 M a year"
    assert picture.money_of(rows["product_service"], results, page("zh")) == "每年 168–192 万元"
    assert picture.money_of(rows["natural"], results, page()) == "beyond reach"
    assert picture.money_of(rows["price"], replace(results, retention={}), page()) == ""


def test_bars_and_whiskers_lie_where_their_values_are(empty: IndexResults) -> None:
    drawn = picture.picture(told(empty, WINNER), "attributed", page())
    first = drawn[drawn.index('data-cause="product_service"') :]
    share, saved = re.findall(r'<rect class="\w+" x="0" y="\d+%" width="([\d.]+)%"', first)[:2]
    assert float(share) / float(saved) == pytest.approx(0.40 / 0.30, rel=1e-3)
    low, high = re.findall(r'class="span share" x1="([\d.]+)%" x2="([\d.]+)%"', first)[0]
    assert float(low) / float(high) == pytest.approx(0.38 / 0.42, rel=1e-3)
    assert 'tabindex="0"' in drawn and "<title>" in drawn


def test_a_cause_that_cannot_be_told_shows_the_most_that_is_left_for_it(empty: IndexResults) -> None:
    table = shares(WINNER)
    gone = table["cause"].eq("competition")
    names = ["share", "low", "avoidable_share", "avoidable_low", "avoidable_high"]
    table.loc[gone, names], table.loc[gone, "high"] = None, 0.3
    drawn = picture.picture(replace(told(empty, WINNER), shares=table), "associated", page())
    row = drawn[drawn.index('data-cause="competition"') :]
    assert "at most 30" in row and "<rect" not in row.split('class="ca-row')[0]
    assert sentences.ranked(table)["cause"].iloc[-1] == "competition"


def test_titles_of_the_picture_say_what_was_found() -> None:
    titles = [sentences.picture_title(shares(known), page()) for known in (WINNER, TIE, SPREAD)]
    assert titles[0] == "Product and service costs most"
    assert titles[1] == "Product and service and price cost most; their order cannot be told"
    assert "5 causes cannot be told apart" in titles[2]
    assert sentences.picture_title(shares({}).head(0), page()) == "The causes cannot be told yet"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_study_without_results_says_which_tables_each_block_needs(empty: IndexResults, lang: str) -> None:
    frame = {"reports": [{"name": "10_data", "title": "D"}]}
    body = index_body(empty, frame, ["**x**"], True, page(lang))
    assert body.count("bk-missing") == 5
    for table in ("feedback", "touches", "orders", "whychurn watch"):
        assert f"<code>{table}</code>" in body
    assert "sure.html#unanswered" in body and 'id="unanswered"' not in body
    alone = index_body(empty, frame, ["**x**"], False, page(lang))
    assert 'id="unanswered"' in alone and alone.count("<li>") == 1


def test_a_block_without_tables_says_what_the_notebooks_said(empty: IndexResults) -> None:
    entry = {"value": 3, "rung": "described", "text": {"en": "**3** left for price"}}
    said = replace(empty, headlines={"why.cause": entry})
    html = blocks.why_block(said, page())
    assert "<strong>3</strong> left for price" in html and 'data-rung="described"' in html
    assert "bk-missing" in blocks.keep_block(said, page())
    assert said.said("why", "zh") == []


def test_a_table_of_customers_has_its_finding_and_who_is_next(empty: IndexResults) -> None:
    facts = {"customers": 7043, "left": 1869, "rate": {"estimate": 0.2654}}
    clauses = sentences.customers_headline(facts, page())
    assert clauses == [
        "27 of every 100 customers in the table left.",
        "Why they left cannot be told from these data.",
    ]
    assert (
        sentences.customers_headline(facts | {"left": 4}, page())
        == []
        == sentences.customers_headline({}, page())
    )
    entry = {"value": 897, "rung": "associated", "text": {"en": "**897** resemble those who left"}}
    said = replace(empty, headlines={"who_next.high": entry})
    body = index_body(said, {"reports": []}, [], False, page())
    assert "<strong>897</strong> resemble" in body and 'id="who_next" data-rung="associated"' in body


def test_how_sure_is_told_in_natural_frequencies_with_intervals(empty: IndexResults) -> None:
    rows = [
        {"model": "xgboost", "bin": n, "p_mean": p, "rate": p + 0.01, "low": p - 0.01, "high": p + 0.03}
        for n, p in enumerate((0.05, 0.21, 0.6))
    ]
    calibration = typed(pd.DataFrame(rows).reindex(columns=columns_of("risk_calibration")))
    html = blocks.sure_block(told(empty, WINNER, calibration=calibration), page())
    assert "Of 100 members given a chance near 21, 22 [20–24] left." in re.sub("<[^>]+>", "", html)
    assert html.count("data-claim") == 3 and re.search(
        r"\d+ <span class=.in.>\[\d+–\d+\]</span> are right", html
    )
    assert "bk-missing" in blocks.sure_block(empty, page()) and blocks.sure_lines(empty, page()) == []
    trace = told(empty, WINNER, causes=BY_LOT | {"from_words": False})
    assert "bk-missing" in blocks.sure_block(trace, page())


def test_nothing_to_compare_is_a_block_that_waits(empty: IndexResults) -> None:
    assert "bk-missing" in blocks.changed_block(empty, page())
    assert "bk-missing" in blocks.month_block(empty, page())


def test_what_changed_is_the_rate_the_texts_and_the_mix(empty: IndexResults) -> None:
    lines = changed.changed_lines(moved(empty, 0.034, rising=True), "attributed", page())
    assert [rung for rung, _, _ in lines] == ["described", "described", "attributed"]
    assert lines[0][1] == (
        "Left in December 2025: **3.4%** [3.3–3.5], more than in November 2025: **2.4%** [2.3–2.5]."
    )
    assert lines[1][1] == "Slow support: **20** [17–23] of 100 texts in 8 weeks, 13 before."
    assert "11 → **18** of 100 [+6 to +8]" in lines[2][1]
    assert changed.changed_title(lines, page()) == "What changed: more members leave"
    still = changed.changed_lines(moved(empty, 0.0245), "attributed", page())
    assert "No clear change" in still[0][1] and len(still) == 2
    assert changed.changed_title(still, page()) == "What changed: more leave over price"
    assert changed.changed_title(still[:1], page("zh")) == "有何变化：没有明显变化"
    assert 'data-rung="attributed"' in blocks.changed_block(moved(empty, 0.0245), page())


def moved(empty: IndexResults, rate: float, *, rising: bool = False) -> IndexResults:
    """A month after one of 2.4 %, price up from 11 to 18 of 100, one topic that rose or did not."""
    months = [
        {
            "definition": "inactivity_90d",
            "period_kind": "month",
            "period": f"2025-{month}-01",
            "measure": "churn",
            "basis": "members",
            "rate": value,
            "low": value - 0.001,
            "high": value + 0.001,
            "partial": partial,
        }
        for month, value, partial in (("10", 0.9, True), ("11", 0.024, False), ("12", rate, False))
    ]
    given = {
        "retention_rates": months,
        "cause_change": [
            {"cause": "price", "first_half": 0.11, "second_half": 0.18, "difference": 0.07, "low": 0.06, "high": 0.08, "p_adjusted": 0.001}
        ],
        "topic_rising": [
            {"kind": "topic", "name": "3", "recent": 120, "recent_share": 0.2, "before_share": 0.13, "rising": rising}
        ],
        "topics": [{"topic_id": 3, "label_en": "Slow support", "label_zh": "响应慢"}],
    }  # fmt: skip
    tables = {
        name: typed(pd.DataFrame(rows).reindex(columns=columns_of(name))) for name, rows in given.items()
    }
    retention = RETENTION | {"definition": "inactivity_90d"}
    return replace(empty, retention=retention, changes=tables)


def test_ways_on_lead_to_pages_that_exist() -> None:
    names = [("10_data", "D"), ("50_causes", "C")]
    html = blocks.ways_on(names, 2, page())
    assert re.findall(r'href="([^"]+)"', html) == [
        "why.html", "keep.html", "who.html", "sure.html", "sure.html#unanswered", "#rungs",
    ]  # fmt: skip
    assert "2 questions without an answer" in html and "#unanswered" not in blocks.ways_on(names, 0, page())
    assert re.findall(r'href="([^"]+)"', blocks.ways_on(names, None, page())) == [
        "10_data.html", "50_causes.html", "#rungs",
    ]  # fmt: skip
    assert blocks.unanswered_block([], page()) == ""


def test_a_rate_ends_the_day_before_its_end_and_bins_without_an_interval_are_left_out() -> None:
    assert sentences.last_day({"period_end": "2026-01-01"}) == pd.Timestamp("2025-12-31")
    bins = pd.DataFrame(
        {
            "model": ["xgboost", "xgboost", "logistic"],
            "p_mean": 0.2,
            "rate": 0.2,
            "low": [0.1, None, 0.1],
            "high": 0.3,
        }
    )
    assert blocks.chance_bins(bins).index.tolist() == [0]
