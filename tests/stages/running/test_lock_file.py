"""A lock file that a kill cut is set back; a whole one is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from dvc.schema import COMPILED_LOCKFILE_SCHEMA

from whychurn.contract.paths import PROJECT
from whychurn.contract.yaml_files import read_yaml
from whychurn.stages.running.lock_file import COPY, is_whole, mend_lock_file

WHOLE = """schema: '2.0'
stages:
  intake:
    cmd: whychurn stage intake --study .
    deps:
    - path: raw
      hash: md5
      md5: 0123456789abcdef0123456789abcdef.dir
      size: 12
      nfiles: 1
    outs:
    - path: data/interim
      hash: md5
      md5: fedcba9876543210fedcba9876543210.dir
      size: 20
      nfiles: 2
"""


def test_the_project_s_own_is_whole() -> None:
    assert is_whole(PROJECT / "dvc.lock")


@pytest.mark.parametrize("length", sorted([0, 5, 14, *range(15, len(WHOLE), 7)]))
def test_a_cut_file_is_set_back_to_the_last_whole_one(tmp_path: Path, length: int) -> None:
    file = tmp_path / "dvc.lock"
    file.write_text(WHOLE, encoding="utf-8")
    mend_lock_file(tmp_path)
    assert file.read_text(encoding="utf-8") == WHOLE == (tmp_path / COPY).read_text(encoding="utf-8")
    file.write_text(WHOLE[:length], encoding="utf-8")
    mend_lock_file(tmp_path)
    COMPILED_LOCKFILE_SCHEMA(
        read_yaml(file)
    )  # DVC takes what is left: a cut in the middle of a word harms nobody
    assert length > 20 or file.read_text(encoding="utf-8") == WHOLE


def test_without_a_copy_a_cut_file_goes(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_bytes(b"")
    mend_lock_file(tmp_path)
    assert not (tmp_path / "dvc.lock").exists()


def test_without_a_file_there_is_nothing_to_mend(tmp_path: Path) -> None:
    mend_lock_file(tmp_path)
    assert not list(tmp_path.iterdir())
