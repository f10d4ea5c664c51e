"""Ranks of methods whose errors are known; the benchmark's folder from end to end on small worlds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import WorldParams
from whychurn.score.method_answers import PROBABILITIES
from whychurn.score.public_benchmark import worlds
from whychurn.score.public_benchmark.ranking import rank_methods, score_submissions
from whychurn.score.public_benchmark.submissions import Submission
from whychurn.score.public_benchmark.worlds import members_of, true_causes, write_worlds
from whychurn.world.setting.mechanism import load_mechanism

SURE = np.repeat(np.eye(6)[:2], 2, axis=0)  # four leavers: two for each of the first two causes
TRUE = {
    "w": pd.DataFrame(SURE, columns=PROBABILITIES).assign(
        member_id=list("abcd"), cause=np.repeat(CAUSES[:2], 2)
    )
}


def chances(p: np.ndarray, ids: str = "abcd") -> pd.DataFrame:
    return pd.DataFrame(p, columns=PROBABILITIES).assign(world="w", member_id=list(ids))


def shares(share: list[float], half: float = float("nan")) -> pd.DataFrame:
    table = pd.DataFrame({"world": "w", "cause": CAUSES, "share": share})
    return table.assign(low=table["share"] - half, high=table["share"] + half)


def test_methods_are_ranked_by_their_largest_error() -> None:
    near = Submission("near", None, shares([0.45, 0.45, 0.1, 0, 0, 0], 0.06))
    sure = Submission("sure", chances(SURE), None)
    table = rank_methods([near, sure], TRUE).set_index("method")
    assert table.index.to_list() == ["sure", "near", "one_sixth"] and table["rank"].to_list() == [1, 2, 3]
    assert table["share_error_largest"].to_list() == pytest.approx([0, 0.1, 1 / 3], abs=1e-4)
    assert table.loc["sure", "skill"] == pytest.approx(1) and np.isnan(table.loc["near", "skill"])
    assert table.loc["near", "share_covered"] == pytest.approx(5 / 6, abs=1e-4), "a tenth for a cause of none"
    assert table.loc["near", "share_width"] == pytest.approx(0.12)


def test_leavers_without_a_row_count_as_one_sixth_each() -> None:
    half = Submission("half", chances(SURE[:2], "ab"), None)
    row = rank_methods([half], TRUE).set_index("method").loc["half"]
    assert row["leavers_answered"] == 0.5
    assert row["share_error_largest"] == pytest.approx(0.5 - 0.5 / 6, abs=1e-4), "the second cause has half"


def test_chances_and_shares_of_one_name_are_one_method() -> None:
    both = [Submission("mine", chances(SURE), None), Submission("mine", None, shares([1 / 6] * 6))]
    row = rank_methods(both, TRUE).set_index("method").loc["mine"]
    assert row["skill"] == pytest.approx(1) and row["share_error_largest"] == pytest.approx(1 / 3, abs=1e-4)
    with pytest.raises(WhychurnError, match="taken"):
        rank_methods([both[0], both[0]], TRUE)
    with pytest.raises(WhychurnError, match="taken"):
        rank_methods([Submission("one_sixth", None, shares([1 / 6] * 6))], TRUE)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names = ["w1", "w6"]
    monkeypatch.setattr(worlds, "WORLDS", {name: worlds.WORLDS[name] for name in names})
    return names


@pytest.mark.parametrize("as_csv", [False, True])
def test_worlds_are_written_apart_from_their_causes_and_can_be_scored(
    tmp_path: Path, few: list[str], as_csv: bool
) -> None:
    folder = tmp_path / "bench"
    assert write_worlds(folder, as_csv=as_csv, members=250) == few
    ending = "csv" if as_csv else "parquet"
    tables = {file.name for file in (folder / "w1" / "raw").glob(f"*.{ending}")}
    assert f"members.{ending}" in tables and not any("cause" in name for name in tables)
    assert not (folder / "w6" / "raw" / f"market.{ending}").exists(), "left out in this world"
    true = true_causes(folder)
    assert all(set(table["member_id"]) <= members_of(folder, name) for name, table in true.items())
    file = tmp_path / "best.csv"
    answers = [table.drop(columns="cause").assign(world=name) for name, table in true.items()]
    pd.concat(answers).to_csv(file, index=False)
    table = score_submissions(folder, [file])
    assert table["method"].to_list() == ["best", "one_sixth"] and table["skill"].iloc[0] == pytest.approx(1)
    assert pd.read_csv(folder / "ranking.csv")["method"].to_list() == ["best", "one_sixth"]


def test_a_folder_with_something_else_and_worlds_that_are_gone_are_refused(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with pytest.raises(WhychurnError, match="already holds 'work'"):
        write_worlds(tmp_path)
    with pytest.raises(WhychurnError, match="not there"):
        true_causes(tmp_path / "work")
    with pytest.raises(WhychurnError, match="no table of members"):
        members_of(tmp_path / "work", "w1")


def test_each_world_of_the_list_has_a_mechanism_that_no_number_was_set_on() -> None:
    made = [WorldParams(**(worlds.COMMON | own)) for own in worlds.WORLDS.values()]
    assert len({world.seed for world in made}) == len(made) == 8
    for world in made:
        assert load_mechanism(world.mechanism).half == "test", world.mechanism
