"""The most likely mapping of all files of a source; exports of common systems by their headers (``presets.yaml``)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Final

from whychurn.contract.errors import WhychurnError
from whychurn.contract.tables import TABLES
from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.draft.column_profile import ColumnProfile, profile_columns
from whychurn.intake.draft.header_words import normalised
from whychurn.intake.draft.table_match import ColumnMatch, TableMatch, match_table, shown, with_files
from whychurn.intake.read.source import Source

LIKELY: Final = 0.35  # a file below it is left out
PRESET_SCORE = 2.0  # above any match by names


@dataclass(frozen=True)
class MappingDraft:
    """Result of `draft_mapping`.

    Parameters
    ----------
    tables
        One match a contract table.
    others
        File -> why it is left out, or as what else it could serve.
    columns
        File -> its columns.
    """

    tables: tuple[TableMatch, ...]
    others: dict[str, str]
    columns: dict[str, list[ColumnProfile]]


def draft_mapping(source: Source) -> MappingDraft:
    """Most likely table of each file, and column of each header.

    Files are read whole: what a column holds, and whose ids it repeats, decides beside its name.

    Raises
    ------
    WhychurnError
        If the source holds no file that can be read.
    """
    columns: dict[str, list[ColumnProfile]] = {}
    others: dict[str, str] = {}
    for name in source.names():
        try:
            columns[name] = profile_columns(source.read(name).frame)
        except WhychurnError as error:
            others[name] = f"cannot be read: {error.message}"
    if not columns:
        unread = "; ".join(f"{name} {why}" for name, why in others.items())
        raise WhychurnError(
            f"no table could be read{': ' + unread if unread else ''}",
            remedy="put exports of members, orders, terms or visits there: CSV, Excel, Parquet, JSON lines",
        )
    matches = {name: _match(name, profiles, set()) for name, profiles in columns.items()}
    members = _member_ids(matches, columns)
    if members:
        matches = {name: _match(name, profiles, members) for name, profiles in columns.items()}
    return _chosen(matches, columns, others)


def _match(name: str, profiles: Sequence[ColumnProfile], members: set[str]) -> list[TableMatch]:
    """Tables that the file could be, best first."""
    stem = PurePath(name.partition("#")[2] or name).name.split(".")[0]
    found = [match_table(table, stem, profiles, members) for table in TABLES]
    preset = match_preset(stem, profiles, members)
    found += [preset] if preset else []
    found = [with_files(match, name) for match in found if match.score > 0]
    return sorted(found, key=lambda match: -match.score)


def _member_ids(matches: dict[str, list[TableMatch]], columns: dict[str, list[ColumnProfile]]) -> set[str]:
    first = [found[0] for found in matches.values() if found and found[0].table == "members"]
    if not first:
        return set()
    best = max(first, key=lambda match: match.score)
    header = next(c.header for c in best.columns if c.column == "member_id")
    profile = next(p for p in columns[best.files[0]] if p.name == header)
    return set(profile.values)


def _chosen(
    matches: dict[str, list[TableMatch]], columns: dict[str, list[ColumnProfile]], others: dict[str, str]
) -> MappingDraft:
    """Each file in turn, the surest first, takes its best table that is free; files of the same columns join."""
    taken: dict[str, TableMatch] = {}
    for name, found in sorted(matches.items(), key=lambda item: -(item[1][0].score if item[1] else 0)):
        likely = [match for match in found if match.score >= LIKELY]
        if not likely:
            others[name] = "fits no table well"
            continue
        best = likely[0]
        holder = taken.get(best.table)
        if holder and _headers(columns[name]) == _headers(columns[holder.files[0]]):
            taken[best.table] = with_files(holder, *sorted([*holder.files, name]))
            continue
        free = next((match for match in likely if match.table not in taken), None)
        if free is None or (free is not best and free.score < 0.6 * best.score):
            others[name] = f"looks like {best.table}, as {', '.join(taken[best.table].files)} does"
        else:
            taken[free.table] = free
    taken = _one_kind_of_study(taken, others)
    return MappingDraft(tuple(taken[t] for t in TABLES if t in taken), dict(sorted(others.items())), columns)


def _one_kind_of_study(taken: dict[str, TableMatch], others: dict[str, str]) -> dict[str, TableMatch]:
    """A table of one row per customer is a study of its own: it stands alone or not at all."""
    history = {"orders", "memberships", "events"} & set(taken)
    if "snapshot" not in taken or not history:
        return taken
    left_out = taken.pop("snapshot")
    others.update(dict.fromkeys(left_out.files, "one row per customer: not needed beside tables of history"))
    return taken


def _headers(columns: list[ColumnProfile]) -> list[str]:
    return [profile.name for profile in columns]


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
