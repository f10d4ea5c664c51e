"""What the machine refuses is one sentence; what is our own error is not taken for it."""

from __future__ import annotations

import errno
import re
from concurrent.futures.process import BrokenProcessPool

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from whychurn.contract.errors import refused_by_machine


def _too_much() -> BaseException:
    try:
        np.empty(1 << 60, dtype="int8")
    except MemoryError as error:
        return error
    raise AssertionError("this machine has an exabyte")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (_too_much(), "memory does not suffice"),
        (pa.ArrowMemoryError("malloc of size 1 failed"), "memory does not suffice"),
        (duckdb.OutOfMemoryException("Out of Memory Error"), "memory does not suffice"),
        (ImportError("libscipy.so: failed to map segment from shared object"), "memory does not suffice"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory does not suffice"),
        (BrokenProcessPool("a child process terminated abruptly"), "ended by the system"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/data/x"),
            r"no space left on device \(file: /data/x\)",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "/data/x"), "permission denied"),
        (OSError(errno.EROFS, "Read-only file system", "/data/x"), "read-only file system"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x"), "file name too long"),
    ],
)
def test_one_sentence_with_a_remedy(error: BaseException, words: str) -> None:
    told = refused_by_machine(error)
    assert told is not None and told.remedy
    assert re.search(words, str(told))


@pytest.mark.parametrize(
    "error", [KeyError("tables"), FileNotFoundError(2, "No such file"), ValueError("x"), ImportError("no y")]
)
def test_our_own_errors_stay_what_they_are(error: BaseException) -> None:
    assert refused_by_machine(error) is None
