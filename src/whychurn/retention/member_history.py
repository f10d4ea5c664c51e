"""What each member did, by day number: the common ground of all retention answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.panel.churn_definition import allowed_gap, definition_days, waiting_days
from whychurn.panel.covered_terms import covered_terms
from whychurn.panel.missing_leavers import silent_until
from whychurn.retention.member_logs import (
    FAR,
    Log,
    all_days,
    dated_log,
    day_numbers,
    days_with,
    interaction_days,
    log_of_members,
    member_codes,
    payment_log,
)
from whychurn.stats.parallel import BLOCK_MEMBERS
from whychurn.stats.sources import Source, whole_table

YEAR_MONTHS: Final = 12
YEAR_DAYS: Final = 365


@dataclass(frozen=True)
class Absences:
    """Absences under one definition.

    Parameters
    ----------
    last
        Last active (terms: covered) day.
    left
        Day from which on the member is known to be gone.
    returned
        Day of return (`FAR`: never).
    threshold
        Longest gap that is no absence.
    """

    member: Array
    last: Array
    left: Array
    returned: Array
    threshold: int

    @property
    def wait(self) -> int:
        """Days after `last` on which an absence is known."""
        return waiting_days(self.threshold)


@dataclass(frozen=True)
class History:
    """One programme as arrays.

    Parameters
    ----------
    ids
        Pseudonyms, sorted; a member's code is the position here.
    started
        Day number of joining, or of the first activity where that came first: tenure counts from here
        (members).
    entered
        First day on which the member is seen. Later than `started` for those who joined before the data
        begin and were active later: they count from here on, or the wait would be immortal time
        (members).
    consent
        Who may be profiled (members).
    acts
        Distinct activity days: what keeps a membership alive (orders, events of the member's own, or both).
    buys
        Distinct days with an order; where there are no orders at all, the activity days.
    uses
        Distinct days with an interaction of the member.
    payments
        Money paid, orders and terms.
    terms
        Terms with columns ``member, starts, ends, price, fixed``, day numbers; those without a written end
        (not ``fixed``) end on the day of cancelling or at `FAR`, and never fall due.
    absences
        Absences by definition.
    main, kind
        Main definition; ``inactivity`` or ``terms``.
    observed_from, observed_until
        First and last observed day, inclusive.
    leavings_from
        First day on which anybody leaves, where leavings before it are missing (`panel.missing_leavers`); rates
        begin there.
    edges
        First days of the months, from the month of `observed_from` to the month after `observed_until`.
    """

    ids: pd.Index
    started: Array
    entered: Array
    consent: Array
    acts: Log
    buys: Log
    uses: Log
    payments: Log
    terms: pd.DataFrame
    absences: dict[str, Absences]
    main: str
    kind: str
    observed_from: int
    observed_until: int
    edges: Array
    leavings_from: int = 0

    @property
    def months(self) -> int:
        """Number of calendar months that the data touch."""
        return len(self.edges) - 1

    def dated(self, definition: str) -> Array:
        """Day by which tables by month count each absence, as `panel.churn_definition.dated_on`."""
        gaps = self.absences[definition]
        return gaps.left - 1 if self.by_orders else gaps.last

    @property
    def by_orders(self) -> bool:
        """Whether members stay by acting (no terms)."""
        return self.kind == "inactivity"


def as_dates(days: Array) -> pd.Series:
    """Dates of day numbers; `FAR` becomes missing."""
    days = np.asarray(days)
    return pd.Series(pd.to_datetime(np.where(days >= FAR, 0, days), unit="D")).where(days < FAR)


def build_history(
    tables: Mapping[str, Source],
    spells: pd.DataFrame,
    churners: pd.DataFrame,
    facts: Mapping[str, Any],
    observed: tuple[str, str],
    stop_on_cancelling: bool = False,
) -> History:
    """Arrays of one programme from intake's tables and the panel's spells and churners.

    Parameters
    ----------
    tables
        ``members``, ``orders``, ``memberships``, ``events`` with contract columns (may be empty); events may be a file.
    spells
        Spells of the main definition, all members.
    churners
        Churn events of all definitions.
    facts
        panel.json: ``definition``, ``kind``, ``activity``.
    observed
        First and last observed day, ISO dates.
    stop_on_cancelling
        `covered_until_sql`.
    """
    people, orders, memberships = (whole_table(tables[name]) for name in ("members", "orders", "memberships"))
    members = people.sort_values("member_id")
    ids = pd.Index(members["member_id"].astype(object))
    joined = pd.Series(members["joined_on"].to_numpy(), index=ids)
    first = spells.groupby("member_id")[["started_on", "entered_on"]].min().reindex(ids)
    start, until = (int(np.datetime64(day, "D").astype("int64")) for day in observed)
    silent = silent_until(facts)
    if facts["kind"] == "terms":  # who never held a term was never a member
        joined = joined.where(first["entered_on"].notna())
    uses, bought = interaction_days(ids, tables["events"]), days_with(ids, orders, "ordered_at")
    acts = {"events": uses, "orders": bought}.get(str(facts["activity"])) or all_days([bought, uses])
    return History(
        ids=ids,
        started=day_numbers(first["started_on"].fillna(joined)),
        entered=day_numbers(first["entered_on"].fillna(joined)),
        consent=members["profiling_consent"].fillna(False).to_numpy(dtype=bool),
        acts=acts,
        buys=bought if len(bought.day) else acts,
        uses=uses,
        payments=payment_log(ids, orders, memberships),
        terms=_terms(ids, covered_terms(memberships, stop_on_cancelling)),
        absences={str(name): _absences(ids, rows, str(name)) for name, rows in _definitions(churners, facts)},
        main=str(facts["definition"]),
        kind=str(facts["kind"]),
        observed_from=start,
        observed_until=until,
        edges=month_edges(start, until),
        leavings_from=0
        if silent is None
        else int(silent.to_datetime64().astype("datetime64[D]").astype("int64")),
    )


def month_edges(first: int, last: int) -> Array:
    """Day numbers of the first days of months, from the month of `first` to the month after `last`."""
    months = np.arange(
        np.datetime64(first, "D").astype("datetime64[M]"),
        np.datetime64(last, "D").astype("datetime64[M]") + 2,
    )
    return months.astype("datetime64[D]").astype("int64")


def log_of(history: History, rows: pd.DataFrame, time: str) -> Log:
    """Rows of known members with a known `time`, amount 1."""
    return dated_log(history.ids, rows, time)


def of_members(history: History, kept: Array) -> History:
    """The history of the members with the codes `kept` (sorted), as if there were no others."""
    acts, buys, uses, payments = (
        log_of_members(log, kept) for log in (history.acts, history.buys, history.uses, history.payments)
    )
    terms = history.terms[history.terms["member"].isin(kept)]
    absences = {}
    for name, gaps in history.absences.items():
        inside = np.isin(gaps.member, kept)
        member = np.searchsorted(kept, gaps.member[inside])
        absences[name] = replace(
            gaps,
            member=member,
            last=gaps.last[inside],
            left=gaps.left[inside],
            returned=gaps.returned[inside],
        )
    return replace(
        history, ids=history.ids[kept], started=history.started[kept], entered=history.entered[kept],
        consent=history.consent[kept], acts=acts, buys=buys, uses=uses, payments=payments,
        terms=terms.assign(member=np.searchsorted(kept, terms["member"])).reset_index(drop=True), absences=absences,
    )  # fmt: skip


def in_blocks(history: History) -> Iterator[History]:
    """Histories of blocks of members, in their order."""
    for start in range(0, len(history.ids), BLOCK_MEMBERS):
        yield of_members(history, np.arange(start, min(start + BLOCK_MEMBERS, len(history.ids))))


def _terms(ids: pd.Index, memberships: pd.DataFrame) -> pd.DataFrame:
    """Terms but those that lie within another of the member: nothing falls due at their end."""
    price = memberships["price_paid"].fillna(memberships["list_price"]).fillna(0.0)
    terms = pd.DataFrame(
        {
            "member": member_codes(ids, memberships["member_id"]),
            "starts": day_numbers(memberships["starts_on"]),
            "ends": day_numbers(memberships["covered_until"]),
            "price": price.to_numpy(float),
            "fixed": memberships["ends_on"].notna().to_numpy(),
        }
    )
    terms = terms[terms["member"] >= 0].sort_values(["member", "starts", "ends"], ignore_index=True)
    longest = terms.sort_values(["member", "starts", "ends"], ascending=[True, True, False])
    before = longest.groupby("member")["ends"].transform(lambda ends: ends.cummax().shift(fill_value=-1))
    return terms[(terms["ends"] > before.sort_index()).to_numpy()].reset_index(drop=True)


def _definitions(churners: pd.DataFrame, facts: Mapping[str, Any]) -> list[tuple[str, pd.DataFrame]]:
    names = [str(facts["definition"]), *map(str, facts.get("alternatives", []))]
    wanted = list(dict.fromkeys([*names, *churners["definition"].dropna().astype(str)]))
    return [(name, churners[churners["definition"] == name]) for name in wanted]


def _absences(ids: pd.Index, rows: pd.DataFrame, definition: str) -> Absences:
    member = member_codes(ids, rows["member_id"])
    is_member = member >= 0
    last, left, returned = (
        day_numbers(rows[name])[is_member] for name in ("last_active_on", "left_on", "returned_on")
    )
    return Absences(member[is_member], last, left, returned, allowed_gap(definition_days(definition)))
