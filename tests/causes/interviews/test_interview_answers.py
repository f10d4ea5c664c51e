"""Interviews find their churn event; not asked, silent and answered are three things; coders are averaged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.interviews.coder_agreement import CoderAgreement, coder_agreement, corrected_answers
from whychurn.causes.interviews.interview_answers import ANSWERED, Interviews, no_interviews, read_interviews
from whychurn.contract.causes import CAUSES
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT

DAY = pd.Timestamp("2025-06-01")
MEMBERS = ["a", "b", "c", "d"]


def spells() -> pd.DataFrame:
    return pd.DataFrame(
        {"member_id": MEMBERS, "spell_no": 1, "last_active_on": DAY, "returned_on": pd.NaT}
    ).astype({"member_id": "string", "returned_on": "datetime64[ns]"})


def surveys(*rows: tuple[str, str, int, str | None, float | None, str | None]) -> pd.DataFrame:
    """survey_id, member_id, days after leaving, reason (None: silent), chance, coder."""
    table = pd.DataFrame(
        rows, columns=["survey_id", "member_id", "days", "reason", "asked_probability", "coder"]
    )
    sent = DAY + pd.to_timedelta(table["days"], unit="D")
    return table.assign(kind="interview", sent_at=sent, answered_at=sent.where(table["reason"].notna()))


def read(*rows: tuple[str, str, int, str | None, float | None, str | None]) -> Interviews:
    return read_interviews(spells(), np.arange(3), spells(), surveys(*rows))  # d is still there


def test_asked_silent_and_answered_are_told_apart() -> None:
    found = read(("1", "a", 20, "price", 0.4, "x"), ("2", "b", 25, None, 0.2, None))
    assert found.status.tolist() == [ANSWERED, SILENT, NOT_ASKED, NOT_ASKED]
    assert found.by_lot.tolist() == [True, True, False, False]
    assert found.named.tolist() == [True, False, False, False]
    assert found.probability[:2].tolist() == [0.4, 0.2]
    assert np.isnan(found.probability[2:]).all()


def test_two_coders_are_averaged_and_a_sub_cause_counts_as_its_cause() -> None:
    found = read(("1", "a", 20, "price/fees", 0.4, "x"), ("1", "a", 20, "natural", 0.4, "y"))
    assert found.coded[0].tolist() == [0, 0.5, 0, 0, 0, 0.5]
    pairs = found.coder_pairs
    assert pairs.sum() == 2
    assert pairs[CAUSES.index("price"), CAUSES.index("natural")] == 1


def test_what_names_none_of_the_six_stays_open() -> None:
    found = read(("1", "a", 20, "unknown", 0.4, "x"), ("1", "a", 20, "price", 0.4, "y"))
    assert found.coded[0].sum() == pytest.approx(0.5)
    assert not read(("1", "a", 20, "the weather", 0.4, "x")).named.any()


def test_interviews_without_a_chance_are_no_draw() -> None:
    found = read(("1", "a", 20, "price", None, "x"))
    assert found.status[0] == ANSWERED
    assert not found.by_lot.any()


def test_interviews_before_leaving_and_of_members_still_there_belong_to_no_churn_event() -> None:
    found = read(("1", "a", -20, "price", 0.4, "x"), ("2", "d", 20, "price", 0.4, "x"))
    assert (found.status == NOT_ASKED).all()


def test_no_interviews_in_old_tables_without_their_columns() -> None:
    exit_only = surveys(("1", "a", 20, "price", None, None)).assign(kind="exit")
    found = read_interviews(spells(), np.arange(3), spells(), exit_only.drop(columns=["coder", "survey_id"]))
    assert (found.status == no_interviews(4).status).all()
    assert found.select(np.array([0])).coded.shape == (1, len(CAUSES))


def test_reliability_is_found_from_two_coders() -> None:
    rng = np.random.default_rng(3)
    true = rng.choice(6, 4000, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1])
    codings = [np.where(rng.random(4000) < 0.85, true, rng.integers(0, 6, 4000)) for _ in range(2)]
    pairs = np.zeros((7, 7))
    np.add.at(pairs, (codings[0], codings[1]), 1.0)
    np.add.at(pairs, (codings[1], codings[0]), 1.0)
    found = coder_agreement(pairs)
    assert found.reliable == pytest.approx(0.85, abs=4 * found.reliable_sd)
    assert found.pairs == 4000
    answers = np.eye(6)[codings[0]]
    corrected = corrected_answers(answers, found.reliable)
    assert corrected.sum(axis=1) == pytest.approx(1)
    assert corrected.mean(axis=0) == pytest.approx(np.bincount(true) / 4000, abs=0.02)


def test_kappa_is_chance_corrected_and_few_pairs_correct_nothing() -> None:
    pairs = np.zeros((7, 7))
    pairs[:2, :2] = [[4, 2], [2, 4]]  # six interviews, two thirds agree, half would by chance
    found = coder_agreement(pairs)
    assert found.agreed == pytest.approx(2 / 3)
    assert found.kappa == pytest.approx(1 / 3)
    assert (found.reliable, found.reliable_sd) == (1.0, 0.0)
    nobody = coder_agreement(np.zeros((7, 7)))
    assert isinstance(nobody, CoderAgreement)
    assert nobody.pairs == 0
