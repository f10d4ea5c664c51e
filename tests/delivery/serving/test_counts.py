"""Counts of a worker, and lines of the log that hold no value of a request."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from whychurn.delivery.serving.counts import RequestCounts, leave, metrics_text
from whychurn.delivery.serving.log_lines import JsonLines

SECRET = "13800138000"


def test_a_line_counts_what_came_since_the_last() -> None:
    counts = RequestCounts()
    for place in range(100):
        counts.add(200, place / 1000)
    counts.add(503, 0.001)
    counts.rows = 150
    first = counts.minute("3")
    assert (first["requests"], first["status"], first["rows"]) == (101, {"200": 100, "503": 1}, 150)
    assert 45 < first["p50_ms"] < 55 and 95 < first["p99_ms"] < 99.1
    counts.add(400, 0.5)
    second = counts.minute("4")
    assert (second["status"], second["rows"], second["p50_ms"], second["version"]) == (
        {"400": 1},
        0,
        500,
        "4",
    )
    assert counts.minute("4")["p50_ms"] is None


def test_totals_of_all_workers_become_metrics(tmp_path: Path) -> None:
    counts = RequestCounts()
    counts.add(200, 0.25)
    counts.minute("3")
    leave(tmp_path, counts.totals("3"))
    text = metrics_text(tmp_path)
    assert 'status="200"} 1\n' in text and 'quantile="0.99"} 0.250000' in text and 'version="3"} 1' in text


def test_a_line_tells_kind_and_place_of_an_error_and_not_its_text() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        kind = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), kind)
    record.fields = {"event": "kept"}
    line = JsonLines().format(record)
    assert SECRET not in line
    content = json.loads(line)
    assert content["error"].startswith("ValueError at test_counts.py:") and content["event"] == "kept"
