"""All tables checked together: who is a member, which rows lie within the window, which are duplicates."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import PanelParams, Params
from whychurn.contract.snapshot.leaving_words import holds_word
from whychurn.contract.tables import ACTIVITY_TABLES, HISTORY_TABLES, SNAPSHOT, TABLES
from whychurn.intake.check.checked_table import CheckedTable, Notice, absent_table, blank
from whychurn.intake.check.codes.interviews import INTERVIEW, repeated_codings
from whychurn.intake.check.consent import settle_consent
from whychurn.intake.check.evidence.id_forms import join_id_forms
from whychurn.intake.check.evidence.study_days import set_odd_days_aside, window
from whychurn.intake.check.implied_members import complete_members
from whychurn.intake.check.linked_ids import link_ids
from whychurn.intake.check.mapping import check_mapping
from whychurn.intake.check.membership_terms import read_terms
from whychurn.intake.check.one_table import AFTER, check_table
from whychurn.intake.check.orders.order_lines import fold_lines
from whychurn.intake.check.orders.refunds import REFUNDED, net_refunds
from whychurn.intake.check.problems import Problem, excess_problems, no_activity, raise_problems, to_decide
from whychurn.intake.check.snapshot.table import read_snapshot, recognised, snapshot_name
from whychurn.intake.read.dtypes import arrow_text, encoded_text
from whychurn.intake.read.interview_list import with_interviews
from whychurn.intake.read.source import Source, read_table

ALIKE: Final = 9  # more members who all share one birth year are no chance


@dataclass
class CheckedTables:
    """All tables of a source after the check, nothing protected or written yet.

    Parameters
    ----------
    tables
        Contract table -> checked; ids are still the company's own.
    observed_from, observed_until
        First and last day covered, inclusive; None where no row passed.
    problems
        What cannot be read, and where too many rows are bad.
    """

    tables: dict[str, CheckedTable]
    observed_from: pd.Timestamp | None = None
    observed_until: pd.Timestamp | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def decisions(self) -> list[Notice]:
        """What only the user can decide."""
        return to_decide([notice for checked in self.tables.values() for notice in checked.notices])

    def raise_problems(self) -> None:
        """Stop where something cannot be read or must be decided.

        Raises
        ------
        WhychurnError
            Naming all of it.
        """
        raise_problems(self.problems, self.decisions)

    @property
    def quarantine(self) -> pd.DataFrame:
        """Rows of ``quarantine.parquet``, all tables."""
        return pd.concat([checked.quarantined() for checked in self.tables.values()], ignore_index=True)


def read_and_check(source: Source, params: Params, today: dt.date) -> CheckedTables:
    """Read, type and judge all tables of `source`; one table's problem does not hide another's.

    Parameters
    ----------
    today
        Rows after this day are in the future.
    """
    tables, problems = read_tables(source, params)
    checked_tables = CheckedTables(tables)
    if SNAPSHOT in tables:
        return _check_snapshot(tables[SNAPSHOT], problems, params)
    try:
        checked_tables = check_tables(tables, params, today)
    except WhychurnError as error:
        problems.append(("", error))
    problems += excess_problems(tables, params.intake.max_quarantined)
    checked_tables.problems = problems or no_activity(checked_tables.observed_until)
    if problems and not _has_activity(tables) and (snapshot := recognised(source)):
        checked_tables.problems = [("", snapshot)]
    return checked_tables


def _check_snapshot(snapshot: CheckedTable, problems: list[Problem], params: Params) -> CheckedTables:
    """The one table of a study of one row per customer; what lies beside it is not read."""
    tables = {SNAPSHOT: snapshot}
    if not problems:
        _settle_consent(snapshot, params)
        problems = excess_problems(tables, params.intake.max_quarantined)
    return CheckedTables(tables, problems=problems)


def _has_activity(tables: dict[str, CheckedTable]) -> bool:
    return any(tables[table].origin or tables[table].unread for table in ACTIVITY_TABLES)


def read_tables(source: Source, params: Params) -> tuple[dict[str, CheckedTable], list[Problem]]:
    """All tables in the contract's columns, and what could not be read; such tables are empty.

    These are the tables of a history, or ``snapshot`` alone.
    """
    tables: dict[str, CheckedTable] = {}
    problems: list[Problem] = []
    try:
        check_mapping(params.intake)
    except WhychurnError as error:
        problems.append(("", error))
    try:
        if (given := snapshot_name(source, params.intake)) is not None:
            return {SNAPSHOT: read_snapshot(source, given, params)}, problems
    except WhychurnError as error:
        return {SNAPSHOT: absent_table(SNAPSHOT, unread=True)}, [*problems, (SNAPSHOT, error)]
    for table in HISTORY_TABLES:
        tables[table] = absent_table(table)
        try:
            raw = read_table(source, table, params.intake.tables.get(table))
            intake = params.intake
            if table == "surveys":
                raw, intake = with_interviews(source, raw, intake)
            if raw:
                tables[table] = check_table(table, raw, intake)
            del raw  # before the next table is read
        except WhychurnError as error:
            problems.append((table, error))
            tables[table] = absent_table(table, unread=True)
    link_ids(tables)
    return tables, problems


def check_tables(tables: dict[str, CheckedTable], params: Params, today: dt.date) -> CheckedTables:
    """Check rows across tables.

    The order of the rules is the order of precedence: a row's own cells, lines folded into orders, the
    future, refunds, duplicates (the first good row stays), days far outside the rest, unknown members.

    Parameters
    ----------
    today
        Rows after this day are in the future.

    Raises
    ------
    WhychurnError
        If there is no activity table.
    """
    if not _has_activity(tables):
        raise WhychurnError(
            f"none of the tables {', '.join(ACTIVITY_TABLES)} is there",
            remedy="put one of them into the source, or name its file in params.yaml: intake.tables",
        )
    fold_lines(tables["orders"], params.intake.fold, params.intake.order_amount)
    last = pd.Timestamp(min(params.intake.observed_until or today, today))
    for checked in tables.values():
        if checked.table != "members":
            _check_future(checked, last, today)
            if checked.table in REFUNDED:
                net_refunds(checked)
            _check_duplicates(checked)
    set_odd_days_aside(tables, params.intake)
    members = tables["members"]
    if not members.unread:
        join_id_forms(tables)
        complete_members(tables, params.intake.complete_members)
    _check_future(members, last, today)
    _check_duplicates(members)
    _settle_consent(members, params)
    members.notices += _known_after_leaving(params.panel)
    joined = members.good.set_index("member_id")["joined_on"]
    for checked in tables.values():
        if not members.unread and checked is not members and "member_id" in checked.frame:
            _check_members(checked, joined)
    read_terms(tables["memberships"], params.intake)
    _one_birth_year(members)
    return CheckedTables(tables, *window(tables, params.intake, params.panel, last))


def _one_birth_year(members: CheckedTable) -> None:
    years = members.good_values("birth_year").dropna()
    if len(years) > ALIKE and years.nunique() == 1:
        members.notices.append(("notice_one_birth_year", {"year": f"{years.iloc[0]:.0f}", "n": len(years)}))


def _known_after_leaving(panel: PanelParams) -> list[Notice]:
    """Member columns that a study takes for known at joining, though their names say otherwise."""
    return [
        ("notice_leak_name", {"table": "members", "column": name, "keep": "panel.keep"})
        for name in panel.member_columns
        if name not in panel.keep and holds_word(name, "known_after_leaving")
    ]


def _settle_consent(members: CheckedTable, params: Params) -> None:
    good = members.good
    missing = params.privacy.missing_consent
    consent, notices = settle_consent(good, members.mapped, missing, members.table)
    members.frame["profiling_consent"] = consent.reindex(members.frame.index)
    members.notices += notices


def _check_future(checked: CheckedTable, last: pd.Timestamp, today: dt.date) -> None:
    name = str(TABLES[checked.table].time)
    day = checked.frame[name].dt.normalize()
    ahead = (day > last).to_numpy(dtype=bool, na_value=False)
    future = (day > pd.Timestamp(today)).to_numpy(dtype=bool, na_value=False)
    after_window = ahead if checked.table == "memberships" else ahead & ~future  # terms are sold in advance
    held = np.zeros(len(day), dtype=bool)
    if checked.table == "surveys":  # who left within the window is interviewed after it
        held = checked.frame["kind"].eq(INTERVIEW).to_numpy(dtype=bool, na_value=False)
        after_window &= ~held
    checked.row_reasons.mark(after_window, "after_window", name)
    checked.row_reasons.mark(future, "future_date", name)
    if checked.table in AFTER:
        later = AFTER[checked.table][0]
        answered = checked.frame[later].dt.normalize()
        blank(checked, later, (answered > pd.Timestamp(today)) | ((answered > last) & ~held), "future_date")


def _check_duplicates(checked: CheckedTable) -> None:
    if not checked.key_repeats and checked.table != "members":  # members: two writings may have become one id
        return
    key = {"market": ["week_start", "region", "category"], "events": ["event_id"]}.get(
        checked.table, [str(TABLES[checked.table].key)]
    )
    good = checked.row_reasons.good
    if checked.table == "surveys":
        checked.row_reasons.mark(repeated_codings(checked.frame, good), "duplicate_id", "survey_id")
        return
    if checked.table == "events":
        good = good & checked.frame["event_id"].notna().to_numpy(dtype=bool)
    if not good.any():
        return
    repeated = np.zeros(len(checked.frame), dtype=bool)
    repeated[good] = checked.frame.loc[good, key].duplicated().to_numpy()
    checked.row_reasons.mark(repeated, "duplicate_id", key[0])


def _check_members(checked: CheckedTable, joined: pd.Series) -> None:
    known = arrow_text(joined.index.to_series())
    ids = encoded_text(checked.frame["member_id"])
    place = pc.index_in(ids.dictionary, value_set=known).take(ids.indices)
    position = place.fill_null(-1).to_numpy(zero_copy_only=False)
    checked.row_reasons.mark(position < 0, "unknown_member", "member_id")
    if not len(joined):
        return
    day = checked.frame[str(TABLES[checked.table].time)].dt.normalize()
    before = (day.to_numpy() < joined.to_numpy()[position]) & checked.row_reasons.good
    if before.any():
        checked.warnings["before_joining"] = int(before.sum())
