"""The checks of the method notice what they are for, and stay silent where nothing is wrong."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.checks.answer_fit import FOLD, outside, region_mismatch, unexplained, withheld
from whychurn.causes.checks.diagnostics import COLUMNS, diagnostics
from whychurn.causes.checks.excess_fit import excess_fifths, interaction, unassumed_excess
from whychurn.causes.checks.fitted_hazards import FittedHazards, HazardRows, fitted_hazards
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard, fit_additive
from whychurn.causes.latent_cause.hazard_priors import EXCESS_SHARE
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks, totals_by_spell
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.exit_surveys import OTHER, SILENT

STAYS, WEEKS, BASE, EFFECT = 8000, 30, 0.0005, 0.012
PARAMS = load_params(StudyPaths(PROJECT))
SHAPES = {
    "linear": lambda dose: dose,
    "saturating": lambda dose: 1.6 * np.minimum(dose, 0.5),
    "steep": lambda dose: dose**3 / 4,
}


def programme(
    multiplied: bool = False,
    other: float = 0.08,
    answering: float = 0.3,
    shape: str = "linear",
    inert: bool = False,
    contrary: bool = False,
    effect: float = EFFECT,
) -> tuple[Any, AdditiveHazard, pd.Series]:
    """Members whose exposures switch on at random, the fit, and their regions.

    Parameters
    ----------
    other
        Share of the answers that names none of the six.
    shape
        How the hazard grows with the dose; doses differ where it is not linear.
    inert
        Price, though on record, does nothing.
    contrary
        Each fifth leaver in the order of the study states the next cause, not the own.
    """
    rng = np.random.default_rng(4)
    on = rng.random((STAYS, 1, 6)) < 0.08
    dose = on * (rng.gamma(1.0, 1.0, on.shape) if shape != "linear" else 1.0)
    x = np.repeat(dose, WEEKS, axis=1).astype("float32")
    felt = SHAPES[shape](x) * (1 - inert * (np.arange(6) == CAUSES.index("price")))
    added = 6 * BASE + effect * felt.sum(axis=2)
    total = 6 * BASE * np.prod(1 + felt * effect / (6 * BASE), axis=2) if multiplied else added
    passed = np.cumsum(total, axis=1) > rng.exponential(size=STAYS)[:, None]
    left = np.where(passed.any(axis=1), passed.argmax(axis=1), WEEKS)
    x = np.concatenate([np.ones((STAYS, WEEKS, 6), "float32"), x], axis=2)
    stay, week = np.nonzero(np.arange(WEEKS)[None, :] < np.minimum(left + 1, WEEKS)[:, None])
    who = np.flatnonzero(left < WEEKS)
    risk = PersonWeeks(stay, week, np.ones(len(stay)), x[stay, week], np.zeros(len(stay), "int8"))
    gone = PersonWeeks(who, left[who], np.ones(len(who)), x[who, left[who]], np.zeros(len(who), "int8"))
    names = ["base"] * 6 + [f"met_{cause}" for cause in CAUSES]
    causes = np.tile(np.arange(6), 2)
    history = ExposureHistory(
        causes, names, np.ones(12), risk, gone, np.zeros((STAYS, 12), "float32"), totals_by_spell(risk)
    )
    chance = BASE + effect * felt[who, left[who]]
    true = (np.cumsum(chance / chance.sum(axis=1, keepdims=True), axis=1) < rng.random((len(who), 1))).sum(
        axis=1
    )
    stated = np.full(STAYS, SILENT)
    answers = rng.random(len(who)) < answering
    said = np.where(rng.random(len(who)) < other, OTHER, true)
    stated[who[answers]] = said[answers]
    if contrary:
        answered = np.flatnonzero(stated >= 0)
        fifth = answered[::FOLD]
        stated[fifth] = (stated[fifth] + 1) % 6
    labels = NoisyLabels(stated, np.zeros((STAYS, 7)), np.zeros((STAYS, 7)))
    fitted = fit_additive(history, labels, PARAMS.causes)
    spells = SimpleNamespace(first_week=np.zeros(STAYS, int))
    evidence = SimpleNamespace(history=history, labels=labels, spells=spells)
    return evidence, fitted, pd.Series(np.array(["north", "south"])[rng.integers(0, 2, STAYS)])


def checked(**how: Any) -> pd.DataFrame:
    """Checks on `programme`."""
    return diagnostics(*programme(**how), PARAMS)


def noticed(checks: pd.DataFrame) -> set[str]:
    return set(checks.loc[checks["flagged"], "check"])


def test_nothing_is_noticed_where_the_assumptions_hold() -> None:
    checks = checked()
    assert noticed(checks) == set()
    assert set(checks["check"]) == {
        "excess_fifths", "interaction", "no_effect", "excess_share",
        "unexplained", "outside", "region_mismatch", "withheld",
    }  # fmt: skip


def test_hazards_that_multiply_are_noticed() -> None:
    assert "interaction" in noticed(checked(multiplied=True))


@pytest.mark.parametrize(("other", "expected"), [(0.25, True), (0.06, False)])
def test_many_answers_outside_the_six_are_noticed(other: float, expected: bool) -> None:
    assert ("outside" in noticed(checked(other=other))) is expected


def test_without_answers_only_the_hazards_are_checked() -> None:
    assert not {"outside", "region_mismatch", "withheld"} & set(checked(answering=0.0)["check"])


def test_expected_events_are_those_observed_in_each_stratum() -> None:
    evidence, model, _ = programme()
    fitted = fitted_hazards(evidence.history, model, evidence.spells.first_week)
    here, there = (np.bincount(rows.stratum, rows.events) for rows in (fitted.at_risk, fitted.at_exit))
    assert here[: len(there)] == pytest.approx(there) and there.sum() == pytest.approx(len(model.events))
    assert (fitted.at_exit.part.sum(axis=1) <= 1 + 1e-6).all()


def test_fewer_in_a_fifth_than_the_fit_expects_is_seen_in_rows_made_by_hand() -> None:
    rng = np.random.default_rng(5)
    n, excess = 20_000, np.zeros((20_000, 6))
    excess[:, 1] = rng.uniform(0, 1, n)
    rows = HazardRows(np.full(n, 0.1), excess, excess / 2, np.zeros(n, int))
    seen = np.flatnonzero((excess[:, 1] < 0.8) | (rng.random(n) < 0.3))[: n // 10]
    exits = HazardRows(np.ones(len(seen)), excess[seen], excess[seen] / 2, np.zeros(len(seen), int))
    table = pd.DataFrame(
        excess_fifths(FittedHazards(rows, exits, np.arange(len(seen))), 0.95), columns=COLUMNS
    )
    assert table.loc[table["flagged"], "value"].min() < 0.5


@pytest.mark.parametrize(("shape", "side"), [("saturating", -1), ("steep", 1)])
def test_an_effect_that_does_not_grow_in_step_with_the_dose_is_noticed(shape: str, side: int) -> None:
    evidence, model, _ = programme(shape=shape)
    fitted = fitted_hazards(evidence.history, model, evidence.spells.first_week)
    rows = pd.DataFrame(excess_fifths(fitted, 0.95), columns=COLUMNS)
    assert rows["flagged"].sum() >= 3
    assert (np.sign(rows.loc[rows["flagged"], "value"] - 1) == side).all()


def test_several_causes_at_once_are_looked_at_in_both_directions() -> None:
    evidence, model, _ = programme(multiplied=True)
    fitted = fitted_hazards(evidence.history, model, evidence.spells.first_week)
    more = interaction(fitted, 0.95)[1]
    assert more[1] == "several_high" and more[3] > 1.1 and more[5]
    half = replace(fitted, at_exit=replace(fitted.at_exit, events=fitted.at_exit.events * 0.3))
    fewer = interaction(half, 0.95)[1]
    assert fewer[4] < 0.9 and fewer[5]


def test_a_cause_that_does_nothing_shows_nothing_and_is_noticed_where_the_fit_gives_it_much() -> None:
    evidence, model, _ = programme(inert=True)
    price = np.arange(12) == 6 + CAUSES.index("price")
    generous = np.where(price, EFFECT, model.coefficients)
    for fit in (model, replace(model, coefficients=generous)):
        fitted = fitted_hazards(evidence.history, fit, evidence.spells.first_week)
        rows = pd.DataFrame(unassumed_excess(fitted, 0.95, 0.5), columns=COLUMNS)
        effects = rows[rows["check"] == "no_effect"].set_index("detail")
        assert effects.loc["price", "low"] <= 0 < effects["low"].drop("price").min()
    assert effects["flagged"].to_dict() == {cause: cause == "price" for cause in CAUSES}


def test_the_excess_without_the_prior_is_the_planted_one() -> None:
    evidence, model, _ = programme()
    fitted = fitted_hazards(evidence.history, model, evidence.spells.first_week)
    rows = pd.DataFrame(unassumed_excess(fitted, 0.95, 0.5), columns=COLUMNS)
    met = evidence.history.decisions.x[:, 6:]
    planted = EFFECT * met / (6 * BASE + EFFECT * met.sum(axis=1, keepdims=True))
    shares = [*planted.mean(axis=0), planted.sum(axis=1).mean()]
    assert (rows["low"] <= shares).all() and (rows["high"] >= shares).all()
    assert (rows["high"] - rows["low"]).max() < 0.2


def test_traces_that_explain_nearly_nothing_are_set_against_the_share_assumed() -> None:
    rows = checked(effect=0.0003).set_index("check")
    assert rows.loc["excess_share", "flagged"] and rows.loc["excess_share", "high"] < 0.2
    assert rows.loc["excess_share", "detail"] == f"{EXCESS_SHARE:.2f}"


def test_answers_that_the_traces_contradict_are_noticed() -> None:
    honest, contrary = (programme(answering=0.6, contrary=contrary) for contrary in (False, True))
    rows = withheld(*honest[:2], PARAMS.causes, 0.95)
    assert rows[0][1] == "all_answers" and rows[0][3] > 0 and not any(row[5] for row in rows)
    assert withheld(*contrary[:2], PARAMS.causes, 0.95)[0][5]


def test_few_answers_check_nothing() -> None:
    evidence, model, region = programme(answering=0.005)
    assert pd.isna(unexplained(evidence, model, 0.95)[0][2])
    assert outside(evidence, model, 0.95) == [] == region_mismatch(evidence, model, region)
    assert withheld(evidence, model, PARAMS.causes, 0.95) == []
