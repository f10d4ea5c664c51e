"""Log of the server: one JSON object a line. An exception is its kind and place: its text may hold what was sent."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import Any, Final


class JsonLines(logging.Formatter):
    """A record as JSON: time (UTC), worker, level, message, further fields of ``extra={"fields": …}``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "worker": os.getpid(),
            "level": record.levelname.lower(),
            "message": record.getMessage().strip(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _kind_and_place(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": f"{__name__}.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # uvicorn warns of every line that is no HTTP: anybody could fill the log
    "loggers": {"whychurn": {"level": "INFO"}, "uvicorn.error": {"level": "ERROR"}},
}


def _kind_and_place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
