"""One kind of error for everything that a user can mend."""

import errno
from typing import Final

SPACE: Final = "make the folder writable and free disk space, then run the same command again"
MEMORY: Final = (
    "close other programs, or use less at a time: whychurn run --jobs 1, and in params.yaml run: {workers: 1, "
    "memory_limit: 1GB}"
)
_DISK: Final = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EMFILE,
)
_NO_MEMORY: Final = ("failed to map segment", "Cannot allocate memory", "bad_alloc", "can't start new thread")


class WhychurnError(Exception):
    """A problem that the user can mend; the command line prints it without a traceback.

    Parameters
    ----------
    message
        What is wrong, in one sentence.
    file, column, rows
        Where it is wrong: file or table, column, number of rows concerned.
    remedy
        What to do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        file: object = None,
        column: str | None = None,
        rows: int | None = None,
        remedy: str | None = None,
    ) -> None:
        self.message, self.file, self.column, self.rows, self.remedy = message, file, column, rows, remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        where = [
            f"{name}: {value}"
            for name, value in (("file", self.file), ("column", self.column), ("rows", self.rows))
            if value is not None
        ]
        parts = [self.message]
        if where:
            parts.append(f"({', '.join(where)})")
        if self.remedy:
            parts.append(f"\nRemedy: {self.remedy}")
        return " ".join(parts)


def refused_by_machine(error: BaseException) -> WhychurnError | None:
    """What disk, permissions or memory refused, as one sentence with a remedy; None for other errors.

    Parameters
    ----------
    error
        As raised by Python or a library: DuckDB has an error of its own for memory, a worker that the system
        ended for want of memory breaks its pool, and a library that finds no room for its code says so in words.
    """
    if isinstance(error, OSError) and error.errno in _DISK:
        return WhychurnError((error.strerror or str(error)).lower(), file=error.filename, remedy=SPACE)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"MemoryError", "OutOfMemoryException"} or any(sign in str(error) for sign in _NO_MEMORY):
        return WhychurnError("memory does not suffice", remedy=MEMORY)
    if "BrokenProcessPool" in kinds:
        return WhychurnError(
            "a worker was ended by the system, most likely for want of memory", remedy=MEMORY
        )
    return None
