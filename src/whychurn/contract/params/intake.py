"""Where tables come from: a folder, or a database whose password is never written down."""

import os
import re
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import quote

from pydantic import Field, field_serializer

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params.section_base import Count, Day, Section, Share, ZoneName

HIDDEN: Final = "***"
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_PASSWORD: Final = re.compile(r"(://[^/?#:@\s]*:)[^\s'\"]*(?=@)")
_SECRET: Final = re.compile(
    r"([?&;][^=&;\s]*(?:pass|pwd|token|secret|key|credential|signature|odbc_connect)[^=&;\s]*=)[^&;\s'\"]*",
    re.IGNORECASE,
)
_PLAIN: Final = ":/.-_~,"  # signs of hosts and paths, which a variable may hold as well


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
    tables: dict[str, str | list[str]] = {}
    """Contract table: its file or database table, where the name differs. A list or a pattern (orders_*.csv) puts
    files one below the other, book.xlsx#sheet and all.zip#file choose what is inside, a + b joins a lookup, []
    leaves the table out."""
    encoding: dict[str, str] = {}
    """Contract table: encoding of its files, such as orders: big5; not given: by evidence."""
    header: dict[str, Count] = {}
    """Contract table: line of the column names in its files, 1 is the first; not given: by evidence."""
    columns: dict[str, str] = {}
    """Contract column: column of the source, such as orders.amount: 实付金额; touches.action: =email sets one
    value for all rows."""
    codes: dict[str, dict[str | int | float | bool, str | int | float | bool | None]] = {}
    """Contract column: what its codes mean, such as orders.returned: {是: true, 否: false}."""

    @field_serializer("source")
    def _without_password(self, source: str) -> str:
        # parameters are written to trackers and files; the address with its password is for intake alone
        return masked(source)


def masked(text: str) -> str:
    """`text` with the passwords and tokens of any address in it replaced by ``***``.

    A reference to the environment (``${NAME}``) is no secret and stays.
    """

    def hide(found: re.Match[str]) -> str:
        secret = found[0][len(found[1]) :]
        return found[0] if _VARIABLE.fullmatch(secret) else found[1] + HIDDEN

    return _SECRET.sub(hide, _PASSWORD.sub(hide, text))


def expanded(address: str, environment: Mapping[str, str] | None = None, key: str = "intake.source") -> str:
    """`address` with each ``${NAME}`` replaced by that variable of the environment.

    Parameters
    ----------
    environment
        The process's own by default.
    key
        Parameter that holds the address, for errors.

    Returns
    -------
    str
        A variable that stands for a part is percent-encoded, so that a password may hold any sign; one that
        stands for the whole address is taken as it is.

    Raises
    ------
    WhychurnError
        If a variable is not set.
    """
    values = os.environ if environment is None else environment
    whole = _VARIABLE.fullmatch(address)

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if not values.get(name):
            raise WhychurnError(
                f"{key} names the environment variable {name}, which is not set",
                remedy=f"set it before the run: export {name}=…",
            )
        return values[name] if whole else quote(values[name], safe=_PLAIN)

    return _VARIABLE.sub(value, address)


def is_address(source: str) -> bool:
    """Whether `source` names a database, not a folder."""
    return "://" in source or _VARIABLE.fullmatch(source) is not None
