"""One row per customer: known wherever it stands, read with what was assumed, or refused with the lines to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from whychurn.cli import app
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_table
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.snapshot.study_kind import study_kind
from whychurn.intake.check.snapshot.columns import (
    SnapshotColumns,
    cells_of,
    find_columns,
    find_further,
    meaning,
    repeated_id,
)
from whychurn.intake.check.snapshot.table import leak_notices, read_snapshot, recognised, snapshot_name
from whychurn.intake.read.source import FolderSource

N = 120


def people(left: str = "Churn", yes: Any = "Yes", no: Any = "No", **columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    gone = rng.random(N) < 0.3
    frame = pd.DataFrame({"customerID": [f"C{n:04d}" for n in range(N)], left: np.where(gone, yes, no)})
    frame["tenure"] = rng.integers(0, 60, N)
    frame["fee"] = rng.normal(40, 9, N).round(2)
    return frame.assign(**columns)


def study_with(folder: Path, frame: pd.DataFrame, name: str = "export.csv", **intake: Any) -> StudyPaths:
    (folder / "raw").mkdir(exist_ok=True)
    frame.to_csv(folder / "raw" / name, index=False)
    if intake:
        (folder / "params.yaml").write_text(
            yaml.safe_dump({"intake": intake}, allow_unicode=True), encoding="utf-8"
        )
    return StudyPaths(folder)


def check(folder: Path) -> Any:
    return CliRunner().invoke(app, ["data", "check", str(folder)], env={"COLUMNS": "200"})


SPELLINGS = [
    ("Attrition_Flag", "Attrited Customer", "Existing Customer"),
    ("Exited", 1, 0),
    ("Left", "yes", "no"),
    ("Status", "Churned", "Stayed"),
    ("Target", "Dropout", "Graduate"),
    ("churned", True, False),
    ("客户状态", "已流失", "在网"),
    ("是否流失", "是", "否"),
]


@pytest.mark.parametrize(("column", "yes", "no"), SPELLINGS)
@pytest.mark.parametrize("mapped", [{}, {"tables": {"members": "export.csv"}}])
def test_the_check_knows_one_row_per_customer(
    tmp_path: Path, column: str, yes: Any, no: Any, mapped: dict[str, Any]
) -> None:
    """Also where it was taken for the members; the lines that it prints make the check pass."""
    study = study_with(tmp_path, people(column, yes, no), **mapped)
    told = check(study.root)
    assert told.exit_code == 1 and "The tables fit" not in told.output
    assert "one row per customer" in told.output and repr(column) in told.output
    lines = told.output.split("say now:\n")[1].split("To learn")[0]
    (tmp_path / "params.yaml").write_text(lines, encoding="utf-8")
    again = check(study.root)
    assert again.exit_code == 0 and "The tables fit" in again.output, again.output


def test_files_beside_params_yaml_are_known_too(tmp_path: Path) -> None:
    people().to_csv(tmp_path / "mine.csv", index=False)
    told = check(tmp_path)
    assert told.exit_code and "source: ." in str(told.exception)


NO_SNAPSHOT = {
    "an order each row": pd.DataFrame(
        {"order": range(50), "member_id": ["a", "b"] * 25, "returned": ["yes", "no"] * 25}
    ),
    "no flag": people().drop(columns="Churn"),
    "several rows of a customer": pd.concat([people()] * 3),
    "too few rows": people().head(5),
}


@pytest.mark.parametrize("kind", sorted(NO_SNAPSHOT))
def test_what_is_no_snapshot_is_not_taken_for_one(tmp_path: Path, kind: str) -> None:
    study = study_with(tmp_path, NO_SNAPSHOT[kind])
    assert recognised(FolderSource(study.root / "raw")) is None
    assert find_columns(NO_SNAPSHOT[kind].astype(str)) is None


def test_a_history_beside_it_comes_first(tables: dict[str, pd.DataFrame], make_study: Any) -> None:
    study = make_study({**tables, "snapshot": people()})
    params = load_params(study)
    source = FolderSource(study.root / "raw")
    assert snapshot_name(source, params.intake) is None
    named = params.intake.model_copy(update={"tables": {"snapshot": "snapshot.csv"}})
    assert snapshot_name(source, named) == "snapshot.csv"


def test_a_run_writes_it_with_pseudonyms_and_says_what_was_assumed(tmp_path: Path, build: Any) -> None:
    frame = people(
        reason=np.where(np.arange(N) % 3, None, "too dear"), profiling_consent=["yes"] * 100 + ["no"] * 20
    )
    study = study_with(tmp_path, frame, tables={"snapshot": "export.csv"})
    facts = build(study)
    table = read_table(study.interim / "snapshot.parquet")
    assert study_kind(study) == "snapshot" and sorted(facts["tables"]) == ["snapshot"]
    assert facts["tables"]["snapshot"]["read"] == facts["tables"]["snapshot"]["kept"] == N
    assert facts["observed_until"] is None and facts["members_without_consent"] == 20
    assert table["left"].sum() == (frame["Churn"] == "Yes").sum()
    assert not set(table["member_id"]) & set(frame["customerID"]) and table["fee"].dtype == "float64"
    keys = {notice["key"] for notice in facts["notices"]}
    assert {"intake.notice_snapshot_left", "intake.notice_snapshot_column"} <= keys
    answerable = {entry["id"] for entry in facts["questions"] if entry["answerable"]}
    assert answerable == {"snapshot_share", "snapshot_risk", "snapshot_tenure", "snapshot_reasons"}
    assert read_json(study.interim / "intake.json")["tables"]["snapshot"]["columns"]["tenure"] == "tenure"


REFUSED = {
    "not understood": (people(yes="perhaps", no="who knows"), {}, "true or false"),
    "says who stayed": (people("Retained", 0, 1), {"columns": {"snapshot.left": "Retained"}}, "{1: false, 0: true}"),
    "several rows": (pd.concat([people()] * 2), {}, 'snapshot.member_id: "="'),
    "no column": (people().drop(columns="Churn"), {}, "snapshot.left: COLUMN"),
    "too many values": (people().assign(Churn=range(N)), {"columns": {"snapshot.left": "Churn"}}, "snapshot.left: COLUMN"),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_what_is_unclear_is_refused_with_the_lines_to_write(tmp_path: Path, kind: str) -> None:
    frame, intake, remedy = REFUSED[kind]
    study = study_with(tmp_path, frame, tables={"snapshot": "export.csv"}, **intake)
    with pytest.raises(WhychurnError) as caught:
        read_snapshot(FolderSource(study.root / "raw"), "export.csv", load_params(study))
    assert remedy in str(caught.value) and "export.csv" in str(caught.value)
    assert check(study.root).exit_code == 1


def test_codes_say_the_contrary_and_words_of_one_s_own(tmp_path: Path) -> None:
    study = study_with(
        tmp_path,
        people("bleibt", "nein", "ja"),
        tables={"snapshot": "export.csv"},
        columns={"snapshot.left": "bleibt"},
        codes={"snapshot.left": {"nein": True, "ja": False}},
    )
    checked = read_snapshot(FolderSource(study.root / "raw"), "export.csv", load_params(study))
    assert checked.frame["left"].sum() == (people()["Churn"] == "Yes").sum()


def test_columns_written_at_leaving_are_said_and_kept_on_a_word(tmp_path: Path) -> None:
    frame = people()
    frame["goodbye_call"] = np.where(frame["Churn"] == "Yes", "done", None)
    study = study_with(tmp_path, frame, tables={"snapshot": "export.csv"})
    source, params = FolderSource(study.root / "raw"), load_params(study)
    checked = read_snapshot(source, "export.csv", params)
    assert [v["column"] for key, v in checked.notices if key.startswith("notice_leak_")] == ["goodbye_call"]
    kept = params.model_copy(
        update={"snapshot": params.snapshot.model_copy(update={"keep": ["goodbye_call"]})}
    )
    assert leak_notices(checked, ["goodbye_call"], kept) == []


def test_columns_are_found_by_name_and_by_what_they_hold() -> None:
    frame = people(**{"Churn Reason": "x", "row": range(N)}).astype(str)
    found = find_columns(frame)
    assert found == SnapshotColumns("Churn", "tenure", "Churn Reason", "customerID")
    assert found.mapping() == {
        "snapshot.member_id": "customerID", "snapshot.left": "Churn",
        "snapshot.tenure": "tenure", "snapshot.reason": "Churn Reason",
    }  # fmt: skip
    assert find_further(frame.assign(tenure="long"), ["tenure"]) == (None, None, None)
    assert (
        repeated_id(pd.concat([frame] * 2), list(frame)) == "customerID"
        and repeated_id(frame, list(frame)) is None
    )
    assert meaning(cells_of(pd.Series([" Yes", "NO", "1.0", "perhaps", None]))) == {
        "yes": True, "no": False, "1": True, "perhaps": None,
    }  # fmt: skip
    assert Params().snapshot.folds >= 2
