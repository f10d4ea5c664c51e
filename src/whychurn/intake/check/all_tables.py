"""All tables checked together: who is a member, which rows lie within the window, which are duplicates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.questions import assess_questions
from whychurn.contract.tables import ACTIVITY_TABLES, TABLES
from whychurn.intake.check.implied_members import complete_members
from whychurn.intake.check.mapping import check_mapping
from whychurn.intake.check.one_table import AFTER, CheckedTable, absent_table, blank, check_table
from whychurn.intake.check.order_lines import merge_order_lines
from whychurn.intake.check.quarantine import EXEMPT
from whychurn.intake.read.source import Source, read_table


@dataclass
class CheckedTables:
    """All tables of a source after the check, nothing protected or written yet.

    Parameters
    ----------
    tables
        Contract table -> checked; ids are still the company's own.
    observed_from, observed_until
        First and last day covered, inclusive; None where no row passed.
    """

    tables: dict[str, CheckedTable]
    observed_from: pd.Timestamp | None = None
    observed_until: pd.Timestamp | None = None

    @property
    def quarantine(self) -> pd.DataFrame:
        """Rows of ``quarantine.parquet``, all tables."""
        return pd.concat([checked.quarantined() for checked in self.tables.values()], ignore_index=True)


def read_tables(source: Source, params: Params) -> dict[str, CheckedTable]:
    """All eight tables in the contract's columns; absent ones are empty.

    Raises
    ------
    WhychurnError
        If a mapping names what does not exist, a file is unreadable, or a required column is missing.
    """
    check_mapping(params.intake)
    tables = {}
    for table in TABLES:
        raw = read_table(source, table, params.intake.tables.get(table))
        tables[table] = check_table(table, raw, params.intake) if raw else absent_table(table)
    return tables


def check_tables(tables: dict[str, CheckedTable], params: Params, today: dt.date) -> CheckedTables:
    """Check rows across tables.

    The order of the rules is the order of precedence: a row's own cells, lines folded into orders, the
    future, duplicates (the first good row stays), unknown members.

    Parameters
    ----------
    today
        Rows after this day are in the future.

    Raises
    ------
    WhychurnError
        If there is no activity table.
    """
    if not any(tables[table].origin for table in ACTIVITY_TABLES):
        raise WhychurnError(
            f"none of the tables {', '.join(ACTIVITY_TABLES)} is there",
            remedy="put one of them into the source, or name its file in params.yaml: intake.tables",
        )
    for table in params.intake.fold:
        tables[table] = merge_order_lines(tables[table])
    last = pd.Timestamp(min(params.intake.observed_until or today, today))
    for checked in tables.values():
        if checked.table != "members":
            _check_future(checked, last, today)
            _check_duplicates(checked)
    complete_members(tables, params.intake.complete_members)
    _check_future(tables["members"], last, today)
    _check_duplicates(tables["members"])
    joined = tables["members"].good.set_index("member_id")["joined_on"]
    for checked in tables.values():
        if checked.table != "members" and "member_id" in checked.frame:
            _check_members(checked, joined)
    first, last_row = _covered(tables)
    return CheckedTables(tables, first, last if params.intake.observed_until else min(last_row, last))


def table_facts(checked: CheckedTable) -> dict[str, Any]:
    """Counts of one table for ``intake.json``; they balance: read + derived = kept + quarantined + folded.

    Raises
    ------
    AssertionError
        If a row was lost.
    """
    counts = checked.row_reasons.counts()
    reasons: dict[str, int] = {"broken_row": len(checked.broken)} if len(checked.broken) else {}
    for (reason, _), number in counts.items():
        reasons[reason] = reasons.get(reason, 0) + number
    kept, quarantined = int(checked.row_reasons.good.sum()), sum(reasons.values())
    assert checked.read + checked.derived == kept + quarantined + checked.folded, (
        f"{checked.table}: rows were lost"
    )
    return {
        "present": checked.origin is not None,
        "source": checked.origin,
        "encoding": checked.encoding,
        "read": checked.read,
        "kept": kept,
        "quarantined": quarantined,
        "folded": checked.folded,
        "derived": checked.derived,
        "reasons": reasons,
        "reason_columns": {f"{reason}:{column}": number for (reason, column), number in counts.items()},
        "cells_blanked": checked.blanked,
        "warnings": checked.warnings,
    }


def raise_on_excess(checked_tables: CheckedTables, max_quarantined: float) -> None:
    """Stop where too large a share of a table is bad, or nothing is left to work on.

    Raises
    ------
    WhychurnError
        Naming table, most frequent reason, its column and count.
    """
    members = checked_tables.tables["members"]
    if not len(members.frame):
        raise WhychurnError(
            "the table 'members' has no row",
            file=members.origin,
            remedy="export it again, or remove the file: members are then made from their activity",
        )
    for table, checked in checked_tables.tables.items():
        counts = {label: n for label, n in checked.row_reasons.counts().items() if label[0] not in EXEMPT}
        if len(checked.broken):
            counts["broken_row", ""] = len(checked.broken)
        bad = sum(counts.values())
        if bad <= max_quarantined * checked.read:
            continue
        (reason, column), number = max(counts.items(), key=lambda item: item[1])
        raise WhychurnError(
            f"table {table!r}: {bad} of {checked.read} rows are bad ({bad / checked.read:.1%}, allowed "
            f"{max_quarantined:.1%}); most often {reason}, {number} rows",
            file=checked.origin,
            column=column or None,
            rows=bad,
            remedy=_remedy(reason, column),
        )
    if members.good.empty:
        raise WhychurnError(
            "no usable member", file=members.origin, remedy="see data/interim/quarantine.parquet"
        )
    if checked_tables.observed_until is None or pd.isna(checked_tables.observed_until):
        raise WhychurnError("no usable activity row", remedy=f"check {', '.join(ACTIVITY_TABLES)}")


def _remedy(reason: str, column: str) -> str:
    hints = {
        ("missing_value", "member_id"): "leave purchases of non-members out of the export",
        ("unknown_member", "member_id"): "complete the members, or set intake.complete_members: true",
        ("duplicate_id", "order_id"): "set intake.fold: [orders] where the rows are lines of one order",
        ("unknown_code", column): f"map the codes in params.yaml: intake.codes ({column})",
    }
    hint = hints.get((reason, column), "mend the rows in the source, or map columns and codes in params.yaml")
    listed = "a run lists the rows in data/interim/quarantine.parquet"
    return f"{hint}; {listed}; intake.max_quarantined sets the share"


def answerable_questions(checked_tables: CheckedTables) -> list[dict[str, Any]]:
    """Which questions the good rows can answer (`contract.questions`)."""
    filled = {}
    for table, checked in checked_tables.tables.items():
        if checked.row_reasons.good.any():
            filled[table] = [
                name for name in checked.frame.columns if checked.good_values(name).notna().any()
            ]
    if "events" in filled:  # a type of event counts as a column
        filled["events"] += checked_tables.tables["events"].good_values("event_type").unique().tolist()
    return assess_questions(filled)


def _check_future(checked: CheckedTable, last: pd.Timestamp, today: dt.date) -> None:
    name = str(TABLES[checked.table].time)
    day = checked.frame[name].dt.normalize()
    ahead = (day > last).to_numpy(dtype=bool, na_value=False)
    future = (day > pd.Timestamp(today)).to_numpy(dtype=bool, na_value=False)
    after_window = ahead if checked.table == "memberships" else ahead & ~future  # terms are sold in advance
    checked.row_reasons.mark(after_window, "after_window", name)
    checked.row_reasons.mark(future, "future_date", name)
    if checked.table in AFTER:
        later = AFTER[checked.table][0]
        blank(checked, later, checked.frame[later].dt.normalize() > last, "future_date")


def _check_duplicates(checked: CheckedTable) -> None:
    key = {"market": ["week_start", "region", "category"], "events": ["event_id"]}.get(
        checked.table, [str(TABLES[checked.table].key)]
    )
    good = checked.row_reasons.good
    if checked.table == "events":
        good = good & checked.frame["event_id"].notna().to_numpy(dtype=bool)
    if not good.any():
        return
    repeated = np.zeros(len(checked.frame), dtype=bool)
    repeated[good] = checked.frame.loc[good, key].duplicated().to_numpy()
    checked.row_reasons.mark(repeated, "duplicate_id", key[0])


def _check_members(checked: CheckedTable, joined: pd.Series) -> None:
    position = joined.index.get_indexer(pd.Index(checked.frame["member_id"]))
    checked.row_reasons.mark(position < 0, "unknown_member", "member_id")
    if not len(joined):
        return
    day = checked.frame[str(TABLES[checked.table].time)].dt.normalize()
    before = (day.to_numpy() < joined.to_numpy()[position]) & checked.row_reasons.good
    if before.any():
        checked.warnings["before_joining"] = int(before.sum())


def _covered(tables: dict[str, CheckedTable]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of any activity.

    Terms may have begun before anything else was recorded: they give the first day only where they are alone.
    """
    days = {
        table: tables[table].good_values(str(TABLES[table].time)).dt.normalize() for table in ACTIVITY_TABLES
    }
    dated = pd.concat([days["orders"], days["events"]])
    return (days["memberships"] if dated.empty else dated).min(), pd.concat(days.values()).max()
