"""Cells of a column in the kind that the contract asks for."""

import numpy as np
import pandas as pd

from whychurn.intake.read.cells import bytes_present, without_empty
from whychurn.intake.read.coerced import PLAIN, Coerced, Reading
from whychurn.intake.read.dates.date_columns import read_dates
from whychurn.intake.read.dtypes import as_text
from whychurn.intake.read.ids import read_ids
from whychurn.intake.read.numbers.number_columns import read_numbers
from whychurn.intake.read.words.codes import read_codes
from whychurn.intake.read.words.flags import read_flags

_SPACE = [*range(9, 14), 28, 29, 30, 31, 32]


def coerce(column: pd.Series, kind: str, reading: Reading = PLAIN) -> Coerced:
    """Column in a standard dtype (`read.dtypes`) in its kind.

    Parameters
    ----------
    kind
        Kind of the contract (text, date, instant, number, flag), or one of the two kinds of text that are
        compared: ``id`` and ``code``.
    """
    column = column.reset_index(drop=True)
    if kind == "text":
        return _text(column)
    if kind == "id":
        return read_ids(column)
    if kind == "code":
        return read_codes(column)
    if kind == "number":
        return read_numbers(column, reading)
    if kind == "flag":
        return read_flags(column, reading)
    dates = read_dates(column, reading)
    if kind == "date":
        dates.values = dates.values.dt.normalize()
    return dates


def _text(column: pd.Series) -> Coerced:
    text = as_text(column)
    present = bytes_present(text)
    if present[_SPACE].any() or present[0xC2:].any():
        text = text.str.strip()
    return Coerced(without_empty(text), np.zeros(len(text), dtype=bool))
