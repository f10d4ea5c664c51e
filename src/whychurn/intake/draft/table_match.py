"""Which table of the contract a file is, and which of its columns serve which column of the contract."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from whychurn.contract.tables import FREE_TEXT, TABLES, Field
from whychurn.intake.check.mapping import MADE
from whychurn.intake.draft.column_profile import ColumnProfile
from whychurn.intake.draft.header_words import column_score, constant_of, table_score

SURE: Final = 0.55  # from here on a line is written; below it is a commented choice
POSSIBLE: Final = 0.3
SAME_IDS: Final = 0.5  # share of values that must be ids of members
_ONE_OF: Final = {  # a table without any of these columns tells nothing
    "memberships": ("ends_on", "cancelled_on", "plan", "price_paid", "paused_from"),
    "feedback": ("text", "rating"),
    "surveys": ("reason", "score", "comment"),
    "touches": ("campaign_id", "action", "opened"),
    "market": ("own_price_index", "competitor_price_index", "competitor_activity"),
}
_WEIGHTS: Final = (0.3, 0.5, 0.2)  # the file's name, required columns, further columns


@dataclass(frozen=True)
class ColumnMatch:
    """One line of a mapping: contract column, header (or ``=value``), why, and an example."""

    column: str
    header: str
    score: float
    reason: str
    example: str = ""


@dataclass(frozen=True)
class TableMatch:
    """A file (or several of the same columns) as one table of the contract.

    Parameters
    ----------
    score
        0 where a column that cannot be done without is lacking.
    columns, choices
        Lines to write, and lines to offer as a choice.
    lacking
        Required columns without a match.
    codes
        Contract column -> source value -> contract value, of a preset.
    """

    table: str
    files: tuple[str, ...]
    score: float
    reason: str
    columns: tuple[ColumnMatch, ...] = ()
    choices: tuple[ColumnMatch, ...] = ()
    lacking: tuple[str, ...] = ()
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)


def match_table(table: str, stem: str, columns: Sequence[ColumnProfile], members: set[str]) -> TableMatch:
    """`columns` of the file `stem` as contract table `table`.

    Parameters
    ----------
    members
        Ids of the members' file; empty where it is not known yet.
    """
    found = _assign(table, columns, members)
    found += _only_candidate(table, columns, found)
    sure = [match for match in found if match.score >= SURE]
    named = {match.column for match in sure}
    for name in TABLES[table].fields:
        value = constant_of(table, name, stem)
        if name not in named and value:
            sure.append(ColumnMatch(name, f"={value}", SURE, f"no column; the file is called {stem}"))
            named.add(name)
    made = {MADE.get(table), "joined_on" if table == "members" else None}
    needed = [name for name, spec in TABLES[table].fields.items() if spec.required and name not in made]
    lacking = [name for name in needed if name not in named]
    by_name = table_score(table, stem)
    parts = (by_name, _mean(sure, needed) ** 2, min(1.0, _sum(sure, needed) / 3))
    score = float(np.dot(_WEIGHTS, parts)) if _possible(table, sure, lacking) else 0.0
    reason = f"its name; {len(sure)} columns fit" if by_name else f"{len(sure)} columns fit"
    choices = tuple(match for match in found if POSSIBLE <= match.score < SURE)
    return TableMatch(table, (), score, reason, tuple(sure), choices, tuple(lacking))


def _possible(table: str, sure: list[ColumnMatch], lacking: list[str]) -> bool:
    named = {match.column for match in sure if not match.header.startswith("=")}
    if table == "snapshot":
        return "left" in named
    if table == "members":
        return "member_id" in named and len(named) > 1
    wanted = _ONE_OF.get(table)
    return not {"member_id", TABLES[table].time} & set(lacking) and (not wanted or bool(named & set(wanted)))


def _assign(table: str, columns: Sequence[ColumnProfile], members: set[str]) -> list[ColumnMatch]:
    """Best one-to-one choice of headers for the columns of `table` (Hungarian method)."""
    names = list(TABLES[table].fields)
    scores = np.zeros((len(names), len(columns)))
    reasons: dict[tuple[int, int], str] = {}
    for i, name in enumerate(names):
        for j, profile in enumerate(columns):
            by_name, reason = column_score(table, name, profile.name), "a usual name"
            if name == "member_id" and members and table != "members":
                share = share_of_members(profile, members)
                if share >= SAME_IDS and by_name < 0.95:
                    by_name, reason = 0.95, f"{share:.0%} of its values are ids of members"
            scores[i, j] = by_name * _fit(table, name, TABLES[table].fields[name], profile)
            reasons[i, j] = reason
    rows, chosen = linear_sum_assignment(-scores)
    return [
        ColumnMatch(
            names[i], columns[j].name, float(scores[i, j]), reasons[i, j], shown(names[i], columns[j])
        )
        for i, j in sorted(zip(rows.tolist(), chosen.tolist(), strict=True))
        if scores[i, j] >= POSSIBLE
    ]


def shown(column: str, profile: ColumnProfile) -> str:
    """Example for `column`: of an id its shape only."""
    return profile.shape if column.endswith("_id") else profile.example


def share_of_members(profile: ColumnProfile, members: set[str]) -> float:
    """Share of the column's different values that are ids of members."""
    values = pd.unique(profile.values)
    return float(np.mean([value in members for value in values])) if len(values) else 0.0


