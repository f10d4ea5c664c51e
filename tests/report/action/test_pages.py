"""The pages on actions, case by case: what they claim, on which rung, with which interval, and what they leave out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.report.action.index_block import MOST, keep_lines, list_lines
from whychurn.report.action.keep import keep_body, keep_title, kicker
from whychurn.report.action.lists import MemberLists, list_sizes, member_lists
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.effects import effect_rows, interval_of
from whychurn.report.action.sentences.plan import checked_line, money_line, plan_lines, who_wait
from whychurn.report.action.who import size_line, who_body, who_kicker, who_title
from whychurn.report.page.wording import Wording
from whychurn.report.render.action_pages import write_action_pages
from whychurn.report.render.cause_pages import write_cause_pages
from whychurn.report.render.layout import page_names, sections_html, study_frame, write_sections
from whychurn.report.render.notebooks import NOTEBOOKS
from whychurn.report.words import LANGUAGES, say
from whychurn.score.actions.plan_forecasts import INACTIVITY, TERMS, kept, load_plan_forecasts

Planted = Callable[[str], ActionResults]
CASES = (
    "winner",
    "nothing_shown",
    "no_touches",
    "none_randomised",
    "no_costs",
    "no_money",
    "empty_plan",
    "not_run",
)


class _Claims(HTMLParser):
    """Rung and text of every element that holds an estimate."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if self._depth and tag not in ("line", "circle", "input"):
            self._depth += 1
        elif "data-claim" in held:
            self.found.append((str(held["data-rung"]), ""))
            self._depth = 1

    def handle_endtag(self, tag: str) -> None:
        self._depth = max(0, self._depth - (tag not in ("line", "circle", "input")))

    def handle_data(self, data: str) -> None:
        if self._depth:
            rung, said = self.found[-1]
            self.found[-1] = (rung, said + data)


def claims_of(html: str) -> list[tuple[str, str]]:
    reader = _Claims()
    reader.feed(html)
    return reader.found


def page(lang: str = "en") -> Wording:
    return Wording(lang, "CNY", 10)


def text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_every_case_makes_whole_pages(planted: Planted, case: str, lang: str) -> None:
    results = planted(case)
    for clauses, body in (
        (keep_title(results, page(lang)), keep_body(results, page(lang))),
        (who_title(results, page(lang)), who_body(results, page(lang))),
    ):
        assert clauses and all(clauses)
        shown = text(" ".join([*clauses, body]))
        assert not re.findall(r"\bnan\b|NaT|None\b|\{\w+\}|Traceback|inf\b", shown)
        assert not re.findall(r"(?:src|href)=.?https?:", body)
        if lang == "zh":
            assert len(re.findall(r"[\u4e00-\u9fff]", shown)) > 40
        else:
            assert not re.findall(r"[\u4e00-\u9fff]", shown)


def test_a_winner_and_a_harm_are_named_in_the_title(planted: Planted) -> None:
    title = " ".join(keep_title(planted("winner"), page()))
    assert "Service call-back keeps members" in title
    assert re.search(r"Mass (mail|message)s? drives members away", title)
    assert "3 more are not proven yet" in title


def test_where_nothing_is_shown_the_title_says_so_and_the_page_names_a_test(planted: Planted) -> None:
    results = planted("nothing_shown")
    assert "none is proven yet" in keep_title(results, page())[0]
    body = keep_body(results, page())
    assert 'data-rung="caused"' not in body
    assert "members a side" in text(body)


@pytest.mark.parametrize(
    ("case", "words"),
    [("no_touches", "No action is on record"), ("none_randomised", "none was tested by lot"), ("not_run", "not been looked at")],
)  # fmt: skip
def test_without_tests_the_title_says_why(planted: Planted, case: str, words: str) -> None:
    results = planted(case)
    assert words in keep_title(results, page())[0]
    body = keep_body(results, page())
    assert "bk-missing" in body
    assert "<circle" not in body, "no effect is drawn"


def test_campaigns_without_lot_are_told_as_possible_never_as_effects(planted: Planted) -> None:
    body = text(keep_body(planted("none_randomised"), page()))
    assert "cannot be separated from whom they chose" in body
    assert "Between −60 and +120 of 1,000 is possible" in body, "with strong selection allowed for"


