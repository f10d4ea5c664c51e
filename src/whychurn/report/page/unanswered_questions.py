"""Questions that a study can or cannot answer, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whychurn.contract.questions import load_questions
from whychurn.labels import join
from whychurn.report.words import say


def question_words(question_id: str, lang: str) -> str:
    """The question as a reader asks it; its id where it has no words."""
    words = {question.id: question.words for question in load_questions()}
    return words.get(question_id, {}).get(lang, question_id)


def missing_words(entry: Mapping[str, Any], lang: str) -> str:
    """Tables or columns whose absence leaves a question of ``intake.json`` unanswered."""
    tables, columns = entry.get("missing") or [], entry.get("missing_columns") or []
    if tables:
        choice = {q.id: set(q.any_of) for q in load_questions()}.get(entry["id"], set())
        key = "missing_any" if choice == set(tables) and len(tables) > 1 else "missing_tables"
        return say(f"delivery.{key}", lang, tables=join((f"`{table}`" for table in tables), lang))
    if columns:
        either = say("delivery.either", lang)
        names = [either.join(f"`{part}`" for part in choice.split(" | ")) for choice in columns]
        return say("delivery.missing_columns", lang, columns=join(names, lang))
    return say("delivery.missing_unknown", lang)
