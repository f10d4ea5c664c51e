"""Dates and times as companies write them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.epoch_timestamps import epoch_timestamps
from whychurn.intake.read.dtypes import TEXT

FIRST, LAST = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")
_TIME: Final = r"(?:[ ]+(?P<h>\d{1,2}):(?P<i>\d{1,2})(?::(?P<s>\d{1,2})(?:[.,]\d+)?)? ?(?P<half>am|pm)?)?"
_ISO: Final = r"^\d{4}-\d{2}-\d{2}(?:[ ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?$"
_YEAR_FIRST: Final = rf"^(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}}){_TIME}$"
_COMPACT: Final = r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[ ]?(?P<h>\d{2}):?(?P<i>\d{2}):?(?P<s>\d{2})?)?$"
_YEAR_LAST: Final = rf"^(?P<a>\d{{1,2}})(?P<sep>[-/.])(?P<b>\d{{1,2}})[-/.](?P<y>\d{{4}}|\d{{2}}){_TIME}$"
_SERIAL: Final = r"^[2-7]\d{4}(?:\.\d+)?$"  # days since 1899-12-30, as spreadsheets count
_DAYS_TO_1970: Final = 25_569
_EPOCH: Final = r"^1\d{9}(?:\d{3})?$"  # seconds or milliseconds since 1970, UTC
_NAMED: Final = (
    r"^(?:[a-z]{3,9},? )?(?:\d{1,2}[ -][a-z]{3,9}\.?[ -,]+\d{2,4}|[a-z]{3,9}\.? \d{1,2},? \d{4})\b.*$"
)


@dataclass
class Dates:
    """Parsed column.

    Parameters
    ----------
    values
        datetime64[ns]; NaT where nothing was given or nothing could be read.
    bad
        Given but not readable as a date.
    formats
        Ways of writing that occur, with their counts.
    guessed
        Values whose day and month could be either, read by the rule.
    """

    values: pd.Series
    bad: np.ndarray
    formats: dict[str, int] = field(default_factory=dict)
    guessed: int = 0


def read_dates(column: pd.Series, day_first: bool | None) -> Dates:
    """Dates of a column in a standard dtype.

    Read are: ISO, 2024/1/5, 20240105, 2024年1月5日, 5 May 2024, spreadsheet serials, UTC epochs, each with a
    time where given, and day and month before the year. There, one value of the column that fits only one
    order (such as 25/01/2024) decides for all values with the same separator; without one, dots mean day
    first and other separators month first. Where a column holds proof of both orders, values that fit both
    are bad. An offset such as +08:00 is dropped: the wall clock stays. Years after 2199 become 2200-01-01
    (open end).

    Parameters
    ----------
    column
        Column in a standard dtype (`read.dtypes`).
    day_first
        `intake.day_first`: True or False decides the order of 05/01/2024; None decides by column.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _bounded(column, column.isna().to_numpy(), Dates(column, np.zeros(len(column), dtype=bool)))
    codes, unique = pd.factorize(_as_written(column), use_na_sentinel=True)
    text = _normalise(pd.Series(unique).astype(TEXT))
    blank = np.append(text.isna().to_numpy(dtype=bool), True)
    small = _read_unique(text, np.bincount(codes[codes >= 0], minlength=len(unique)), day_first)
    values = pd.Series(np.append(small.values.to_numpy("datetime64[us]"), np.datetime64("NaT"))[codes])
    return _bounded(values, blank[codes], small)


def _bounded(values: pd.Series, empty: np.ndarray, parsed: Dates) -> Dates:
    far = values >= LAST
    values = values.mask(far, LAST).mask(values < FIRST).astype("datetime64[ns]")
    bad = values.isna().to_numpy() & ~empty
    return Dates(values.reset_index(drop=True), bad, parsed.formats, parsed.guessed)


def _as_written(column: pd.Series) -> pd.Series:
    if pd.api.types.is_string_dtype(column.dtype):
        return column
    numbers = column.astype("float64")
    text = numbers.round().astype("Int64").astype(TEXT)
    return text.where(numbers.isna() | (numbers == numbers.round()), numbers.astype(TEXT))


def _normalise(text: pd.Series) -> pd.Series:
    text = text.str.lower().str.strip()
    if text.str.contains(r"[^\x00-\x7f]").any():
        text = text.str.normalize("NFKC")
        for pattern, ascii_form in _CHINESE:
            text = text.str.replace(pattern, ascii_form, regex=True)
        text = text.str.strip(" -:")
    text = text.str.replace(r"(\d)t(\d)", r"\1 \2", regex=True)
    text = text.str.replace(r"(:\d{2}(?:[.,]\d+)?) ?(?:z|utc|gmt|[+-]\d{2}:?\d{2})$", r"\1", regex=True)
    return text.mask(text.isin(EMPTY))


