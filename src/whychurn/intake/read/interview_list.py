"""Lists of `whychurn ask`, filled in: files called ``interviews`` beside the surveys, read below them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath
from typing import Final

import pandas as pd

from whychurn.contract.params import IntakeParams
from whychurn.contract.tables import TABLES
from whychurn.intake.read.combine import append_tables
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.naming import base
from whychurn.intake.read.raw_table import RawTable
from whychurn.intake.read.source import Source

STEM: Final = "interviews"
TABLE: Final = "surveys"
# columns that such a list has
_MARKS: Final = {"survey_id", "member_id", "kind", "sent_at", "asked_probability"}


def with_interviews(
    source: Source, surveys: RawTable | None, params: IntakeParams
) -> tuple[RawTable | None, IntakeParams]:
    """Surveys with the lists of interviews below them, and the parameters by which both are one table.

    A list has the contract's own column names, the company's surveys may have others: those of the list become
    the company's. A file called ``interviews`` with other columns is none of them and is left alone.

    Parameters
    ----------
    surveys
        What the source has as surveys; None where it has none.

    Returns
    -------
    The table; `params` without what would set a value of the list (constants become columns of the company's rows).
    """
    lists = _lists(source, surveys, params)
    if not lists:
        return surveys, params
    mapped = {key: value for key, value in params.columns.items() if key.startswith(f"{TABLE}.")}
    other = {key: value for key, value in params.columns.items() if key not in mapped}
    if surveys is None:
        return append_tables(lists, TABLE, alike=False), params.model_copy(update={"columns": other})
    constants = {
        key: value for key, value in mapped.items() if value.startswith("=") and value.strip() != "="
    }
    names = {key.partition(".")[2]: value for key, value in mapped.items() if not value.startswith("=")}
    lists = [replace(one, frame=one.frame.rename(columns=names)) for one in lists]
    columns = {
        key.partition(".")[2]: pd.Series(pd.array([value[1:].strip()] * len(surveys.frame), dtype=TEXT))
        for key, value in constants.items()
    }
    first = replace(surveys, frame=surveys.frame.reset_index(drop=True).assign(**columns))
    kept = other | {key: value for key, value in mapped.items() if key not in constants}
    return append_tables([first, *lists], TABLE, alike=False), params.model_copy(update={"columns": kept})


def _lists(source: Source, surveys: RawTable | None, params: IntakeParams) -> list[RawTable]:
    taken = {surveys.origin, *(name for name, _ in surveys.parts)} if surveys else set()
    for given in params.tables.values():
        taken |= {given} if isinstance(given, str) else set(given)
    named = [name for name in source.names() if base(PurePath(name).stem).casefold() == STEM]
    free = [name for name in named if not {name, PurePath(name).stem} & taken]
    read = [source.read(name, TABLE) for name in sorted(free)]
    return [replace(one, frame=_known(one.frame)) for one in read if _plain(one.frame.columns) >= _MARKS]


def _known(frame: pd.DataFrame) -> pd.DataFrame:
    """Only what the contract has: the list's further columns are for whoever calls."""
    return frame[[name for name in frame.columns if name in TABLES[TABLE].fields]]


def _plain(names: Iterable[object]) -> set[str]:
    return {str(name) for name in names}
