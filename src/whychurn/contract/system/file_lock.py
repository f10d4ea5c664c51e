"""One process at a time: a lock that the system drops when its process ends, however it ends."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hold_file(path: Path, busy: Callable[[Path], None] | None = None) -> Iterator[int | None]:
    """Hold `path` alone for the duration of a block, and yield its descriptor.

    A child that inherits the descriptor holds the lock as well. None where the folder cannot be written, or its
    file system knows no locks: then nobody else writes there, or nobody can be kept out.

    Parameters
    ----------
    busy
        Called with `path` before waiting for another process that holds it; may raise instead.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        yield None
        return
    try:
        yield file if _lock(file, path, busy) else None
    finally:
        os.close(file)


def _lock(file: int, path: Path, busy: Callable[[Path], None] | None) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if busy is not None:
            busy(path)
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        return False
    return True
