"""One process at a time: a lock that the system drops when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hold_file(path: Path, wait: bool = True) -> Iterator[int | None]:
    """Hold `path` alone for the duration of a block, and yield its descriptor.

    A child that inherits the descriptor holds the lock as well. None where the folder cannot be written, or its
    file system knows no locks: then nobody else writes there, or nobody can be kept out.

    Raises
    ------
    BlockingIOError
        If another process holds it and `wait` is False.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        yield None
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise
        except OSError:
            yield None
            return
        yield file
    finally:
        os.close(file)
