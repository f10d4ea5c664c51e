"""The page `why`, case by case: a clear finding, a tie, nothing found, too little known; every estimate has an interval."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.results import columns_of, empty_table
from whychurn.report.page.wording import Wording
from whychurn.report.why import body, folds, groups, months, rivals, said
from whychurn.report.why.results import TABLES, WhyResults, read_why
from whychurn.report.words import LANGUAGES

FACTS = {
    "churn_events": 1000,
    "answered": 400,
    "answered_share": 0.4,
    "from_words": True,
    "interviews": {"basis": "lot", "answered_by_lot": 190},
}
SHARES = dict(zip(CAUSES, (0.30, 0.20, 0.10, 0.15, 0.15, 0.10), strict=True))


def table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows).reindex(columns=columns_of(name))


def shares(saved: float = 0.2, width: float = 0.02) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {"cause": cause, "share": share, "low": share - width, "high": share + width, "churn_events": 1000,
         "avoidable_share": saved if cause == "product_service" else 0.05, "avoidable_low": 0.04, "avoidable_high": 0.06}
        for cause, share in SHARES.items()
    ]  # fmt: skip
    rows[0] |= {"avoidable_low": saved - 0.01, "avoidable_high": saved + 0.01}
    return table("cause_shares", [*rows, {"cause": UNKNOWN, "named_share": 0.4, "churn_events": 1000}])


def group(kind: str, stratum: str, cause: str, share: float, p: float, half: float = 0.02) -> dict[str, Any]:
    return {"kind": kind, "stratum": stratum, "cause": cause, "share": share, "low": share - half, "high": share + half, "churn_events": 200, "p_adjusted": p, "suppressed": False}  # fmt: skip


@pytest.fixture
def empty(tmp_path: Path) -> WhyResults:
    """A study for which no stage has run."""
    study = StudyPaths(tmp_path)
    return read_why(study, load_params(study))


@pytest.fixture
def whole(empty: WhyResults) -> WhyResults:
    """A study in which rivals pull in the north, price is said too often and lost touch too seldom."""
    survey = {"price": 0.5, "engagement": 0.03}
    days = pd.date_range("2025-01-01", periods=8, freq="MS")
    given = {
        "cause_groups": [group("region", "North", "competition", 0.4, 0.001), group("season", "winter", "price", 0.21, 0.001)],
        "cause_months": [
            {"month": day, "cause": cause, "share": share, "low": share - 0.02, "high": share + 0.02, "churn_events": 90, "suppressed": False}
            for day in days for cause, share in SHARES.items()
        ],
        "cause_change": [change("competition", 0.1, 0.18, 0.001), change("natural", 0.2, 0.1, 0.001), change("price", 0.2, 0.2, 0.9)],
        "cause_triangulation": [{"cause": cause, "survey": survey.get(cause, share)} for cause, share in SHARES.items()],
        "cause_market": [
            market_row(region, day, pull) for region, pull in (("North", 0.5), ("South", 0.05)) for day in days
        ],
        "topics": [{"topic_id": 1, "cause": "price", "label_en": "Too expensive", "label_zh": "价格太高", "size": 90, "suppressed": False}],
        "topic_verbatims": [
            {"topic_id": 1, "language": "zh", "rank": 1, "feedback_id": "f1", "known_on": "2025-03-02", "source": "complaint", "text": "太贵了，会员价没了，<b>不来了</b>"},
        ],
    }  # fmt: skip
    tables = dict(empty.tables) | {name: table(name, rows) for name, rows in given.items()}
    index = replace(empty.index, shares=shares(), causes=FACTS, retention={"observed_until": "2025-12-31"})
    return replace(empty, index=index, tables=tables)


def change(cause: str, first: float, second: float, p: float) -> dict[str, Any]:
    gap = second - first
    return {"cause": cause, "first_half": first, "second_half": second, "difference": gap, "low": gap - 0.01, "high": gap + 0.01, "p_adjusted": p}  # fmt: skip


def market_row(region: str, day: pd.Timestamp, rival: float) -> dict[str, Any]:
    busy = 4.0 if region == "North" and day.month in (3, 4) else 1.0
    return {"region": region, "month": day, "churn_events": 40, "at_risk": 1000, "hazard": 0.04, "competition_share": rival, "competitor_activity": busy, "suppressed": False}  # fmt: skip


def page(lang: str = "en") -> Wording:
    return Wording(lang, "CNY", 10)


def test_the_title_says_a_winner_a_leader_that_is_not_clear_or_nothing(
    whole: WhyResults, empty: WhyResults
) -> None:
    assert body.why_title(whole, page()) == [
        "Of every 100 who left, 30 left over product and service.",
        "20 would have stayed had nothing gone wrong there.",
    ]
    unclear = replace(whole, index=replace(whole.index, shares=shares(0.055)))
    first, second = body.why_title(unclear, page())
    assert first.startswith("Product and service costs most: 6 of every") and "cannot be told apart" in second
    traces = replace(whole, index=replace(whole.index, causes={"churn_events": 9, "from_words": False}))
    assert "go along with" in body.why_title(traces, page())[0]
    assert body.why_title(empty, page()) == ["No departure was seen in these data."]
    some = replace(empty, index=replace(empty.index, causes={"churn_events": 40}))
    assert body.why_title(some, page()) == ["Why they left cannot be told from these data."]
    assert body.why_kicker(whole, "Shop", page()).startswith("Shop · 1,000 departures")
    assert body.why_kicker(empty, "Shop", page()) == "Shop"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_blocks_stand_in_reading_order_and_every_estimate_has_an_interval(
    whole: WhyResults, lang: str
) -> None:
    html = body.why_body(whole, page(lang))
    places = [html.index(f'id="{name}"') for name in ("causes", "groups", "months", "said", "rivals", "sure")]
    assert places == sorted(places)
    for row in re.findall(r'<div class="iv-row.*?</div></div>', html):
        assert re.search(r"\[[\d.]+–[\d.]+\]", row), row
    assert set(re.findall(r'data-claim data-rung="(\w+)"', html)) <= {"attributed", "described"}
    assert "<b>不来了" not in html and "&lt;b&gt;不来了" in html and 'lang="zh-CN" data-verbatim' in html
    linked = re.findall(r'href="(\d\d_\w+)\.html(?:#(\w+))?"', html)
    assert {name for name, _ in linked} == {"50_causes"}
    for name, anchor in linked:
        cells = (PROJECT / "notebooks" / f"{name}.py").read_text(encoding="utf-8")
        assert cells.count(f'<a id="{anchor}"></a>') == (len(LANGUAGES) if anchor else 0)


def test_groups_are_shown_only_where_their_widened_interval_leaves_all_out() -> None:
    rows = table("cause_groups", [
        group("region", "North", "competition", 0.40, 0.001), group("region", "South", "competition", 0.172, 0.001),
        group("tier", "gold", "price", 0.5, 0.6),
    ])  # fmt: skip
    found = groups.differing(rows, shares(), 0.05)
    assert list(found["stratum"]) == ["North"], (
        "0.172 ± 0.02 holds 0.15 once widened for two; gold does not differ"
    )
    assert found["high"].iloc[0] - found["share"].iloc[0] == pytest.approx(0.02 * 2.2414 / 1.96, rel=1e-3)
    assert groups.groups_title(found, rows, page()) == "North: more leave over rivals"
    less = groups.differing(
        table("cause_groups", [group("region", "South", "price", 0.05, 0.001)]), shares(), 0.05
    )
    assert groups.groups_title(less, rows, page()) == "South: fewer leave over price"
    none = groups.differing(rows.tail(1), shares(), 0.05)
    assert "No group" in groups.groups_title(none, rows.tail(1), page())
    assert "Too few" in groups.groups_title(none, rows.assign(p_adjusted=None), page())
    assert groups.differing(rows, empty_table(columns_of("cause_shares")), 0.05).empty


def test_months_say_what_grew_what_shrank_or_nothing(whole: WhyResults, empty: WhyResults) -> None:
    told = whole.tables["cause_change"]
    assert months.months_title(told, 0.05, page()) == "Rivals grew; life change shrank"
    assert "No cause" in months.months_title(told.tail(1), 0.05, page())
    assert "Too few" in months.months_title(told.head(0), 0.05, page())
    html = months.months_block(whole, page())
    assert (
        html.count('class="sl"') == 6
        and "10 → 18 [+7 to +9]" in html
        and "no clear change [−1 to +1]" in html
    )
    assert "rivals busy in North" in html
    assert months.months_block(empty, page()) == "" and groups.groups_block(empty, page()) == ""


def test_price_rises_and_busy_rivals_are_marked(whole: WhyResults) -> None:
    weeks = pd.date_range("2025-01-06", periods=16, freq="W-MON")
    index = [1.0 if week.month < 3 else 1.05 for week in weeks]
    market = pd.DataFrame({"week_start": weeks, "own_price_index": index})
    assert months.price_rises(market) == [pd.Timestamp("2025-03-01")]
    assert months.price_rises(pd.DataFrame()) == []
    assert months.busiest_rivals(whole.tables["cause_market"]) == (pd.Timestamp("2025-03-01"), "North")
    calm = whole.tables["cause_market"].assign(competitor_activity=1.0)
    assert months.busiest_rivals(calm) is None


def test_what_is_said_is_held_against_the_evidence(whole: WhyResults, empty: WhyResults) -> None:
    rows = said.said_rows(whole).set_index("cause")
    assert rows.index[0] == "price" and rows["verdict"].to_dict() == {
        "price": "over", "engagement": "under", "product_service": "", "competition": "", "natural": "", "personalization": "",
    }  # fmt: skip
    assert said.said_title(said.said_rows(whole), page()) == (
        "Leavers say price more often than the evidence does, and lost touch less often"
    )
    few = replace(whole, index=replace(whole.index, causes=FACTS | {"answered": 4}))
    assert "cannot be told apart" in said.said_title(said.said_rows(few), page())
    html = said.said_block(whole, page())
    assert (
        re.search(r"20</b> <span>\[\d+–\d+\] say 50", html) and "complaint, March 2025: Too expensive" in html
    )
    assert "surveys" in said.said_block(empty, page())


def test_rivals_by_region_lead_clearly_or_not(whole: WhyResults, empty: WhyResults) -> None:
    assert rivals.rivals_title(whole, page()) == "Rivals pull most in North"
    alike = dict(whole.tables) | {"cause_market": whole.tables["cause_market"].assign(competition_share=0.2)}
    assert "alike" in rivals.rivals_title(replace(whole, tables=alike), page())
    one = dict(whole.tables) | {"cause_market": whole.tables["cause_market"].query("region == 'North'")}
    assert "Too little" in rivals.rivals_title(replace(whole, tables=one), page())
    assert "20.0</b> <span>[" in rivals.rivals_block(whole, page())
    assert "bk-missing" in rivals.rivals_block(
        empty, page()
    ) and "<code>market</code>" in rivals.rivals_block(empty, page())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_study_without_causes_says_what_is_missing(empty: WhyResults, lang: str) -> None:
    html = body.why_body(empty, page(lang))
    assert "bk-missing" in html and "iv-row" not in html and "data-claim" not in html.split("<details")[0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_orders_alone_show_what_is_left_for_a_cause_and_which_tables_would_tell(
    empty: WhyResults, lang: str
) -> None:
    rows = [{"cause": cause, "low": 0.0, "high": 0.9, "churn_events": 400} for cause in CAUSES]
    facts = {"churn_events": 400, "from_words": False, "answered": 0}
    grounds = [{"cause": cause, "told": False, "exposures": 0} for cause in CAUSES]
    index = replace(empty.index, shares=table("cause_shares", rows), causes=facts)
    tables = dict(empty.tables) | {"cause_grounds": table("cause_grounds", grounds)}
    study = replace(empty, index=index, tables=tables)
    assert len(body.why_title(study, page(lang))) == 1
    html = body.why_body(study, page(lang))
    assert html.count("data-cause=") == 6 and "90" in html and "<rect" not in html
    assert "<code>orders.returned</code>" in html and html.count("bk-missing") == 2
    assert "iv-row" not in html and 'class="dots"' not in html


def test_folds_say_how_much_is_inside(whole: WhyResults) -> None:
    stability = [
        {"analysis": name, "cause": cause, "share": share, "rank": 1, "churn_events": 900, "rank_agreement": 1.0}
        for name in ("main", "no_survey") for cause, share in SHARES.items()
    ]  # fmt: skip
    tables = dict(whole.tables) | {"cause_sensitivity": table("cause_sensitivity", stability)}
    parts = folds.folds(replace(whole, tables=tables), page())
    assert "Product and service first in 1 of 1" in parts[0] and "without surveys" in parts[0]
    assert "4 lines" in parts[-1]
    assert set(TABLES) <= set(whole.tables)
    assert folds.table_of(pd.DataFrame(), "t", whole, page()) == ""
    assert whole.rung == "attributed"
    named = replace(whole, values={"en": {"North": "The north"}})
    assert set(named.named("cause_market", page())["region"]) == {"The north", "South"}
