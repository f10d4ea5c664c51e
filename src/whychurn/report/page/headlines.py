"""Numbers that notebooks record, and that index, summary and start page quote."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, write_json
from whychurn.contract.paths import StudyPaths

PLACES: Final = (
    "why",
    "what_keeps",
    "how_many",
    "when",
    "who_next",
    "cost",
    "changed",
    "how_sure",
)  # on the index, in this order


def place_of(key: str) -> str:
    """Place of a headline ``<place>.<what>``.

    Raises
    ------
    WhychurnError
        If `key` names no place.
    """
    place, _, what = key.partition(".")
    if place not in PLACES or not what:
        raise WhychurnError(
            f"headline {key!r} has no place", remedy=f"start it with one of {', '.join(PLACES)} and a dot"
        )
    return place


def read_headlines(study: StudyPaths) -> dict[str, dict[str, Any]]:
    """All headlines of a study, in reading order: key -> value, rung, text (by language), notebook."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((study.reports / "headlines").glob("*.json")):
        found |= {key: {**entry, "notebook": path.stem} for key, entry in read_json(path).items()}
    return found


def merge_headlines(study: StudyPaths, name: str, records: dict[str, Path]) -> None:
    """Write ``reports/headlines/<notebook>.json`` from what a notebook recorded in each language.

    A language that was not rendered now keeps its text as long as the number stays the same.

    Raises
    ------
    WhychurnError
        If two languages record different keys or numbers.
    """
    spoken = {lang: read_json(path) if path.exists() else {} for lang, path in records.items()}
    plain = {lang: {key: (h["value"], h["rung"]) for key, h in said.items()} for lang, said in spoken.items()}
    first = next(iter(plain.values()))
    if any(other != first for other in plain.values()):
        raise WhychurnError(f"notebook {name} records different headlines in {' and '.join(plain)}")
    target = study.reports / "headlines" / f"{name}.json"
    before = read_json(target) if target.exists() else {}
    merged = {}
    for key, (value, rung) in first.items():
        old = before.get(key, {})
        kept = old.get("text", {}) if old.get("value") == value else {}
        merged[key] = {
            "value": value,
            "rung": rung,
            "text": {**kept, **{lang: said[key]["text"] for lang, said in spoken.items()}},
        }
    write_json(merged, target)
