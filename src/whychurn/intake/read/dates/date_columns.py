"""Dates and times as companies write them."""

import re
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from whychurn.contract.epoch_timestamps import epoch_timestamps
from whychurn.intake.read.cells import bytes_present
from whychurn.intake.read.coerced import PLAIN, Coerced, Note, Reading
from whychurn.intake.read.dates.date_order import Order, order_of
from whychurn.intake.read.dates.date_spelling import spell
from whychurn.intake.read.dates.time_zones import in_study_zone, of_aware_column
from whychurn.intake.read.dtypes import TEXT, arrow_text

FIRST, LAST = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")
_ISO_BYTES: Final = np.isin(np.arange(256), list(b"0123456789-: T.Z"))
_TIME: Final = (
    r"(?:[ ,]+(?P<h>\d{1,2})(?:[:.](?P<i>\d{1,2}))?(?:[:.](?P<s>\d{1,2})(?:[.,](?P<f>\d{1,9}))?)?"
    r" ?(?P<half>am|pm)?)?"
)
_FORMS: Final[dict[str, str]] = {
    "YYYY-M-D": rf"^(?P<a>\d{{4}})(?P<sep>[-/. ])(?P<b>\d{{1,2}})[-/. ](?P<c>\d{{1,2}}){_TIME}$",
    "民國YYY-M-D": rf"^(?P<a>1[01]\d)(?P<sep>[-/.])(?P<b>\d{{1,2}})[-/.](?P<c>\d{{1,2}}){_TIME}$",
    "YYYYMMDD": r"^(?P<a>(?:19|2[012])\d{2})(?P<sep>)(?P<b>0[1-9]|1[0-2])(?P<c>\d{2})"
    r"(?:[ ]?(?P<h>\d{2}):?(?P<i>\d{2}):?(?P<s>\d{2})?)?$",
    "x/x/YYYY": rf"^(?P<a>\d{{1,2}})(?P<sep>[-/. ])(?P<b>\d{{1,2}})[-/. ](?P<c>\d{{4}}){_TIME}$",
    "xxxxYYYY": rf"^(?P<a>\d{{2}})(?P<sep>)(?P<b>\d{{2}})(?P<c>(?:19|20|21)\d{{2}}){_TIME}$",
    "xx-xx-xx": rf"^'?(?P<a>\d{{1,2}})(?P<sep>[-/. ])(?P<b>\d{{1,2}})[-/. ]'?(?P<c>\d{{1,2}}){_TIME}$",
    "xxxxxx": r"^(?P<a>\d{2})(?P<sep>)(?P<b>\d{2})(?P<c>\d{2})$",
    "D Mon YYYY": rf"^(?P<a>\d{{1,2}})(?P<sep>)[ .,/-]*m(?P<b>\d\d)[ .,/-]*(?P<c>\d{{4}}){_TIME}$",
    "Mon D YYYY": rf"^m(?P<b>\d\d)(?P<sep>)[ .,/-]*(?P<a>\d{{1,2}})[ ,./-]+(?P<c>\d{{4}}){_TIME}$",
    "YYYY Mon D": rf"^(?P<c>\d{{4}})(?P<sep>)[ .,/-]*m(?P<b>\d\d)[ .,/-]*(?P<a>\d{{1,2}}){_TIME}$",
    "Mon D hh:mm:ss YYYY": r"^m(?P<b>\d\d)(?P<sep>) (?P<a>\d{1,2}) (?P<h>\d{1,2}):(?P<i>\d{2}):(?P<s>\d{2})(?:[.]\d+)? "
    r"(?P<c>\d{4})$",
    "Mon D YY": rf"^m(?P<b>\d\d)(?P<sep>)[ .,/-]*(?P<a>\d{{1,2}})[ ,./-]+'?(?P<c>\d{{2}}){_TIME}$",
    "D Mon YY": rf"^(?P<a>\d{{1,2}})(?P<sep>)[ .,/-]*m(?P<b>\d\d)[ .,/-]*'?(?P<c>\d{{2}}){_TIME}$",
}
_YEAR_FIRST: Final = ("YYYY-M-D", "YYYYMMDD", "民國YYY-M-D")
_SHORT: Final = ("xx-xx-xx", "xxxxxx", "D Mon YY")
_NAMED: Final = ("D Mon YYYY", "Mon D YYYY", "YYYY Mon D", "Mon D hh:mm:ss YYYY",
                 "Mon D YY")  # fmt: skip
_SERIAL: Final = r"^[2-7]\d{4}(?:\.\d+)?$"  # days since 1899-12-30, as spreadsheets count
_DAYS_TO_1970: Final = {"serial_1904": 24_107, "serial": 25_569}
_EPOCHS: Final = {"Unix s": (r"^\d{9,10}(?:\.\d+)?$", 1.0), "Unix ms": (r"^\d{12,13}(?:\.\d+)?$", 1e3),
                  "Unix us": (r"^1\d{15}(?:\.\d+)?$", 1e6), "Unix ns": (r"^1\d{18}$", 1e9)}  # fmt: skip


