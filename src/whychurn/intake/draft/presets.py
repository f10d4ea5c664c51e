"""Exports of common systems, recognised by their headers (``presets.yaml``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from whychurn.contract.tables import TABLES
from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.draft.column_profile import ColumnProfile
from whychurn.intake.draft.header_words import normalised
from whychurn.intake.draft.table_match import ColumnMatch, TableMatch, match_table, shown

PRESET_SCORE = 2.0  # above any match by names


@cache
def _presets() -> dict[str, dict[str, Any]]:
    return read_yaml(Path(__file__).with_name("presets.yaml"))


def match_preset(stem: str, columns: Sequence[ColumnProfile], members: set[str]) -> TableMatch | None:
    """The file as the export of a known system; None where its headers are those of none.

    Where several fit, the one with most headers in common. Columns that the preset does not name are matched by
    their words.
    """
    headers = {normalised(profile.name): profile for profile in columns}
    fitting = [
        (len(preset["known_by"]), name)
        for name, preset in _presets().items()
        if all(normalised(header) in headers for header in preset["known_by"])
    ]
    if not fitting:
        return None
    name = max(fitting)[1]
    preset = _presets()[name]
    table, reason = preset["table"], f"export of {name}"
    given = []
    for column, wanted in preset["columns"].items():
        profile = next((headers[normalised(h)] for h in wanted if normalised(h) in headers), None)
        if profile is not None and column in TABLES[table].fields:
            given.append(ColumnMatch(column, profile.name, 1.0, reason, shown(column, profile)))
    given += [ColumnMatch(c, f"={value}", 1.0, reason) for c, value in preset.get("constants", {}).items()]
    named = {match.column for match in given}
    used = {match.header for match in given}
    rest = match_table(table, stem, [p for p in columns if p.name not in used], members)
    more = [match for match in rest.columns if match.column not in named]
    choices = [match for match in rest.choices if match.column not in named]
    lacking = tuple(c for c in rest.lacking if c not in named)
    return replace(
        rest, score=PRESET_SCORE, reason=f"{reason} ({preset['manual']})", columns=(*given, *more),
        choices=tuple(choices), lacking=lacking, codes=preset.get("codes", {}),
    )  # fmt: skip
