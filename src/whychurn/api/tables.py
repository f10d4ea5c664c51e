"""A company's tables, checked: read from a folder, a database or data frames."""

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from whychurn.api.html import html_table
from whychurn.api.settings import settings
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.params.intake import is_address
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import SNAPSHOT, TABLES
from whychurn.intake.build import protected_tables
from whychurn.intake.check.all_tables import read_and_check
from whychurn.intake.privacy.personal_codes import Redactions
from whychurn.intake.privacy.pseudonym import VARIABLE, find_key
from whychurn.intake.read.dtypes import standard_frame, standard_objects
from whychurn.intake.read.naming import Given, serving
from whychurn.intake.read.raw_table import RawTable, nearest
from whychurn.intake.read.source import Source, open_source


@dataclass(frozen=True, eq=False)
class Tables(Mapping[str, pd.DataFrame]):
    """The eight tables of the contract, checked; absent ones have no rows.

    Parameters
    ----------
    frames
        Name of a table to its rows.
    observed_from, observed_until
        First and last day covered, inclusive.
    quarantine
        Rows set aside: table, file, row_number (1 is the first of the file below its header), column, reason,
        value_kind.
    """

    frames: Mapping[str, pd.DataFrame] = field(repr=False)
    observed_from: pd.Timestamp
    observed_until: pd.Timestamp
    quarantine: pd.DataFrame = field(repr=False)

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)

    def require(self, *names: str, why: str) -> None:
        """Refuse to go on where a table holds no row.

        Raises
        ------
        WhychurnError
            Naming the table and what it is needed for.
        """
        for name in names:
            if not len(self[name]):
                raise WhychurnError(
                    f"{why} needs the table {name!r}, which has no rows",
                    remedy=f"give {name!r} to whychurn.load; its columns: {', '.join(TABLES[name].fields)}",
                )

    def overview(self) -> pd.DataFrame:
        """One row a table: table, rows, quarantined, first, last (days; null where it has no time or no rows)."""
        bad = self.quarantine["table"].value_counts()
        lines = []
        for name, frame in self.items():
            time = TABLES[name].time
            days = frame[time] if time else pd.Series(dtype="datetime64[ns]")
            lines.append((name, len(frame), int(bad.get(name, 0)), days.min(), days.max()))
        return pd.DataFrame(lines, columns=["table", "rows", "quarantined", "first", "last"])

    def _repr_html_(self) -> str:
        title = f"Tables, {self.observed_from:%Y-%m-%d} to {self.observed_until:%Y-%m-%d}"
        return html_table(title, self.overview())


@dataclass(frozen=True)
class FrameSource:
    """Data frames as a source of intake, in place of files."""

    frames: Mapping[str, pd.DataFrame]

    def names(self) -> list[str]:
        """Names of the frames."""
        return list(self.frames)

    def find(self, table: str, given: Given) -> list[str]:
        """The frame of that name."""
        names = list(self.frames)
        return (
            serving(names, table, given, str, "the frames")
            if given
            else [one for one in names if one == table]
        )

    def read(self, name: str, _table: str | None = None, /) -> RawTable:
        """All rows, in plain dtypes."""
        frame = self.frames[name].reset_index(drop=True)
        frame.columns = frame.columns.map(str)
        try:
            plain = standard_frame(pa.Table.from_pandas(frame, preserve_index=False))
        except pa.ArrowException:  # columns of mixed Python objects
            plain = standard_objects(frame)
        return RawTable(plain, np.arange(1, len(plain) + 1), name)


