"""The panel by blocks of members: the same bytes however many there are, wherever they are worked on, whatever kills the run."""

import os
import shutil
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_json
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.panel.duckdb_tables import Observed, attached, filled_names, open_database, set_filled
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.panel.features.compute import features_without
from whychurn.panel.member_blocks import shared_memory
from whychurn.panel.results import create_cover, create_spells, find_churn
from whychurn.stages import panel as stage
from whychurn.stages.running.blocks import ENGINE, FOLDER, blocks_of, kept_folder
from whychurn.stats.parallel import parallel_map

MEMBERS = 35
GIVEN = {"panel": {"churn": "inactivity", "threshold_days": "auto", "warmup_days": 60}, "run": {"workers": 1}}
KILLED = """
import sys, time
from pathlib import Path
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.stages import panel
study, made = StudyPaths(Path(sys.argv[1])), panel.panel_block
def halting(*job):
    if list(study.root.rglob("block=00001.arrow")):
        print("in the middle of a block", flush=True)
        time.sleep(600)
    return made(*job)
panel.BLOCK_MEMBERS, panel.panel_block = 5, halting
panel.run(study, load_params(study, eval(sys.argv[2])))
"""


@pytest.fixture
def study(tmp_path, random_tables):
    tables = random_tables(5, members=MEMBERS, absent=0)
    tables["members"]["town"] = pd.array(["x", "y", None, "z", "x"] * 7, dtype="string")
    tables["surveys"] = tables["surveys"].query("member_id > '3'")  # the first blocks have none
    topics = tables.pop("feedback_topics")
    made = StudyPaths(tmp_path / "研究 one")
    made.interim.mkdir(parents=True)
    made.results.mkdir()
    for name, frame in tables.items():
        frame.to_parquet(made.interim / f"{name}.parquet", index=False)
    write_json({"observed_from": "2024-01-01", "observed_until": "2024-12-31"}, made.interim / "intake.json")
    topics.to_parquet(made.results / "feedback_topics.parquet", index=False)
    return made


