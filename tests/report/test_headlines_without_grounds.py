"""No headline stands without grounds: empty tables, constant results and tiny samples give none, or say so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.report.causes.sentences import shares
from whychurn.report.drawing.axes import money_label
from whychurn.report.page.formats import format_value
from whychurn.report.retention.sentences import overview
from whychurn.report.risk import sentences as risk
from whychurn.report.survival.sentences import curves
from whychurn.report.words import LANGUAGES, say

NOTHING = pd.DataFrame()


def page(lang: str) -> Any:
    return SimpleNamespace(
        lang=lang, say=lambda key, **values: say(key, lang, **values),
        format=lambda value, kind: format_value(value, kind, lang), members=lambda count: f"{count:.0f}",
    )  # fmt: skip


def risk_facts(low: float | None) -> dict[str, Any]:
    """A forecast whose AUC has the lower bound `low`."""
    auc = {"estimate": 0.52, "low": low, "high": 0.6}
    other = {"estimate": 1.2, "low": 0.7, "high": 1.9}
    return {
        "headline": {"auc": auc, "ece": {"estimate": 0.01, "low": 0.0, "high": 0.02}, "lift_5": other, "gain_5": other},
        "high_risk": 0, "high_risk_from": 0.5, "horizon_days": 90, "value_at_risk": None,
        "already_gone": {"all": 40, "silent": 40}, "gone_listed": {}, "seen_again": {},
        "scored_on": "2025-01-01", "scored": 500, "expected_leavers": 25.0,
    }  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
def test_empty_results_have_no_headlines(lang: str) -> None:
    here = page(lang)
    assert overview.headlines({}, here) == []
    assert curves.headlines({}, here) == [] == curves.headlines({"overall": None}, here)
    assert shares.headlines(NOTHING, {}, NOTHING, here) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nobody_left_is_no_weakest_step_no_sign_and_no_loss(lang: str) -> None:
    rate = {"rate": None, "numerator": 0, "members": 0, "period": "2025-01-01", "period_end": "2026-01-01"}
    facts = {
        "churn_last_12_months": rate,
        "weakest_step": {"stage": "new", "members_lost": 0, "revenue_lost": 0.0},
        "earliest_precursor": None,
        "revenue_lost": 0.0,
        "members_left_ever": 0,
    }
    assert overview.headlines(facts, page(lang)) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("low", [None, float("nan"), 0.45, 0.5])
def test_a_forecast_no_better_than_chance_names_nobody(lang: str, low: float | None) -> None:
    found = {key: text for key, _, text, _ in risk.headlines(risk_facts(low), page(lang))}
    assert [key for key in found if key.startswith("who_next.")] == [
        "who_next.not_told",
        "who_next.already_gone",
    ]
    assert say("risk.answer_no_ranks", lang).split("**")[3] in risk.answer(risk_facts(low), page(lang))


def test_a_forecast_that_ranks_is_told() -> None:
    keys = [key for key, *_ in risk.headlines(risk_facts(0.55), page("en"))]
    assert keys[:3] == ["who_next.high_risk", "who_next.already_gone", "who_next.lift_5"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_year_is_told_with_its_interval(lang: str) -> None:
    whole = {"stay_365d": 0.8, "stay_365d_low": 0.31, "stay_365d_high": 0.97}
    ((_, _, text, _),) = curves.headlines({"overall": whole}, page(lang))
    assert all(format_value(value, "percent", lang) in text for value in whole.values())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_six_causes_that_cannot_be_told_are_no_shares(lang: str) -> None:
    table = pd.DataFrame(
        {"cause": [*CAUSES, "unknown"], "share": [np.nan] * 6 + [1.0], "named_share": [0.0] * 6 + [1]}
    )
    table = table.assign(
        **dict.fromkeys(("low", "high", "avoidable_share", "avoidable_low", "avoidable_high"), np.nan)
    )
    found = shares.headlines(
        table.assign(churn_events=90.0), {"churn_events": 90, "from_words": False}, NOTHING, page(lang)
    )
    assert [(key, rung) for key, _, _, rung in found] == [("why.untold", "described")]


@pytest.mark.parametrize(("low", "told"), [(None, False), (0.5, False), (0.51, True)])
def test_a_forecast_ranks_where_its_interval_lies_above_one_half(low: float | None, told: bool) -> None:
    assert risk.ranks(risk_facts(low)) == told


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_axis_of_money_names_no_currency_that_was_not_given(lang: str) -> None:
    assert "EUR" in money_label("risk.axis_profit", lang, "EUR")
    bare = money_label("risk.axis_profit", lang, "")
    assert not set("()（）¥") & set(bare) and bare


def test_without_words_shares_are_associated_and_the_rest_is_said() -> None:
    assert shares.rung_of({"from_words": False}) == "associated"
    table = pd.DataFrame({"cause": ["price", "unknown"], "share": [0.25, 0.75]})
    assert shares.unknown_share(table) == 0.75


@pytest.mark.parametrize(
    ("facts", "words"), [({}, True), ({"from_words": True}, True), ({"from_words": False}, False)]
)
def test_causes_are_told_from_words_unless_the_facts_deny_it(facts: dict[str, Any], words: bool) -> None:
    assert shares.from_words(facts) is words
