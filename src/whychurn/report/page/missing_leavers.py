"""The caution of a study from whose tables leavers are missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whychurn.report.words import say


def missing_leavers_line(facts: Mapping[str, Any], lang: str) -> list[str]:
    """The caution, where the facts (panel.json, retention.json, survival.json) hold ``missing_leavers``; else nothing."""
    found = facts.get("missing_leavers")
    return [say("panel.missing_leavers", lang, **found)] if found else []
