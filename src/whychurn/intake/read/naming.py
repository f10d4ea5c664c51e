"""Which files, or tables of a database, serve a table of the contract."""

import difflib
import fnmatch
import re
from collections.abc import Callable, Sequence
from typing import Final

from whychurn.contract.errors import WhychurnError
from whychurn.contract.tables import TABLES
from whychurn.intake.read.raw_table import nearest
from whychurn.labels import say

Given = str | Sequence[str] | None  # what intake.tables says of a table
MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_SUFFIX: Final = re.compile(
    r"(?P<base>.+?)[\s_.\-]*(?:"
    r"(?:(?<=[\s_.\-])(?:part|teil|batch|chunk|file|week|wk|[pqhw]|第)[\s_.\-]*)?"
    r"\(?\d[\d\s_.\-()年月日季度周部分]*(?:[qhw]\d+)?"
    rf"|(?:\d{{2,4}}[\s_.\-]*)?(?<=[\s_.\-\d]){MONTH}(?:[\s_.\-]*\d{{2,4}})?"
    r"|(?<=[\s_.\-])(?:part|teil)[\s_.\-]*[a-z])",
    re.IGNORECASE,
)
_ALIKE: Final = 0.8  # a name this similar to that of a table is taken for a misspelling of it


def base(stem: str) -> str:
    """`stem` without a number or date at its end: ``orders_2023-01``, ``orders (2)``, ``orders_part3``."""
    found = _SUFFIX.fullmatch(stem)
    return found["base"] if found else stem


def is_pattern(name: str) -> bool:
    """Whether `name` stands for several files (``orders_*.csv``)."""
    return any(sign in name for sign in "*?[")


def serving(
    names: Sequence[str], table: str, given: Given, stem: Callable[[str], str], place: object
) -> list[str]:
    """Those of `names` that hold the rows of `table`, to be put one below the other; empty where none does.

    Parameters
    ----------
    given
        A name, a pattern or a list of them from `intake.tables`; None: those called like the table, alone or with a
        number or date at the end.
    stem
        Name without its ending.
    place
        Folder or database, for messages.

    Raises
    ------
    WhychurnError
        If what is given does not exist, or several names could be meant.
    """
    if given is None:
        return _by_table_name(names, table, stem, place)
    if not isinstance(given, str):
        return [name for one in given for name in serving(names, table, one, stem, place)]
    if given in names:
        return [given]
    if is_pattern(given):
        matches = sorted(name for name in names if fnmatch.fnmatchcase(name.casefold(), given.casefold()))
    else:
        matches = [name for name in names if given.casefold() in (name.casefold(), stem(name).casefold())]
        if len(matches) > 1:
            raise _several(matches, table, place)
        matches = matches or sorted(name for name in names if base(stem(name)).casefold() == given.casefold())
    if not matches:
        raise WhychurnError(
            f"intake.tables names {given!r} for {table!r}, which does not exist",
            file=place,
            remedy=f"nearest name: {nearest(given, names) or 'none; nothing is there'}",
        )
    return matches


def could_be(names: Sequence[str], table: str, stem: Callable[[str], str]) -> list[str]:
    """Those of `names` that are most likely meant to be `table`, under another spelling or with further words."""
    return [name for name in names if nearest_table(stem(name)) == table]


def nearest_table(stem: str) -> str | None:
    """The contract's table that a file called `stem` is most likely meant to be; None where none is near."""
    short = base(stem).casefold()
    words = re.split(r"[\s_.\-]+", short)
    for table in TABLES:
        if table in words or table.removesuffix("s") in words:
            return table
    for table in TABLES:
        label = say(f"intake.table_{table}", "zh").removesuffix("表")
        if label in short or (len(label) > 2 and label[-2:] in short):
            return table
    near = difflib.get_close_matches(short, list(TABLES), n=1, cutoff=_ALIKE)
    return near[0] if near else None


def _by_table_name(names: Sequence[str], table: str, stem: Callable[[str], str], place: object) -> list[str]:
    exact = [name for name in names if stem(name).casefold() == table]
    parts = sorted(name for name in names if name not in exact and base(stem(name)).casefold() == table)
    if len(exact) > 1 or (exact and parts):
        raise _several([*exact, *parts], table, place)
    return exact or parts


def _several(matches: Sequence[str], table: str, place: object) -> WhychurnError:
    shown = ", ".join(matches[:4]) + (", …" if len(matches) > 4 else "")
    how = "two files" if len(matches) == 2 else f"{len(matches)} files"
    return WhychurnError(
        f"{how} could be table {table!r}: {shown}",
        file=place,
        remedy=f"name one in params.yaml, intake.tables: {{{table}: {matches[0]}}}, or put them one below the other: "
        f"intake.tables: {{{table}: [{', '.join(matches[:4])}]}}",
    )
