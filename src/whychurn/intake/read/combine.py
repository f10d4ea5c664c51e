"""Several raw tables as one: appended one below the other, or joined by the columns that both have."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.dtypes import TEXT, as_text
from whychurn.intake.read.raw_table import Notices, RawTable

_COMMON: Final = 0.5  # files that share fewer of their columns are no parts of one table


def append_tables(parts: Sequence[RawTable], table: str, alike: bool = True) -> RawTable:
    """Rows of all `parts` one below the other, columns matched by name (case and spaces aside).

    Parameters
    ----------
    alike
        The parts must have most of their columns in common; what one of them lacks is told.

    Raises
    ------
    WhychurnError
        If the columns of two parts hardly agree.
    """
    rows = [part.rows for part in parts]
    named = tuple((part.origin, n) for part, n in zip(parts, rows, strict=True))
    if len(parts) == 1:
        return replace(parts[0], parts=parts[0].parts or named)
    names = _union(parts)
    frames = [_renamed(part.frame, names) for part in parts]
    if alike:
        _check_columns(parts, frames)
    lacking = _lacking(parts, frames, names) if alike else ()
    shifts = np.concatenate([[0], np.cumsum(rows)[:-1]]).tolist()
    reasons = dict.fromkeys(reason for part in parts for reason in part.apart)
    apart = {reason: _shifted([part.apart.get(reason) for part in parts], shifts) for reason in reasons}
    encodings = list(dict.fromkeys(part.encoding for part in parts if part.encoding))
    return RawTable(
        _concat(frames, list(names.values())),
        _shifted([part.row_number for part in parts], shifts),
        _shown([part.origin for part in parts]),
        _shifted([part.broken for part in parts], shifts),
        encoding=", ".join(encodings) or None,
        notices=(*_distinct(parts), *lacking, *_twice(parts, frames, table)),
        apart=apart,
        repeated=tuple(dict.fromkeys(name for part in parts for name in part.repeated)),
        parts=tuple(one for part, own in zip(parts, named, strict=True) for one in (part.parts or (own,))),
    )


def join_tables(left: RawTable, right: RawTable, table: str) -> RawTable:
    """Each row of `left` with the columns of the one row of `right` that has the same values in common columns.

    Raises
    ------
    WhychurnError
        If the two have no column in common, are parts of one table, or `right` has several rows a value.
    """
    below = f"to put one below the other write a list: intake.tables: {{{table}: [{left.origin}, {right.origin}]}}"
    shared = _common_columns(left, right, below)
    one, two = (
        frame.assign(**{name: as_text(frame[name]) for name in shared}) for frame in (left.frame, right.frame)
    )
    if two.duplicated(shared).any():
        raise WhychurnError(
            f"{right.origin} has several rows for one value",
            column=", ".join(shared),
            rows=int(two.duplicated(shared).sum()),
            remedy=f"the second table of a join needs one row a value; {below}",
        )
    joined = one.merge(two, on=shared, how="left", validate="many_to_one", indicator="\x00found")
    missed = int((joined.pop("\x00found") == "left_only").sum())
    if missed == len(one) and missed:
        raise WhychurnError(
            f"no row of {left.origin} finds one in {right.origin}",
            column=", ".join(shared),
            rows=missed,
            remedy=below,
        )
    values = {"file": left.origin, "other": right.origin, "n": missed, "column": ", ".join(shared)}
    told = (("notice_join", values),) if missed else ()
    return replace(
        left,
        frame=joined,
        origin=f"{left.origin} + {right.origin}",
        notices=(*left.notices, *right.notices, *told),
        parts=(*(left.parts or ((left.origin, left.rows),)), (right.origin, 0)),
    )


def _common_columns(left: RawTable, right: RawTable, below: str) -> list[str]:
    """Columns by which `right` is joined; refuses parts of one table, which are to stand one `below` the other."""
    shared = [str(name) for name in left.frame.columns if name in right.frame.columns]
    both = f"{left.origin} and {right.origin}"
    if not shared:
        raise WhychurnError(
            f"{both} have no column in common", remedy="`first + second` joins by the columns that both have"
        )
    lookup = len(shared) < len(right.frame.columns) and len(shared) <= max(1, len(left.frame.columns) // 2)
    if not lookup:
        raise WhychurnError(
            f"{both} have the same columns; `+` joins a lookup and would lose rows", remedy=below
        )
    return shared


def _plain(name: object) -> str:
    return str(name).strip().casefold().replace(" ", "_")


def _union(parts: Sequence[RawTable]) -> dict[str, str]:
    """Plain name -> name as the first part writes it."""
    names: dict[str, str] = {}
    for part in parts:
        for name in part.frame.columns:
            names.setdefault(_plain(name), str(name))
    return names


def _renamed(frame: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    renamed = frame.set_axis([names[_plain(name)] for name in frame.columns], axis=1)
    return renamed if renamed.columns.is_unique else frame


def _check_columns(parts: Sequence[RawTable], frames: Sequence[pd.DataFrame]) -> None:
    first = set(frames[0].columns)
    for part, frame in zip(parts[1:], frames[1:], strict=True):
        own = set(frame.columns)
        if len(first & own) < _COMMON * len(first | own):
            lack = ", ".join(sorted(map(str, first - own))[:8])
            raise WhychurnError(
                f"{part.origin} does not have the columns of {parts[0].origin}, so they are not one table",
                file=part.origin,
                column=lack or None,
                remedy="give the files the same column names, or name those that belong together in intake.tables",
            )


def _concat(frames: Sequence[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    columns = {}
    for name in names:
        own = [frame.get(name) for frame in frames]
        kinds = {str(one.dtype) for one in own if one is not None and not one.isna().all()}
        pieces = [
            pd.Series(pd.array([None] * len(frame), dtype=TEXT)) if one is None or (len(kinds) == 1 and one.isna().all())
            else one
            for one, frame in zip(own, frames, strict=True)
        ]  # fmt: skip
        columns[name] = _column(pieces, kinds)
    return pd.DataFrame(columns)


def _column(pieces: Sequence[pd.Series], kinds: set[str]) -> pd.Series:
    if len(kinds) == 1:
        kind: Any = next(iter(kinds))
        kind = TEXT if kind in ("string", TEXT) else kind
        return pd.concat(
            [one if one.dtype == kind else _empty(one, kind) for one in pieces], ignore_index=True
        )
    return pd.concat([as_text(one) for one in pieces], ignore_index=True)


def _empty(column: pd.Series, kind: Any) -> pd.Series:
    return column.astype(kind) if not column.isna().all() else pd.Series([None] * len(column)).astype(kind)


def _shifted(numbers: Sequence[np.ndarray | None], shifts: Sequence[int]) -> np.ndarray:
    moved = [one + shift for one, shift in zip(numbers, shifts, strict=True) if one is not None]
    return np.concatenate(moved).astype("int64") if moved else np.array([], dtype="int64")


def _shown(origins: Sequence[str]) -> str:
    if len(origins) <= 3:
        return ", ".join(origins)
    return f"{origins[0]} … {origins[-1]} ({len(origins)})"


def _distinct(parts: Sequence[RawTable]) -> Notices:
    notices: list[tuple[str, dict[str, Any]]] = []
    for part in parts:
        notices += [one for one in part.notices if one not in notices]
    return tuple(notices)


def _lacking(parts: Sequence[RawTable], frames: Sequence[pd.DataFrame], names: dict[str, str]) -> Notices:
    """Columns that some of the parts do not have."""
    told: list[tuple[str, dict[str, Any]]] = []
    for name in names.values():
        without = [
            (part.origin, part.rows) for part, frame in zip(parts, frames, strict=True) if name not in frame
        ]
        if without:
            values = {"column": name, "n": len(without), "of": len(parts), "file": without[0][0]}
            told.append(("notice_parts_lack", {**values, "rows": sum(rows for _, rows in without)}))
    return tuple(told)


def _twice(parts: Sequence[RawTable], frames: Sequence[pd.DataFrame], table: str) -> Notices:
    """Parts that hold the very same rows as another: a file that was copied or loaded twice."""
    told: list[tuple[str, dict[str, Any]]] = []
    seen: dict[tuple[Any, ...], list[int]] = {}
    for place, frame in enumerate(frames):
        look = (frame.shape, *map(str, frame.iloc[0])) if len(frame) else ()
        same = [n for n in seen.get(look, []) if look and frames[n].equals(frame)]
        if same:
            values = {
                "file": parts[place].origin,
                "other": parts[same[0]].origin,
                "n": len(frame),
                "table": table,
            }
            told.append(("decide_same_file", values))
        seen.setdefault(look, []).append(place)
    return tuple(told)
