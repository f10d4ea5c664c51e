"""One fact, one number: what was lost, how many left and the order of causes are the same on every page of a study."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.files import read_json
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.report.causes.sentences.shares import ranked
from whychurn.report.page.wording import Wording
from whychurn.report.render.summary import FILES
from whychurn.report.words import LANGUAGES, say

STUDY = StudyPaths.at()  # $WHYCHURN_STUDY, or the demo
RENDERED = pytest.mark.skipif(
    not ((STUDY.reports / "en" / "index.html").exists() and STUDY.results.exists()),
    reason="no rendered reports: run `make reproduce` first",
)
MONEY = {"index.paid": "money", "retention.answer_lost": "money", "retention.head_money": "money"}
LEFT = {"retention.answer_rate": "left", "retention.head_lost": "members"}
OTHERS = ("start", "end", "rate", "low", "high", "base", "study", "until", "members", "left")
PROFILED = {"index.base": "departures", "why.over": "departures"}


def told(text: str, key: str, field: str, lang: str) -> set[str]:
    """What `text` holds in place of `field`, wherever it says the words of `key`."""
    fields = {name: f"<{name}>" for name in (*MONEY.values(), *PROFILED.values(), *OTHERS)}
    pattern = re.escape(say(key, lang, **fields).replace("**", "").strip())
    held = re.sub(r"<(\w+)>", lambda name: "(.{1,24}?)" if name[1] == field else ".{1,40}?", pattern)
    return set(re.findall(held, text))


def visible(path: Path) -> str:
    """Text of a page or summary without marks."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", path.read_text("utf-8"), flags=re.DOTALL)
    page = unescape(re.sub(r"<[^>]+>", "", page)).replace("**", "")
    return re.sub(r"\s+", " ", page)


def _pages(lang: str) -> dict[str, str]:
    paths = [*sorted((STUDY.reports / lang).glob("*.html")), STUDY.reports / "summary" / FILES[lang]]
    return {path.stem: visible(path) for path in paths}


def _told_of(pages: dict[str, str], keys: dict[str, str], lang: str) -> dict[str, set[str]]:
    found = {
        name: set().union(*(told(text, key, field, lang) for key, field in keys.items()))
        for name, text in pages.items()
    }
    return {name: values for name, values in found.items() if values}


def _wording(lang: str) -> Wording:
    params = load_params(STUDY)
    return Wording(lang, params.study.currency, params.privacy.min_cell)


def _facts() -> dict[str, float]:
    return read_json(STUDY.results / "retention.json")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_two_amounts_on_one_question_are_found(lang: str) -> None:
    page = "".join(say("retention.answer_lost", lang, money=amount) for amount in ("¥7.5 M", "¥6.3 M"))
    assert told(page.replace("**", ""), "retention.answer_lost", "money", lang) == {"¥7.5 M", "¥6.3 M"}
    assert told("nothing", "retention.answer_lost", "money", lang) == set()


@RENDERED
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_money_lost_is_one_amount(lang: str) -> None:
    amount = _wording(lang).format(_facts()["revenue_lost"], "money")
    found = _told_of(_pages(lang), MONEY, lang)
    assert {"index", Path(FILES[lang]).stem, "20_retention"} <= set(found)
    assert set().union(*found.values()) == {amount}, found


@RENDERED
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_number_of_leavers_is_one(lang: str) -> None:
    pages, wording = _pages(lang), _wording(lang)
    year = _facts()["churn_last_12_months"]
    found = _told_of(pages, LEFT, lang)
    assert "20_retention" in found and set().union(*found.values()) == {wording.members(year["numerator"])}
    assert f"{wording.members(year['members'])} → {wording.members(year['numerator'])}" in pages["sure"]
    departures = wording.members(read_json(STUDY.results / "causes.json")["churn_events"])
    found = _told_of(pages, PROFILED, lang)
    assert {"index", "why"} <= set(found) and set().union(*found.values()) == {departures}
    assert all(departures in pages[name] for name in ("sure", "50_causes"))


def cause_order(page: str, lang: str, pattern: str) -> list[str]:
    """Causes in the order in which `pattern` finds them, each once, by code."""
    names = {say(f"causes.{cause}", lang): cause for cause in CAUSES} | {cause: cause for cause in CAUSES}
    found = [names[name] for name in map(unescape, re.findall(pattern, page)) if name in names]
    return list(dict.fromkeys(found))


@RENDERED
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_order_of_causes_is_one(lang: str) -> None:
    order = ranked(pd.read_parquet(STUDY.results / "cause_shares.parquet"))["cause"].tolist()
    read = {path.stem: path.read_text("utf-8") for path in (STUDY.reports / lang).glob("*.html")}
    table = read["50_causes"].partition('data-name="causes-shares"')[2].partition("</table>")[0]
    summary = (STUDY.reports / "summary" / FILES[lang]).read_text("utf-8")
    assert cause_order(read["index"], lang, r'data-cause="(\w+)"') == order
    assert cause_order(read["why"], lang, r'data-cause="(\w+)"') == order
    assert cause_order(table, lang, r"<td[^>]*>([^<]+)</td>") == order
    assert cause_order(summary, lang, r"\n\| ([^|]+) \|") == order
