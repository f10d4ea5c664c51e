"""After an erasure no file of a study holds the member; what still does is named."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from whychurn.cli import app
from whychurn.cli.data import data_erase
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.privacy.pseudonym import pseudonym
from whychurn.stages.erasure.erase_members import Erasure, erase_members, read_ids
from whychurn.stages.erasure.stored_copies import drop_stale_results, folder_size, remove, unused_copies
from whychurn.stages.running.locks import live_locks

KEY = "a key of tests, kept apart"
OWN = "the blue door squeaks"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyPaths:
    """What a run leaves, in small: tables, results, pages, a cache with an older version, a tracker."""
    monkeypatch.setenv("WHYCHURN_KEY", KEY)
    place = StudyPaths(tmp_path / "study")
    place.interim.mkdir(parents=True)
    (place.root / "raw").mkdir()
    names = {one: pseudonym(one, KEY.encode()) for one in ("K1", "K2")}
    raw = {
        "members": "member_id,joined_on\nK1,2024-01-01\n",
        "orders": "order_id,member_id,ordered_at,amount\n1,K1,2024-01-02,3\n",
    }
    for table, text in raw.items():
        (place.root / "raw" / f"{table}.csv").write_text(text, encoding="utf-8")
    notes = pd.DataFrame({"member_id": list(names.values()), "note": ["plain", OWN]})
    write_table(notes, place.interim / "members.parquet")
    write_table(notes[["member_id"]], place.results / "risk_scores.parquet")
    write_table(pd.DataFrame({"feedback": [OWN]}), place.results / "verbatims.parquet")
    for name in ("reports/en/voice.html", "data/mlflow/artifacts/1/quotes.json", "exports/mine.txt"):
        (place.root / name).parent.mkdir(parents=True, exist_ok=True)
        (place.root / name).write_text(f"<p>{OWN}</p>", encoding="utf-8")
    (place.root / "data/mlflow/artifacts/1/model.bin").write_bytes(b"trees")
    for digest in ("aa1", "bb2"):
        copy = place.root / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
        copy.parent.mkdir(parents=True)
        copy.write_bytes((place.interim / "members.parquet").read_bytes())
    stages = {
        "intake": {"outs": [{"path": "data/interim", "md5": "aa1"}]},
        "risk": {"outs": [{"path": "data/results/risk_scores.parquet", "md5": "cc3"}]},
        "voice": {"outs": [{"path": "data/results/verbatims.parquet", "md5": "dd4"}]},
        "report": {"outs": [{"path": "reports/en", "md5": "ee5"}]},
    }
    (place.root / "dvc.lock").write_text(
        yaml.safe_dump({"schema": "2.0", "stages": stages}), encoding="utf-8"
    )
    return place


def holders(study: StudyPaths, words: list[str]) -> list[str]:
    """Files, the source aside, in which a word stands: a search that knows nothing of how the erasure works."""
    found = []
    for path in sorted(study.root.rglob("*")):
        if path.is_file() and "raw" not in path.parts:
            content = path.read_bytes()
            if content[:4] == b"PAR1":
                content = pd.read_parquet(path).to_json().encode()
            if any(word.encode() in content for word in words):
                found.append(str(path.relative_to(study.root)))
    return found


def test_an_erased_member_stands_in_no_computed_file(study: StudyPaths) -> None:
    words = [pseudonym("K2", KEY.encode()), OWN]
    assert len(holders(study, words)) > 5
    done = erase_members(study, load_params(study), ["K2"])
    assert isinstance(done, Erasure)
    assert holders(study, words) == ["exports/mine.txt"] == done.left
    assert (done.members, done.known, done.in_source, done.complete) == (1, 1, {}, False)
    assert {"dvc.lock", ".dvc/cache", "data/interim", "data/results", "reports"} <= set(done.removed)
    assert "data/mlflow/artifacts/1/quotes.json" in done.removed
    assert (study.root / "data/mlflow/artifacts/1/model.bin").exists(), "what holds nobody stays"
    assert (study.root / "raw/members.csv").exists()


def test_rows_of_the_source_are_named_not_changed(study: StudyPaths) -> None:
    before = (study.root / "raw/members.csv").read_bytes()
    for way in (["K1"], [pseudonym("K1", KEY.encode())]):
        done = erase_members(study, load_params(study), way)
        assert done.in_source == {"members": 1, "orders": 1}
        assert not done.complete
    assert (study.root / "raw/members.csv").read_bytes() == before


def test_a_second_erasure_ends_what_a_kill_cut_short(
    study: StudyPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whychurn.stages.erasure import erase_members as module

    (study.root / "exports/mine.txt").unlink()

    def killed(path: Path) -> None:
        if path.name == "interim":
            raise KeyboardInterrupt
        remove(path)

    monkeypatch.setattr(module, "remove", killed)
    with pytest.raises(KeyboardInterrupt):
        erase_members(study, load_params(study), ["K2"])
    assert not (study.root / "dvc.lock").exists(), "nothing counts as up to date"
    monkeypatch.undo()
    monkeypatch.setenv("WHYCHURN_KEY", KEY)
    assert erase_members(study, load_params(study), ["K2"]).complete
    assert holders(study, [pseudonym("K2", KEY.encode()), OWN]) == []


def test_nothing_is_erased_beside_a_run(study: StudyPaths) -> None:
    lock = study.root / ".dvc/tmp/rwlock"
    lock.parent.mkdir(parents=True)
    lock.write_text(
        json.dumps({"write": {"data/interim": {"pid": os.getpid(), "cmd": "dvc"}}}), encoding="utf-8"
    )
    assert live_locks(study.root) == 1
    import whychurn.stages.erasure.erase_members as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "release_dead_locks", lambda _: 0)
        with pytest.raises(WhychurnError, match="a run is under way"):
            erase_members(study, load_params(study), ["K2"])
    assert (study.interim / "members.parquet").exists()


def test_no_member_and_no_file(study: StudyPaths, tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match="no member is named"):
        erase_members(study, load_params(study), [])
    with pytest.raises(WhychurnError, match="cannot read the ids"):
        read_ids(str(tmp_path / "absent"))
    (tmp_path / "ids").write_text("K1\n\n K2 \n", encoding="utf-8-sig")
    assert read_ids(str(tmp_path / "ids")) == ["K1", "K2"]


def test_the_command_takes_ids_from_the_input_and_shows_none(study: StudyPaths) -> None:
    (study.root / "exports/mine.txt").unlink()
    done = CliRunner().invoke(app, ["data", "erase", "--from", "-", "--study", str(study.root)], input="K2\n")
    assert done.exit_code == 0, done.output
    assert "Nothing of them is left." in done.output
    assert "removed data/interim: 1 files" in done.output
    assert "whychurn run --study" in done.output
    assert "K2" not in done.output and pseudonym("K2", KEY.encode()) not in done.output
    assert "stored copies included" in str(data_erase.__doc__)
    again = CliRunner().invoke(app, ["data", "erase", "K1", "--study", str(study.root)])
    assert again.exit_code == 1 and "1 rows of them in orders" in again.output


def test_versions_that_no_result_names_are_found(study: StudyPaths) -> None:
    assert [path.name for path in unused_copies(study.root)] == ["2"]
    assert folder_size(study.root / "raw")[0] == 2


def test_results_of_other_stages_that_tell_of_the_member_go(study: StudyPaths) -> None:
    tables = pd.read_parquet(study.interim / "members.parquet")
    assert drop_stale_results(study) == {}
    write_table(tables.iloc[:1], study.interim / "members.parquet")
    assert drop_stale_results(study) == {"risk": 1}
    assert not (study.results / "risk_scores.parquet").exists() and not (study.root / "reports/en").exists()
    kept = yaml.safe_load((study.root / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    assert set(kept) == {"intake", "voice"}
