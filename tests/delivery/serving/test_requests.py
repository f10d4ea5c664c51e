"""Reading requests where no server is needed: forms, ids, and how much is held."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from whychurn.delivery.serving.requests import (
    DisconnectedError,
    HeldBytes,
    RequestBody,
    RequestError,
    busy,
    check_content_type,
    header,
    parse_json,
    read_ids,
    read_rows,
)

SCOPE: dict[str, Any] = {"headers": [(b"content-type", b"Application/JSON; charset=utf-8")]}


def test_ids_are_texts_in_one_of_two_forms() -> None:
    assert read_ids({"member_id": "a"}) == ["a"] and read_ids({"member_ids": ["a", "b"]}) == ["a", "b"]
    assert read_ids({"inputs": []}) is None
    for wrong in ({"member_id": 1}, {"member_ids": "ab"}, {"member_id": "a", "inputs": []}):
        with pytest.raises(RequestError):
            read_ids(wrong)
    with pytest.raises(RequestError):
        read_ids({"inputs": []}, required=True)


def test_rows_are_records_in_all_forms() -> None:
    rows = [{"a": 1, "b": None}, {"a": 2, "b": "x"}]
    split = {"columns": ["a", "b"], "data": [[1, None], [2, "x"]], "index": [0, 1]}
    for content in ({"inputs": rows}, {"dataframe_split": split}, {"inputs": split}, {"instances": rows}):
        assert read_rows(content) == rows
    assert parse_json(b"[1]") == {}


def test_a_content_type_is_json_or_not_said() -> None:
    check_content_type(SCOPE)
    check_content_type({"headers": []})
    assert header(SCOPE, b"content-type").startswith(b"Application") and header(SCOPE, b"x") == b""
    with pytest.raises(RequestError) as caught:
        check_content_type({"headers": [(b"content-type", b"text/csv")]})
    assert (caught.value.status, busy().status) == (415, 503)


def read(parts: list[dict[str, Any]], held: HeldBytes, max_bytes: int = 10) -> bytes:
    async def receive() -> Any:
        return parts.pop(0)

    return asyncio.run(RequestBody(receive, None, max_bytes, 1.0, held).read())


def test_a_body_is_read_whole_within_its_bounds() -> None:
    parts = [
        {"type": "http.request", "body": b"abc", "more_body": True},
        {"type": "http.request", "body": b"d"},
    ]
    held = HeldBytes(10)
    assert read(list(parts), held) == b"abcd" and held.held == 4
    for bounds, status in (((HeldBytes(3), 10), 503), ((HeldBytes(10), 3), 413)):
        with pytest.raises(RequestError) as caught:
            read(list(parts), *bounds)
        assert caught.value.status == status
    with pytest.raises(DisconnectedError):
        read([parts[0], {"type": "http.disconnect"}], HeldBytes(10))
