"""What a study is asked, and which of it the tables at hand can answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from whychurn.contract.tables import SNAPSHOT
from whychurn.contract.yaml_files import read_yaml

FILE: Final = Path(__file__).with_name("questions.yaml")


@dataclass(frozen=True)
class Question:
    """One question and what it needs.

    Parameters
    ----------
    all_of, any_of
        Tables that are all needed; tables of which one is enough.
    columns
        Columns that must hold values; each entry is a choice of ``table.column``.
    words
        The question as a reader asks it, by language.
    """

    id: str
    all_of: tuple[str, ...]
    any_of: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    words: dict[str, str]


@cache
def load_questions() -> tuple[Question, ...]:
    """All questions, in the order in which a reader asks them."""
    entries = read_yaml(FILE)
    return tuple(_question(name, entry) for name, entry in entries.items())


def assess_questions(filled: Mapping[str, Collection[str]]) -> list[dict[str, Any]]:
    """Say of each question whether it can be answered.

    Parameters
    ----------
    filled
        Table -> columns that hold at least one value; tables without rows are left out.

    Returns
    -------
    list of dict
        ``id``, ``answerable``, ``missing`` (tables) and ``missing_columns`` (of tables that are there).
    """
    asked = [one for one in load_questions() if SNAPSHOT in filled or SNAPSHOT not in one.all_of]
    return [_judge(question, filled) for question in asked]


def _question(name: str, entry: Mapping[str, Any]) -> Question:
    choices = tuple(tuple(part.strip() for part in text.split("|")) for text in entry.get("columns", []))
    words = {lang: entry[lang] for lang in ("en", "zh")}
    return Question(name, tuple(entry.get("all_of", [])), tuple(entry.get("any_of", [])), choices, words)


def _judge(question: Question, filled: Mapping[str, Collection[str]]) -> dict[str, Any]:
    missing = [table for table in question.all_of if table not in filled]
    if question.any_of and not any(table in filled for table in question.any_of):
        missing += question.any_of
    columns = [
        " | ".join(choice) for choice in question.columns if not any(_holds(name, filled) for name in choice)
    ]
    return {
        "id": question.id,
        "answerable": not missing and not columns,
        "missing": missing,
        "missing_columns": [] if missing else columns,
    }


def _holds(name: str, filled: Mapping[str, Collection[str]]) -> bool:
    table, _, column = name.partition(".")
    return column in filled.get(table, ())
