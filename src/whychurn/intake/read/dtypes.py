"""Columns of any origin in one of few standard dtypes: text, float64, Int64, boolean, datetime64[us].

Two keep what else would be lost: float32 (its ids are exact only to seven digits) and datetime64[us, zone].
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

TEXT: Final = "string[pyarrow]"
_INT64_DIGITS: Final = 18  # that 64 bits hold, whatever they are


def standard_frame(table: pa.Table) -> pd.DataFrame:
    """Arrow table as a frame of ``string[pyarrow]``, float64, Int64, boolean, datetime64[us] columns."""
    names, rows, columns = unique_names(table.column_names), table.num_rows, table.columns[::-1]
    del table  # each column is there once: as it came, or standard
    standard = {name: standard_column(columns.pop()) for name in names}
    return pd.DataFrame(standard, index=pd.RangeIndex(rows), copy=False)


def standard_column(column: pa.ChunkedArray) -> pd.Series:
    """One Arrow column in a standard dtype; what fits none becomes text."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.Series(pd.arrays.ArrowStringArray(column.cast(pa.large_string())))
    if pa.types.is_boolean(kind):
        return column.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    if pa.types.is_integer(kind):
        if pa.types.is_uint64(kind) and (pa.compute.max(column).as_py() or 0) > 2**63 - 1:
            return _arrow_strings(column)
        return column.cast(pa.int64()).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    if pa.types.is_float32(kind):
        return column.to_pandas()
    if pa.types.is_floating(kind):
        return column.cast(pa.float64()).to_pandas()
    if pa.types.is_decimal(kind):
        return _decimals(column)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _times(column)
    if pa.types.is_null(kind):
        return pd.Series(pd.array([None] * len(column), dtype=TEXT))
    return text_of_objects(column.to_pylist())


def standard_objects(frame: pd.DataFrame) -> pd.DataFrame:
    """Frame of Python objects (Excel, database rows) in standard dtypes, column by column."""
    names = unique_names(list(frame.columns))
    columns = {name: _guess(frame.iloc[:, position]) for position, name in enumerate(names)}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))


def unique_names(names: list[Any]) -> list[str]:
    """Trimmed header names; a repeated name gets a number."""
    counts: dict[str, int] = {}
    unique = []
    for number, raw in enumerate(names):
        name = str(raw).replace("\ufeff", "").strip() or f"column {number + 1}"
        counts[name] = counts.get(name, 0) + 1
        unique.append(name if counts[name] == 1 else f"{name}.{counts[name]}")
    return unique


def as_text(column: pd.Series) -> pd.Series:
    """Standard column as text: whole numbers without a decimal point, times in ISO form."""
    if pd.api.types.is_string_dtype(column.dtype) and column.dtype == TEXT:
        return column
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype("object").map({True: "true", False: "false"}).astype(TEXT)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.dt.strftime("%Y-%m-%d %H:%M:%S").astype(TEXT)
    if pd.api.types.is_float_dtype(column.dtype):
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        given = values[~np.isnan(values)]
        if np.all(given == np.round(given)) and np.all(np.abs(given) < 2**53):
            return column.astype("Int64").astype(TEXT)
    return column.astype(TEXT)


def arrow_text(column: pd.Series) -> pa.LargeStringArray:
    """Text column as one Arrow array, without a copy where it is one already."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return encoded_text(column).dictionary_decode()
    chunks: Any = pa.array(column.astype(TEXT))
    array = chunks.combine_chunks() if isinstance(chunks, pa.ChunkedArray) else chunks
    return array.cast(pa.large_string())


def encoded_text(column: pd.Series) -> pa.DictionaryArray:
    """Text column as its different values and the place of each row's among them."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return arrow_text(column).dictionary_encode()
    places = column.cat.codes.to_numpy()
    values = arrow_text(column.cat.categories.to_series())
    return pa.DictionaryArray.from_arrays(pa.array(places, mask=places < 0), values)


def held_once(column: pd.Series | pa.DictionaryArray) -> pd.Series:
    """Text column as categories, which hold each different value once: a tenth of the memory where values repeat."""
    encoded = column if isinstance(column, pa.DictionaryArray) else encoded_text(column)
    values = pd.Index(pd.arrays.ArrowStringArray(encoded.dictionary.cast(pa.large_string())))
    places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return pd.Series(pd.Categorical.from_codes(places, values))


