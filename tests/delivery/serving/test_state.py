"""Answers by member id: with the key the company's ids are taken, without it pseudonyms; nothing else is known."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, empty_table
from whychurn.delivery.serving.state import LatestState, MemberState, UnknownMemberError
from whychurn.intake.privacy.pseudonym import VARIABLE, pseudonym

KEY = "a8d1-0f2c-97be-4431"
OWN_ID = "Card 0042"


@pytest.fixture
def study(tmp_path: Path) -> StudyPaths:
    place = StudyPaths(tmp_path)
    place.results.mkdir(parents=True)
    ids = [pseudonym(OWN_ID, KEY.encode()), "m0000000000000001"]
    rows = empty_table(columns_of("member_state")).reindex(range(2))
    rows = rows.assign(already_gone=False, do_not_send=[False, True], member_id=ids, p_churn=[0.25, 0.5])
    rows.assign(send_on=pd.Timestamp("2026-01-01")).to_parquet(
        place.results / "member_state.parquet", index=False
    )
    return place


def test_the_companys_ids_are_answered_with_the_key_alone(
    study: StudyPaths, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    state = MemberState.load(study, params)
    assert state is not None and len(state) == 2
    answer = state.answer([OWN_ID])[0]
    assert (answer["p_churn"], answer["do_not_send"], answer["send_on"]) == (0.25, False, "2026-01-01")
    assert "member_id" not in answer and answer["action"] is None
    json.dumps(answer, allow_nan=False)
    with pytest.raises(UnknownMemberError):
        state.answer([pseudonym(OWN_ID, KEY.encode())])
    monkeypatch.delenv(VARIABLE)
    without = MemberState.load(study, params)
    assert without is not None
    assert without.answer([pseudonym(OWN_ID, KEY.encode()), "m0000000000000001"])[1]["p_churn"] == 0.5
    with pytest.raises(UnknownMemberError):
        without.answer([OWN_ID])


def test_an_unknown_id_is_refused_without_repeating_it(study: StudyPaths, params: Params) -> None:
    state = MemberState.load(study, params)
    assert state is not None
    with pytest.raises(UnknownMemberError, match="1 ids are unknown, the first at position 1") as caught:
        state.answer(["m0000000000000001", "13800138000"])
    assert "13800138000" not in str(caught.value)


def test_without_scores_there_is_no_state(tmp_path: Path, params: Params) -> None:
    assert MemberState.load(StudyPaths(tmp_path), params) is None


def test_a_further_run_is_taken_up(study: StudyPaths, params: Params) -> None:
    latest = LatestState(study, params)
    before = latest()
    latest.look()
    assert latest() is before and before is not None and len(before) == 2
    file = study.results / "member_state.parquet"
    pd.read_parquet(file).head(1).to_parquet(file, index=False)
    os.utime(file, ns=(1, 1))
    latest.look()
    assert len(latest() or ()) == 1
    file.unlink()
    latest.look()
    assert latest() is None
