"""What interviews make of a method's answer: nothing without any, shares from the draw with thirty, members in line."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.interviews.asked_by_lot import AskedByLot, asked_by_lot, interview_facts
from whychurn.causes.interviews.coder_agreement import coder_agreement
from whychurn.causes.interviews.interview_answers import ANSWERED, Interviews, no_interviews
from whychurn.causes.interviews.silence_allowance import silence_bounds
from whychurn.causes.latent_cause.confusion_matrices import HEARD, given_heard
from whychurn.causes.methods import Attribution
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT

LEAVERS, HERE = 400, 100
TRUE = np.array([0.35, 0.2, 0.15, 0.12, 0.1, 0.08])
PARAMS = Params()
BOUNDS = ("share", "low", "high", "avoidable_share", "avoidable_low", "avoidable_high")


def inputs(interviews: Interviews | None) -> Any:
    rows = LEAVERS + HERE
    status = np.where(np.arange(rows) < LEAVERS, "churned", "at_risk")
    dates = pd.DataFrame(
        {
            "member_id": [str(number) for number in range(rows)],
            "spell_no": 1,
            "status": status,
            "anchor_on": pd.Timestamp("2025-03-01"),
        }
    )
    known = SimpleNamespace(
        interviews=interviews, rows=np.arange(rows), index_dates=dates, churned=status == "churned"
    )
    return SimpleNamespace(evidence=known, grounds=None)


def answer(told: bool = True) -> Attribution:
    """A model that says the same of everybody: one sixth each, or nothing."""
    share = np.full(6, 1 / 6) if told else np.full(6, np.nan)
    table = pd.DataFrame({"cause": CAUSES}).assign(**dict.fromkeys(BOUNDS, share))
    table = table.assign(
        low=share * 0.6, high=share * 1.5, avoidable_low=share * 0.5, avoidable_high=share * 2
    )
    return Attribution(np.tile(share, (LEAVERS + HERE, 1)), table)


def interviews(answers: int, by_lot: bool = True) -> Interviews:
    rng = np.random.default_rng(4)
    rows = LEAVERS + HERE
    cause = rng.choice(6, rows, p=TRUE)
    status = np.full(rows, NOT_ASKED)
    status[:answers] = ANSWERED
    status[answers : answers + 60] = SILENT
    coded = np.eye(6)[cause] * (status == ANSWERED)[:, None]
    chance = np.where((status != NOT_ASKED) & by_lot, 0.5, np.nan)
    return Interviews(status, coded, chance, np.zeros((7, 7)))


@pytest.mark.parametrize("none", [None, no_interviews(LEAVERS + HERE)])
def test_without_interviews_nothing_changes(none: Interviews | None) -> None:
    given = answer()
    found = asked_by_lot(inputs(none), given, PARAMS)
    assert isinstance(found, AskedByLot)
    assert found.attribution is given
    assert found.tables["cause_interviews"].empty
    assert found.tables["interview_plan"]["answers"].tolist() == [0, 50, 100, 200]
    assert found.facts["basis"] == "none"


def test_shares_rest_on_the_draw_and_members_agree_with_them() -> None:
    found = asked_by_lot(inputs(interviews(200)), answer(), PARAMS)
    shares = found.attribution.shares
    assert found.facts["basis"] == "lot"
    assert shares["share"].sum() == pytest.approx(1)
    p = found.attribution.p
    assert p[:LEAVERS].mean(axis=0) == pytest.approx(shares["share"].to_numpy(), abs=2e-6)
    assert p.sum(axis=1) == pytest.approx(1)
    assert p[LEAVERS:].mean(axis=0)[0] > 1 / 6, "members still there follow the same shift"
    table = found.tables["cause_interviews"]
    assert table["model_share"].to_numpy() == pytest.approx(1 / 6)
    assert np.abs(table["draw_share"] - TRUE).max() < 0.08 < np.abs(1 / 6 - TRUE).max()
    assert (
        (table["share"] - table["draw_share"]).abs() <= (table["model_share"] - table["draw_share"]).abs()
    ).all()
    assert (shares["avoidable_share"] > 1 / 6).tolist() == (shares["share"] > 1 / 6).tolist()


@pytest.mark.parametrize(("answers", "by_lot"), [(20, True), (200, False)])
def test_too_few_or_not_by_lot_moves_no_share_but_those_who_were_heard(answers: int, by_lot: bool) -> None:
    given, asked = answer(), interviews(answers, by_lot)
    found = asked_by_lot(inputs(asked), given, PARAMS)
    assert found.facts["basis"] == "few"
    assert found.attribution.shares is given.shares
    assert (
        found.attribution.p[:answers].argmax(axis=1) == asked.coded[:answers].argmax(axis=1)
    ).mean() > 0.95
    assert found.attribution.p[:LEAVERS].mean(axis=0) == pytest.approx(1 / 6, abs=2e-6)


def test_intervals_allow_for_silence_and_for_untrue_answers() -> None:
    """With all weight on the draw the interval spans at least the bounds of both, 1.3 / (1 - 0.1)."""
    found = asked_by_lot(inputs(interviews(200)), answer(told=False), PARAMS)
    table = found.tables["cause_interviews"]
    low, high = silence_bounds(table["draw_share"].to_numpy(), 1.3 / 0.9)
    assert (table["draw_low"] < low).all()
    assert (table["draw_high"] > high).all()
    assert (found.facts["gamma"], found.facts["untrue"]) == (1.3, 0.1)


def test_where_traces_tell_nothing_the_draw_tells_all() -> None:
    found = asked_by_lot(inputs(interviews(200)), answer(told=False), PARAMS)
    shares = found.attribution.shares
    assert np.abs(shares["share"] - TRUE).max() < 0.1
    assert shares["avoidable_share"].isna().all()
    assert found.attribution.p.sum(axis=1) == pytest.approx(1)
    assert found.tables["cause_interviews"]["draw_weight"].to_numpy() == pytest.approx(1)


def test_facts_count_asked_silent_and_answered() -> None:
    facts = interview_facts(interviews(50), coder_agreement(np.zeros((7, 7))))
    assert (facts["asked"], facts["answered"], facts["named_by_lot"]) == (110, 50, 50)
    assert facts["coders_agree"] is None


def test_what_was_heard_moves_the_chances_of_those_who_said_it() -> None:
    p = np.full((3, 6), 1 / 6)
    coded = np.zeros((3, 6))
    coded[0, 2], coded[1, [2, 3]] = 1, 0.5
    found = given_heard(p, coded)
    assert found[0].tolist() == pytest.approx(HEARD[2].tolist())
    assert found[1, 2] == pytest.approx(found[1, 3])
    assert found[2] == pytest.approx(p[2])
