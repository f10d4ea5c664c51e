"""Where tables come from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_serializer

from whychurn.contract.addresses import masked
from whychurn.contract.params.section_base import Day, Section, Share, ZoneName


class IntakeParams(Section):
    """Where tables come from and how their columns are named."""

    source: str = Field(default="data/raw", repr=False)
    """Folder below the study, or a database address; ${NAME} in it is taken from the environment."""
    max_quarantined: Share = 0.05
    """A larger share of bad rows in a table stops the run."""
    observed_from: Day | None = None
    """First day the data cover; null: the first day seen in the data, a few odd rows aside."""
    observed_until: Day | None = None
    """Last day the data cover; null: the last day on which all tables that tell who is there are alive, a few
    odd rows aside."""
    day_first: bool | None = None
    """05/01/2024 is 5 January (true) or May 1 (false); null: decided column by column."""
    date_forms: dict[str, Literal["ymd", "dmy", "mdy", "serial_1904"]] = {}
    """Contract column: how its dates are written where the values cannot tell, such as orders.ordered_at: ymd;
    serial_1904: days since 1904, as some spreadsheets of Macs count."""
    decimal: Literal["point", "comma"] | dict[str, Literal["point", "comma"]] | None = None
    """Decimal mark of all numbers, or contract column: mark, such as orders.amount: comma (1.906 is 1906);
    null: decided column by column."""
    time_zone: ZoneName | None = None
    """Zone of the study, such as Asia/Shanghai: times with an offset or in UTC become its wall-clock time; null:
    the wall clock that is written stays."""
    zones: dict[str, ZoneName] = {}
    """Contract column: zone of its times where they bear no offset and are not the study's own, such as
    orders.ordered_at: UTC."""
    complete_members: bool = False
    """Add members that only activity tables know, joined on their first day."""
    trials: Literal["apart", "terms"] = "apart"
    """Trials of a membership (by name, or free before the first paid term): counted apart, who does not go on
    has not left (apart); or terms like any other (terms)."""
    fold: list[Literal["orders"]] | None = None
    """With [orders], lines with one order_id become one order; []: never; null: where the rows show that they are
    lines."""
    order_amount: Literal["piece", "line", "order"] | None = None
    """What orders.amount is: of one piece (taken times the quantity), of a line, of the whole order (on each of its
    lines); null: decided by the column's name and the rows."""
    copies: dict[str, Literal["once", "keep"]] = {}
    """Contract table: whether rows that are alike in every column count once or all; others: once where they have a
    key or a clock time."""
    tables: dict[str, str] = {}
    """Contract table: file or database table, where the name differs; a + b joins a lookup."""
    columns: dict[str, str] = {}
    """Contract column: column of the source, such as orders.amount: 实付金额; touches.action: =email sets one
    value for all rows."""
    codes: dict[str, dict[str | int | float | bool, str | int | float | bool | None]] = {}
    """Contract column: what its codes mean, such as orders.returned: {是: true, 否: false}."""

    @field_serializer("source")
    def _without_password(self, source: str) -> str:
        # parameters are written to trackers and files; the address with its password is for intake alone
        return masked(source)