@pytest.mark.parametrize("case", CASES)
def test_caused_stands_over_rows_that_are_caused_only(planted: Planted, case: str) -> None:
    results = planted(case)
    effects = results["action_effects"]
    proven = set(effects.loc[effects["rung"] == "caused", "action"])
    names = {say(f"playbook.name_{action}", "en") for action in proven}
    for rung, said in claims_of(keep_body(results, page())):
        if rung == "caused":
            assert any(name in said for name in names), said


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_gain_and_no_effect_stands_without_its_interval(planted: Planted, lang: str) -> None:
    numbers = 0
    for case in CASES:
        for rung, said in claims_of(keep_body(planted(case), page(lang))):
            if rung in ("caused", "attributed") and re.search(r"[+−]?\d", said):
                numbers += 1
                assert re.search(r"\[.+\]|(Between|多留) [+−]?\d+ (and|至)", said), said
    assert numbers > 40


def test_rungs_of_claims_are_shown_in_their_block_or_beside_them(planted: Planted) -> None:
    for part in re.findall(
        r'<section class="bk"(.*?)</section>', keep_body(planted("winner"), page()), re.DOTALL
    ):
        if "data-claim" in part:
            assert "wc-rung" in part


def test_an_empty_plan_says_that_doing_nothing_is_best(planted: Planted) -> None:
    assert "Doing nothing is best with what is known" in text(keep_body(planted("empty_plan"), page()))


def test_without_costs_or_money_the_money_line_says_so(planted: Planted) -> None:
    assert "Costs are unknown: gains are before cost" in text(keep_body(planted("no_costs"), page()))
    body = text(keep_body(planted("no_money"), page()))
    assert "gains are members kept, not money" in body
    assert "¥" not in body.split("This month")[1].split("What not to do")[0].replace("¥7,440", "")


def test_the_page_on_lists_holds_each_member_once_and_nobody_held_out(planted: Planted) -> None:
    results = planted("winner")
    body = who_body(results, page())
    ids = re.findall(r"<td[^>]*>([mwg][0-9a-f]{16})</td>", body)
    assert len(ids) == len(set(ids))
    held = set(results["plan"].query("role == 'hold_out'")["member_id"])
    assert held and not held & set(ids)
    contact, silent = body.index('id="contact"'), body.index('id="silent"')
    assert contact < body.index("m0000000000000000") < silent < body.index("g0000000000000000")


def test_members_of_the_plan_who_wait_for_an_answer_are_counted_beside_its_list(planted: Planted) -> None:
    results = planted("winner")
    waiting = member_lists(results).contact["member_id"].head(12)
    plan = results["plan"]
    plan = plan.assign(role=plan["role"].mask(plan["member_id"].isin(waiting), "waits"))
    waits = replace(results, tables={**results.tables, "plan": plan})
    assert set(who_wait(waits)["member_id"]) == set(waiting) and who_wait(results).empty
    assert "12 more of the plan wait for an answer to their request first." in text(who_body(waits, page()))
    assert "wait for an answer" not in text(who_body(results, page()))
    assert "12 members of the plan wait for an answer" in " ".join(plan_lines(waits, page()))


def test_what_plans_of_such_programmes_brought_is_told_beside_what_this_one_promises(
    planted: Planted,
) -> None:
    results = planted("winner")
    rows = load_plan_forecasts()
    found = kept(rows, INACTIVITY)
    line = checked_line(results, page())
    assert (
        f"{found.programmes} simulated programmes without terms: the interval held" in line
        and line in text(keep_body(results, page()))
    )
    facts = {**results.facts, "plan": {**results.told("plan"), "decided": 0.2}}
    terms = checked_line(replace(results, facts=facts), page())
    assert f"{kept(rows, TERMS).programmes} simulated programmes with terms" in terms
    money = results["plan_value"].assign(gain=float("nan"))
    assert not checked_line(replace(results, tables={**results.tables, "plan_value": money}), page())


def test_leavings_that_are_decided_are_told_where_members_have_terms(planted: Planted) -> None:
    results = planted("winner")
    facts = {**results.facts, "plan": {**results.told("plan"), "decided": 0.38}}
    told = " ".join(plan_lines(replace(results, facts=facts), page()))
    assert "Of ten members who would leave within 90 days, about 4 have decided already" in told
    assert "have decided already" not in " ".join(plan_lines(results, page()))


