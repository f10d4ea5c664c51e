"""JSON: one object a line, or a list of objects; numbers as they are written, nested values with dotted names."""

import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.dtypes import standard_objects
from whychurn.intake.read.files.delimited import encoding_notices
from whychurn.intake.read.files.encoding import decode
from whychurn.intake.read.raw_table import Hints, Notices, RawTable

_LISTED: Final = 5  # names told in a notice


def read_json_records(content: bytes, name: str, hints: Hints | None = None) -> RawTable:
    """Rows of a JSON file; numbers stay text as written, so that no id loses a digit.

    Raises
    ------
    WhychurnError
        If the file is no JSON, breaks off, or holds no list of objects.
    """
    hints = hints or Hints()
    decoded = decode(content, hints.encoding)
    text = decoded.text.decode("utf-8", "replace").strip().removeprefix("\ufeff")
    if not text:
        raise WhychurnError("the file is empty", file=name, remedy="export the table again")
    records, broken, key = _records(text, name)
    notices: list[tuple[str, dict[str, Any]]] = list(encoding_notices(decoded, name, hints.table))
    if key:
        notices.append(("notice_json_key", {"file": name, "key": key}))
    rows, names = _flat([one for _, one in records])
    frame = pd.DataFrame({one: pd.Series([row.get(one) for row in rows], dtype=object) for one in names})
    return RawTable(
        standard_objects(frame),
        np.array([number for number, _ in records], dtype="int64"),
        name,
        np.array(broken, dtype="int64"),
        encoding=decoded.encoding,
        notices=(*notices, *_nested(rows, name)),
    )


def _records(text: str, name: str) -> tuple[list[tuple[int, dict[str, Any]]], list[int], str]:
    """(number, object) of each row, numbers of lines that are no object, and the key that held the list."""
    first, *_ = text.split("\n", 1)
    lines = text[0] == "{" and _is_object(first)
    if lines:
        records, broken = [], []
        for number, line in enumerate((one for one in text.split("\n") if one.strip()), 1):
            value = _value(line)
            if isinstance(value, dict):
                records.append((number, value))
            else:
                broken.append(number)
        if not (len(records) == 1 and not broken and _list_inside(records[0][1])):
            return records, broken, ""
    values = list(_values(text, name))
    key = ""
    if len(values) == 1 and isinstance(values[0], dict) and (key := _list_inside(values[0])):
        values = values[0][key]
    elif len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    found = [(number, value) for number, value in enumerate(values, 1) if isinstance(value, dict)]
    if not found:
        raise WhychurnError(
            "the JSON holds no list of objects",
            file=name,
            remedy='write one object a row, such as [{"order_id": "1", "amount": 5}, …] or one a line',
        )
    numbers = {number for number, _ in found}
    return found, [number for number in range(1, len(values) + 1) if number not in numbers], key


def _loads(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None)


def _value(line: str) -> Any:
    try:
        return _loads(line)
    except ValueError:
        return None


def _is_object(text: str) -> bool:
    return isinstance(_value(text), dict)


def _values(text: str, name: str) -> Iterator[Any]:
    """Values that stand one behind the other."""
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=lambda _: None)
    at = 0
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError as error:
            place = error.lineno if isinstance(error, json.JSONDecodeError) else 1
            raise WhychurnError(
                f"not readable as JSON: it is damaged or breaks off in line {place}",
                file=name,
                remedy="export the table again, as one object a line or as one list of objects",
            ) from None
        yield value
        while at < len(text) and (text[at].isspace() or text[at] in ",;"):
            at += 1


def _list_inside(value: dict[str, Any]) -> str:
    """The one key whose value is a list of objects; empty where there is none or several."""
    keys = [
        key
        for key, inner in value.items()
        if isinstance(inner, list) and inner and all(isinstance(one, dict) for one in inner)
    ]
    scalars = [key for key in value if key.endswith("id")]
    return keys[0] if len(keys) == 1 and not scalars else ""


def _flat(records: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Objects inside rows as columns ``outer.inner``; lists and deeper objects as JSON text."""
    rows: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    for record in records:
        row: dict[str, Any] = {}
        for key, value in record.items():
            if isinstance(value, dict):
                row |= {f"{key}.{inner}": _cell(content) for inner, content in value.items()}
            else:
                row[key] = _cell(value)
        rows.append(row)
        names |= dict.fromkeys(row)
    return rows, list(names)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


def _nested(rows: list[dict[str, Any]], name: str) -> Notices:
    dotted = sorted({key for row in rows for key in row if "." in key})
    lists = sorted(
        {key for row in rows[:1000] for key, value in row.items() if str(value)[:2] in ("[{", '["')}
    )
    told = []
    if dotted:
        told.append(("notice_json_nested", {"file": name, "names": ", ".join(dotted[:_LISTED])}))
    if lists:
        told.append(("notice_json_lists", {"file": name, "names": ", ".join(lists[:_LISTED])}))
    return tuple(told)
