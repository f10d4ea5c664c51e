"""What the report on causes says: numbers in the sentences are those of the tables, and nothing is said without rows."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import ALL_CAUSES
from whychurn.report.causes.charts.shares import draw_shares
from whychurn.report.causes.sentences import competition, robustness
from whychurn.report.causes.sentences import groups as group_sentences
from whychurn.report.causes.sentences import shares as share_sentences
from whychurn.report.page.formats import format_value
from whychurn.report.page.wording import Wording
from whychurn.report.words import LANGUAGES, within

NOTHING = pd.DataFrame()
SHARES = {
    "product_service": 0.28,
    "price": 0.22,
    "engagement": 0.19,
    "competition": 0.15,
}  # as invented in conftest.py
AVOIDABLE = {"product_service": 0.11, "price": 0.09, "engagement": 0.14}
Facts = dict[str, Any]


@pytest.fixture(params=LANGUAGES)
def page(request: pytest.FixtureRequest) -> Wording:
    return Wording(request.param)


EN = Wording("en")


def scores(accuracy: float = 0.71) -> pd.DataFrame:
    values = {
        "skill": 0.8,
        "log_loss": 0.9,
        "ece": 0.03,
        "accuracy_named": accuracy,
        "abstained": 0.3,
        "share_error_largest": 0.02,
    }
    rows = [("additive_hazard", ALL_CAUSES, measure, value) for measure, value in values.items()]
    for method, turn in (("planted", 0), ("shap_family", 1), ("additive_hazard", 2)):
        rows += [
            (method, cause, "avoidable", float(place))
            for cause, place in zip(CAUSES, np.roll(range(6), turn), strict=True)
        ]
    return pd.DataFrame(rows, columns=["method", "cause", "measure", "value"])  # fmt: skip


def test_answer_tells_the_largest_causes_what_could_be_avoided_and_what_is_open(
    facts: Facts, tables: dict[str, pd.DataFrame], page: Wording
) -> None:
    text = share_sentences.answer(tables["cause_shares"], facts, page)
    for cause in ("product_service", "price", "engagement"):
        assert within(page.say(f"causes.{cause}")) in text
        assert format_value(SHARES[cause], "percent", page.lang) in text
    assert within(page.say("causes.natural")) not in text.split("\n\n")[0]
    best = max(AVOIDABLE, key=AVOIDABLE.__getitem__)  # not the cause with the largest share
    assert f"**{within(page.say(f'causes.{best}'))}**" in text.split("\n\n")[1]
    assert "14.0%" in text and "40.0%" in text and "1,000" in text
    assert share_sentences.difference(page) in text


def test_without_leavings_no_cause_is_told(tables: dict[str, pd.DataFrame], page: Wording) -> None:
    assert share_sentences.answer(NOTHING, {}, page) == page.say("causes.answer_none")
    gone = tables["cause_shares"].assign(share=np.nan, churn_events=0.0, named_share=0.0)
    assert share_sentences.answer(gone, {"churn_events": 0}, page) == page.say("causes.answer_none")
    assert share_sentences.headlines(gone, {"churn_events": 0}, NOTHING, page) == []
    assert share_sentences.unnamed(gone) is None


def test_a_method_that_cannot_tell_avoidable_churn_says_nothing_of_it(
    facts: Facts,
    tables: dict[str, pd.DataFrame],
) -> None:
    blind = tables["cause_shares"].assign(avoidable_share=np.nan)
    assert "without it" not in share_sentences.answer(blind, facts, EN)
    keys = [key for key, *_ in share_sentences.headlines(blind, facts, NOTHING, EN)]
    assert keys == ["why.cause_first", "why.cause_second", "why.unnamed"]


def test_headlines_carry_the_numbers_of_the_tables(
    facts: Facts, tables: dict[str, pd.DataFrame], page: Wording
) -> None:
    found = {
        key: (value, rung)
        for key, value, _, rung in share_sentences.headlines(tables["cause_shares"], facts, scores(), page)
    }
    assert found == {
        "why.cause_first": (SHARES["product_service"], "attributed"),
        "why.cause_second": (SHARES["price"], "attributed"),
        "why.could_be_avoided": (AVOIDABLE["engagement"], "attributed"),
        "why.unnamed": (0.4, "attributed"),
        "how_sure.causes": (0.71, "described"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("held", "words", "rung"),
    [(True, True, "attributed"), (False, True, "associated"), (True, False, "associated")],
)
def test_without_a_draw_the_rung_is_what_was_measured_elsewhere(
    monkeypatch: pytest.MonkeyPatch, held: bool, words: bool, rung: str
) -> None:
    asked: list[tuple[float, bool]] = []

    def measured(_: pd.DataFrame, answers: float, lacking: bool) -> bool:
        asked.append((answers, lacking))
        return held

    monkeypatch.setattr(share_sentences, "supported", measured)
    known = {"from_words": words, "answered": 40, "without_records": ["competition"]}
    assert share_sentences.rung_of(known | {"interviews": {"basis": "none"}}) == rung
    assert share_sentences.rung_of({"interviews": {"basis": "lot"}}) == "attributed"
    assert asked == ([(40.0, True)] if words else [])


def test_confidence_comes_from_planted_causes_where_there_are_any(
    facts: Facts, tables: dict[str, pd.DataFrame], page: Wording
) -> None:
    lines = share_sentences.confidence(tables["cause_shares"], facts, scores(), page)
    assert "71.0%" in lines[0] and "2.0%" in lines[0] and "0.800" in lines[1]
    assert lines[-1] == facts["limits"][0][page.lang]
    quoted = share_sentences.confidence(tables["cause_shares"], facts, NOTHING, page)
    assert quoted[0] == page.say("causes.yardstick_none")
    assert len(quoted) == 2


def test_ranks_by_shap_stand_beside_the_planted_ones(page: Wording) -> None:
    table = share_sentences.rank_table(scores(), "additive_hazard", page)
    assert list(table.columns)[:2] == ["cause", "planted"] and table["planted"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table[page.say("causes.method_shap_family")].tolist() != table["planted"].tolist()
    assert share_sentences.rank_table(NOTHING, "additive_hazard", page).empty


def test_shares_table_ends_with_what_is_not_named(tables: dict[str, pd.DataFrame], page: Wording) -> None:
    table = share_sentences.shares_table(tables["cause_shares"], page)
    assert len(table) == 7 and table["cause"].iloc[-1] == page.say("causes.unknown")
    assert table["named_share"].sum() == pytest.approx(1) and table["share"].sum() == pytest.approx(1)
    assert table["interval"].iloc[-1] == "–"


def test_stated_against_evidence_tells_where_they_part(
    tables: dict[str, pd.DataFrame], page: Wording
) -> None:
    lines = group_sentences.said_lines(tables["cause_stated"], tables["cause_confusion"], page)
    assert within(page.say("causes.natural")) in lines[0]  # its own row agrees least
    assert "60.0%" in lines[1] and "20.0%" in lines[1]
    hidden = tables["cause_stated"].assign(share=np.nan, suppressed=True)
    assert not group_sentences.has_answers(hidden) and not group_sentences.has_answers(NOTHING)
    for nothing in (hidden, NOTHING):
        assert group_sentences.said_lines(nothing, NOTHING, page) == [page.say("causes.claim_nothing_stated")]


def test_only_groups_that_differ_are_told_small_ones_never(
    tables: dict[str, pd.DataFrame], page: Wording
) -> None:
    groups, shares = tables["cause_groups"], tables["cause_shares"]
    table = group_sentences.group_table(groups, shares, 0.05, page)
    assert table["stratum"].tolist() == ["North"]
    assert table["cause"].tolist() == [page.say("causes.competition")]
    share = float(groups.query("stratum == 'North' and cause == 'competition'")["share"].iloc[0])
    assert table["gap"].iloc[0] == pytest.approx(share - SHARES["competition"])
    lenient = group_sentences.group_table(groups, shares, 0.99, page)
    assert "西南" not in set(lenient["stratum"]) and len(lenient) == 6
    alike = group_sentences.group_table(groups, shares, 1e-9, page)
    assert group_sentences.group_lines(alike, groups, page) == [page.say("causes.claim_no_group")]
    for few in (NOTHING, groups.assign(p_adjusted=np.nan)):  # nothing was compared
        assert group_sentences.group_lines(alike, few, page) == [page.say("causes.claim_few_by_group")]


def test_changes_over_time_are_told_by_their_test(tables: dict[str, pd.DataFrame], page: Wording) -> None:
    lines = group_sentences.change_lines(tables["cause_change"], 0.05, page)
    assert len(lines) == 2 and "28.0%" in lines[0] and "32.0%" in lines[0] and "[" in lines[0]
    quiet = tables["cause_change"].assign(p_adjusted=0.5)
    assert group_sentences.change_lines(quiet, 0.05, page) == [page.say("causes.claim_no_change")]
    assert group_sentences.change_lines(NOTHING, 0.05, page) == [page.say("causes.claim_few_by_half")]
    assert len(group_sentences.change_table(tables["cause_change"], page)) == 6


def test_stories_are_told_in_the_language_of_the_page(tables: dict[str, pd.DataFrame], page: Wording) -> None:
    table = group_sentences.story_table(tables["cause_stories"], page)
    assert table["confidence"].tolist() == [0.9, 0.8, 0.7]  # price before engagement, stories in order
    assert bool(re.search(r"[\u4e00-\u9fff]", table["evidence"].iloc[0])) == (page.lang == "zh")
    assert "18" in table["evidence"].iloc[0] and table["evidence"].iloc[2] == page.say("causes.no_evidence")
    assert group_sentences.story_table(NOTHING, page).empty


def test_rivals_are_told_where_and_when_small_cells_left_out(
    tables: dict[str, pd.DataFrame], page: Wording
) -> None:
    market = tables["cause_market"]
    lines = competition.market_lines(market, page)
    assert "North" in lines[0]
    pulls = competition.pulls(market)
    assert len(pulls) == len(market) - 1 and pulls["pull"].notna().all()
    top = pulls.loc[pulls["pull"].idxmax()]
    assert f"{top['pull']:.1f}" in lines[1] and page.format(top["month"], "month") in lines[1]
    regions = competition.by_region(market)
    assert regions["region"].iloc[0] == "North" and regions["pull"].is_monotonic_decreasing
    assert (regions["low"] < regions["pull"]).all() and (regions["pull"] < regions["high"]).all()
    untold = market.assign(competition_share=np.nan)
    assert competition.market_lines(untold, page) == [page.say("causes.claim_market_untold")]
    no_table = untold.assign(competitor_activity=np.nan, competitor_price_gap=np.nan)
    assert competition.market_lines(no_table, page) == [page.say("causes.claim_no_market")]
    assert competition.on_record(untold) and not competition.on_record(no_table)
    hidden = market.assign(suppressed=True, competition_share=np.nan)
    for nothing in (NOTHING, hidden):
        assert competition.market_lines(nothing, page) == [page.say("causes.claim_no_market")]
        assert competition.gap_lines(nothing, page) == []
        assert competition.by_region(nothing).empty


def test_price_gaps_are_grouped_by_size_and_leavings_are_kept(tables: dict[str, pd.DataFrame]) -> None:
    pulls = competition.pulls(tables["cause_market"])
    groups = competition.gap_groups(tables["cause_market"], 4)
    assert groups["competitor_price_gap"].is_monotonic_increasing and len(groups) == 4
    assert groups["churn_events"].sum() == pytest.approx(pulls["churn_events"].sum())
    assert groups["hazard"].iloc[-1] > groups["hazard"].iloc[0]  # as invented: dearer here, more leave
    assert (groups["low"] < groups["hazard"]).all() and (groups["hazard"] < groups["high"]).all()


def test_sources_agree_or_stand_apart(tables: dict[str, pd.DataFrame], page: Wording) -> None:
    table = tables["cause_triangulation"]
    assert robustness.present_sources(table) == ["numbers", "survey", "texts"]
    lines = robustness.triangulation_lines(table, page)
    assert (
        within(page.say("causes.engagement")) in lines[0] and within(page.say("causes.price")) not in lines[0]
    )
    assert within(page.say("causes.product_service")) in lines[1] and "50.0%" in lines[1]
    alone = table.assign(survey=np.nan, texts=np.nan, agree=np.nan)
    for nothing in (alone, NOTHING):
        assert robustness.triangulation_lines(nothing, page) == [page.say("causes.claim_one_source")]


def test_stability_names_the_variant_that_changes_the_order(
    tables: dict[str, pd.DataFrame], page: Wording
) -> None:
    stability = tables["cause_sensitivity"]
    lines = robustness.stability_lines(stability, page)
    assert "0.60" in lines[0] and page.say("causes.variant_no_text") in lines[0]
    assert page.say("causes.price") in lines[1]
    kept = stability[stability["analysis"] != "no_text"]
    assert robustness.stability_lines(kept, page)[1] == page.say(
        "causes.claim_same_first", cause=page.say("causes.product_service")
    )
    assert robustness.stability_lines(NOTHING, page) == [page.say("causes.claim_no_stability")]
    assert robustness.stability_table(stability, page).shape == (4, 9)


def test_checks_that_noticed_something_are_said(tables: dict[str, pd.DataFrame], page: Wording) -> None:
    checks = tables["cause_diagnostics"]
    lines = robustness.diagnostic_lines(checks, page)
    assert lines == [page.say("causes.noticed_interaction", detail=page.say("causes.detail_several_high"))]
    quiet = robustness.diagnostic_lines(checks.assign(flagged=False), page)
    assert quiet == [page.say("causes.claim_all_quiet", checks=2)]
    assert robustness.diagnostic_table(checks, page)["interval"].tolist() == ["1.15 … 1.50", "–"]


def test_doubts_say_what_would_change_our_mind(
    facts: Facts, tables: dict[str, pd.DataFrame], page: Wording
) -> None:
    shares, stability, checks = (
        tables["cause_shares"],
        tables["cause_sensitivity"],
        tables["cause_diagnostics"],
    )
    lines = robustness.doubts(shares, stability, checks, facts, page)
    asked = int(re.search(r"[\d,]+", lines[0])[0].replace(",", ""))  # type: ignore[index]
    half = 1.96 * np.sqrt(0.28 * 0.72 / asked)
    assert half == pytest.approx(0.03, abs=1e-4)  # as exact as the interval of the share itself
    assert re.search(r"\b10\b", lines[1])  # lower bound of the largest avoidable churn
    assert page.say("causes.variant_no_text") in lines[2] and len(lines) == 4
    silent = robustness.doubts(shares, NOTHING, NOTHING, {"answered_share": 0.03}, page)
    assert silent[-1] == page.say("causes.doubt_silence") and len(silent) == 3
    assert robustness.doubts(NOTHING, NOTHING, NOTHING, {}, page) == [page.say("causes.doubt_anything")]


def test_the_first_screen_says_what_the_checks_found_and_what_was_not_understood(page: Wording) -> None:
    checks = pd.DataFrame(
        [
            ("no_effect", "price", 0.01, -0.02, 0.04, True),
            ("no_effect", "engagement", 0.05, -0.01, 0.11, False),
            ("no_effect", "natural", 0.05, 0.01, 0.09, False),
            ("interaction", "several_high", 0.7, 0.6, 0.8, True),
        ],
        columns=["check", "detail", "value", "low", "high", "flagged"],
    )
    intake = {"tables": {"events": {"kept": 100, "not_understood": {"event_type": 6}},
                         "surveys": {"kept": 100, "not_understood": {"reason": 5}}}}  # fmt: skip
    alarm, silent, words = robustness.first_lines(checks, intake, {"from_words": True}, page)
    for check in ("no_effect", "interaction"):
        assert page.say(f"causes.finding_{check}") in alarm
    for cause, told in {"price": True, "engagement": True, "natural": False}.items():
        assert (within(page.say(f"causes.{cause}")) in silent) is told
    assert "events.event_type" in words and "6.0%" in words
    assert robustness.first_lines(NOTHING, {}, {}, page) == [] == robustness.not_understood_lines({}, page)
    assert len(robustness.first_lines(checks, {}, {"from_words": False}, page)) == 1


def test_a_cause_that_cannot_be_told_has_a_range_and_no_point(
    tables: dict[str, pd.DataFrame], page: Wording
) -> None:
    shares = tables["cause_shares"].copy()
    shares.loc[shares["cause"] == "natural", ["share", "low", "high"]] = [np.nan, 0.0, 0.4]
    assert share_sentences.ranges(shares)["cause"].tolist() == ["natural"]
    row = share_sentences.shares_table(shares, page).set_index("cause").loc[page.say("causes.natural")]
    assert pd.isna(row["share"]) and "40" in row["interval"]
    assert len(draw_shares(shares, page.lang).axes) == 2
