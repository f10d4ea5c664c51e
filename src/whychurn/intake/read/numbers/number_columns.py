"""Numbers as people write them: decimal mark by the evidence of the column, currencies, percent, 万."""

import re
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.read.cells import bytes_present, plain_cells
from whychurn.intake.read.coerced import Coerced, Note, Reading, empty_column
from whychurn.intake.read.dtypes import TEXT, arrow_text
from whychurn.intake.read.numbers.amount_marks import Amount, one_currency, take_apart
from whychurn.intake.read.numbers.decimal_mark import choose_mark
from whychurn.intake.read.words.flags import NOTHING, folded

_PLAIN: Final = np.isin(np.arange(256), list(b"0123456789.+-eE \t"))
# no mark of thousands
_POINT: Final = r"^[+-]?(?:0|\d{4,}|)\.\d|^[+-]?\d*\.(?:\d{1,2}|\d{4,})(?:[eE]|$)|[eE]"
_SAMPLE: Final = 2000
_EMPTY: Final = (*NOTHING, "无", "0000-00-00", "n.a.")
_RANGE: Final = {"recommendation": (0, 10), "five": (1, 5)}
_PART: Final = re.compile(r"^(\d+(?:\.\d+)?)\s*(?:/|out of|of|分/)\s*(\d+)\s*分?$")
_STARS: Final = re.compile(r"^([★⭐*]+)[☆✩]*$")
_COUNTED: Final = re.compile(r"^(\d+(?:\.\d+)?|[一二三四五])\s*(?:-?\s*stars?|points?|星|颗星|分)$")
_DIGIT: Final = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5}


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


def read_score_words(
    text: pd.Series, numbers: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, list[Note]]:
    """Scores of unique cells that are no numbers; NaN where the words belong to no one scale.

    Words count only where all of a column's belong to one scale and its numbers lie within it.

    Parameters
    ----------
    text, numbers
        Unique cells, and their values where they are numbers.
    counts
        Rows of each.
    """
    left = text.notna().to_numpy() & np.isnan(numbers)
    words = folded(text.astype(TEXT)).tolist()
    values = np.array([_counted(word) if ask else np.nan for word, ask in zip(words, left, strict=True)])
    left &= np.isnan(values)
    given = numbers[~np.isnan(numbers)]
    for scale, known in _scales().items():
        low, high = _RANGE[scale]
        found = np.array(
            [known.get(word, np.nan) if ask else np.nan for word, ask in zip(words, left, strict=True)]
        )
        fits = not len(given) or (given.min() >= low and given.max() <= high)
        if left.any() and fits and not np.isnan(found[left]).any():
            values[left] = found[left]
            break
    read = ~np.isnan(values)
    if not read.any():
        return values, []
    shown = ", ".join(f"{text[n]} = {values[n]:g}" for n in np.flatnonzero(read)[:6])
    return values, [("notice_score_words", {"n": int(counts[read].sum()), "words": shown})]


def _counted(word: str) -> float:
    if not isinstance(word, str):
        return np.nan
    if found := _PART.match(word):
        return float(found[1])
    if found := _STARS.match(word):
        return float(len(found[1]))
    if found := _COUNTED.match(word):
        return float(_DIGIT.get(found[1], 0) or found[1])
    return np.nan


@cache
def _scales() -> dict[str, dict[str, float]]:
    listed = read_yaml(Path(__file__).with_name("score_words.yaml"))
    return {
        scale: {word: float(value) for value, words in levels.items() for word in words}
        for scale, levels in listed.items()
    }
