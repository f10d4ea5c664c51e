"""One run at a time in a study; and locks that a killed run left: DVC keeps those whose process seems alive."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_whole
from whychurn.contract.system.file_lock import hold_file

log = logging.getLogger(__name__)
_ENDED: Final = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


@contextmanager
def only_run(folder: Path) -> Iterator[int | None]:
    """Keep other runs out for the duration of a block; yields what programs of this run inherit (see `hold_file`).

    Raises
    ------
    WhychurnError
        If another run is going on. Stages that outlived a killed run are waited for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with hold_file(folder / "run.lock", busy=_refuse_or_wait) as held:
        if held is not None:
            os.truncate(held, 0)
            os.write(held, str(os.getpid()).encode())
        yield held


def _refuse_or_wait(lock: Path) -> None:
    number = lock.read_text(encoding="ascii").strip()
    if number and _lives(int(number)):
        raise WhychurnError(
            f"another run of this study is going on (process {number})",
            file=lock.parent.parent,
            remedy=f"wait until it ends, or end it: kill {number}",
        )
    log.info("stages of a run that was killed are still ending: waiting for them")


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


def _lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() not in _ENDED


def _runs_dvc(pid: int) -> bool:
    try:
        return _lives(pid) and "dvc" in " ".join(psutil.Process(pid).cmdline())
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
