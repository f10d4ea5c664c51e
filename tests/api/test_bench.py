"""The public benchmark from the front door and from the command line: the same worlds, the same ranking."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import whychurn
from whychurn.cli import app
from whychurn.cli.worlds import bench_write
from whychurn.contract.causes import CAUSES
from whychurn.score.public_benchmark import worlds


def test_the_command_and_the_front_door_do_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "WORLDS", {name: worlds.WORLDS[name] for name in ("w1", "w6")})
    monkeypatch.setitem(worlds.write_worlds.__kwdefaults__, "members", 250)
    written = CliRunner().invoke(app, ["bench", "--out", str(tmp_path / "one")])
    assert written.exit_code == 0 and "2 worlds" in written.output
    assert whychurn.bench(tmp_path / "two") == ["w1", "w6"]
    rows = [(world, cause, 1 / 6) for world in ("w1", "w6") for cause in CAUSES]
    file = tmp_path / "even.csv"
    pd.DataFrame(rows, columns=["world", "cause", "share"]).to_csv(file, index=False)
    told = CliRunner().invoke(app, ["bench", "score", str(tmp_path / "one"), str(file)])
    assert told.exit_code == 0 and "even" in told.output
    ranked = whychurn.bench_score(tmp_path / "two", [file])
    assert (
        ranked["method"].to_list() == ["even", "one_sixth"] and ranked["share_error_largest"].nunique() == 1
    )


def test_without_a_folder_the_command_says_what_is_missing() -> None:
    refused = CliRunner().invoke(app, ["bench"])
    assert refused.exit_code == 2 and "--out" in refused.output
    assert (bench_write.__doc__ or "").split()[0] == "Write"
