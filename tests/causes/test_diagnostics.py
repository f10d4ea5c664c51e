"""The checks of the method notice what they are for, and stay silent where nothing is wrong."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.checks.diagnostics import diagnostics
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause.additive_hazard_em import fit_additive
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks, totals_by_spell
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.exit_surveys import OTHER, SILENT

STAYS, WEEKS, BASE, EFFECT = 8000, 30, 0.0005, 0.012


def checked(multiplied: bool = False, other: float = 0.08, answering: float = 0.3) -> pd.DataFrame:
    """Checks on members whose exposures switch on at random; a share `other` of the answers names none of the
    six.
    """
    rng = np.random.default_rng(4)
    on = rng.random((STAYS, 1, 6)) < 0.08
    on = np.repeat(on, WEEKS, axis=1).astype("float32")
    added = 6 * BASE + EFFECT * on.sum(axis=2)
    total = 6 * BASE * np.prod(1 + on * EFFECT / (6 * BASE), axis=2) if multiplied else added
    passed = np.cumsum(total, axis=1) > rng.exponential(size=STAYS)[:, None]
    left = np.where(passed.any(axis=1), passed.argmax(axis=1), WEEKS)
    x = np.concatenate([np.ones((STAYS, WEEKS, 6), "float32"), on], axis=2)
    stay, week = np.nonzero(np.arange(WEEKS)[None, :] < np.minimum(left + 1, WEEKS)[:, None])
    who = np.flatnonzero(left < WEEKS)
    risk = PersonWeeks(stay, week, np.ones(len(stay)), x[stay, week], np.zeros(len(stay), "int8"))
    gone = PersonWeeks(who, left[who], np.ones(len(who)), x[who, left[who]], np.zeros(len(who), "int8"))
    names = ["base"] * 6 + [f"met_{cause}" for cause in CAUSES]
    causes = np.tile(np.arange(6), 2)
    history = ExposureHistory(
        causes, names, np.ones(12), risk, gone, np.zeros((STAYS, 12), "float32"), totals_by_spell(risk)
    )
    chance = BASE + EFFECT * on[who, left[who]]
    true = (np.cumsum(chance / chance.sum(axis=1, keepdims=True), axis=1) < rng.random((len(who), 1))).sum(
        axis=1
    )
    stated = np.full(STAYS, SILENT)
    answers = rng.random(len(who)) < answering
    said = np.where(rng.random(len(who)) < other, OTHER, true)
    stated[who[answers]] = said[answers]
    labels = NoisyLabels(stated, np.zeros((STAYS, 7)), np.zeros((STAYS, 7)))
    everyone = np.ones(STAYS, bool)
    params = load_params(StudyPaths(PROJECT))
    fitted = fit_additive(history, labels, params.causes)
    evidence = SimpleNamespace(history=history, labels=labels, in_training=everyone)
    region = pd.Series(np.array(["north", "south"])[rng.integers(0, 2, STAYS)])
    return diagnostics(evidence, fitted, region, params.run.confidence)


def noticed(checks: pd.DataFrame) -> set[str]:
    return set(checks.loc[checks["flagged"], "check"])


def test_nothing_is_noticed_where_the_assumptions_hold() -> None:
    checks = checked()
    assert noticed(checks) == set()
    assert {"interaction", "unexplained", "outside", "region_mismatch"} <= set(checks["check"])


def test_hazards_that_multiply_are_noticed() -> None:
    assert "interaction" in noticed(checked(multiplied=True))


@pytest.mark.parametrize(("other", "expected"), [(0.25, True), (0.06, False)])
def test_many_answers_outside_the_six_are_noticed(other: float, expected: bool) -> None:
    assert ("outside" in noticed(checked(other=other))) is expected


def test_without_answers_only_the_hazards_are_checked() -> None:
    assert not {"outside", "region_mismatch"} & set(checked(answering=0.0)["check"])
