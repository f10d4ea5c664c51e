"""Copies of tables that a study keeps: DVC's cache, and results of stages that were not run again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow.parquet as pq
import yaml

from whychurn.contract.files import write_whole
from whychurn.contract.paths import StudyPaths
from whychurn.contract.yaml_files import read_yaml

_CACHE: Final = Path(".dvc/cache/files/md5")


def unused_copies(root: Path) -> list[Path]:
    """Files of DVC's cache that ``dvc.lock`` of the study at `root` does not name: results of earlier tables."""
    cache = root / _CACHE
    if not cache.is_dir():
        return []
    used = _used(_lock(root), cache)
    return sorted(path for path in cache.rglob("*") if path.is_file() and _digest(path) not in used)


def drop_stale_results(study: StudyPaths) -> dict[str, int]:
    """Remove results that tell of members who are no longer in the tables, and their lines in ``dvc.lock``.

    A run of some stages only leaves the results of the others as they are; after an erasure they would still
    tell of the member.

    Returns
    -------
    dict
        Stage -> members that its results told of and the tables do not hold.
    """
    tables = [study.interim / f"{name}.parquet" for name in ("members", "snapshot")]
    members = next((path for path in tables if path.is_file()), tables[0])
    lock = _lock(study.root)
    if not members.is_file() or not lock.get("stages"):
        return {}
    gone: dict[str, int] = {}
    for stage, entry in lock["stages"].items():
        results = (
            [] if stage == "intake" else _tables([study.root / out["path"] for out in entry.get("outs", [])])
        )
        missing = max((_unknown_members(path, members) for path in results), default=0)
        if missing:
            gone[stage] = missing
    pages = [stage for stage, entry in lock["stages"].items() if "reports" in str(entry.get("outs"))]
    for stage in [*gone, *(pages if gone else [])]:
        for out in lock["stages"].pop(stage, {}).get("outs", []):
            remove(study.root / out["path"])
    if gone:
        with write_whole(study.root / "dvc.lock") as temporary:
            temporary.write_text(yaml.safe_dump(lock, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return gone


def folder_size(path: Path) -> tuple[int, int]:
    """Number of files below `path` (or 1 for a file), and their bytes."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return len(files), sum(one.lstat().st_size for one in files)


def remove(path: Path) -> None:
    """Remove a file or a folder with all below it; what is absent is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _tables(outs: list[Path]) -> list[Path]:
    return [
        path
        for out in outs
        for path in ([out] if out.is_file() else sorted(out.rglob("*")))
        if path.suffix == ".parquet"
    ]


def _unknown_members(path: Path, members: Path) -> int:
    if "member_id" not in pq.read_schema(path).names:
        return 0
    query = (
        "SELECT count(DISTINCT member_id) FROM read_parquet(?) WHERE member_id IS NOT NULL "
        "AND member_id NOT IN (SELECT member_id FROM read_parquet(?))"
    )
    row = duckdb.connect().execute(query, [str(path), str(members)]).fetchone()
    return int(row[0]) if row else 0


def _lock(root: Path) -> dict[str, Any]:
    path = root / "dvc.lock"
    return dict(read_yaml(path) or {}) if path.is_file() else {}


def _used(lock: dict[str, Any], cache: Path) -> set[str]:
    used = {
        out["md5"]
        for entry in lock.get("stages", {}).values()
        for out in entry.get("outs", [])
        if "md5" in out
    }
    for folder in [digest for digest in used if digest.endswith(".dir")]:
        listing = cache / folder[:2] / folder[2:]
        if listing.is_file():
            used |= {entry["md5"] for entry in json.loads(listing.read_text(encoding="utf-8"))}
    return used


def _digest(path: Path) -> str:
    return path.parent.name + path.name
