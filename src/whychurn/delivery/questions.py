"""Questions that a study can or cannot answer, in words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from whychurn.contract import words
from whychurn.contract.words import say

QUESTIONS: Final = Path(words.__file__).parents[1] / "questions.yaml"


@cache
def _questions() -> dict[str, dict[str, Any]]:
    if not QUESTIONS.exists():
        return {}
    content = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8")) or {}
    entries = content.get("questions", content) if isinstance(content, dict) else content
    if isinstance(entries, dict):
        entries = [{"id": key, **entry} for key, entry in entries.items()]
    return {entry["id"]: entry for entry in entries}


def question_words(question_id: str, lang: str) -> str:
    """The question as a reader asks it; its id where it has no words."""
    entry = _questions().get(question_id, {})
    text = (entry.get("words") or entry).get(lang, question_id)
    return str(text).rstrip("?？")


def missing_words(missing: Sequence[str], question_id: str, lang: str) -> str:
    """Which tables a question lacks."""
    if not missing:
        return say("delivery.missing_unknown", lang)
    joined = ("、" if lang == "zh" else ", ").join(missing)
    choice = set(_questions().get(question_id, {}).get("any_of") or [])
    return say(
        "delivery.missing_any" if choice >= set(missing) and len(missing) > 1 else "delivery.missing_tables",
        lang,
        tables=joined,
    )