def _fit(table: str, name: str, spec: Field, profile: ColumnProfile) -> float:
    """Between 0 and 1: whether the values can be what the column must hold."""
    if not profile.filled:
        return 0.5
    if spec.kind in ("date", "instant", "number"):
        readable = profile.readable["number" if spec.kind == "number" else "date"]
        return 1.0 if readable >= 0.9 else 0.6 if readable >= 0.6 else 0.0
    if spec.kind == "flag":
        return 1.0 if profile.readable["flag"] > 0.9 else 0.9 if profile.distinct <= 12 else 0.0
    if table == "snapshot" and name == "left" and profile.distinct != 2:
        return 0.0
    if name in FREE_TEXT.get(table, ()):
        return 1.0 if profile.length > 6 else 0.7
    dated = profile.readable["date"] > 0.9 and profile.readable["number"] < 0.9
    if name == "member_id" and table in ("members", "snapshot") and profile.distinct < 0.5 * profile.rows:
        return 0.0
    if name == TABLES[table].key and not profile.unique and not TABLES[table].second_key:
        return 0.95 if table == "orders" else 0.5  # line items repeat the order's number
    return 0.3 if dated else 1.0


def _only_candidate(
    table: str, columns: Sequence[ColumnProfile], found: list[ColumnMatch]
) -> list[ColumnMatch]:
    """Required times and amounts that no name gave away, where one column alone can be it."""
    taken = {match.header for match in found if match.score >= SURE}
    more = []
    for name, spec in TABLES[table].fields.items():
        if (
            not spec.required
            or spec.kind == "text"
            or any(m.column == name and m.score >= SURE for m in found)
        ):
            continue
        kind = "number" if spec.kind == "number" else "date"
        other = "date" if kind == "number" else "number"
        left = [
            c for c in columns
            if c.name not in taken and c.readable[kind] > 0.95 and c.readable[other] < 0.9 and c.filled
        ]  # fmt: skip
        if len(left) == 1:
            words = "the only column of numbers" if kind == "number" else "the only column of dates"
            more.append(ColumnMatch(name, left[0].name, SURE, words, left[0].example))
    return more


def with_files(match: TableMatch, *files: str) -> TableMatch:
    """The same match for other files."""
    return replace(match, files=files)


def _mean(sure: list[ColumnMatch], needed: list[str]) -> float:
    scores = {match.column: match.score for match in sure}
    return float(np.mean([scores.get(name, 0.0) for name in needed])) if needed else 0.0


def _sum(sure: list[ColumnMatch], needed: list[str]) -> float:
    return float(sum(match.score for match in sure if match.column not in needed))
