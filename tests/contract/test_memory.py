"""Free memory is that of the machine, or what a control group leaves."""

import gc
import weakref
from pathlib import Path

import pandas as pd
import psutil
import pytest

from whychurn.contract.system.memory import free_gb, let_go, megabytes


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n", encoding="ascii")


def test_without_limits_the_machine_counts(tmp_path: Path) -> None:
    free = free_gb(tmp_path / "none", tmp_path / "nothing")
    assert free == pytest.approx(psutil.virtual_memory().available / 1e9, rel=0.5)


def test_the_narrowest_limit_above_the_own_group_counts(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("0::/runs/mine\n", encoding="ascii")
    write(tmp_path, memory__max="max", memory__current="0")
    write(tmp_path / "runs", memory__max="50000000", memory__current="20000000")
    stat = "anon 1\ninactive_file 4000000"
    write(tmp_path / "runs" / "mine", memory__max="30000000", memory__current="9000000", memory__stat=stat)
    assert free_gb(tmp_path, tmp_path / "own") == pytest.approx(0.025), "30 - 9 + 4 of cache"
    (tmp_path / "runs" / "memory.max").write_text("21000000\n", encoding="ascii")
    assert free_gb(tmp_path, tmp_path / "own") == pytest.approx(0.001), "a group above is narrower"


def test_a_container_sees_its_limit_at_the_root_of_version_one(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("4:memory:/docker/5b98\n0::/\n", encoding="ascii")
    names = {"memory__limit_in_bytes": "8000000", "memory__usage_in_bytes": "9000000"}
    write(tmp_path / "memory", **names)
    assert free_gb(tmp_path, tmp_path / "own") == 0.0, "never below nothing"


def test_sizes_are_read_in_both_units() -> None:
    assert [megabytes(size) for size in ("4GB", "1.5 GB", "500MB")] == [4000, 1500, 500]


@pytest.mark.parametrize(("rows", "held"), [(10, True), (2_000_000, False)])
def test_columns_whose_accessor_refers_to_them_go_after_large_tables(rows: int, held: bool) -> None:
    gc.disable()
    try:
        column = pd.Series(["a", "b"], dtype="string")
        column.str.len()
        seen = weakref.ref(column)
        del column
        let_go(rows)
        assert (seen() is not None) == held
    finally:
        gc.enable()
