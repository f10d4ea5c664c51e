"""Interviews teach the model; nobody's chances hang on what they said themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.interviews import taught_model
from whychurn.causes.interviews.interview_answers import ANSWERED, Interviews, no_interviews
from whychurn.causes.interviews.taught_model import taught_chances
from whychurn.contract.arrays import Array
from whychurn.contract.params import Params
from whychurn.panel.exit_surveys import NOT_ASKED

LEAVERS, ASKED = 60, 40
BASE = "base"


@dataclass(frozen=True)
class Known:
    interviews: Interviews
    labels: NoisyLabels
    rows: Array = field(default_factory=lambda: np.arange(LEAVERS))
    history: Any = None


def known(said: Array) -> Any:
    """Inputs in which the first `ASKED` leavers named the cause of `said`."""
    status = np.where(np.arange(LEAVERS) < ASKED, ANSWERED, NOT_ASKED)
    coded = np.eye(6)[said] * (status == ANSWERED)[:, None]
    interviews = Interviews(status, coded, np.full(LEAVERS, 0.5), np.zeros((7, 7)))
    labels = NoisyLabels(np.full(LEAVERS, NOT_ASKED), np.zeros((LEAVERS, 7)), np.zeros((LEAVERS, 7)))
    grounds = SimpleNamespace(applied=lambda evidence: evidence, settings=lambda causes: causes)
    return SimpleNamespace(evidence=Known(interviews, labels), grounds=grounds)


@pytest.fixture(autouse=True)
def simple_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that says of everybody what it heard of all on average."""
    monkeypatch.setattr(taught_model, "fit_additive", lambda _, labels, *__: labels.heard.sum(axis=0) + 1)

    def posterior(_: Any, model: Any, __: Any) -> Array:
        weight = np.ones(6) if model is BASE else model
        return np.tile(weight / weight.sum(), (LEAVERS, 1))

    monkeypatch.setattr(taught_model, "posterior", posterior)


EVEN = np.full((LEAVERS, 6), 1 / 6)


def test_what_one_leaver_said_moves_others_and_not_the_own_chances() -> None:
    said = np.zeros(LEAVERS, int)
    one = taught_chances(known(said), EVEN, BASE, Params())  # type: ignore[arg-type]
    assert (one[:, 0] > 0.5).all(), "everybody was heard to name the first cause"
    other = taught_chances(known(np.where(np.arange(LEAVERS) == 7, 3, said)), EVEN, BASE, Params())  # type: ignore[arg-type]
    assert other[7] == pytest.approx(one[7])
    assert other[-1, 3] > one[-1, 3], "who was not asked learns from both halves"
    assert (other[:ASKED, 3] > one[:ASKED, 3]).sum() == ASKED // 2, "the other half learns"


def test_without_interviews_chances_stay() -> None:
    none = known(np.zeros(LEAVERS, int))
    none.evidence = Known(no_interviews(LEAVERS), none.evidence.labels)
    assert taught_chances(none, EVEN, BASE, Params()) is EVEN  # type: ignore[arg-type]
