"""A cause is told only where something on record goes along with leaving, or where enough leavers said why."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.evidence.exposure_effects import exposure_effects, risk_strata, shared_strata
from whychurn.causes.evidence.grounds import Grounds, find_grounds
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.exposures.late_answers import CONTACTS
from whychurn.causes.latent_cause.additive_hazard_em import fit_additive, told_posterior
from whychurn.causes.latent_cause.share_intervals import BOUNDS
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks, totals_by_spell
from whychurn.causes.tables.attributions_and_shares import cause_shares
from whychurn.causes.tables.by_group_and_month import told_rows
from whychurn.causes.tables.limitations import limitations
from whychurn.contract.causes import CAUSES, LEAST_SAID
from whychurn.contract.params import CausesParams
from whychurn.contract.tables import TABLES
from whychurn.labels import say as label
from whychurn.panel.exit_surveys import NOT_ASKED
from whychurn.report.causes.sentences import shares as sentences
from whychurn.report.words import LANGUAGES, say

STAYS, WEEKS, BASE = 3000, 78, 0.01
KINDS = ("noise", "rare", "constant", "calendar", "tenure", "season_of_leaving", "planted")


def programme(kind: str, seed: int = 1003) -> tuple[ExposureHistory, np.ndarray]:
    """Stays of members who leave by lot, or (``planted``) more often while they meet one exposure of price."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 50, STAYS)
    week = np.arange(WEEKS)
    tenure = week[None, :] - first[:, None]
    met = {
        "noise": (rng.random((STAYS, 1)) < 0.4) * (np.sin(week / 5 + rng.uniform(0, 6, (STAYS, 1))) > 0),
        "rare": (rng.random((STAYS, WEEKS)) < 0.0002),
        "constant": np.ones((STAYS, WEEKS)),
        "calendar": np.tile(week > 40, (STAYS, 1)),
        "tenure": tenure > 10,
        "season_of_leaving": np.tile(np.cos(week / 8) > 0, (STAYS, 1)),
    }
    met["planted"] = met["noise"]
    x = np.asarray(met[kind], "float32")
    hazard = np.full((STAYS, WEEKS), BASE)
    if kind == "season_of_leaving":  # more leave in some months, whoever they are
        hazard = hazard * (1 + 0.8 * np.cos(week / 8))
    hazard = hazard + (0.03 * x if kind == "planted" else 0)
    leaves = (rng.random((STAYS, WEEKS)) < hazard) & (tenure > 0)
    left = np.where(leaves.any(axis=1), leaves.argmax(axis=1), WEEKS)
    stay, at = np.nonzero((tenure >= 0) & (week[None, :] <= np.minimum(left, WEEKS - 1)[:, None]))
    columns = np.concatenate([np.ones((STAYS, WEEKS, 6), "float32"), x[:, :, None]], axis=2)
    risk = PersonWeeks(stay, at, np.ones(len(stay)), columns[stay, at], np.zeros(len(stay), "int8"))
    gone = np.flatnonzero(left < WEEKS)
    decisions = PersonWeeks(
        gone, left[gone], np.ones(len(gone)), columns[gone, left[gone]], np.zeros(len(gone), "int8")
    )
    causes = np.array([*range(6), CAUSES.index("price")])
    names = ["base"] * 6 + ["price_rise"]
    last = columns[:, -1]
    history = ExposureHistory(causes, names, np.ones(7), risk, decisions, last, totals_by_spell(risk))
    return history, first


