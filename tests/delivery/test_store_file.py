"""The store opens wherever the study lies, whatever a kill left of it, and says what to do where it cannot."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params, load_params
from whychurn.contract.params.reading.load import check_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.delivery.mlflow_store import connect, find_experiment, load_version
from whychurn.delivery.registry.model_versions import CHALLENGER, CHAMPION, find_version
from whychurn.delivery.registry.promotion import promote
from whychurn.delivery.serving.server import Endpoint, serving_command
from whychurn.delivery.store_file import artifact_address, database_address, prepare_store, store_errors
from whychurn.delivery.tracking.pipeline_runs import PIPELINE, track

Make = Callable[..., StudyPaths]
NAMES = sorted(
    [
        "%E5%95%86%E5%9F%8E",
        "50%25 off",
        "a?b=c#d&e",
        'it\'s "so"',
        "[会员] 🎉",
        "dots..",
        "a:b;c\\d",
        "l" * 200,
    ]
)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_s_name_means_nothing(
    make_study_at: Make, tmp_path: Path, params: Params, name: str
) -> None:
    wide = load_params(StudyPaths(PROJECT), {"delivery": {"max_auc_decrease": 1.0, "max_ece_increase": 1.0}})
    study = make_study_at(tmp_path / name, rounds=2)
    track(study, params)
    promote(study, params, "first")
    model = load_version(f"models:/{params.delivery.model_name}@{CHAMPION}")
    assert model.metadata.get_input_schema() is not None
    assert [path.name for path in tmp_path.iterdir()] == [name], "nothing is written beside the study"
    second = make_study_at(tmp_path / name, rounds=3, seed=2)
    track(second, params)
    assert "is the champion" in promote(second, wide, "reads the first one's columns and rows again")


@pytest.mark.parametrize("how", ["copied", "moved"])
def test_a_study_goes_on_where_it_lies_now(make_study: Make, params: Params, how: str) -> None:
    study = make_study()
    track(study, params)
    promote(study, params, "first")
    elsewhere = study.root.with_name("2026 %41")
    if how == "moved":
        study.root.rename(elsewhere)
    else:
        shutil.copytree(study.root, elsewhere)
        before = (study.mlflow / "mlflow.db").read_bytes()
    moved = StudyPaths(elsewhere)
    assert serving_command(moved, params, Endpoint(port=5001))[0]
    runs = len(connect(moved).search_runs(["1"]))
    track(moved, params)
    assert len(connect(moved).search_runs(["1"])) == runs, "its runs are known"
    load_version(f"models:/{params.delivery.model_name}@{CHAMPION}")
    held = sqlite3.connect(moved.mlflow / "mlflow.db").execute("SELECT artifact_uri FROM runs").fetchall()
    assert held and all("2026%20%2541" in address for (address,) in held)
    if how == "copied":
        assert (study.mlflow / "mlflow.db").read_bytes() == before, "the first one is left as it was"


def test_a_store_with_plain_paths_as_addresses_goes_on(make_study: Make, params: Params) -> None:
    study = make_study()
    track(study, params)
    with sqlite3.connect(study.mlflow / "mlflow.db") as database:
        for table, column in (
            ("experiments", "artifact_location"),
            ("runs", "artifact_uri"),
            ("logged_models", "artifact_location"),
        ):
            database.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, '/old/home/data/mlflow')",
                (study.mlflow.as_uri(),),
            )
    client = connect(study)
    run = client.search_runs(["1"], "tags.section = 'risk' and tags.status = 'ok'")[0]
    assert "model_card_en.md" in [item.path for item in client.list_artifacts(run.info.run_id)]


def test_a_deleted_experiment_comes_back_with_its_runs(make_study: Make, params: Params) -> None:
    study = make_study()
    track(study, params)
    client = connect(study)
    experiment = find_experiment(client, study, PIPELINE)
    runs = len(client.search_runs([experiment]))
    client.delete_experiment(experiment)
    track(study, params)
    assert client.get_experiment(experiment).lifecycle_stage == "active"
    assert len(client.search_runs([experiment])) == runs


def test_a_deleted_model_is_registered_again(make_study: Make, params: Params) -> None:
    study = make_study()
    track(study, params)
    client = connect(study)
    client.delete_registered_model(params.delivery.model_name)
    track(study, params)
    assert find_version(client, params.delivery.model_name, CHALLENGER) is not None


def test_tables_that_a_kill_left_half_made_are_made_again(make_study: Make, params: Params) -> None:
    study = make_study()
    (study.mlflow / "mlflow.db").unlink()
    with sqlite3.connect(study.mlflow / "mlflow.db") as database:
        database.execute("CREATE TABLE experiments (experiment_id INTEGER, name VARCHAR)")
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR)")
    (study.mlflow / ".mlflow.db.new").write_bytes(b"half")
    assert track(study, params)


def test_an_empty_file_is_no_store(make_study: Make) -> None:
    study = make_study()
    (study.mlflow / "mlflow.db").write_bytes(b"")
    assert connect(study).search_experiments()


@pytest.mark.parametrize("damage", ["head", "middle", "not a database"])
def test_a_damaged_store_is_one_sentence(make_study: Make, params: Params, damage: str) -> None:
    study = make_study()
    file = study.mlflow / "mlflow.db"
    content = bytearray(file.read_bytes())
    if damage == "head":
        content[:64] = b"\x07" * 64
    elif damage == "middle":
        for page in range(4096, len(content), 4096):
            content[page : page + 200] = b"\xa5" * 200
    else:
        content = bytearray(b"no database at all, but long enough to be read as one" * 99)
    file.write_bytes(content)
    with pytest.raises(WhychurnError, match=r"damaged.*mlflow\.db[\s\S]*backup"):
        track(study, params)
    assert file.read_bytes() == bytes(content), "it is left for whoever can mend it"


def test_two_programs_open_a_fresh_store_at_once(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from whychurn.contract.paths import StudyPaths;"
        "from whychurn.delivery.mlflow_store import connect, find_experiment;"
        f"s = StudyPaths(Path({str(tmp_path)!r})); c = connect(s); print(find_experiment(c, s, 'experiments'))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert {process.communicate()[0].strip() for process in both} == {"1"}
    assert [process.returncode for process in both] == [0, 0]


def test_a_champion_without_its_files_is_one_sentence(make_study: Make, params: Params) -> None:
    study = make_study()
    track(study, params)
    promote(study, params, "first")
    shutil.rmtree(study.mlflow / "artifacts")
    with pytest.raises(WhychurnError, match=r"files of the champion.*missing"):
        serving_command(study, params, Endpoint(port=5001))


def test_another_version_s_tables_are_named_with_the_command_that_moves_them(make_study: Make) -> None:
    study = make_study()
    with sqlite3.connect(study.mlflow / "mlflow.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '7f2a7d5fae7d'")
    with pytest.raises(WhychurnError, match="mlflow db upgrade"), store_errors(study):
        connect(study).search_experiments()


def test_a_full_disk_is_one_sentence(make_study: Make) -> None:
    study = make_study()
    with pytest.raises(WhychurnError, match=r"no space left[\s\S]*free disk space"), store_errors(study):
        raise OSError(28, "No space left on device")


def test_an_error_of_our_own_is_not_taken_for_the_store_s(make_study: Make) -> None:
    with pytest.raises(FileNotFoundError), store_errors(make_study()):
        raise FileNotFoundError(2, "No such file")


def test_two_models_need_two_names() -> None:
    values = {"delivery": {"model_name": "same", "survival_model_name": "same"}}
    with pytest.raises(WhychurnError, match="give two names"):
        check_params(values, Path("params.yaml"))


def test_the_address_quotes_what_an_address_reads() -> None:
    assert database_address(Path("/a%b/c?d.db")) == "sqlite+pysqlite:////a%25b/c%3Fd.db"


def test_the_address_of_artifacts_quotes_it_too() -> None:
    found = artifact_address(StudyPaths(Path("/a b/50%/c?d#e")), "runs")
    assert found == "file:///a%20b/50%25/c%3Fd%23e/data/mlflow/artifacts/runs"


def test_a_store_is_made_whole_kept_and_follows_the_study(tmp_path: Path) -> None:
    before, after = StudyPaths(tmp_path / "2025"), StudyPaths(tmp_path / "2026 #2")
    file = prepare_store(before)
    assert file == before.mlflow / "mlflow.db" and not (before.mlflow / ".mlflow.db.new").exists()
    client = MlflowClient(tracking_uri=database_address(file))
    ours = client.create_experiment("ours", artifact_location=artifact_address(before, "ours"))
    theirs = client.create_experiment("theirs", artifact_location="s3://bucket/theirs")
    made = file.read_bytes()
    assert prepare_store(before).read_bytes() == made, "nothing to do"
    before.root.rename(after.root)
    moved = MlflowClient(tracking_uri=database_address(prepare_store(after)))
    assert moved.get_experiment(ours).artifact_location == artifact_address(after, "ours")
    assert moved.get_experiment(theirs).artifact_location == "s3://bucket/theirs"


def test_a_store_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder belongs", encoding="utf-8")
    with pytest.raises(WhychurnError, match=r"not a directory[\s\S]*folder writable"):
        prepare_store(StudyPaths(tmp_path))
