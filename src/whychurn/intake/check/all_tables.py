"""All tables together: who is a member, what is known by the last day, which rows stand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.questions import judge_questions
from whychurn.contract.tables import ACTIVITY_TABLES, TABLES
from whychurn.intake.check.implied_members import complete_members
from whychurn.intake.check.mapping import check_mapping
from whychurn.intake.check.one_table import AFTER, Draft, blank, draft_table, empty_draft
from whychurn.intake.check.order_lines import fold_lines
from whychurn.intake.check.quarantine import EXEMPT
from whychurn.intake.read.source import Source, read_table


@dataclass
class Examined:
    """Every table judged, nothing protected or written yet.

    Parameters
    ----------
    drafts
        Contract table -> draft; ids are still the company's own.
    observed_from, observed_until
        First and last day covered, inclusive; empty where no row stands.
    """

    drafts: dict[str, Draft]
    observed_from: pd.Timestamp | None = None
    observed_until: pd.Timestamp | None = None

    @property
    def quarantine(self) -> pd.DataFrame:
        """Rows of ``quarantine.parquet``, all tables."""
        return pd.concat([draft.quarantined() for draft in self.drafts.values()], ignore_index=True)


def read_drafts(source: Source, params: Params) -> dict[str, Draft]:
    """All eight tables in the contract's columns; absent ones are empty.

    Raises
    ------
    WhychurnError
        If a mapping names what does not exist, a file is unreadable, or a required column is missing.
    """
    check_mapping(params.intake)
    drafts = {}
    for table in TABLES:
        raw = read_table(source, table, params.intake.tables.get(table))
        drafts[table] = draft_table(table, raw, params.intake) if raw else empty_draft(table)
    return drafts


def examine(drafts: dict[str, Draft], params: Params, today: dt.date) -> Examined:
    """Judge rows across tables.

    The order of the rules is the order of precedence: a row's own cells, lines folded into orders, the
    future, duplicates (the first sound row stays), members unknown.

    Parameters
    ----------
    today
        Rows after this day are in the future.

    Raises
    ------
    WhychurnError
        If there is no activity table.
    """
    if not any(drafts[table].origin for table in ACTIVITY_TABLES):
        raise WhychurnError(
            f"none of the tables {', '.join(ACTIVITY_TABLES)} is there",
            remedy="put one of them into the source, or name its file in params.yaml: intake.tables",
        )
    for table in params.intake.fold:
        drafts[table] = fold_lines(drafts[table])
    last = _last_day(params.intake.observed_until, today)
    for draft in drafts.values():
        if draft.table != "members":
            _judge_future(draft, last, today)
            _judge_duplicates(draft)
    complete_members(drafts, params.intake.complete_members)
    _judge_future(drafts["members"], last, today)
    _judge_duplicates(drafts["members"])
    joined = drafts["members"].good.set_index("member_id")["joined_on"]
    for draft in drafts.values():
        if draft.table != "members" and "member_id" in draft.frame:
            _judge_members(draft, joined)
    first, seen = _covered(drafts)
    return Examined(drafts, first, last if params.intake.observed_until else min(seen, last))


def table_facts(draft: Draft) -> dict[str, Any]:
    """Counts of one table for ``intake.json``; they balance: read + derived = kept + quarantined + folded.

    Raises
    ------
    AssertionError
        If a row was lost.
    """
    counts = draft.verdicts.counts()
    reasons: dict[str, int] = {"broken_row": len(draft.broken)} if len(draft.broken) else {}
    for (reason, _), number in counts.items():
        reasons[reason] = reasons.get(reason, 0) + number
    kept, quarantined = int(draft.verdicts.good.sum()), sum(reasons.values())
    assert draft.read + draft.derived == kept + quarantined + draft.folded, f"{draft.table}: rows were lost"
    return {
        "present": draft.origin is not None,
        "source": draft.origin,
        "encoding": draft.encoding,
        "read": draft.read,
        "kept": kept,
        "quarantined": quarantined,
        "folded": draft.folded,
        "derived": draft.derived,
        "reasons": reasons,
        "reason_columns": {f"{reason}:{column}": number for (reason, column), number in counts.items()},
        "cells_blanked": draft.blanked,
        "warnings": draft.warnings,
    }


def refuse_excess(examined: Examined, max_quarantined: float) -> None:
    """Stop where too large a share of a table is bad, or nothing is left to work on.

    Raises
    ------
    WhychurnError
        Naming table, most frequent reason, its column and count.
    """
    members = examined.drafts["members"]
    if not len(members.frame):
        raise WhychurnError(
            "the table 'members' has no row",
            file=members.origin,
            remedy="export it again, or remove the file: members are then made from their activity",
        )
    for table, draft in examined.drafts.items():
        counts = {label: n for label, n in draft.verdicts.counts().items() if label[0] not in EXEMPT}
        if len(draft.broken):
            counts["broken_row", ""] = len(draft.broken)
        bad = sum(counts.values())
        if bad <= max_quarantined * draft.read:
            continue
        (reason, column), number = max(counts.items(), key=lambda item: item[1])
        raise WhychurnError(
            f"table {table!r}: {bad} of {draft.read} rows are bad ({bad / draft.read:.1%}, allowed "
            f"{max_quarantined:.1%}); most often {reason}, {number} rows",
            file=draft.origin,
            column=column or None,
            rows=bad,
            remedy=_remedy(reason, column),
        )
    if members.good.empty:
        raise WhychurnError(
            "no usable member", file=members.origin, remedy="see data/interim/quarantine.parquet"
        )
    if examined.observed_until is None or pd.isna(examined.observed_until):
        raise WhychurnError("no usable activity row", remedy=f"check {', '.join(ACTIVITY_TABLES)}")


def _remedy(reason: str, column: str) -> str:
    hints = {
        ("missing_value", "member_id"): "leave purchases of non-members out of the export",
        ("unknown_member", "member_id"): "complete the members, or set intake.complete_members: true",
        ("duplicate_id", "order_id"): "set intake.fold: [orders] where the rows are lines of one order",
        ("unknown_code", column): f"map the codes in params.yaml: intake.codes ({column})",
    }
    hint = hints.get((reason, column), "mend the rows in the source, or map columns and codes in params.yaml")
    return f"{hint}; a run lists the rows in data/interim/quarantine.parquet; intake.max_quarantined sets the share"


def judge_drafts(examined: Examined) -> list[dict[str, Any]]:
    """Which questions the sound rows can answer (`contract.questions`)."""
    filled = {}
    for table, draft in examined.drafts.items():
        if draft.verdicts.good.any():
            filled[table] = [name for name in draft.frame.columns if draft.sound(name).notna().any()]
    if "events" in filled:  # a type of event counts as a column
        filled["events"] += examined.drafts["events"].sound("event_type").unique().tolist()
    return judge_questions(filled)


def _last_day(given: dt.date | None, today: dt.date) -> pd.Timestamp:
    return pd.Timestamp(min(given or today, today))


def _judge_future(draft: Draft, last: pd.Timestamp, today: dt.date) -> None:
    name = str(TABLES[draft.table].time)
    day = draft.frame[name].dt.normalize()
    ahead = (day > last).to_numpy(dtype=bool, na_value=False)
    future = (day > pd.Timestamp(today)).to_numpy(dtype=bool, na_value=False)
    known_later = ahead if draft.table == "memberships" else ahead & ~future  # terms are sold in advance
    draft.verdicts.mark(known_later, "after_window", name)
    draft.verdicts.mark(future, "future_date", name)
    if draft.table in AFTER:
        later = AFTER[draft.table][0]
        blank(draft, later, draft.frame[later].dt.normalize() > last, "future_date")


def _judge_duplicates(draft: Draft) -> None:
    key = {"market": ["week_start", "region", "category"], "events": ["event_id"]}.get(
        draft.table, [str(TABLES[draft.table].key)]
    )
    good = draft.verdicts.good
    if draft.table == "events":
        good = good & draft.frame["event_id"].notna().to_numpy(dtype=bool)
    if not good.any():
        return
    repeated = np.zeros(len(draft.frame), dtype=bool)
    repeated[good] = draft.frame.loc[good, key].duplicated().to_numpy()
    draft.verdicts.mark(repeated, "duplicate_id", key[0])


def _judge_members(draft: Draft, joined: pd.Series) -> None:
    place = joined.index.get_indexer(pd.Index(draft.frame["member_id"]))
    draft.verdicts.mark(place < 0, "unknown_member", "member_id")
    if not len(joined):
        return
    day = draft.frame[str(TABLES[draft.table].time)].dt.normalize()
    before = (day.to_numpy() < joined.to_numpy()[place]) & draft.verdicts.good
    if before.any():
        draft.warnings["before_joining"] = int(before.sum())


def _covered(drafts: dict[str, Draft]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day seen. Terms may have begun before anything else was recorded: they do not open it."""
    days = {table: drafts[table].sound(str(TABLES[table].time)).dt.normalize() for table in ACTIVITY_TABLES}
    acts = pd.concat([days["orders"], days["events"]])
    return (days["memberships"] if acts.empty else acts).min(), pd.concat(days.values()).max()
