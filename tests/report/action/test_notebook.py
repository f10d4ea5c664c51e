"""The notebook on actions and its figures, on planted results in both languages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.report.action import charts
from whychurn.report.action.answer import answer, headlines
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences import effects, methods, policies
from whychurn.report.page.wording import Wording
from whychurn.report.words import LANGUAGES

Planted = Callable[[str], ActionResults]
PAGE = Wording("en", "CNY", 10)


@pytest.fixture
def shown(run_notebook: Callable[..., dict[str, list[Any]]]) -> Callable[..., dict[str, list[Any]]]:
    """Run the notebook's code on results, and return what it shows."""
    return partial(run_notebook, "60_action", "action.json")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_winner_gives_answer_figures_tables_and_headlines(
    shown: Callable[..., dict[str, list[Any]]], planted: Planted, lang: str
) -> None:
    told = shown(planted("winner"), lang)
    assert "620" in told["answer"][0][0]
    assert [key for key, *_ in told["headline"]] == ["what_keeps.plan", "what_keeps.shown"]
    assert len(told["figure"]) == 2
    assert len(told["table"]) == 9
    caused = [text for rung, text in told["claim"] if rung == "caused"]
    assert len(caused) == 3, "one that keeps, one that does harm, one to stop"
    assert not [text for _, text in told["claim"] if "nan" in text or "{" in text]


@pytest.mark.parametrize("case", ["no_touches", "none_randomised", "not_run"])
def test_without_tests_nothing_is_claimed_as_an_effect(
    shown: Callable[..., dict[str, list[Any]]], planted: Planted, case: str
) -> None:
    told = shown(planted(case), "en")
    assert told["answer"]
    assert not [text for rung, text in told["claim"] if rung in ("caused", "attributed") and "kept" in text]
    assert not told["figure"]


def test_the_answer_names_a_test_where_nothing_is_shown(planted: Planted) -> None:
    assert "members a side" in answer(planted("nothing_shown"), PAGE)
    assert "members a side" not in answer(planted("winner"), PAGE)
    assert headlines(planted("not_run"), PAGE) == []
    assert headlines(planted("winner"), PAGE)[1][1] == 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_figures_name_their_rows(planted: Planted, lang: str) -> None:
    rows = effects.effect_rows(planted("winner"))
    names = [label.get_text() for label in charts.draw_effects(rows, lang).axes[0].get_yticklabels()]
    assert len(names) == 5 and len(set(names)) == 5
    drawn = charts.draw_policies(policies.policy_rows(planted("winner")), lang, "CNY").axes[0]
    assert ("元" if lang == "zh" else "CNY") in drawn.get_xlabel()


def test_peeks_are_drawn_for_the_largest_tests() -> None:
    weeks = np.arange(1, 9)
    paths = [
        pd.DataFrame({"campaign_id": name, "action": "coupon", "week": weeks, "n": size, "effect": -0.01,
                      "fixed_low": -0.02, "fixed_high": 0.0, "always_low": -0.03, "always_high": 0.01})
        for name, size in (("small", 90), ("large", 900), ("middle", 400))
    ]  # fmt: skip
    found = dict(charts.peeks_of(pd.concat(paths)))
    assert list(found) == ["large", "middle"]
    assert len(charts.draw_peeks(found["large"], "zh").axes[0].collections) == 2
    assert list(charts.peeks_of(pd.DataFrame())) == []


@pytest.mark.parametrize(
    ("fixed_high", "always_high", "said"),
    [
        (-0.001, -0.001, "clear of zero from week 3 on"),
        (-0.001, 0.01, "left zero in week 3, the one valid at every look never did"),
        (0.002, 0.01, "no look in 3 weeks ruled out zero"),
    ],
)
def test_a_test_seen_every_week_says_which_interval_left_zero(
    fixed_high: float, always_high: float, said: str
) -> None:
    path = pd.DataFrame({"action": "coupon", "week": [1, 2, 3], "effect": -0.011, "fixed_low": -0.02, "always_low": -0.03,
                         "fixed_high": [0.1, 0.1, fixed_high], "always_high": [0.1, 0.1, always_high]})  # fmt: skip
    title = charts.peeks_title(path, "all", PAGE)
    assert said in title and "−1.1 [−2.0 to" in title


def test_methods_stand_beside_their_null(planted: Planted) -> None:
    results = planted("winner")
    row = {
        "method": "cause_informed",
        "action": "all",
        "chosen": True,
        "waves_test": 4,
        "qini": 0.01,
        "value": 1.2,
    }
    row |= {f"{name}_{end}": 0.5 for name in ("qini", "null", "value", "slope") for end in ("low", "high")}
    frame = pd.DataFrame([row]).reindex(columns=results["action_methods"].columns)
    tables = dict(results.tables) | {"action_methods": frame}
    table = methods.method_table(ActionResults(tables), PAGE)
    assert table["method"].tolist() == ["by cause"]
    assert table["null_between"].tolist() == ["[+0.50 to +0.50]"]
    assert methods.method_table(results, PAGE).empty


def test_effect_table_for_those_who_check(planted: Planted) -> None:
    table = effects.effect_table(effects.effect_rows(planted("winner")), PAGE)
    assert table["kept_of_1000"].tolist()[0] == "+21"
    assert table["found"].iloc[0] == pytest.approx(11.2)
