"""What a worker did, in numbers: one line of the log a minute, and text for a collector. No value, no id, no address."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np

log = logging.getLogger(__name__)
_KEPT_TIMES: Final = 100_000  # of a minute; beyond, the oldest are forgotten


class RequestCounts:
    """Requests of one worker: totals since its start, and times since the last line of the log."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.rows = 0
        self._logged: Counter[int] = Counter()
        self._logged_rows = 0
        self._seconds: list[float] = []
        self._quantiles: tuple[float, float] | None = None

    def add(self, status: int, seconds: float) -> None:
        """One answer, and how long it took from its head on."""
        self.statuses[status] += 1
        self._seconds.append(seconds)
        if len(self._seconds) > _KEPT_TIMES:
            del self._seconds[: _KEPT_TIMES // 2]

    def minute(self, version: str) -> dict[str, Any]:
        """What came since the last call: statuses, rows, median and 99 % quantile of the seconds."""
        statuses = self.statuses - self._logged
        quantiles = _quantiles(self._seconds)
        line = {
            "event": "requests",
            "requests": statuses.total(),
            "status": {str(status): count for status, count in sorted(statuses.items())},
            "rows": self.rows - self._logged_rows,
            "p50_ms": quantiles and round(1000 * quantiles[0], 2),
            "p99_ms": quantiles and round(1000 * quantiles[1], 2),
            "version": version,
        }
        self._logged, self._logged_rows = self.statuses.copy(), self.rows
        self._seconds, self._quantiles = [], quantiles
        return line

    def totals(self, version: str) -> dict[str, Any]:
        """What one worker tells the others."""
        quantiles = _quantiles(self._seconds) or self._quantiles
        return {
            "status": {str(status): count for status, count in sorted(self.statuses.items())},
            "rows": self.rows,
            "seconds": quantiles and dict(zip(("0.5", "0.99"), quantiles, strict=True)),
            "version": version,
        }


def leave(folder: Path, totals: dict[str, Any]) -> None:
    """Put the totals of this worker where the others read them."""
    file = folder / f"{os.getpid()}.json"
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps(totals), encoding="utf-8")
    unfinished.replace(file)


def metrics_text(folder: Path) -> str:
    """Totals of all workers that ever ran, in Prometheus' text format."""
    lines = ["# TYPE whychurn_requests_total counter", "# TYPE whychurn_rows_total counter"]
    for file in sorted(folder.glob("*.json")):
        totals, worker = json.loads(file.read_text(encoding="utf-8")), f'worker="{file.stem}"'
        for status, count in totals["status"].items():
            lines.append(f'whychurn_requests_total{{{worker},status="{status}"}} {count}')
        lines.append(f"whychurn_rows_total{{{worker}}} {totals['rows']}")
        for quantile, seconds in (totals["seconds"] or {}).items():
            lines.append(f'whychurn_request_seconds{{{worker},quantile="{quantile}"}} {seconds:.6f}')
        lines.append(f'whychurn_model_version{{{worker},version="{totals["version"]}"}} 1')
    return "\n".join(lines) + "\n"


def _quantiles(seconds: list[float]) -> tuple[float, float] | None:
    if not seconds:
        return None
    middle, high = np.quantile(seconds, (0.5, 0.99))
    return float(middle), float(high)
