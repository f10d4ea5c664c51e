"""Cells of a column in the kind that the contract asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.tables import DTYPES
from whychurn.intake.read.dates import EMPTY, read_dates
from whychurn.intake.read.dtypes import TEXT, as_text

TRUE: Final = ("true", "t", "1", "1.0", "yes", "y", "是", "有", "对", "on", "✓")
FALSE: Final = ("false", "f", "0", "0.0", "no", "n", "否", "无", "没有", "off")
EMPTY_TEXT: Final = ("", "NULL", "null", "\\N", "NaN", "nan", "<NA>", "#N/A")  # "None" may be a code
_CURRENCY: Final = re.compile(r"(?i)[¥￥$€£\s\u00a0']|元|圆|cny|rmb|usd|eur|gbp|人民币")


@dataclass
class Coerced:
    """A column in its contract kind.

    Parameters
    ----------
    values
        In the kind's dtype; text as ``string[pyarrow]``.
    bad
        Cells that were given and could not be read; their value is null.
    notes
        Label key and values of what a reader should know.
    """

    values: pd.Series
    bad: np.ndarray
    notes: tuple[tuple[str, dict[str, Any]], ...] = ()


def coerce(column: pd.Series, kind: str, day_first: bool | None = None) -> Coerced:
    """Column in a standard dtype (`read.dtypes`) as contract `kind`: text, date, instant, number or flag."""
    column = column.reset_index(drop=True)
    if kind == "text":
        return _text(column)
    if kind == "number":
        return _numbers(column)
    if kind == "flag":
        return _flags(column)
    dates = read_dates(column, day_first)
    values = dates.values.dt.normalize() if kind == "date" else dates.values
    notes = []
    if len(dates.formats) > 1:
        notes.append(("notice_formats", {"n": len(dates.formats)}))
    if dates.guessed:
        notes.append(("notice_ambiguous", {"n": dates.guessed}))
    return Coerced(values, dates.bad, tuple(notes))


def empty_column(kind: str, rows: int) -> pd.Series:
    """A column of nulls in the dtype of `kind`."""
    dtype: Any = TEXT if kind == "text" else DTYPES[kind]
    if kind in ("date", "instant"):
        return pd.Series(np.full(rows, np.datetime64("NaT"), dtype="datetime64[ns]"))
    return pd.Series(
        pd.array(np.full(rows, None), dtype=dtype) if kind != "number" else np.full(rows, np.nan)
    )


def recode(column: pd.Series, codes: Mapping[Any, Any]) -> pd.Series:
    """Values of `column` replaced by `codes` (source value -> contract value); others stay."""
    text = as_text(column).str.strip()
    mapping = {_code(key): _code(value) for key, value in codes.items()}
    hit = text.isin([key for key in mapping if key is not None])
    return text.where(~hit, text.map(mapping).astype(TEXT))


def bare_ids(values: pd.Series) -> pd.Series:
    """Ids without the ``.0`` that spreadsheets and nullable integers leave behind."""
    whole = values.str.fullmatch(r"\d+\.0").fillna(False)
    return values.mask(whole, values.str.slice(0, -2)) if whole.any() else values


def _code(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _text(column: pd.Series) -> Coerced:
    text = as_text(column).str.strip()
    return Coerced(text.mask(text.isin(EMPTY_TEXT)), np.zeros(len(text), dtype=bool))


def _numbers(column: pd.Series) -> Coerced:
    if not pd.api.types.is_string_dtype(column.dtype):
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            return Coerced(empty_column("number", len(column)), column.notna().to_numpy())
        values = column.astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
        infinite = np.isinf(values)
        return Coerced(pd.Series(np.where(infinite, np.nan, values)), infinite)
    return _numbers_of_text(column.str.strip())


def _numbers_of_text(text: pd.Series) -> Coerced:
    empty = text.isna() | text.str.lower().isin(EMPTY)
    values: pd.Series = pd.to_numeric(text.mask(empty).astype(object), errors="coerce").astype("float64")
    comma = bool(text.str.contains(",", regex=False).any())
    left = ~empty & (values.isna() | comma)
    if left.any():
        values[left] = _written_numbers(text[left].astype(object))
    values = values.mask(np.isinf(values))
    return Coerced(values, (values.isna() & ~empty).to_numpy(dtype=bool))


def _written_numbers(text: pd.Series) -> pd.Series:
    text = text.str.normalize("NFKC").str.replace("−", "-").str.replace(_CURRENCY, "", regex=True)
    text = text.str.replace(r"^\((.*)\)$", r"-\1", regex=True)
    factor = pd.Series(1.0, index=text.index)
    for ending, times in (("%", 0.01), ("万", 1e4), ("亿", 1e8)):
        hit = text.str.endswith(ending)
        factor[hit], text = times, text.mask(hit, text.str[:-1])
    if _decimal_comma(text):
        text = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    else:
        grouped = text.str.fullmatch(r"[+-]?\d{1,3}(?:,\d{3,4})+(?:\.\d*)?")  # by thousands, or by 万
        text = text.mask(grouped, text.str.replace(",", "", regex=False))
    return pd.to_numeric(text, errors="coerce") * factor


def _decimal_comma(text: pd.Series) -> bool:
    # 12,50 proves a decimal comma; 1,234.50 or 12.5 in the same column proves the contrary
    proof = text.str.fullmatch(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d{1,2}").any()
    contrary = text.str.fullmatch(r"[+-]?[\d,]+\.\d{1,2}").any()
    return bool(proof and not contrary)


def _flags(column: pd.Series) -> Coerced:
    if pd.api.types.is_bool_dtype(column.dtype):
        return Coerced(column.astype("boolean"), np.zeros(len(column), dtype=bool))
    text = as_text(column).str.strip().str.lower()
    values = empty_column("flag", len(text))
    values[text.isin(FALSE).to_numpy(dtype=bool, na_value=False)] = False
    values[text.isin(TRUE).to_numpy(dtype=bool, na_value=False)] = True
    blank = text.isna() | text.isin([word for word in EMPTY if word not in FALSE])
    empty = blank.to_numpy(dtype=bool, na_value=True)
    return Coerced(values, values.isna().to_numpy() & ~empty)
