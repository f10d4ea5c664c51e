"""Writing a world: same seed same bytes, blocks bound the memory, nothing is half-written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.paths import StudyPaths
from whychurn.world import build, simulate
from whychurn.world.build import build_world, rounded, simulated_key
from whychurn.world.lives.calibration import plan_scenario
from whychurn.world.setting.programme import load_programme


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.mark.parametrize("name", ["shop", "gym"])
def test_same_seed_same_bytes(world_params: Callable, tmp_path: Path, name: str) -> None:
    for run, seed in (("a", 1), ("b", 1), ("c", 2)):
        root = tmp_path / run
        build_world(world_params(program=name, members=300, months=8, seed=seed), root, root / "raw")
    first, again, other = (digests(tmp_path / run) for run in "abc")
    assert first == again
    assert first.keys() == other.keys()
    same = {Path(name).stem for name in first if first[name] == other[name]}
    assert same <= {"action_efficacy"}, "the same duds may be drawn twice"


def test_folders_and_truth_apart(world_params: Callable, tmp_path: Path) -> None:
    study = StudyPaths(tmp_path / "新 study")
    build_world(world_params(program="school", members=200, months=12), study.root, study.raw)
    assert {path.stem for path in study.raw.glob("*.parquet")} == {
        "members", "memberships", "orders", "events", "feedback", "surveys", "touches", "market",
    }  # fmt: skip
    truth = study.root / "data" / "truth"
    assert {path.name for path in truth.iterdir()} == {
        "member_causes.parquet", "churn_without.parquet", "stay_without.parquet", "touch_effects.parquet",
        "action_efficacy.parquet", "decision_state.parquet", "option_gains.parquet", "returns.parquet", "world.json",
    }  # fmt: skip
    assert json.loads((truth / "world.json").read_text(encoding="utf-8"))["params"]["members"] == 200
    key = (study.raw / "whychurn.key").read_text().strip()
    assert len(bytes.fromhex(key)) == 32 and key == simulated_key(11) != simulated_key(12)
    assert not [path for path in study.root.rglob("*") if path.suffix == ".tmp"]
    for table in study.raw.glob("*.parquet"):
        assert "cause" not in pq.read_schema(table).names


def test_blocks_bound_what_is_held_and_join_to_one_world(
    world_params: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "BLOCK", 100)
    monkeypatch.setattr(build, "BLOCK", 100)
    params = world_params(members=250, months=8)
    sizes = [
        len(block.tables["members"])
        for block in simulate.simulate(plan_scenario(params, load_programme(params.program)))
    ]
    assert sizes == [100, 100, 50]
    build_world(params, tmp_path, tmp_path / "raw")
    members = pd.read_parquet(tmp_path / "raw" / "members.parquet")
    assert members["member_id"].is_unique and len(members) == 250
    orders = pd.read_parquet(tmp_path / "raw" / "orders.parquet")
    assert orders["order_id"].is_unique
    first = next(simulate.simulate(plan_scenario(params, load_programme(params.program))))
    first_orders = orders[orders["member_id"].isin(first.tables["members"]["member_id"])]
    assert first_orders["amount"].to_list() == first.tables["orders"]["amount"].to_list()
    market = pd.read_parquet(tmp_path / "raw" / "market.parquet")
    assert not market.duplicated(["week_start", "region", "category"]).any(), "one market for all blocks"


def test_more_members_leave_the_first_ones_as_they_are(
    world_params: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "BLOCK", 100)
    few, many = (
        next(simulate.simulate(plan_scenario(world_params(members=n, months=8), load_programme("shop"))))
        for n in (100, 300)
    )
    pd.testing.assert_frame_equal(few.tables["orders"], many.tables["orders"])


def test_a_folder_that_cannot_be_written_is_named(world_params: Callable, tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("a file where the folder should be")
    with pytest.raises(WhychurnError, match="raw"):
        build_world(world_params(members=50, months=6), tmp_path, tmp_path / "raw")


def test_a_tiny_world_and_a_single_member(world_params: Callable, tmp_path: Path) -> None:
    for program in ("shop", "gym", "school", "app"):
        root = tmp_path / program
        build_world(world_params(program=program, members=1, months=6), root, root / "raw")
        assert len(pd.read_parquet(root / "raw" / "members.parquet")) == 1


def test_truth_tells_no_last_bit() -> None:
    """Exponentials differ in it from processor to processor."""
    chance = np.random.default_rng(0).random(1000)
    frame = pd.DataFrame({"who": "m", "p": chance})
    pd.testing.assert_frame_equal(
        rounded(frame), rounded(frame.assign(p=np.nextafter(chance, 1))), check_exact=True
    )
    assert rounded(frame)["p"].dtype == "float64" and np.allclose(rounded(frame)["p"], chance, rtol=1e-7)
