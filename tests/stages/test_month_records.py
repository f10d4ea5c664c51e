"""Months as they were told: written once, without members who are gone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.stages.month_records import (
    FOLDER,
    forget_members,
    keep_members,
    read_records,
    run_digests,
    write_record,
)
from whychurn.watch.inputs import MonthRecord

MONTH = pd.Timestamp("2025-11-01")


def record(model: str = "a") -> MonthRecord:
    members = pd.DataFrame({"member_id": ["m1", "m2", "m3"], "left": [True, False, False]})
    return MonthRecord(MONTH, members, {"month": "2025-11", "digests": {"model": model}})


def test_a_month_is_written_once(tmp_path: Path) -> None:
    study = StudyPaths(tmp_path)
    assert write_record(study, record()) == "written"
    before = (tmp_path / FOLDER / "2025-11.parquet").read_bytes()
    assert write_record(study, record()) == "kept" and write_record(study, record("b")) == "differs"
    assert (tmp_path / FOLDER / "2025-11.parquet").read_bytes() == before
    told = read_records(study, ["m1", "m2", "m3"])
    assert [one.month for one in told] == [MONTH] and told[0].told["digests"] == {"model": "a"}


def test_members_who_are_gone_or_erased_are_removed(tmp_path: Path) -> None:
    study = StudyPaths(tmp_path)
    write_record(study, record())
    assert forget_members(study, {"m9"}) == 0 and forget_members(study, {"m1"}) == 1
    assert read_records(study, ["m2"])[0].members["member_id"].tolist() == ["m2"]
    assert keep_members(study, {"m2"}) == 0


def test_a_clean_clone_has_no_month(tmp_path: Path) -> None:
    assert read_records(StudyPaths(tmp_path), []) == []


def test_digests_follow_parameters_and_models(tmp_path: Path) -> None:
    study, params = StudyPaths(tmp_path), Params()
    first = run_digests(study, params)
    business = params.business.model_copy(update={"margin_rate": 0.77})
    assert (
        run_digests(study, params.model_copy(update={"business": business}))["parameters"]
        != first["parameters"]
    )
    (study.processed / "risk_model").mkdir(parents=True)
    (study.processed / "risk_model" / "model.ubj").write_bytes(b"trees")
    assert run_digests(study, params)["model"] != first["model"]