@dataclass
class _Unique:
    """What was read of the unique cells of a column."""

    values: np.ndarray
    doubtful: np.ndarray
    utc: np.ndarray  # counted from 1970, so in UTC
    forms: dict[str, int] = field(default_factory=dict)
    orders: list[tuple[Order, str]] = field(default_factory=list)  # with an example


def read_dates(column: pd.Series, reading: Reading = PLAIN) -> Coerced:
    """Dates and times of a column in a standard dtype, as datetime64[ns].

    Read are: ISO, 2024/1/5, 20240105, 2024年1月5日, 二〇二四年一月五日, 5 May 2024, 5th of May 2024, 05-MAY-24,
    spreadsheet serials, seconds and milliseconds since 1970, each with a time where given, and dates of three
    numbers, whose order all values of the column decide together (`date_order.order_of`). Times with an
    offset become wall-clock time of the study's zone; without one (`Reading.study_zone`) their own wall clock
    stays. Years after 2199 become 2200-01-01 (open end); those before 1900 are bad.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        aware = of_aware_column(column, reading)
        return _bounded(aware, column.isna().to_numpy())
    if pd.api.types.is_string_dtype(column.dtype):
        if (iso := _all_iso(column)) is not None:
            return _bounded(of_aware_column(iso[0], reading), iso[1])
        written = column
    else:
        written = _digits(column)
    return _of_unique(written, reading)


def _all_iso(text: pd.Series) -> tuple[pd.Series, np.ndarray] | None:
    """A column of ISO dates alone, in UTC where all end in Z, and its empty cells; None for another column."""
    present = bytes_present(text)
    if (present & ~_ISO_BYTES).any():
        return None
    empty = text.isna().to_numpy(dtype=bool) | (text == "").to_numpy(dtype=bool, na_value=False)
    array = arrow_text(text.mask(empty) if empty.any() else text)
    zone = "UTC" if present[ord("Z")] else None
    for unit in ("us", "ns"):
        try:
            times = array.cast(pa.timestamp(unit, tz=zone))
        except pa.ArrowInvalid:
            continue
        values = pd.Series(times.cast(pa.timestamp(unit)).to_numpy(zero_copy_only=False))
        return (values.dt.tz_localize(zone) if zone else values), empty
    return None


def _digits(column: pd.Series) -> pd.Series:
    numbers = column.astype("float64")
    text = numbers.round().astype("Int64").astype(TEXT)
    return text.where(numbers.isna() | (numbers == numbers.round()), numbers.astype(TEXT))


def _bounded(read: Coerced, empty: np.ndarray) -> Coerced:
    values = read.values.reset_index(drop=True)
    if (late := values >= LAST).any():
        values = values.mask(late, LAST)
    if (early := values < FIRST).any():
        values = values.mask(early)
    values = values.astype("datetime64[ns]")
    return Coerced(values, values.isna().to_numpy() & ~empty, read.notes, read.how)


def _of_unique(written: pd.Series, reading: Reading) -> Coerced:
    codes, unique = pd.factorize(written, use_na_sentinel=True)
    raw = pd.Series(unique).astype(TEXT)
    counts = np.bincount(codes[codes >= 0], minlength=len(raw))
    spelled = spell(raw)
    text = spelled.text.astype(object)
    found = _read_unique(text, counts, reading)
    offset = np.where(found.utc, 0.0, spelled.offset)
    small = in_study_zone(pd.Series(found.values), reading, offset, counts, raw, found.utc)
    notes, how = _told(found, raw, counts, reading)
    nat = pd.Series(np.array(["NaT"], dtype="datetime64[us]"))
    values = pd.concat([small.values.astype("datetime64[us]"), nat], ignore_index=True).take(codes)
    blank = np.append(text.isna().to_numpy(dtype=bool), True)[codes]
    return _bounded(Coerced(values, blank, (*notes, *small.notes), how | small.how), blank)


def _read_unique(text: pd.Series, counts: np.ndarray, reading: Reading) -> _Unique:
    size = len(text)
    found = _Unique(
        np.full(size, np.datetime64("NaT"), "datetime64[us]"), np.zeros(size, bool), np.zeros(size, bool)
    )
    left = text.notna().to_numpy()
    for name, pattern in _FORMS.items():
        hit = left & text.str.match(pattern).to_numpy(dtype=bool, na_value=False)
        if hit.any():
            _read_form(name, text, np.flatnonzero(hit), counts, reading, found)
            left &= ~hit
    numeric = text.where(left).str.replace(r"\.0+$", "", regex=True)
    serial = "serial_1904" if reading.date_form == "serial_1904" else "serial"
    _read_counted(serial, numeric, _SERIAL, counts, found)
    for name, (pattern, _) in _EPOCHS.items():
        _read_counted(name, numeric, pattern, counts, found)
    return found


def _read_counted(name: str, numeric: pd.Series, pattern: str, counts: np.ndarray, found: _Unique) -> None:
    hit = numeric.str.match(pattern).to_numpy(dtype=bool, na_value=False)
    if not hit.any():
        return
    number = numeric[hit].astype("float64")
    if name in _EPOCHS:
        found.utc |= hit
        seconds = number / _EPOCHS[name][1]
    else:
        seconds = (number - _DAYS_TO_1970[name]) * 86_400
    found.values[hit] = epoch_timestamps(seconds, "s").to_numpy("datetime64[us]")
    found.forms[name] = int(counts[hit].sum())


def _read_form(
    name: str, text: pd.Series, rows: np.ndarray, counts: np.ndarray, reading: Reading, found: _Unique
) -> None:
    parts = text.iloc[rows].str.extract(re.compile(_FORMS[name]))
    numbers = parts[["a", "b", "c"]].astype("int64").to_numpy()
    found.forms[name] = found.forms.get(name, 0) + int(counts[rows].sum())
    if name in _YEAR_FIRST:
        year = numbers[:, 0] + (1911 if name == "民國YYY-M-D" else 0)
        found.values[rows] = _assemble(year, numbers[:, 1], numbers[:, 2], parts)
        return
    if name in _NAMED:
        found.values[rows] = _assemble(_century(numbers[:, 2]), numbers[:, 1], numbers[:, 0], parts)
        return
    orders: dict[str, Order] = {}
    for sep in sorted(parts["sep"].unique()):
        same = (parts["sep"] == sep).to_numpy()
        named = name == "D Mon YY"
        orders[sep] = order_of(numbers[same], name in _SHORT, named, counts[rows][same], reading, sep == ".")
    proven = {order.name for order in orders.values() if order.by in ("proof", "few_years")}
    for sep, order in orders.items():
        same = (parts["sep"] == sep).to_numpy()
        if order.by == "assumed" and len(proven) == 1:  # another separator of the column proves it
            form = Reading(date_form=proven.pop())  # type: ignore[arg-type]
            order = order_of(numbers[same], name in _SHORT, False, counts[rows][same], form, False)
            proven = {order.name}
        found.values[rows[same]] = _assemble(_century(order.year), order.month, order.day, parts[same])
        found.doubtful[rows[same]] = order.doubtful
        found.orders.append((order, name))


def _century(year: np.ndarray) -> np.ndarray:
    return np.where(year > 99, year, year + np.where(year < 70, 2000, 1900))


def _assemble(year: np.ndarray, month: np.ndarray, day: np.ndarray, parts: pd.DataFrame) -> np.ndarray:
    def clock(name: str) -> pd.Series:
        given = parts[name] if name in parts else pd.Series(0, index=parts.index)
        return pd.to_numeric(given, errors="coerce").fillna(0).reset_index(drop=True)

    hour, minute, second = clock("h"), clock("i"), clock("s")
    if "half" in parts:
        half = parts["half"].reset_index(drop=True)
        hour = hour.mask(half == "am", hour % 12).mask(half == "pm", hour % 12 + 12)
    written = pd.DataFrame({"year": np.minimum(year, LAST.year), "month": month, "day": day})
    values = pd.to_datetime(written.assign(hour=hour, minute=minute, second=second), errors="coerce")
    if "f" in parts:
        parted = parts["f"].reset_index(drop=True).fillna("0").str.pad(9, "right", "0").astype("int64")
        values = values + pd.to_timedelta(parted, unit="ns")
    return values.mask((hour > 23) | (minute > 59) | (second > 59)).to_numpy("datetime64[us]")


def _told(
    found: _Unique, raw: pd.Series, counts: np.ndarray, reading: Reading
) -> tuple[list[Note], dict[str, str]]:
    notes: list[Note] = []
    how = {"dates": ", ".join(f"{name} {n}" for name, n in found.forms.items())} if found.forms else {}
    if len(found.forms) > 1:
        notes.append(("notice_formats", {"n": len(found.forms), "forms": how["dates"]}))
    if "serial" in found.forms:
        notes.append(("notice_serial", {"n": found.forms["serial"]}))
    if not found.orders:
        return notes, how
    order = max(found.orders, key=lambda one: ("assumed", "contrary").count(one[0].by))[0]
    how |= {"order": order.name, "order_by": order.by}
    if not found.doubtful.any():
        if order.by == "few_years":
            notes.append(("notice_year_place", {"order": order.name, "example": raw[0]}))
        return notes, how
    rows, given = (
        int(counts[found.doubtful].sum()),
        int(counts[~np.isnat(found.values) | found.doubtful].sum()),
    )
    shown = {"n": rows, "example": raw[int(np.argmax(found.doubtful))], "order": order.name}
    kind = "contrary" if order.by == "contrary" else "year_place" if order.year_in_doubt else "ambiguous"
    dots = kind == "ambiguous" and order.name == "dmy"  # nobody writes 01.31.2024
    few = dots or reading.few(rows, given)
    notes.append((f"{'notice' if few else 'decide'}_{kind}", shown))
    return notes, how
