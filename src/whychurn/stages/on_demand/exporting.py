"""Lists on what keeps members, with the company's own ids, for the people and systems that carry them out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from whychurn.action.plan.value.read_back import as_touches
from whychurn.action.roles import NOT_CONTACTED
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table, write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, typed
from whychurn.intake.reidentify import own_ids

LISTS: Final = ("plan", "warnings", "winback")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # cells that a spreadsheet would run begin so
_MARKED: Final = r"^'(?=[=+\-@\t\r])"  # what `harmless` puts before them


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

    The plan keeps the rows of members who are not contacted, with the reason: those held out, who come back as controls when
    the plan is read out, and those whose open request is answered first. With a tier or limit, which make it a list for
    staff, they are left out.

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
        frame = frame[~frame["role"].isin(NOT_CONTACTED).to_numpy(bool)]
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


def touches_of(file: Path) -> pd.DataFrame:
    """Rows of an exported plan, as far as they were carried out, as rows of the table touches.

    Rows of members held out belong in the file: they are what the plan is compared with. A member whom the plan drew and nobody
    reached stays in it too, or the comparison is no longer one by lot.

    Raises
    ------
    WhychurnError
        If the file is no exported plan, or a cell of it cannot be read.
    """
    try:
        given = pd.read_csv(file, dtype="string", keep_default_na=False, na_values=[""], encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise WhychurnError(
            "the plan cannot be read", file=file, remedy="name the CSV that was exported"
        ) from error
    missing = [name for name in columns_of("plan") if name not in given]
    if missing:
        raise WhychurnError(
            f"{len(missing)} columns of an exported plan are missing",
            file=file,
            column=", ".join(missing[:3]),
            remedy="whychurn action export plan --out FILE writes them; leave rows out, but no columns",
        )
    marked = given[columns_of("plan")].apply(lambda column: column.str.replace(_MARKED, "", regex=True))
    try:
        return as_touches(typed(marked.astype(object).where(marked.notna(), None)))
    except (ValueError, TypeError) as error:
        raise WhychurnError(
            "a day or number of the plan cannot be read",
            file=file,
            remedy="send_on and as_of are days such as 2026-01-31; rank, cost and propensity are numbers",
        ) from error


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with an apostrophe before each text that a spreadsheet would take for a formula; numbers stay."""
    safe = frame.copy()
    for name in safe.columns:
        if pd.api.types.is_string_dtype(safe[name]) or safe[name].dtype == object:
            text = safe[name].astype("string")
            risky = text.str.startswith(FORMULA).fillna(False).astype(bool)
            safe[name] = text.mask(risky, "'" + text)
    return safe
