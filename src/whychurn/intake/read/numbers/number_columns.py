"""Numbers as people write them: decimal mark by the evidence of the column, currencies, percent, 万."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from whychurn.intake.read.cells import bytes_present, plain_cells
from whychurn.intake.read.coerced import Coerced, Note, Reading, empty_column
from whychurn.intake.read.dtypes import TEXT, arrow_text
from whychurn.intake.read.numbers.amount_marks import Amount, one_currency, take_apart
from whychurn.intake.read.numbers.decimal_mark import choose_mark
from whychurn.intake.read.numbers.score_words import read_score_words
from whychurn.intake.read.words.flags import NOTHING

_PLAIN: Final = np.isin(np.arange(256), list(b"0123456789.+-eE \t"))
_POINT: Final = (
    r"^[+-]?(?:0|\d{4,}|)\.\d|^[+-]?\d*\.(?:\d{1,2}|\d{4,})(?:[eE]|$)|[eE]"  # no mark of thousands
)
_SAMPLE: Final = 2000
_EMPTY: Final = (*NOTHING, "无", "0000-00-00", "n.a.")


def read_numbers(column: pd.Series, reading: Reading) -> Coerced:
    """Numbers of a column in a standard dtype; what is given and no number is bad.

    Whether 1.906 is nearly two or nearly two thousand is decided by the other values of the column, such as
    12.50; without such a value it must be decided (`intake.decimal`), or is told where few rows have it.
    """
    if not pd.api.types.is_string_dtype(column.dtype):
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            return Coerced(empty_column("number", len(column)), column.notna().to_numpy())
        values = column.astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
        infinite = np.isinf(values)
        return Coerced(pd.Series(np.where(infinite, np.nan, values)), infinite)
    return _plain_numbers(column, reading) or _of_unique(column, reading)


def _plain_numbers(text: pd.Series, reading: Reading) -> Coerced | None:
    """Numbers as programs write them, without a look at each; None where the column has others."""
    present = bytes_present(text)
    if reading.decimal == "comma" or (present & ~_PLAIN).any():
        return None
    if present[[ord(" "), ord("\t")]].any():
        text = text.str.strip()
    array = arrow_text(text.mask((text == "").to_numpy(dtype=bool, na_value=False)))
    try:
        values = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    if np.isinf(values).any() or (present[ord(".")] and not _proves_point(text, reading)):
        return None
    return Coerced(pd.Series(values), np.zeros(len(text), dtype=bool))


def _proves_point(text: pd.Series, reading: Reading) -> bool:
    given = text.dropna()
    if reading.decimal == "point" or given.head(_SAMPLE).str.contains(_POINT).any():
        return True
    return bool(given.str.contains(_POINT).any())


def _of_unique(column: pd.Series, reading: Reading) -> Coerced:
    codes, unique = pd.factorize(column, use_na_sentinel=True)
    text = plain_cells(pd.Series(unique).astype(TEXT)).astype(object)
    text = text.str.normalize("NFKC").str.strip()
    counts = np.bincount(codes[codes >= 0], minlength=len(text))
    empty = text.str.lower().isin(_EMPTY).to_numpy(dtype=bool)
    amounts = [None if blank else take_apart(cell) for cell, blank in zip(text, empty, strict=True)]
    bodies = pd.Series([amount.body if amount else None for amount in amounts], dtype=object)
    values, how, notes = choose_mark(bodies, text, counts, reading)
    values *= [amount.factor if amount else 1.0 for amount in amounts]
    notes += _percent(amounts, text, counts)
    other, currency, found = one_currency(amounts, text, counts, reading)
    values[other] = np.nan
    how |= {"currency": currency} if currency else {}
    if reading.column in ("surveys.score", "feedback.rating"):
        words, said = read_score_words(text.mask(empty), values, counts)
        values, found = np.where(np.isnan(values), words, values), [*found, *said]
    values = np.where(np.isinf(values), np.nan, values)
    bad = np.isnan(values) & ~empty
    cells = pd.Series(np.append(values, np.nan)[codes])
    return Coerced(cells, np.append(bad, False)[codes], (*notes, *found), how)


def _percent(amounts: list[Amount | None], text: pd.Series, counts: np.ndarray) -> list[Note]:
    signed = np.array([bool(amount and amount.percent) for amount in amounts], dtype=bool)
    if not signed.any():
        return []
    given = np.array([amount is not None for amount in amounts], dtype=bool)
    rows, of = int(counts[signed].sum()), int(counts[given].sum())
    return [("notice_percent", {"n": rows, "of": of, "example": text[int(np.argmax(signed))]})]