def test_without_scores_the_page_of_lists_names_the_tables_it_needs(planted: Planted) -> None:
    body = who_body(planted("not_run"), page())
    assert "bk-missing" in body and "<code>orders</code>" in body


def test_lists_have_filters_and_links_that_set_them(planted: Planted) -> None:
    body = who_body(planted("winner"), page())
    assert 'href="who.html?action=Service%20call-back#contact"' in body
    assert '<select data-column="1" data-key="action">' in body
    assert "<option>Service call-back</option>" in body
    assert 'class="wc-csv"' in body


def test_the_index_shows_the_best_and_the_harmful(planted: Planted) -> None:
    title, rung, html = keep_lines(planted("winner"), page()) or ("", "", "")
    assert html.count("data-claim") == 2
    assert html.index("Service call-back") < html.index("Mass m")
    assert title.startswith("Service call-back keeps members") and rung == "caused"
    (tested,) = re.findall(r'id="tested" data-rung="(\w+)"', keep_body(planted("winner"), page()))
    assert tested == rung, "one fact stands on one rung on both pages"
    title, rung, html = keep_lines(planted("no_touches"), page()) or ("", "", "")
    assert title and rung is None and "iv-row" not in html
    assert keep_lines(planted("not_run"), page()) is None


def test_the_index_counts_lists_and_hides_small_ones(planted: Planted) -> None:
    results = planted("winner")
    lists = member_lists(results)
    html = list_lines(results, page())
    sizes = list_sizes(lists.contact, results)
    for row in sizes.to_dict("records"):
        assert size_line(row, page(), brief=True) in html or len(sizes) > MOST
    small = sizes.iloc[0].to_dict() | {"members": 3}
    assert "&lt;10" in size_line(small, page(), brief=True) and "&lt;10" not in size_line(small, page())
    assert re.findall(r'href="who.html#(\w+)"', html)[-1] == "silent"
    assert list_lines(planted("not_run"), page()) == ""


def test_kickers_name_the_programme(planted: Planted) -> None:
    results = planted("winner")
    assert kicker(results, "Shop", page()) == "Shop · 5 actions tested by lot in 3 waves"
    assert kicker(planted("no_touches"), "Shop", page()) == "Shop"
    assert who_kicker(results, "Shop", page()) == "Shop · as of 1 January 2026"
    assert who_kicker(planted("not_run"), "Shop", page()) == "Shop"


def test_pages_are_written_for_a_study_with_a_history(tmp_path: Path) -> None:
    study = StudyPaths(tmp_path)
    params = load_params(study)
    assert page_names(study) == ["index", "why", "keep", "who", "sure"]
    frame = study_frame(study, params, "en", NOTEBOOKS)
    written = write_action_pages(study, params, {"en": frame})
    assert [path.name for path in written] == ["keep.html", "who.html"]
    assert "<h1>" in sections_html(frame, "keep", title="t", clauses=["One."], kicker="k", body="")
    assert write_sections(study, frame, "keep", ["One."], kicker="k", body="").name == "keep.html"
    assert [path.name for path in write_cause_pages(study, params, {"en": frame})] == [
        "why.html",
        "sure.html",
    ]


def test_an_action_that_is_shown_bears_its_verdict(planted: Planted) -> None:
    results = planted("winner")
    row = effect_rows(results).iloc[0].to_dict()
    assert (interval_of(row, results, page()).verdict, interval_of(row, results, page()).text) == (
        "proven",
        "+21",
    )
    assert isinstance(member_lists(results), MemberLists)
    assert money_line(results, page()) == ""


def test_a_chinese_heading_breaks_between_clauses_and_nowhere_else(tmp_path: Path) -> None:
    study = StudyPaths(tmp_path)
    frame = study_frame(study, load_params(study), "zh", NOTEBOOKS)
    written = write_sections(
        study, frame, "sure", ["对 31 人次，错 8 人次；", "其余未指明。"], kicker="k", body=""
    )
    heading = re.search(r"<h1>(.*?)</h1>", written.read_text(encoding="utf-8"))
    assert heading is not None
    assert heading[1] == "<span>对 31 人次，</span><span>错 8 人次；</span><span>其余未指明。</span>"
