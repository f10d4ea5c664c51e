"""Ids as text, digit by digit; what has lost digits is told apart."""

from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd

from whychurn.intake.read.cells import bytes_present, narrow, plain_cells, without_empty
from whychurn.intake.read.coerced import Coerced, Note
from whychurn.intake.read.dtypes import TEXT, as_text

EXACT: Final = 2.0**53  # from here on a float64 holds no longer each whole number
EXACT_SINGLE: Final = 2.0**24  # and a float32
_SCIENTIFIC: Final = r"^[+-]?(?:\d+(?:[.,]\d+)?[eE]\+\d{1,3}|\d[.,]\d+[eE]\d{1,3})$"
_POINT_ZERO: Final = r"^\d+\.0+$"
_GROUPED: Final = r"^\d{1,3}(?:,\d{3})*$"
_SPREADSHEET_DIGITS: Final = 15  # a number in a spreadsheet keeps no more
_ENOUGH: Final = 20


def is_id(name: str) -> bool:
    """Whether a column of the contract holds ids."""
    return name.endswith("_id") or name == "referred_by"


def read_ids(column: pd.Series) -> Coerced:
    """Ids of a column in a standard dtype, exactly.

    ``10.0`` is 10; full-width characters, ``="007"``, ``'007``, characters of no width and blanks around are
    taken off and told. `bad` are ids whose digits are lost: numbers beyond what their type holds exactly, and
    scientific notation such as 4.55012E+15. They carry the note ``inexact_float`` or ``inexact_scientific``.
    """
    if pd.api.types.is_float_dtype(column.dtype):
        return _of_floats(column)
    given = as_text(column)
    if not pd.api.types.is_string_dtype(column.dtype):
        return Coerced(given, np.zeros(len(given), dtype=bool))
    present = bytes_present(given)
    text = narrow(plain_cells(given))
    if present[ord("'")]:
        text = text.str.replace(r"^'(\S)", r"\1", regex=True)
    notes: list[Note] = []
    if text is not given:
        _note(notes, "notice_ids_cleaned", given, text, given.str.strip() != text)
    text = without_empty(text)
    if present[ord(",")] and text.str.fullmatch(_GROUPED).all():
        text = _replaced(notes, "notice_ids_grouped", text, text.str.replace(",", "", regex=False))
    if present[ord(".")]:
        text = _replaced(notes, "notice_point_zero", text, without_point_zero(text))
    bad = np.zeros(len(text), dtype=bool)
    if present[ord("e")] or present[ord("E")]:
        text, bad = _scientific(text)
        if bad.any():
            notes.append(("inexact_scientific", {"n": int(bad.sum()), "example": _first(given, bad)}))
            text = text.mask(bad)
    return Coerced(text, bad, tuple(notes))


def without_point_zero(text: pd.Series) -> pd.Series:
    """Whole numbers without the ``.0`` that spreadsheets and nullable integers leave behind."""
    whole = text.str.match(_POINT_ZERO).to_numpy(dtype=bool, na_value=False)
    return text.mask(whole, text.str.replace(r"\.0+$", "", regex=True)) if whole.any() else text


def digits_cut(ids: pd.Series) -> bool:
    """Whether long ids all end in zeros behind the 15th digit, as numbers of a spreadsheet do."""
    known = ids.dropna()
    long = known[known.str.match(r"^\d{16,}$").to_numpy(dtype=bool)].drop_duplicates()
    if len(long) < _ENOUGH or len(long) * 2 < known.nunique():
        return False
    return bool(long.str.slice(_SPREADSHEET_DIGITS).str.match(r"^0+$").all())


def _of_floats(column: pd.Series) -> Coerced:
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    limit = EXACT_SINGLE if column.dtype in ("float32", "float16") else EXACT
    lost = np.abs(values) >= limit
    whole = column.astype("float64").mask(lost)
    text = without_point_zero(as_text(whole))
    if not lost.any():
        return Coerced(text, lost)
    note = ("inexact_float", {"n": int(lost.sum()), "digits": int(np.log10(limit))})
    return Coerced(text, lost, (note,))


def _scientific(text: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Scientific notation written out where all digits are there; elsewhere a mask of what is lost."""
    found = text.str.match(_SCIENTIFIC).to_numpy(dtype=bool, na_value=False)
    if not found.any():
        return text, found
    written = text[found].astype(object).map(_written_out)
    text = text.astype(object)
    text[found] = written.where(written.notna(), text[found])
    lost = found.copy()
    lost[found] = written.isna().to_numpy()
    return text.astype(TEXT), lost


def _written_out(text: str) -> str | None:
    number = Decimal(text.replace(",", "."))
    exponent = number.as_tuple().exponent
    exact = isinstance(exponent, int) and exponent <= 0 and number == number.to_integral_value()
    return str(int(number)) if exact and abs(number) < EXACT else None


def _replaced(notes: list[Note], key: str, before: pd.Series, after: pd.Series) -> pd.Series:
    if after is not before:
        _note(notes, key, before, after, before != after)
    return after


def _note(notes: list[Note], key: str, before: pd.Series, after: pd.Series, mask: pd.Series) -> None:
    changed = (mask & after.notna()).to_numpy(dtype=bool, na_value=False)
    if changed.any():
        notes.append((key, {"n": int(changed.sum()), "shape_of": _first(before, changed)}))


def _first(text: pd.Series, mask: np.ndarray) -> str:
    return str(text.iloc[int(np.argmax(mask))])
