"""Locks that a killed run left behind: DVC keeps those whose process seems to be alive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil

from whychurn.contract.files import write_whole


def release_dead_locks(root: Path) -> int:
    """Remove locks of ended processes from ``root/.dvc/tmp/rwlock``, and return how many there were.

    DVC drops a lock whose process number does not exist. After a kill the number may still be there: as a
    zombie (in a container nobody may ever collect it) or because another program got the same number. A file
    that a kill cut in the middle is removed whole.
    """
    file = root / ".dvc" / "tmp" / "rwlock"
    try:
        locks = json.loads(file.read_text(encoding="utf-8"))
        kept: dict[str, dict[str, Any]] = {
            "write": {path: lock for path, lock in locks.get("write", {}).items() if _runs_dvc(lock["pid"])},
            "read": {
                path: alive
                for path, readers in locks.get("read", {}).items()
                if (alive := [lock for lock in readers if _runs_dvc(lock["pid"])])
            },
        }
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError, AttributeError):
        file.unlink()
        return 1
    released = _count(locks) - _count(kept)
    if released:
        with write_whole(file) as temporary:
            temporary.write_text(json.dumps(kept), encoding="utf-8")
    return released


def _runs_dvc(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        alive = process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        return alive and "dvc" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # somebody else's process: leave its lock to DVC
        return True


def _count(locks: dict[str, Any]) -> int:
    return len(locks.get("write", {})) + sum(len(readers) for readers in locks.get("read", {}).values())


def live_locks(root: Path) -> int:
    """Number of locks that running DVC processes hold in the study at `root`."""
    try:
        return _count(json.loads((root / ".dvc" / "tmp" / "rwlock").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return 0