_CHINESE: Final = (
    (r"[年月]", "-"),
    (r"日\s*", " "),
    (r"[时点](\d)", r":\1"),
    (r"[时点]", ":00"),
    (r"分(\d)", r":\1"),
    (r"[分秒]", ""),
    (r"^(\S+)\s*下午\s*(.*)$", r"\1 \2 pm"),
    (r"^(\S+)\s*上午\s*(.*)$", r"\1 \2 am"),
)
EMPTY: Final = (
    "",
    "null",
    "none",
    "nan",
    "nat",
    "n/a",
    "na",
    "#n/a",
    "-",
    "--",
    "\\n",
    "<na>",
    "无",
    "空",
    "0000-00-00",
)


def _read_unique(text: pd.Series, counts: np.ndarray, day_first: bool | None) -> Dates:
    values = pd.Series(np.full(len(text), np.datetime64("NaT"), dtype="datetime64[us]"))
    unread = np.ones(len(text), dtype=bool)
    formats: dict[str, int] = {}
    guessed = 0
    for name, pattern in (
        ("iso", _ISO),
        ("year_first", _YEAR_FIRST),
        ("compact", _COMPACT),
        ("year_last", _YEAR_LAST),
        ("serial", _SERIAL),
        ("epoch", _EPOCH),
        ("named", _NAMED),
    ):
        matches = unread & text.str.match(pattern).to_numpy(dtype=bool, na_value=False)
        if not matches.any():
            continue
        if name == "year_last":
            read, unsure = _read_year_last(text[matches], day_first)
            guessed = int(counts[matches][unsure].sum())
        else:
            read = _READERS[name](text[matches])
        values[matches] = read.to_numpy("datetime64[us]")
        unread &= ~matches
        formats[name] = int(counts[matches].sum())
    return Dates(values, values.isna().to_numpy(), formats, guessed)


def _read_iso(text: pd.Series) -> pd.Series:
    values = pd.to_datetime(text, format="ISO8601", errors="coerce")
    if values.dtype == "datetime64[ns]" and values.isna().any():  # years beyond 2262, such as 9999-12-31
        far = values.isna() & (text.str.slice(0, 4).astype("int64") > LAST.year)
        values = values.mask(far, LAST)
    return values


def _read_parts(text: pd.Series, pattern: str) -> pd.Series:
    return _assemble(text.astype(object).str.extract(re.compile(pattern)))


def _assemble(parts: pd.DataFrame) -> pd.Series:
    number = {n: pd.to_numeric(parts[n], errors="coerce").fillna(0) for n in ("y", "m", "d", "h", "i", "s")}
    year = number["y"].where(number["y"] > 99, number["y"] + np.where(number["y"] < 70, 2000, 1900))
    if "half" in parts:
        noon = number["h"] % 12
        number["h"] = number["h"].mask(parts["half"] == "am", noon).mask(parts["half"] == "pm", noon + 12)
    day = {"year": year.clip(upper=LAST.year), "month": number["m"], "day": number["d"]}
    clock = {"hour": number["h"], "minute": number["i"], "second": number["s"]}
    values = pd.to_datetime(pd.DataFrame({**day, **clock}), errors="coerce")
    return values.mask((number["h"] > 23) | (number["i"] > 59) | (number["s"] > 59))


def _read_year_last(text: pd.Series, day_first: bool | None) -> tuple[pd.Series, np.ndarray]:
    parts = text.astype(object).str.extract(re.compile(_YEAR_LAST))
    one, two = parts["a"].astype("int64"), parts["b"].astype("int64")
    either = (one <= 12) & (two <= 12)
    first = pd.Series(False, index=text.index)
    unsure = np.zeros(len(text), dtype=bool)
    contrary = np.zeros(len(text), dtype=bool)
    for separator in parts["sep"].unique():
        same = parts["sep"] == separator
        proof_day, proof_month = bool((same & (one > 12)).any()), bool((same & (two > 12)).any())
        if day_first is not None:
            first |= same & day_first
        elif proof_day != proof_month:
            first |= same & proof_day
        elif proof_day:
            contrary |= (same & either & (one != two)).to_numpy()
        else:
            first |= same & (separator == ".")
            unsure |= (same & (one != two)).to_numpy()
    first = (first & (two <= 12)) | (one > 12)
    parts["d"], parts["m"] = one.where(first, two), two.where(first, one)
    return _assemble(parts).mask(contrary), unsure


def _read_serial(text: pd.Series) -> pd.Series:
    return epoch_timestamps((text.astype("float64") - _DAYS_TO_1970) * 86400, "s")


def _read_epoch(text: pd.Series) -> pd.Series:
    number = text.astype("float64")
    return epoch_timestamps(number.where(number < 1e11, number / 1000), "s")


def _read_named(text: pd.Series) -> pd.Series:
    return pd.to_datetime(text.astype(object), format="mixed", errors="coerce")


_READERS: Final = {
    "iso": _read_iso,
    "year_first": lambda text: _read_parts(text, _YEAR_FIRST),
    "compact": lambda text: _read_parts(text, _COMPACT),
    "serial": _read_serial,
    "epoch": _read_epoch,
    "named": _read_named,
}