def written(study: StudyPaths, size: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Bytes of all that the stage writes with blocks of `size` members."""
    monkeypatch.setattr(stage, "BLOCK_MEMBERS", size)
    given = {**GIVEN, "panel": {**GIVEN["panel"], "member_columns": ["town"]}}
    stage.run(study, load_params(study, given))
    files = [*study.processed.iterdir(), *study.results.iterdir()]
    found = {file.name: file.read_bytes() for file in files}
    assert {"panel.parquet", "spells.parquet", "leakage.parquet", "panel.json"} <= found.keys()
    shutil.rmtree(study.processed)
    return found


def test_one_two_and_seven_blocks_give_the_same_bytes(study, monkeypatch):
    whole = written(study, MEMBERS, monkeypatch)
    for size in (18, 5):
        assert written(study, size, monkeypatch) == whole
    assert not list((study.root / FOLDER).iterdir())


def test_a_run_that_was_killed_in_a_block_goes_on_at_those_that_are_missing(study, monkeypatch):
    monkeypatch.setattr(stage, "BLOCK_MEMBERS", MEMBERS)
    params = load_params(study, GIVEN)
    stage.run(study, params)
    whole = (study.processed / "panel.parquet").read_bytes()
    (study.processed / "panel.parquet").unlink()
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(study.root), repr(GIVEN)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and "middle" in child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not (study.processed / "panel.parquet").exists()
    begun, made = [], stage.panel_block
    monkeypatch.setattr(stage, "BLOCK_MEMBERS", 5)
    monkeypatch.setattr(stage, "panel_block", lambda *job: begun.append(job) or made(*job))
    stage.run(study, params)
    assert len(begun) == 5  # of seven: two were there
    assert (study.processed / "panel.parquet").read_bytes() == whole


def test_other_inputs_or_parameters_begin_anew(study):
    files, params = [study.interim / "members.parquet"], load_params(study, GIVEN)

    def runs(params) -> int:
        done = []

        def work(number: int) -> pd.DataFrame:
            done.append(number)
            return pd.DataFrame({"number": [number]})

        with pytest.raises(KeyboardInterrupt), kept_folder(study, "panel", files, params) as folder:
            found = pd.concat(blocks_of(work, [(1,), (2,)], folder, parallel_map, 1))
            assert found["number"].tolist() == [1, 2]
            raise KeyboardInterrupt
        return len(done)

    assert [runs(params), runs(params)] == [2, 0]
    assert runs(load_params(study, {"panel": {"warmup_days": 61}})) == 2
    os.utime(files[0], ns=(1, 1))
    assert runs(load_params(study, {"panel": {"warmup_days": 61}})) == 2


def test_blocks_hold_all_rows_of_their_members_once(study):
    tables = {name: study.interim / f"{name}.parquet" for name in ("members", "orders", "surveys", "market")}
    ids, orders = (sorted(pd.read_parquet(tables[name])["member_id"]) for name in ("members", "orders"))
    bounds, held = [*ids[::5], None], []
    for members in pairwise(bounds):
        with attached(tables, "500MB", members) as connection:
            for name in ("members", "orders"):
                held += connection.execute(f"SELECT '{name}', member_id FROM raw_{name}").fetchall()
            counted = connection.execute("SELECT COUNT(*) FROM raw_market").fetchall()[0][0]
            assert counted == len(pd.read_parquet(tables["market"]))
    assert sorted(one for name, one in held if name == "members") == ids and len(bounds) == 8
    assert sorted(one for name, one in held if name == "orders") == orders


def test_ids_with_marks_of_sql_bound_a_block(tables_of):
    tables = tables_of(members=[{"member_id": name} for name in ("a", "o'b", "o'c", "z")])
    with attached(tables, "500MB", ("o'b", "o'c")) as connection:
        assert connection.execute("SELECT member_id FROM raw_members").fetchall() == [("o'b",)]


def test_counting_finds_what_the_whole_tables_tell(study):
    tables, observed = {file.stem: file for file in study.interim.glob("*.parquet")}, Observed(19723, 20088)
    panel, found = load_params(study, GIVEN).panel, []
    for counting in (False, True):
        with open_database(tables, observed, "500MB", [], counting) as connection:
            found.append(find_churn(connection, observed, panel))
    assert found[0].known == found[1].known and len(found[0].known.filled) > 20
    pd.testing.assert_frame_equal(found[0].spells, found[1].spells)


def test_a_block_goes_by_what_all_hold(study):
    tables, observed = {file.stem: file for file in study.interim.glob("*.parquet")}, Observed(19723, 20088)
    panel = load_params(study, GIVEN).panel
    with open_database(tables, observed, "500MB", [], counting=True) as connection:
        found = find_churn(connection, observed, panel)
    ids = sorted(pd.read_parquet(tables["members"])["member_id"])
    with open_database(tables, observed, "500MB", [], members=(ids[0], ids[5])) as connection:
        assert "surveys" in found.filled and "surveys" not in filled_names(connection)
        more = set(features_without(load_catalogue(), filled_names(connection)))
        set_filled(connection, found.filled)
        assert filled_names(connection) == found.filled
        assert {"satisfaction_score"} <= more - set(features_without(load_catalogue(), found.filled))
        create_cover(connection, found.activity, observed, panel)
        create_spells(connection, found.main, observed)
        spells = connection.execute(
            "SELECT member_id, last FROM spell JOIN member USING (m) ORDER BY ALL"
        ).df()
    own = found.spells[found.spells["member_id"].isin(spells["member_id"].unique())]
    last = (own["last_active_on"] - pd.Timestamp(0)).dt.days
    assert spells["last"].tolist() == last.tolist() and len(spells) >= 5


def test_memory_is_shared_among_workers():
    assert [shared_memory(*one) for one in (("4GB", 2), ("1.5 GB", 2), ("500MB", 3))] == [
        "2000MB",
        "750MB",
        "166MB",
    ]


def test_spark_gives_the_same_bytes(study, spark, monkeypatch):
    whole = written(study, MEMBERS, monkeypatch)
    monkeypatch.setenv(ENGINE, "spark")
    assert written(study, 18, monkeypatch) == whole
    assert list(spark(pow, [(2, 3), (3, 2)], 2)) == [8, 9] and not list(spark(pow, [], 2))
    with pytest.raises(WhychurnError, match="a result of an earlier stage is missing"):
        list(spark(_refused, [(Path("none"),)], 2))


def _refused(file: Path) -> None:
    raise WhychurnError("a result of an earlier stage is missing", file=file)
