"""A file is complete or absent."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whychurn.contract import files
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import (
    append_rows,
    check_written,
    column_types,
    read_json,
    read_labelled,
    read_latest,
    read_members,
    read_result,
    read_rows,
    read_table,
    rows_in_pieces,
    sample_share,
    table_pieces,
    write_json,
    write_table,
    write_whole,
)
from whychurn.contract.results import schema_version


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_json({"old": 1}, path)
    with pytest.raises(RuntimeError), write_whole(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise RuntimeError("killed")
    assert read_json(path) == {"old": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_tables_and_chinese_survive_the_round_trip(tmp_path: Path) -> None:
    frame = pd.DataFrame({"member_id": ["甲", "乙"], "n": [1, 2]})
    write_table(frame, tmp_path / "有 空格" / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "有 空格" / "t.parquet"), frame)


def test_rows_are_the_same_bytes_however_they_are_parted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"n": range(25), "text": pd.array(["x", None, "会员"] * 8 + ["y"], dtype="string")})
    append_rows([frame], tmp_path / "whole")
    write_table(frame, tmp_path / "written")
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "written").read_bytes()
    monkeypatch.setattr(files, "GROUP_ROWS", 10)
    append_rows([frame], tmp_path / "whole")
    for size in (1, 4, 10, 13):
        append_rows((frame.iloc[at : at + size] for at in range(0, 25, size)), tmp_path / "parted")
        assert (tmp_path / "parted").read_bytes() == (tmp_path / "whole").read_bytes()
    pd.testing.assert_frame_equal(read_table(tmp_path / "parted").astype(frame.dtypes), frame)
    assert pq.ParquetFile(tmp_path / "parted").num_row_groups == 3


def test_results_of_another_schema_version_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, path = pd.DataFrame({"n": [1]}), tmp_path / "t.parquet"
    write_table(frame, path)
    pd.testing.assert_frame_equal(read_result(path), frame)
    later = schema_version() + 1
    monkeypatch.setattr("whychurn.contract.files.schema_version", lambda: later)
    with pytest.raises(WhychurnError, match=r"older version.*t\.parquet.*\nRemedy: run `whychurn run` again"):
        read_result(path)
    pd.testing.assert_frame_equal(read_table(path), frame)  # stages: the pipeline runs again what is outdated
    frame.to_parquet(path)
    with pytest.raises(WhychurnError, match="older version"):
        read_result(path)


def test_an_unwritable_folder_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(WhychurnError, match=r"cannot write.*results"):
        write_json({}, tmp_path / "results" / "x.json")


def test_a_missing_result_names_the_file_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match=r"t\.parquet.*\nRemedy: run `whychurn run`"):
        read_table(tmp_path / "t.parquet")


@pytest.mark.skipif(os.name != "posix", reason="other systems have other rights")
def test_a_private_file_is_its_owners_from_the_first_byte_on(tmp_path: Path) -> None:
    with write_whole(tmp_path / "list.csv", private=True) as temporary:
        assert temporary.stat().st_mode & 0o777 == 0o600
        temporary.write_text("member_id\n", encoding="utf-8")
    assert (tmp_path / "list.csv").stat().st_mode & 0o777 == 0o600


def test_a_share_of_the_members_comes_with_all_their_rows_and_is_the_same_in_every_table(
    tmp_path: Path,
) -> None:
    ids = pd.Series([f"m{number:05d}" for number in range(4000)], dtype="string")
    panel = pd.DataFrame({"member_id": ids.repeat(3).to_numpy(), "month": [1, 2, 3] * 4000, "x": 0.5})
    orders = pd.DataFrame({"member_id": ids[::-1].to_numpy(), "amount": 1.0})
    write_table(panel, tmp_path / "panel.parquet")
    write_table(orders, tmp_path / "orders.parquet")
    share = sample_share(tmp_path / "panel.parquet", 3000)
    assert share == 0.25
    found = read_members(tmp_path / "panel.parquet", share)
    assert 800 < found["member_id"].nunique() < 1200 and found.groupby("member_id").size().eq(3).all()
    assert found["member_id"].is_monotonic_increasing
    assert found.dtypes.equals(read_table(tmp_path / "panel.parquet").dtypes)
    bought = read_members(tmp_path / "orders.parquet", share, ["member_id"])
    assert set(bought["member_id"]) == set(found["member_id"]) and list(bought) == ["member_id"]
    more = read_members(tmp_path / "orders.parquet", 0.5)
    assert set(bought["member_id"]) < set(more["member_id"]), "a larger share holds the smaller one"
    assert sample_share(tmp_path / "panel.parquet", 12_000) == 1 == sample_share(tmp_path / "none.parquet", 1)
    pd.testing.assert_frame_equal(
        read_members(tmp_path / "panel.parquet", 1), read_table(tmp_path / "panel.parquet")
    )


def test_the_latest_snapshot_alone_is_read(tmp_path: Path) -> None:
    days = pd.to_datetime(["2025-01-01", "2025-02-01", "2025-02-01"])
    panel = pd.DataFrame({"member_id": ["a", "a", "b"], "as_of": days, "x": [1.0, 2.0, 3.0]})
    write_table(panel, tmp_path / "panel.parquet")
    pd.testing.assert_frame_equal(
        read_latest(tmp_path / "panel.parquet"), panel.iloc[1:].reset_index(drop=True)
    )
    label = pd.array([True, None, False], dtype="boolean")
    write_table(panel.assign(churned_in_horizon=label), tmp_path / "panel.parquet")
    assert read_labelled(tmp_path / "panel.parquet", pd.DatetimeIndex(days[1:]))["x"].tolist() == [3.0]


def test_chosen_rows_are_read_as_they_are_in_the_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "panel.parquet"
    frame = pd.DataFrame({
        "member_id": pd.array(list("abcdefgh"), dtype="string[pyarrow]"), "x": np.arange(8.0),
        "flag": pd.array([True, None] * 4, dtype="boolean"), "day": pd.to_datetime(["2025-01-01"] * 8),
    })  # fmt: skip
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=3)
    check_written(path)
    for chosen in (np.arange(8) % 2 == 0, np.arange(8) >= 6, np.ones(8, bool), np.zeros(8, bool)):
        expected = frame[chosen].reset_index(drop=True)
        pd.testing.assert_frame_equal(read_rows(path, chosen), expected)
        pd.testing.assert_frame_equal(read_rows(path, chosen, ["x", "flag"]), expected[["x", "flag"]])
    with pytest.raises(WhychurnError, match="missing"):
        check_written(tmp_path / "none.parquet")


def test_rows_by_their_numbers_come_a_row_group_at_a_time(tmp_path: Path) -> None:
    table = pd.DataFrame({"day": np.arange(10), "text": [f"t{n}" for n in range(10)]})
    table.to_parquet(tmp_path / "table.parquet", row_group_size=4)
    pieces = list(rows_in_pieces(tmp_path / "table.parquet", np.array([9, 1, 8, 1]), ["day", "text"]))
    assert [where.tolist() for where, _ in pieces] == [[1, 3], [2, 0]]
    assert [rows["text"].tolist() for _, rows in pieces] == [["t1", "t1"], ["t8", "t9"]]
    every = list(table_pieces(tmp_path / "table.parquet", ["text"]))
    assert [len(rows) for rows in every] == [4, 4, 2] and list(every[1]) == ["text"]
    assert every[1]["text"].dtype == "category" and every[1]["text"].tolist() == ["t4", "t5", "t6", "t7"]
    types = column_types(tmp_path / "table.parquet")
    assert types.empty and types.dtypes.to_dict() == pieces[0][1].dtypes.to_dict()


def test_texts_are_read_as_arrow_holds_them_and_written_in_one_piece(tmp_path: Path) -> None:
    held = pd.Series(["a", None, "会员"] * 5, dtype="string")
    for name, text in (
        ("objects", held),
        ("arrow", held.astype("string[pyarrow]")),
        ("pieces", pd.concat([held.astype("string[pyarrow]").iloc[at : at + 4] for at in range(0, 15, 4)])),
    ):
        write_table(pd.DataFrame({"text": text, "n": range(15)}), tmp_path / name)
    assert (tmp_path / "objects").read_bytes() == (tmp_path / "arrow").read_bytes()
    assert (tmp_path / "objects").read_bytes() == (tmp_path / "pieces").read_bytes()
    found = read_table(tmp_path / "pieces")["text"]
    assert found.dtype.storage == "pyarrow" and found.equals(held.astype(found.dtype))
    plain = pd.DataFrame({"text": held.astype(object), "n": range(15)})
    plain.to_parquet(tmp_path / "plain")
    assert read_table(tmp_path / "plain")["text"].dtype == object
    kinds = read_table(tmp_path / "pieces", ["text"], texts_as_categories=True)["text"]
    assert kinds.cat.categories.tolist() == ["a", "会员"] and kinds.isna().sum() == 5
    write_table(pd.DataFrame({"text": held.astype("string[pyarrow]")}), tmp_path / "held", as_held=True)
    assert pq.read_schema(tmp_path / "held").field("text").type == pa.large_string()


def test_tables_without_rows_can_be_joined(tmp_path: Path) -> None:
    none = pd.DataFrame({"member_id": pd.array([], dtype="string"), "p": pd.array([], dtype="float64")})
    write_table(none, tmp_path / "a.parquet")
    one, other = read_table(tmp_path / "a.parquet"), read_table(tmp_path / "a.parquet")
    joined = one.join(other.set_index("member_id"), on="member_id", rsuffix="_other")
    assert list(joined) == ["member_id", "p", "p_other"] and joined.empty