def load(
    source: str | Path | Mapping[str, pd.DataFrame],
    *,
    columns: Mapping[str, str] | None = None,
    codes: Mapping[str, Mapping[Any, Any]] | None = None,
    observed_until: dt.date | None = None,
    pseudonymize: bool = False,
    max_quarantined: float = 0.05,
) -> Tables:
    """Read and check a company's tables; bad rows are set aside with a reason.

    ``members`` and one of ``orders``, ``memberships``, ``events`` are enough. Free text is redacted: phone numbers,
    addresses and the like do not come in.

    Parameters
    ----------
    source
        A folder with one file a table (CSV, Parquet, Excel), the address of a database (``duckdb:///…``), or
        the frames themselves by the name of their table.
    columns
        ``table.column`` of the contract to the company's column: ``{"orders.amount": "实付金额"}``; ``"=email"`` sets one value.
    codes
        ``table.column`` to a mapping of the company's codes: ``{"orders.returned": {"是": True, "否": False}}``.
    observed_until
        Last day that the data cover; the last day seen if not given.
    pseudonymize
        Replace member ids by keyed pseudonyms; the key is ``$WHYCHURN_KEY`` or the file ``whychurn.key`` in the folder.
    max_quarantined
        A larger share of bad rows in a table is refused, 0 to 1.

    Returns
    -------
    Tables

    Raises
    ------
    WhychurnError
        If the source cannot be read, a required column is missing, or too many rows are bad.

    Examples
    --------
    >>> import pandas as pd
    >>> import whychurn
    >>> members = pd.DataFrame({"member_id": ["a", "b"], "joined_on": ["2024-01-05", "2024-02-06"]})
    >>> orders = pd.DataFrame(
    ...     {"no": [1, 2, 3], "who": ["a", "a", "b"], "day": ["2024-03-01", "2024-04-01", "yesterday"], "paid": [9.5, 20, 7]}
    ... )
    >>> own = {"order_id": "no", "member_id": "who", "ordered_at": "day", "amount": "paid"}
    >>> tables = whychurn.load(
    ...     {"members": members, "orders": orders},
    ...     columns={f"orders.{name}": column for name, column in own.items()},
    ...     max_quarantined=0.5,
    ... )
    >>> tables["orders"][["member_id", "amount"]].values.tolist()
    [['a', 9.5], ['a', 20.0]]
    >>> tables.quarantine[["table", "row_number", "column", "reason"]].values.tolist()
    [['orders', 3, 'ordered_at', 'wrong_type']]
    """
    intake: dict[str, Any] = {
        "columns": dict(columns or {}),
        "codes": {name: dict(values) for name, values in (codes or {}).items()},
        "max_quarantined": max_quarantined,
        "observed_until": observed_until.isoformat() if observed_until else None,
    }
    if not isinstance(source, Mapping):
        address = str(source)
        intake["source"] = address if is_address(address) else str(Path(address).expanduser().resolve())
    params = settings({"intake": intake, "privacy": {"pseudonymize": pseudonymize}})
    opened = (
        _frames(source) if isinstance(source, Mapping) else open_source(StudyPaths.at("."), params.intake)
    )
    return checked_tables(opened, params, _key(params) if pseudonymize else None, dt.date.today())


def checked_tables(source: Source, params: Params, key: bytes | None, today: dt.date) -> Tables:
    """All tables of `source` as intake writes them.

    Parameters
    ----------
    key
        Key of the pseudonyms; None keeps the ids.
    today
        Rows after this day are in the future.
    """
    examined = read_and_check(source, params, today)
    examined.raise_problems()
    if SNAPSHOT in examined.tables:
        raise WhychurnError(
            "one row per customer has no history for these functions to work on",
            file=examined.tables[SNAPSHOT].origin,
            remedy="run it as a study of its own: whychurn run --study FOLDER, or whychurn.open(FOLDER).run()",
        )
    assert examined.observed_from is not None and examined.observed_until is not None
    quarantine = examined.quarantine
    frames = {name: as_written(frame) for name, frame in protected_tables(examined, key, Redactions())}
    return Tables(frames, examined.observed_from, examined.observed_until, quarantine)


def as_written(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with the dtypes that it has after it was written as Parquet and read again."""
    read: pd.DataFrame = pa.Table.from_pandas(frame, preserve_index=False).to_pandas()
    return read


def _frames(frames: Mapping[str, pd.DataFrame]) -> FrameSource:
    for name, frame in frames.items():
        if name not in TABLES:
            raise WhychurnError(
                f"{name!r} is no table of the contract",
                remedy=f"did you mean {nearest(str(name), TABLES)!r}? Tables: {', '.join(TABLES)}",
            )
        if not isinstance(frame, pd.DataFrame):
            raise WhychurnError(
                f"the table {name!r} is a {type(frame).__name__}", remedy="give a pandas DataFrame"
            )
    return FrameSource(frames)


def _key(params: Params) -> bytes:
    here = StudyPaths.at(os.curdir)
    key = find_key(here, params.intake.source)
    if key is None:
        raise WhychurnError(
            "pseudonyms need a key that stays with you",
            remedy=f"set the environment variable {VARIABLE}, or load with pseudonymize=False",
        )
    return key
