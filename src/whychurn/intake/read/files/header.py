"""Where the header of a table stands, and which rows around it are no rows of data."""

import re
import statistics
from collections.abc import Sequence
from typing import Final

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.contract.tables import TABLES

SEARCHED: Final = 60  # first lines of a file among which the header is looked for
_DATA: Final = re.compile(r"[^\w\s]?\s?[-+]?\d[\d.,/:\s%T-]*|\S+@\S+")
_FULL: Final = 0.7  # a header fills at least this share of the cells that rows below it fill
TOTALS: Final = frozenset(
    [
        "total",
        "totals",
        "grand total",
        "subtotal",
        "sub total",
        "sum",
        "sum total",
        "合计",
        "总计",
        "小计",
        "合計",
        "總計",
        "小計",
        "总和",
        "汇总",
        "summe",
        "gesamt",
        "gesamtsumme",
        "totaal",
        "итого",
        "всего",
        "合計金額",
        "합계",
        "총계",
    ]
)


def known_names(params: IntakeParams) -> frozenset[str]:
    """Names by which a header is recognised: columns of the contract, and those that a mapping names."""
    names = [name for table in TABLES.values() for name in table.fields]
    mapped = [name for name in params.columns.values() if not name.startswith("=")]
    return frozenset(_plain(name) for name in [*names, *mapped])


def find_header(rows: Sequence[Sequence[str]], known: frozenset[str]) -> int | None:
    """Position of the header among the first `rows` of a file; None where no row can be one.

    A row that holds more of the `known` names than any before it is the header. Without such, it is the first row
    that fills about as many cells as the rows below it do; titles, dates of the export and remarks fill fewer.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    if not any(filled):
        return None
    hits = [
        sum(_plain(cell) in known for cell in row) if n > 1 else 0
        for row, n in zip(rows, filled, strict=True)
    ]
    usual = statistics.median(n for n in filled if n)
    wide = statistics.mode(len(row) for row, n in zip(rows, filled, strict=True) if n)
    least = max(1, _FULL * min(usual, wide))
    fits = (n >= least and (n > 1 or usual < 2) for n in filled)
    first = next((place for place, fit in enumerate(fits) if fit or _lacks_one(rows, place, wide)), 0)
    best = max(range(len(rows)), key=lambda place: (hits[place], -place))
    return best if hits[best] >= 2 and hits[best] > hits[first] else first


def _lacks_one(rows: Sequence[Sequence[str]], place: int, wide: int) -> bool:
    """Whether a row is the header of rows that begin with their number, which it does not name."""
    below = rows[place + 1 : place + 2]
    row = rows[place][1:] if len(rows[place]) == wide and not rows[place][0].strip() else rows[place]
    whole = len(row) == wide - 1 > 1 and all(cell.strip() for cell in row) and not any(map(is_value, row))
    return whole and bool(below) and len(below[0]) == wide and any(map(is_value, below[0]))


def looks_like_data(names: Sequence[str]) -> bool:
    """Whether at least half of `names` are numbers, dates or mail addresses."""
    return sum(bool(_DATA.fullmatch(name.strip())) for name in names) * 2 >= len(names)


def is_value(text: str) -> bool:
    """Whether `text` is a value rather than the name of a column."""
    return bool(_DATA.fullmatch(text.strip()))


def data_instead_of_header(name: str) -> WhychurnError:
    """What is said of a table that begins with its data."""
    return WhychurnError(
        "the first row looks like data",
        file=name,
        remedy="add a header row with column names, or write the line where it stands: intake.header",
    )


def _plain(name: str) -> str:
    return name.replace("\ufeff", "").strip().casefold().replace(" ", "_").replace("-", "_")
