"""One kind of error for everything that a user can mend."""

from __future__ import annotations


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
