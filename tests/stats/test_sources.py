"""Parts of tables: the same from a file as from a frame, each member in one block."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.stats.sources import (
    MemberBlock,
    block_places,
    chosen_rows,
    first_rows,
    member_blocks,
    names_in,
    rows_in,
    run_of_rows,
    runs,
    whole_table,
)


@pytest.fixture
def frame() -> pd.DataFrame:
    """Seven members with 1 to 7 rows, sorted."""
    ids = np.repeat([f"m{number}" for number in range(7)], np.arange(1, 8))
    return pd.DataFrame({
        "member_id": pd.array(ids, dtype="string[pyarrow]"), "x": np.arange(28.0),
        "flag": pd.array([True, None] * 14, dtype="boolean"),
    })  # fmt: skip


@pytest.fixture
def file(frame: pd.DataFrame, tmp_path: Path) -> Path:
    frame.to_parquet(tmp_path / "table.parquet", index=False, row_group_size=5)
    return tmp_path / "table.parquet"


def test_a_file_and_a_frame_give_the_same(frame: pd.DataFrame, file: Path) -> None:
    chosen = np.arange(28) % 3 == 1
    assert names_in(file) == names_in(frame) == ["member_id", "x", "flag"] and rows_in(file) == rows_in(frame)
    pd.testing.assert_frame_equal(whole_table(file), whole_table(frame))
    for columns in (None, ["x", "member_id"]):
        for one, other in (
            (chosen_rows(file, chosen, columns), chosen_rows(frame, chosen, columns)),
            (run_of_rows(file, 3, 17, columns), run_of_rows(frame, 3, 17, columns)),
            (run_of_rows(file, 4, 4, columns), run_of_rows(frame, 4, 4, columns)),
        ):
            pd.testing.assert_frame_equal(one, other.reset_index(drop=True))


def test_runs_cover_each_row_once(frame: pd.DataFrame) -> None:
    assert list(runs(frame, 10)) == [(0, 9), (9, 18), (18, 28)] and list(runs(frame, 28)) == [(0, 28)]
    assert list(runs(frame.head(0), 10)) == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_blocks_hold_whole_members(frame: pd.DataFrame, file: Path, size: int) -> None:
    blocks = member_blocks(file, size)
    assert blocks == member_blocks(frame, size) and len(blocks) == -(-7 // size)
    parts = [frame.iloc[block.start : block.stop] for block in blocks]
    members = [part["member_id"].unique().tolist() for part in parts]
    assert [*chain(*members)] == frame["member_id"].unique().tolist()
    assert max(map(len, members)) <= size and sum(map(len, parts)) == len(frame)
    places = block_places(blocks, frame["member_id"])
    assert places.tolist() == [number for number, part in enumerate(parts) for _ in range(len(part))]


def test_members_of_no_row_belong_to_a_block_too(frame: pd.DataFrame) -> None:
    blocks = [MemberBlock(0, 3, "m0"), MemberBlock(3, 28, "m2")]
    assert block_places(blocks, pd.Series(["a", "m1x", "m2", "z"])).tolist() == [0, 0, 1, 1]
    assert member_blocks(frame.head(0), 3) == []


def test_a_missing_file_names_the_command_to_run(tmp_path: Path) -> None:
    for read in (names_in, rows_in, whole_table):
        with pytest.raises(WhychurnError, match="a result of an earlier stage is missing"):
            read(tmp_path / "none.parquet")


def test_rows_of_another_member_begin_where_the_id_changes(frame: pd.DataFrame) -> None:
    assert first_rows(frame["member_id"]).tolist() == [0, 1, 3, 6, 10, 15, 21]
    assert first_rows(frame["member_id"].iloc[:0]).tolist() == []