def each_its_own(column: pd.Series) -> pd.Series:
    """Categories as text, each row its own; any other column as it is."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column
    return pd.Series(pd.arrays.ArrowStringArray(arrow_text(column)), index=column.index)


def with_values(column: pd.Series, new: Mapping[str, str]) -> pd.Series:
    """Text column in which `new` stands for the values that it names; held as it was."""
    encoded = encoded_text(column)
    values = [new.get(value, value) for value in encoded.dictionary.to_pylist()]
    changed = pa.array(values, pa.large_string()).dictionary_encode()  # two values may have become one
    places = changed.indices.take(encoded.indices)
    if isinstance(column.dtype, pd.CategoricalDtype):
        once = held_once(pa.DictionaryArray.from_arrays(places, changed.dictionary))
        return once.set_axis(column.index)
    return pd.Series(pd.arrays.ArrowStringArray(changed.dictionary.take(places)), index=column.index)


def text_of_objects(values: list[Any]) -> pd.Series:
    """Python objects as text, cell by cell."""
    return pd.Series(pd.array([_cell(value) for value in values], dtype=TEXT))


def _times(column: pa.ChunkedArray) -> pd.Series:
    zone = column.type.tz if pa.types.is_timestamp(column.type) else None
    times = pd.Series(column.cast(pa.timestamp("us"), safe=False).to_numpy())
    return times.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else times


def _decimals(column: pa.ChunkedArray) -> pd.Series:
    """Exact numbers of a database: integers where 64 bits hold them, text where no number type does."""
    if column.type.scale <= 0:
        if column.type.precision - column.type.scale <= _INT64_DIGITS:
            return standard_column(column.cast(pa.int64()))
        return _arrow_strings(column.cast(pa.decimal256(76, 0)))
    largest = pa.compute.max(pa.compute.abs(column)).as_py() or 0
    return column.cast(pa.float64()).to_pandas() if largest < 2**53 else _arrow_strings(column)


def _arrow_strings(column: pa.ChunkedArray) -> pd.Series:
    return pd.Series(pd.arrays.ArrowStringArray(column.cast(pa.large_string())))


def _guess(column: pd.Series) -> pd.Series:
    values = [None if _empty(value) else value for value in column.tolist()]
    kinds = {type(value) for value in values if value is not None}
    try:
        if kinds and kinds <= {int, float} and not _big(values):
            return standard_column(pa.chunked_array([pa.array(values, from_pandas=True)]))
        if kinds and kinds <= {bool}:
            return standard_column(pa.chunked_array([pa.array(values, pa.bool_())]))
        if kinds and kinds <= {int, float, Decimal} and Decimal in kinds:
            return _of_exact(list(values))
        if kinds and kinds <= {dt.datetime, dt.date, pd.Timestamp}:
            return _of_datetimes(values)
    except (pa.ArrowException, OverflowError, ValueError):
        pass
    return text_of_objects(values)


def _of_exact(values: list[Any]) -> pd.Series:
    """Decimals of a database: whole ones as integers or text, others as floats where those are near enough."""
    given = [value for value in values if value is not None]
    if all(value == int(value) for value in given):
        whole = [None if value is None else int(value) for value in values]
        return text_of_objects(whole) if _big(whole) else standard_column(pa.chunked_array([pa.array(whole)]))
    if any(abs(value) >= 2**53 for value in given):
        return text_of_objects(values)
    return pd.Series([np.nan if value is None else float(value) for value in values], dtype="float64")


def _of_datetimes(values: list[Any]) -> pd.Series:
    zones = {
        str(value.tzinfo) if isinstance(value, dt.datetime) else "None"
        for value in values
        if value is not None
    }
    if len(zones) > 1:
        return text_of_objects(values)  # each with its offset
    zone = next(value.tzinfo for value in values if value is not None) if zones != {"None"} else None
    naive = pd.Series(np.array([_naive_datetime(value) for value in values], dtype="datetime64[us]"))
    return naive if zone is None else naive.dt.tz_localize(zone, ambiguous=np.ones(len(naive), bool))


def _naive_datetime(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    return dt.datetime.combine(value, dt.time())


def _big(values: list[Any]) -> bool:
    return any(isinstance(value, int) and abs(value) >= 2**53 for value in values)


def _cell(value: Any) -> str | None:
    if _empty(value):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return _of_bytes(value) if isinstance(value, bytes) else str(value)


def _of_bytes(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()  # a key in binary form stays exact


def _empty(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value)
