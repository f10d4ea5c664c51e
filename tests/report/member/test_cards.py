"""Cards of members: what each may say, what it must not, and what staff are told to do first."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pandas as pd
import pytest

from whychurn.action.open_requests import open_requests
from whychurn.contract.paths import StudyPaths
from whychurn.report.action.lists import answer_table, cause_link, member_lists
from whychurn.report.action.results import ActionResults, read_action
from whychurn.report.action.who import listed, who_body
from whychurn.report.member.advice import CardSetting, card_setting, not_lines, offer_lines, opening
from whychurn.report.member.card import chips, member_card
from whychurn.report.member.likely import (
    Evidence,
    chances,
    evidence,
    finding,
    likelihood,
    lines_of,
    named_cause,
    title,
    written_cause,
)
from whychurn.report.member.records import MemberFacts, is_true, read_members
from whychurn.report.member.timeline import (
    Mark,
    answer_state,
    contact_marks,
    order_marks,
    service_marks,
    term_marks,
    timeline,
)
from whychurn.report.page.wording import Wording
from whychurn.report.render.layout import study_frame
from whychurn.report.render.member_pages import card_places, write_member_pages, write_one_card
from whychurn.report.render.notebooks import NOTEBOOKS
from whychurn.report.words import LANGUAGES
from whychurn.stages.on_demand.member_card import write_card

AS_OF = pd.Timestamp("2026-01-01")


@pytest.fixture(scope="module")
def results(study: StudyPaths, params: Any) -> ActionResults:
    return read_action(study, params)


@pytest.fixture(scope="module")
def facts(study: StudyPaths, params: Any, results: ActionResults) -> dict[str, MemberFacts]:
    names = ("planned", "open", "held", "private", "silent", "left", "alerted", "waiting")
    ids = [f"m{number:016x}" for number in range(len(names))]
    return dict(zip(names, read_members(study, params, results, ids), strict=True))


def words(lang: str = "en") -> Wording:
    return Wording(lang, "CNY", 10)


def card(facts: MemberFacts, results: ActionResults, lang: str = "en") -> str:
    return member_card(facts, card_setting(results, 90, words(lang), {"north": "North side"}))


def text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


def test_lists_hold_who_can_be_kept_each_once(results: ActionResults, facts: dict[str, MemberFacts]) -> None:
    lists = member_lists(results)
    ids = {name: one.member_id for name, one in facts.items()}
    assert lists.answer["member_id"].tolist() == [ids["open"], ids["waiting"]]
    assert lists.contact["member_id"].tolist() == [ids["planned"]]
    assert lists.ask["member_id"].tolist() == [ids["alerted"]]
    assert (lists.winback["member_id"].tolist(), lists.silent["member_id"].tolist()) == (
        [ids["left"]],
        [ids["silent"]],
    )
    assert ids["private"] not in listed(results) and ids["held"] not in listed(results)
    assert list(listed(results).values()) == ["answer", "answer", "contact", "ask", "winback", "silent"]
    row = answer_table(lists.answer, "en").iloc[0]
    assert (row["request"], row["answered"], row["then"]) == ("complaint", "never answered", "–")
    row = answer_table(lists.answer, "en").iloc[1]
    assert (row["request"], row["answered"], row["then"]) == ("request", "answered, not solved", "Coupon")


def test_the_page_leads_to_each_card(results: ActionResults) -> None:
    places = card_places(list(listed(results)))
    body = who_body(results, words(), places)
    for one, place in places.items():
        assert f'<a href="{place}">{one}</a>' in body
    assert cause_link("price", "zh") == "who.html?likely=%E4%BB%B7%E6%A0%BC#contact", (
        "the filter of that column"
    )


@pytest.mark.parametrize(
    ("created", "answered", "resolved", "open_then"),
    [
        ("2025-12-20", None, None, True),
        ("2025-12-20", "2025-12-21", True, False),
        ("2025-12-20", "2025-12-21", None, False),
        ("2025-12-20", "2025-12-21", False, True),
        ("2025-12-20", "2026-01-03", True, True),  # answered later than the decision
        ("2025-10-20", None, None, False),  # too old to be waited for
        ("2026-01-02", None, None, False),  # not known yet
    ],
)
def test_a_request_is_open_until_it_is_answered_and_solved(
    created: str, answered: str | None, resolved: bool | None, open_then: bool
) -> None:
    row = {
        "member_id": "m",
        "created_at": created,
        "source": "ticket",
        "responded_at": answered,
        "resolved": resolved,
    }
    frame = pd.DataFrame([row]).astype(
        {"created_at": "datetime64[ns]", "responded_at": "datetime64[ns]", "resolved": "boolean"}
    )
    assert len(open_requests(frame, AS_OF)) == open_then
    assert open_requests(frame.assign(source="review"), AS_OF).empty


def test_the_chance_stands_with_its_interval_and_the_average(
    facts: dict[str, MemberFacts], results: ActionResults
) -> None:
    said = text(card(facts["planned"], results))
    assert re.search(r"48%\s+\[40–54\]", said) and "average of members still there 8%" in said
    assert "margin at risk ¥689 a year" in said
    assert title(facts["planned"], 0.08, words()) == [
        "High-value member, as likely to leave as to stay:",
        "probably over price.",
    ]


def test_six_chances_and_the_evidence_with_day_and_source(
    facts: dict[str, MemberFacts], results: ActionResults
) -> None:
    one = facts["planned"]
    assert chances(one)[0] == ("price", 0.6) and sum(p for _, p in chances(one)) == pytest.approx(1)
    assert (named_cause(one), written_cause(one)) == ("price", "price")
    found: list[Evidence] = evidence(one, words())
    assert found[0].text == "Prices rose 12 % since joining" and found[0].source.endswith("31 December 2025")
    assert any(
        piece.source == "review, 20 November 2025, Chinese original" and piece.verbatim == "zh"
        for piece in found
    )
    late = [piece for piece in found if "waited 3 days" in piece.text]
    assert len(late) == 1 and late[0].cause == "product_service"
    assert [before for before, piece in lines_of(found, "price", words()) if piece is late[0]] == [
        "Points elsewhere, to product and service:"
    ]
    html = card(one, results)
    assert '<q lang="zh-CN" data-verbatim>上次买的更便宜' in html and html.count("data-chance") == 6


def test_who_writes_of_another_cause_is_told_so(facts: dict[str, MemberFacts]) -> None:
    rows = facts["planned"].rows | {
        "texts": [dict(facts["planned"].rows["texts"][0], p_price=0.0, p_competition=0.9)]
    }
    other = MemberFacts(**{**vars(facts["planned"]), "rows": rows})
    assert finding(other, words()) == "writes of a rival, but the evidence points to price."


def test_the_offer_has_its_proof_and_its_interval(
    facts: dict[str, MemberFacts], results: ActionResults
) -> None:
    setting: CardSetting = card_setting(results, 90, words(), {})
    lines = offer_lines(facts["planned"], setting)
    assert [rung for rung, _, _ in lines] == ["", "attributed", "attributed"]
    assert lines[0][1:] == ("**Coupon**, by app, from 1 January 2026; ¥15.", "open")
    assert lines[1][1] == "Of 1,000 contacted +18 [−2 to +37] more stay within 90 days."
    assert "[−¥3 to ¥92]" in lines[2][1]


def test_an_open_request_comes_first_and_nothing_is_sent_without_consent(
    facts: dict[str, MemberFacts], results: ActionResults
) -> None:
    setting = card_setting(results, 90, words(), {})
    assert [line for _, line, _ in offer_lines(facts["open"], setting)] == [
        "**Answer the complaint of 20 December 2025 first**, by name, today."
    ]
    refused = not_lines(facts["open"], setting)
    assert refused[0].startswith("No marketing messages") and "complaint of 20 December 2025" in refused[1]
    assert "20 December 2025" in opening(facts["open"], words())


def test_an_offer_waits_for_the_answer(facts: dict[str, MemberFacts], results: ActionResults) -> None:
    setting = card_setting(results, 90, words(), {})
    lines = [line for _, line, _ in offer_lines(facts["waiting"], setting)]
    assert (
        "Answer the request" in lines[0] and lines[1] == "Once it is settled: **Coupon**, with the next plan."
    )
    assert facts["waiting"].contact is None and facts["waiting"].afterwards == "coupon"
    assert facts["planned"].afterwards is None
    assert any("28 December 2025" in line for line in not_lines(facts["waiting"], setting))


def test_members_held_out_get_no_offer(facts: dict[str, MemberFacts], results: ActionResults) -> None:
    setting = card_setting(results, 90, words(), {})
    assert "Coupon" not in str(offer_lines(facts["held"], setting)) and facts["held"].contact is None
    assert any("held out by lot" in line for line in not_lines(facts["held"], setting))
    assert "Coupon" not in text(card(facts["held"], results))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_consent_to_profiling_a_card_is_history_and_rules(
    facts: dict[str, MemberFacts], results: ActionResults, lang: str
) -> None:
    html = card(facts["private"], results, lang)
    for mark in ("data-claim", "data-chance", "data-verbatim", "mc-bars", "mc-evidence", "%</b>"):
        assert mark not in html
    assert html.count("<circle") == 3, "the orders of twelve months"
    assert words(lang).say("member.block_not") in text(html)


def test_of_the_silent_and_those_who_left_nothing_is_forecast(
    facts: dict[str, MemberFacts], results: ActionResults
) -> None:
    silent = text(card(facts["silent"], results))
    assert (
        "silent for 57 days where 12 are usual" in silent and "No forecast" in silent and "48%" not in silent
    )
    gone = text(card(facts["left"], results))
    assert (
        "left 31 days ago" in gone
        and re.search(r"Expected gain ¥56\s+\[≥ ¥17\]", gone)
        and "by itself" in gone
    )
    assert likelihood(facts["left"], 0.08, words()) == "left 31 days ago"
    assert "Call and ask" in text(card(facts["alerted"], results))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_cards_hold_no_name_no_gap_and_one_language(
    facts: dict[str, MemberFacts], results: ActionResults, lang: str
) -> None:
    for one in facts.values():
        html = card(one, results, lang)
        assert "Zhang" not in html, "further columns of members stay out"
        said = text(re.sub(r"<q [^>]*data-verbatim>.*?</q>", "", html))
        assert not re.findall(r"\bnan\b|NaT|None\b|\{\w+\}", said)
        if lang == "en":
            assert not re.findall(r"[\u4e00-\u9fff]", said)
        else:
            assert len(re.findall(r"[\u4e00-\u9fff]", said)) > 60


def test_twelve_months_stand_on_three_lines(facts: dict[str, MemberFacts]) -> None:
    one, page = facts["planned"], words()
    assert [mark.kind for mark in service_marks(one, page)] == ["asked", "unsolved"], (
        "an answer after a day is marked"
    )
    orders = order_marks(one, page, "CNY", {"tea": "Tea"})
    assert [mark.kind for mark in orders] == ["order", "returned", "order"] and orders[2].size > orders[
        0
    ].size
    assert "Tea" in orders[0].text
    contact = contact_marks(one, page)
    assert [mark.kind for mark in contact] == ["own", "sent", "trouble", "sent"], (
        "one a day and kind; controls are no contact"
    )
    assert timeline(one, page, "CNY", {}).count("<title>") == 9
    assert answer_state(one.rows["feedback"][-1], AS_OF) == "late"


def test_many_contacts_are_thinned_to_weeks(facts: dict[str, MemberFacts]) -> None:
    days = pd.date_range("2025-01-10", periods=200, freq="D")
    rows = [{"occurred_at": day, "event_type": "visit"} for day in days]
    busy = MemberFacts(**{**vars(facts["planned"]), "rows": facts["planned"].rows | {"events": rows}})
    assert 25 < len(contact_marks(busy, words())) < 35


def test_a_programme_of_terms_shows_terms(facts: dict[str, MemberFacts]) -> None:
    term = {"starts_on": pd.Timestamp("2025-03-01"), "plan": "gold", "price_paid": 300.0}
    rows = facts["planned"].rows | {"orders": [], "memberships": [term]}
    one = MemberFacts(**{**vars(facts["planned"]), "rows": rows})
    assert term_marks(one, words(), "CNY", {}) == [Mark(term["starts_on"], "order", "gold · ¥300", 6.0)]
    assert "Terms" in timeline(one, words(), "CNY", {})


def test_chips_tell_spend_tenure_place_and_consent(
    facts: dict[str, MemberFacts], results: ActionResults
) -> None:
    found = chips(facts["open"], card_setting(results, 90, words(), {"north": "North side"}))
    assert found == [
        "¥1,900 in 12 months",
        "Member for 1 year 1 month",
        "North side · app",
        "Last own act 57 days ago",
        "No consent to marketing",
    ]


def test_cards_are_written_for_those_listed_and_for_anybody_when_asked(
    study: StudyPaths, params: Any, results: ActionResults, facts: dict[str, MemberFacts]
) -> None:
    frames = {lang: study_frame(study, params, lang, NOTEBOOKS) for lang in LANGUAGES}
    members = listed(results)
    written = write_member_pages(study, params, results, members, frames)
    assert [path.relative_to(study.reports).as_posix() for path in written] == [
        "en/member/01.html",
        "zh/member/01.html",
    ]
    page = written[0].read_text(encoding="utf-8")
    assert all(f'<article class="mc" id="{one}">' in page for one in members)
    assert 'href="../who.html#answer"' in page and 'href="../../zh/member/01.html"' in page
    assert 'href="#rungs"' not in page, "an anchor would leave the card"
    (file,) = write_card(study, params, facts["private"].member_id, ["en"])
    assert file.name == f"{facts['private'].member_id}.html" and 'class="cards only"' in file.read_text(
        encoding="utf-8"
    )
    assert write_one_card(study, params, results, facts["open"], {"en": frames["en"]})[0].exists()
    write_member_pages(study, params, results, {}, frames)
    assert not list(study.reports.glob("*/member/*")), "cards of an earlier run do not stay"


def test_an_empty_cell_is_no_yes() -> None:
    assert [is_true(value) for value in (True, 1, False, pd.NA, None, float("nan"))] == [True, True] + [
        False
    ] * 4
