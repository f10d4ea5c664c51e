"""Where tables come from."""

from __future__ import annotations

from typing import Literal

from whychurn.contract.params.section import Day, Section, Share


class IntakeParams(Section):
    """Where tables come from and how their columns are named."""

    source: str
    max_quarantined: Share
    observed_until: Day | None
    day_first: bool | None
    complete_members: bool
    fold: list[Literal["orders"]]
    tables: dict[str, str]
    columns: dict[str, str]
    codes: dict[str, dict[str | int | float | bool, str | int | float | bool | None]]
