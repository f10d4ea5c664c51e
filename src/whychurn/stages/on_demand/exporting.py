"""Lists on what keeps members, with the company's own ids, for the people and systems that carry them out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table, write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.reidentify import own_ids

LISTS: Final = ("plan", "warnings", "winback")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # cells that a spreadsheet would run begin so
HELD_OUT: Final = "hold_out"


@dataclass(frozen=True)
class Wanted:
    """What is to be exported.

    Parameters
    ----------
    name
        One of `LISTS`.
    tier
        high, middle or low; None: all.
    limit
        So many members, the first of the list; None: all.
    """

    name: str = "plan"
    tier: str | None = None
    limit: int | None = None


def list_to_export(study: StudyPaths, params: Params, wanted: Wanted) -> pd.DataFrame:
    """The list with the company's own ids, in its order.

    The plan keeps the rows of members held out, who come back as controls when the plan is read out; with a tier or limit,
    which make it a list for staff, they are left out.

    Raises
    ------
    WhychurnError
        If there is no such list, tier or run, the limit is below one, the key cannot be read, or the source no longer has a
        member.
    """
    if wanted.name not in LISTS:
        raise WhychurnError(f"no list {wanted.name!r}", remedy=f"choose one of {', '.join(LISTS)}")
    if wanted.limit is not None and wanted.limit < 1:
        raise WhychurnError("the limit must be 1 or more", remedy="for instance --limit 200")
    file = study.results / f"{wanted.name}.parquet"
    if not file.is_file():
        raise WhychurnError(
            "no run has made this list yet",
            file=file,
            remedy=f"whychurn run --until action --study {study.root}",
        )
    frame = read_table(file)
    if wanted.name == "plan" and (wanted.tier is not None or wanted.limit is not None):
        frame = frame[(frame["role"] != HELD_OUT).to_numpy(bool)]
    if wanted.tier is not None:
        frame = _of_tier(frame, wanted.tier)
    if wanted.limit is not None:
        first = frame["member_id"].drop_duplicates().head(wanted.limit)
        frame = frame[frame["member_id"].isin(first)]
    frame = frame.reset_index(drop=True)
    return frame.assign(member_id=own_ids(study, params, frame["member_id"]))


def _of_tier(frame: pd.DataFrame, tier: str) -> pd.DataFrame:
    known = sorted(frame["tier"].dropna().unique())
    if len(frame) and tier not in {*known, "high", "middle", "low"}:
        raise WhychurnError(
            f"no tier {tier!r}", remedy=f"choose one of {', '.join(known) or 'high, middle, low'}"
        )
    return frame[frame["tier"].eq(tier).fillna(False).to_numpy(bool)]


def write_export(frame: pd.DataFrame, file: Path) -> None:
    """Write as CSV that only its owner may read: UTF-8 with a header, ISO dates, no cell that a spreadsheet would run.

    Raises
    ------
    WhychurnError
        If the file does not end in .csv, exists already, or cannot be written.
    """
    if file.suffix.lower() != ".csv":
        raise WhychurnError("the list is written as CSV", file=file, remedy="end it in .csv")
    if file.exists():
        raise WhychurnError(
            "this file exists already, and staff may work with it",
            file=file,
            remedy="name another: --out FILE",
        )
    with write_whole(file, private=True) as temporary:
        harmless(frame).to_csv(
            temporary, index=False, encoding="utf-8", date_format="%Y-%m-%d", lineterminator="\n"
        )


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with an apostrophe before each text that a spreadsheet would take for a formula; numbers stay."""
    safe = frame.copy()
    for name in safe.columns:
        if pd.api.types.is_string_dtype(safe[name]) or safe[name].dtype == object:
            text = safe[name].astype("string")
            risky = text.str.startswith(FORMULA).fillna(False).astype(bool)
            safe[name] = text.mask(risky, "'" + text)
    return safe
