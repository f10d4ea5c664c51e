"""What the page says of actions given by lot: shown, not shown, harmful, too small to tell, amiss; both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from whychurn.contract.causes import CONTROL, load_actions
from whychurn.contract.results import columns_of
from whychurn.report.causes.sentences import touches as sentences
from whychurn.report.page.report_page import LANG, Page
from whychurn.report.words import LANGUAGES, has_words, say, within

ROW = {
    "cause": "price", "action": "coupon", "campaigns": 1, "treated": 4000.0, "control": 4100.0, "treated_events": 300.0,
    "control_events": 400.0, "difference": -0.021, "low": -0.032, "high": -0.01, "p_value": 0.0002, "p_adjusted": 0.001, "shown": True,
    "least_difference": 0.016, "power": 0.9,
    "share_without": 0.2, "share_without_low": 0.1, "share_without_high": 0.36, "share_with": 0.26,
    "share_with_low": 0.18, "share_with_high": 0.38, "srm_p_value": 0.4, "odd_propensity": False, "note": None,
    "suppressed": False,
}  # fmt: skip


def rows(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([ROW | change for change in changes], columns=columns_of("cause_touches"))


@pytest.fixture(params=LANGUAGES)
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Page:
    monkeypatch.setenv("WHYCHURN_STUDY", str(tmp_path))
    monkeypatch.setenv(LANG, request.param)
    return Page.open()


def test_fewer_more_and_nothing_shown_are_told_apart(page: Page) -> None:
    table = rows({}, {"difference": 0.02, "low": 0.01, "high": 0.03}, {"action": "discount", "shown": False})
    fewer, more = sentences.effect_lines(table, page)
    assert "2.1" in fewer and "+2.1" not in fewer and "4,000" in fewer
    assert "2.0" in more and more != fewer.replace("2.1", "2.0")
    (none,) = sentences.unshown_lines(table, page)
    assert "1.6" in none and say("playbook.name_discount", page.lang) in none, (
        "what a test of this size notices"
    )
    assert not [text for text in (fewer, more, none) if "nan" in text or "{" in text]


def test_shares_are_told_only_where_the_tests_narrow_them_with_power(page: Page) -> None:
    cause = say("causes.price", page.lang)
    (moved,) = sentences.share_lines(rows({}), page)
    assert "26.0%" in moved and "20.0%" in moved and within(cause) in moved
    (weak,) = sentences.share_lines(rows({"power": 0.2}), page)
    assert "20.0%" in weak and "26.0%" not in weak
    same = {"share_with": 0.2, "share_with_low": 0.1, "share_with_high": 0.36}
    (dud,) = sentences.share_lines(rows(same), page)
    assert dud == say("touches.claim_share_dud", page.lang, cause=cause, power="90.0%")
    assert len(sentences.share_lines(rows({"power": 0.2}, {"action": "discount"}), page)) == 1, (
        "one line a cause"
    )


def test_what_is_amiss_is_told_with_its_remedy(page: Page) -> None:
    nothing = {"difference": None, "share_with": None}
    amiss = rows(
        {"action": "zauber", "note": "unknown_action", "cause": None}, nothing | {"note": "mismatch", "srm_p_value": 1e-9},
        nothing | {"note": "no_control"}, nothing | {"note": "few_leavings"}, {"odd_propensity": True, "srm_p_value": None},
        {"action": "mass_mail", "cause": None, "note": "no_cause"},
    )  # fmt: skip
    lines = sentences.note_lines(amiss, page)
    assert len(lines) == 6 and "touches.action: {zauber:" in lines[0]
    assert not [line for line in lines if "nan" in line.replace("Finan", "")]
    table = sentences.compared_table(amiss, page)
    assert len(table) == 3 and sentences.effect_lines(amiss, page)


@pytest.mark.parametrize("why_not", ["no_touches", "none_randomised", "no_control"])
def test_why_there_is_nothing_is_told(page: Page, why_not: str) -> None:
    assert len(sentences.status_lines({"touches": {"why_not": why_not}}, page)) == 1
    assert not sentences.status_lines({"touches": {"why_not": None}}, page)
    assert not sentences.status_lines({}, page)
    for told in (
        sentences.effect_lines,
        sentences.unshown_lines,
        sentences.share_lines,
        sentences.note_lines,
    ):
        assert told(pd.DataFrame(), page) == []
    assert sentences.compared_table(pd.DataFrame(), page).empty


def test_every_known_action_has_a_name(page: Page) -> None:
    assert all(has_words(f"playbook.name_{action}") for action in load_actions() if action != CONTROL)
    assert sentences.action_name("zauber", page.lang) == "zauber"