def evidence_of(history: ExposureHistory, first: np.ndarray, said: int = 0) -> Any:
    """Stand-in for `Evidence`: as many answers of leavers as `said`."""
    stated = np.full(STAYS, NOT_ASKED)
    stated[history.decisions.spell[:said]] = 2
    labels = NoisyLabels(stated, np.zeros((STAYS, 7)), np.zeros((STAYS, 7)))
    churned = np.isin(np.arange(STAYS), history.decisions.spell)
    return SimpleNamespace(
        history=history, labels=labels, rows=np.arange(STAYS), churned=churned, interviews=None,
        spells=SimpleNamespace(first_week=first),
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_only_an_exposure_that_goes_along_with_leaving_tells_its_cause(kind: str) -> None:
    found = find_grounds(evidence_of(*programme(kind)))
    told = {cause for cause, can in zip(CAUSES, found.told, strict=True) if can}
    assert told == ({"price"} if kind == "planted" else set())
    table = found.table().set_index("cause")
    assert table["told"].sum() == len(told) and table.loc["natural", "exposures"] == 0


def test_the_test_keeps_its_level_and_its_interval_holds() -> None:
    rows = pd.concat([exposure_effects(*programme("noise", seed)) for seed in range(40)])
    # binomial bounds of 40 draws at levels of 1 and 50 %
    assert (rows["p_value"] < 0.01).sum() <= 3 and 10 <= (rows["p_value"] < 0.5).sum() <= 30
    assert (rows["low"] == 0).mean() > 0.85 and (rows["high"] < 0.12).all()  # what is there is none
    planted = exposure_effects(*programme("planted")).iloc[0]
    history, _ = programme("planted")
    assert planted["share"] == pytest.approx(from_the_exposure(history), abs=0.08)  # one step, no fit


def from_the_exposure(history: ExposureHistory) -> float:
    """Part of the leavings that the planted excess explains."""
    return float((0.03 * history.decisions.x[:, 6] / (BASE + 0.03 * history.decisions.x[:, 6])).mean())


@pytest.mark.parametrize("kind", ["constant", "calendar", "season_of_leaving", "tenure"])
def test_what_is_the_same_for_everybody_cannot_be_compared(kind: str) -> None:
    row = exposure_effects(*programme(kind)).iloc[0]
    assert pd.isna(row["p_value"]) and pd.isna(row["high"])


def test_enough_words_tell_all_six_causes_few_none() -> None:
    few, many = (
        find_grounds(evidence_of(*programme("noise"), said)) for said in (LEAST_SAID - 1, LEAST_SAID)
    )
    assert not few.told.any() and many.told.all() and many.speak


def test_without_words_a_cause_counts_as_far_as_its_traces_explain() -> None:
    history, first = programme("planted")
    found = find_grounds(evidence_of(history, first))
    labels = evidence_of(history, first).labels
    allowed = np.where(np.arange(7) < 6, 1.0, found.effects["high"].iloc[0])
    used = ExposureHistory(**{**vars(history), "supported": allowed})
    model = fit_additive(used, labels, found.settings(CausesParams()))
    p = told_posterior(used, model, found)
    assert np.isnan(p[:, [cause != "price" for cause in CAUSES]]).all()
    assert p[:, CAUSES.index("price")].mean() == pytest.approx(from_the_exposure(history), abs=0.04)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("words", [True, False])
def test_the_page_says_what_cannot_be_told_and_on_which_rung(lang: str, words: bool) -> None:
    page: Any = SimpleNamespace(
        lang=lang,
        say=lambda key, **values: say(key, lang, **values),
        format=lambda value, _: f"{value:.0%}",
    )
    shares = pd.DataFrame({"cause": [*CAUSES, "unknown"], "share": np.nan, "low": np.nan, "high": np.nan})
    shares = shares.assign(
        avoidable_share=np.nan, avoidable_low=np.nan, avoidable_high=np.nan, named_share=0.0
    )
    facts: dict[str, Any] = {"churn_events": 200, "from_words": words}
    facts |= {"interviews": {"basis": "lot"}} if words else {}
    nothing = shares.assign(churn_events=200.0).fillna({"share": {6: 1.0}})
    assert sentences.answer(nothing, facts, page) == say("causes.answer_untold", lang)
    ((key, value, text, rung),) = sentences.headlines(nothing, facts, pd.DataFrame(), page)
    assert (key, value, rung) == ("why.untold", 200.0, "described") and "%" not in text
    part = nothing.copy()
    part.loc[1, ["share", "low", "high"]] = [0.2, 0.1, 0.3]
    part.loc[6, "share"] = 0.8
    rungs = {key: rung for key, _, _, rung in sentences.headlines(part, facts, pd.DataFrame(), page)}
    assert rungs["why.cause_first"] == ("attributed" if words else "associated")
    assert ("80%" in sentences.answer(part, facts, page)) != words


def test_each_untold_cause_names_the_tables_that_would_tell() -> None:
    page: Any = SimpleNamespace(
        lang="en",
        say=lambda key, **values: say(key, "en", **values),
        format=lambda value, _: f"{value:.0%}",
    )
    for kind, part in (("noise", "no sign"), ("rare", "too few members"), ("constant", "everybody alike")):
        lines = sentences.untold_lines(find_grounds(evidence_of(*programme(kind))).table(), page)
        assert len(lines) == 7 and part in lines[1]
        assert "orders.returned" in lines[0] and "market" in lines[4] and "surveys" in lines[6]
    whole = Grounds(pd.DataFrame({"cause": [], "sign": []}), answers=100, texts=0)
    assert whole.told.all() and sentences.untold_lines(pd.DataFrame(), page) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_would_tell_a_cause_is_in_the_contract_and_counts(lang: str) -> None:
    for cause in CAUSES:
        named = re.findall(r"`(\w+)\.(\w+)`", say(f"causes.needs_{cause}", lang))
        assert all(column in TABLES[table].fields for table, column in named)
    service = say("causes.needs_product_service", lang)
    assert all(source in service for source in CONTACTS)  # those whose late answers are an exposure, and
    assert set(CONTACTS) <= set(TABLES["feedback"].fields["source"].choices or ())
    assert all(f"`{column}`" in service for column in ("created_at", "responded_at"))


def test_tables_hold_only_causes_that_can_be_told() -> None:
    table = pd.DataFrame({"cause": CAUSES, "share": 0.1})
    assert told_rows(table, np.arange(6) == 1)["cause"].tolist() == ["price"]
    assert told_rows(table, np.zeros(6, dtype=bool)).empty


def test_strata_mean_the_same_whatever_the_last_week_of_a_table() -> None:
    """Nobody may have left in the last months: those at risk are still compared with those who left earlier."""
    first = np.zeros(4, int)
    early = PersonWeeks(np.arange(3), np.array([3, 9, 30]), np.ones(3), np.ones((3, 1)), np.array([0, 1, 1]))
    later = PersonWeeks(
        np.arange(4), np.array([3, 9, 30, 90]), np.ones(4), np.ones((4, 1)), np.array([0, 1, 1, 0])
    )
    assert risk_strata(early, first).tolist() == risk_strata(later, first)[:3].tolist()
    assert len(set(risk_strata(later, first))) == 4
    at_risk, at_exit, cells = shared_strata(SimpleNamespace(risk=later, decisions=early), first)
    assert cells == 4 and at_risk.tolist()[:3] == at_exit.tolist()


def test_what_is_left_for_a_cause_that_cannot_be_told_is_a_range() -> None:
    found = pd.DataFrame({"cause": CAUSES}).assign(**dict.fromkeys(BOUNDS, np.nan))
    members = pd.DataFrame(
        {"status": ["churned"] * 4, "primary_cause": ["price", "unknown", "unknown", "unknown"]}
    )
    assert (
        cause_shares(found, members)[["low", "high"]].isna().all(axis=None)
    )  # nothing is told: no range either
    found.loc[1, ["share", "low", "high"]] = [0.3, 0.2, 0.4]
    table = cause_shares(found, members).set_index("cause")
    assert table["share"].drop(["price", "unknown"]).isna().all()
    assert (table["low"].drop(["price", "unknown"]) == 0).all()
    assert table["high"].drop(["price", "unknown"]).tolist() == pytest.approx([0.8] * 5)
    assert table.loc["unknown", "share"] == pytest.approx(0.7)


def test_causes_without_a_record_are_named_where_words_give_them_a_share() -> None:
    evidence = evidence_of(*programme("planted"), said=60)
    notes = {note["key"]: note for note in limitations(evidence, find_grounds(evidence), 10)}
    assert "no_records" in notes
    for lang in ("en", "zh"):
        text = notes["no_records"][lang]
        assert label("causes.natural", lang) in text and label("causes.price", lang) not in text
    evidence = evidence_of(*programme("planted"), said=0)
    assert "no_records" not in {note["key"] for note in limitations(evidence, find_grounds(evidence), 10)}
