"""Tables of the data report, from what intake, panel and retention left behind."""

from __future__ import annotations

from typing import Any

import pandas as pd

from whychurn.contract.tables import TABLES
from whychurn.contract.words import has_words, say


def tables_read(intake: dict[str, Any]) -> pd.DataFrame:
    """Rows per input table: ``table``, ``present``, ``read``, ``kept``, ``quarantined``, ``share`` (of rows read)."""
    found = intake["tables"]
    rows = [
        (name, bool(entry["present"]), entry["read"], entry["kept"], entry["quarantined"])
        for name, entry in ((name, found[name]) for name in TABLES if name in found)
    ]
    frame = pd.DataFrame(rows, columns=["table", "present", "read", "kept", "quarantined"])
    return frame.assign(share=frame["quarantined"] / frame["read"].where(frame["read"] > 0))


def reasons_table(intake: dict[str, Any], lang: str) -> pd.DataFrame:
    """Quarantined rows by table and reason, most first: ``table``, ``reason`` (in words), ``rows``."""
    rows = [
        (table, _words("reason", reason, lang), count)
        for table, entry in intake["tables"].items()
        for reason, count in entry.get("reasons", {}).items()
        if count
    ]
    frame = pd.DataFrame(rows, columns=["table", "reason", "rows"])
    return frame.sort_values(["rows", "table", "reason"], ascending=[False, True, True], ignore_index=True)


def redactions_table(intake: dict[str, Any], lang: str) -> pd.DataFrame:
    """Places blacked out in free text: ``kind`` (in words), ``places``."""
    rows = [(_words("redacted", kind, lang), count) for kind, count in sorted(intake["redactions"].items())]
    return pd.DataFrame(rows, columns=["kind", "places"])


def definitions_table(sensitivity: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Churn of the last year under each definition, in words: ``definition``, ``members``, ``churners``, ``rate``, …"""
    return sensitivity.assign(definition=[definition_words(name, lang) for name in sensitivity["definition"]])


def definition_words(definition: str, lang: str) -> str:
    """``inactivity_90d`` or ``terms_30d`` as a reader says it."""
    kind, _, days = definition.rpartition("_")
    return say(f"delivery.definition_{kind}", lang, days=days.removesuffix("d"))


def leakage_table(leakage: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Checks of the leakage audit, failed ones first, checks in words."""
    shown = leakage.assign(check=[_words("check", check, lang) for check in leakage["check"]])
    return shown.sort_values(["passed", "check", "value"], ascending=[True, True, False], ignore_index=True)


def _words(group: str, code: str, lang: str) -> str:
    key = f"delivery.{group}_{code}"
    return say(key, lang) if has_words(key) else code
