"""One way in which a study's files may differ, and what happened when it was read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from inputs.base_study import Tables

Expected = Literal["same", "readable", "unknowable"]


@dataclass(frozen=True)
class Variation:
    """A way of writing the study.

    Parameters
    ----------
    kind, what
        Group in the table of results; a line about this one.
    expected
        ``same``: the content is the same, written otherwise: another answer is wrong. ``readable``: it can be read in two
        ways: either, if said, or a refusal. ``unknowable``: content was lost or spoilt: what is made of it must be said, or
        it is refused.
    change
        Turns the tables into those to be written.
    reference
        What the plain tables are to be compared as, where the way of writing cannot hold all of them.
    write
        Writes them into a folder; None: a CSV each.
    params
        What a user would set, below ``intake``.
    """

    kind: str
    what: str
    expected: Expected
    change: Callable[[Tables], Tables] | None = None
    write: Callable[[Tables, Path], None] | None = None
    reference: Callable[[Tables], Tables] | None = None
    params: dict[str, Any] = field(default_factory=dict)


def write_csv(tables: Tables, folder: Path) -> None:
    """A CSV a table."""
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)


def with_column(table: str, column: str, write: Callable[[str], str]) -> Callable[[Tables], Tables]:
    """Change that rewrites each filled cell of one column."""

    def change(tables: Tables) -> Tables:
        frame = tables[table]
        return {**tables, table: frame.assign(**{column: [write(v) if v else v for v in frame[column]]})}

    return change
