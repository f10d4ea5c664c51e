"""Locks that a killed run left behind: DVC keeps one whose process cannot be told from a living one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil

from whychurn.contract.files import write_whole


def release_dead_locks(root: Path) -> int:
    """Take the locks of processes that are gone out of ``root/.dvc/tmp/rwlock``; returns how many went.

    DVC drops a lock whose process number does not exist. After a kill the number may still be there: as a
    zombie (in a container nobody may ever collect it) or because another program got the same number. A file
    that a kill cut in the middle is removed whole.
    """
    path = root / ".dvc" / "tmp" / "rwlock"
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        kept: dict[str, dict[str, Any]] = {
            "write": {place: one for place, one in held.get("write", {}).items() if _runs_dvc(one["pid"])},
            "read": {
                place: alive
                for place, all_of_them in held.get("read", {}).items()
                if (alive := [one for one in all_of_them if _runs_dvc(one["pid"])])
            },
        }
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError, AttributeError):
        path.unlink()
        return 1
    released = _count(held) - _count(kept)
    if released:
        with write_whole(path) as temporary:
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
