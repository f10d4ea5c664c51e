"""Members who are already gone: kept out of learning and scores, listed apart, and counted in lists."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.report.risk import sentences
from whychurn.report.words import say
from whychurn.risk.evaluation.already_gone import measure_gone, with_gone
from whychurn.risk.facts import gone_counts, gone_listed
from whychurn.risk.member_scores import GONE, already_gone, latest_snapshot, score_members, still_there
from whychurn.risk.model.training import fit_risk
from whychurn.risk.results import risk_results


@pytest.fixture
def panel(make_panel: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """A quarter of the rows are silent for longer than usual, and most of those are never seen again."""
    rng = np.random.default_rng(3)
    frame = make_panel(members=250)
    silent = rng.random(len(frame)) < 0.25
    frame["still_there"], frame["days_silent"] = ~silent, np.where(silent, 50, 5)
    frame["usual_gap_days"] = 20.0
    gone = rng.random(len(frame)) < np.where(silent, 0.9, 0.02)
    frame["seen_after"] = pd.array(~gone, dtype="boolean")
    frame["churned_in_horizon"] = frame["churned_in_horizon"].mask(silent)
    frame.loc[silent, "days_since_last_order"] = 300.0  # what a naive list would put first
    return frame


def test_the_silent_are_neither_learnt_from_nor_scored(
    panel: pd.DataFrame, catalogue: pd.DataFrame, params: Params
) -> None:
    trained = fit_risk(panel, catalogue, 90, params)
    for part in ("train", "calibration", "test"):
        assert panel.loc[trained.split.rows(part), "still_there"].all()
    scores = score_members(panel, trained.scorer, 90, params)
    gone = already_gone(panel, False, params)
    latest = latest_snapshot(panel)
    assert len(scores) == still_there(latest).sum()
    assert set(scores["member_id"]) | set(gone["member_id"]) == set(latest["member_id"])
    assert not set(scores["member_id"]) & set(gone["member_id"])
    metrics = risk_results(panel, trained, 90, params)["risk_metrics"]
    listed = gone_listed(metrics)
    assert listed["everybody"]["gone_5"]["estimate"] > 0.5 > 0.1 > listed["still_there"]["gone_5"]["estimate"]
    assert listed["already_gone"]["gone"]["estimate"] == pytest.approx(0.9, abs=0.05)
    assert (metrics["stratum_kind"] == "seen").any()


def test_shares_of_lists_are_counted_by_hand(panel: pd.DataFrame, params: Params) -> None:
    """Eight members, p falls with their number; of the first half those with an odd number had gone."""
    day = pd.Timestamp("2024-06-01")
    rows = pd.DataFrame({"member_id": [f"m{i}" for i in range(8)], "as_of": day})
    rows["still_there"] = [True, True, False, False, True, True, True, True]
    rows["seen_after"] = pd.array([True, False, True, False, True, True, True, True], dtype="boolean")
    rows["days_silent"], rows["usual_gap_days"] = [1, 1, 9, 9, 1, 1, 1, 1], 5.0
    trained: Any = SimpleNamespace(
        split=SimpleNamespace(months={"test": [day]}), features=[],
        probability=lambda *_: np.linspace(0.9, 0.1, 8),
    )  # fmt: skip
    risk = params.risk.model_copy(update={"lift_shares": [0.5]})
    table = measure_gone(rows, trained, params.model_copy(update={"risk": risk})).set_index("stratum")
    assert table.loc["still_there", ["estimate", "rows", "events"]].tolist() == [1 / 3, 3, 1]
    assert table.loc["everybody", ["estimate", "rows", "events"]].tolist() == [0.5, 4, 2]
    assert table.loc["already_gone", ["estimate", "rows"]].tolist() == [0.5, 2]
    assert measure_gone(panel.drop(columns="still_there"), trained, params).empty
    assert with_gone(table.reset_index(), table.reset_index())["note"].isna().all()


def test_the_list_says_why_and_the_most_valuable_come_first() -> None:
    day = pd.Timestamp("2024-06-01")
    panel = pd.DataFrame(
        {
            "member_id": ["a", "b", "c"], "as_of": day, "still_there": [False, False, True],
            "days_silent": [12, 0, 0], "usual_gap_days": 5.0, "spend_365d": [100.0, 900.0, 5.0], "tenure_days": 400,
        }
    )  # fmt: skip
    terms = already_gone(panel, True, Params())
    assert terms["member_id"].tolist() == ["b", "a"] and terms["why"].tolist() == ["notice", "term_ended"]
    assert terms["last_active_on"].isna().tolist() == [True, False]
    assert terms["last_active_on"].iloc[1] == pd.Timestamp("2024-05-20")
    assert already_gone(panel.head(1), False, Params())["why"].tolist() == ["silent"]
    assert gone_counts(terms) == {"all": 2, "notice": 1, "term_ended": 1}


def test_nobody_still_there_gives_no_scores_and_nobody_gone_an_empty_list(
    panel: pd.DataFrame, catalogue: pd.DataFrame, params: Params
) -> None:
    trained = fit_risk(panel, catalogue, 90, params)
    last = panel["as_of"] == panel["as_of"].max()
    silent = panel.assign(
        still_there=panel["still_there"] & ~last, days_silent=panel["days_silent"].mask(last, 50)
    )
    tables = risk_results(silent, trained, 90, params)
    assert tables["risk_scores"].empty and tables["risk_archetypes"].empty
    assert len(already_gone(silent, False, params)) == last.sum()
    nobody = already_gone(panel.assign(still_there=True), False, params)
    assert nobody.empty and list(nobody) == list(GONE) == columns_of("already_gone")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_tells_who_is_gone(lang: str) -> None:
    page: Any = SimpleNamespace(
        lang=lang,
        say=lambda key, **values: say(key, lang, **values),
        members=str,
        format=lambda value, _: str(value),
    )
    interval = {"estimate": 0.25, "low": 0.2, "high": 0.3}
    facts = {
        "already_gone": {"all": 31, "silent": 31}, "seen_again": {"auc": interval},
        "gone_listed": {
            "still_there": {"gone_5": interval}, "everybody": {"gone_5": interval}, "already_gone": {"gone": interval},
        },
    }  # fmt: skip
    assert "31" in sentences.gone_answer(facts, page)
    assert sentences.gone_answer({"already_gone": {"all": 0}}, page) == say("risk.answer_nobody_gone", lang)
    listed, back, seen = sentences.gone_claims(facts, page)
    assert "25%" in listed and "75%" in back and "0.250" in seen
    assert sentences.gone_claims({"gone_listed": {}, "seen_again": {}}, page) == []
    gone = pd.DataFrame(
        {"why": ["silent"] * 12 + ["notice"], "days_silent": 9, "usual_gap_days": 4.0, "margin_exposed": 2.0}
    )
    table = sentences.gone_table(gone, lang, 10).set_index("why")
    assert table.loc[say("risk.why_silent", lang), ["members", "margin_exposed"]].tolist() == [12, 24]
    assert (
        table.loc[say("risk.why_notice", lang), "margin_exposed":]
        .drop("suppressed", errors="ignore")
        .isna()
        .all()
    )
