"""The simulated programme."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from whychurn.contract.params.section_base import Count, Day, Natural, Positive, Section, Share

LIVES = {"price_rise": 0.1, "rival_opening": 2.5, "service_trouble": 4.0}  # changes of lives: usual size
RECORDS = {"broken_export": 1.0, "renamed_code": 1.0}  # changes of what is recorded: share of rows


class WorldChange(Section):
    """A change planted in the simulated programme from a month on."""

    model_config = ConfigDict(populate_by_name=True)
    kind: Literal["price_rise", "rival_opening", "service_trouble", "broken_export", "renamed_code"]
    """Own prices rise, a rival opens, answers become slow and more is asked: these act on members. An export breaks,
    a code is written otherwise: these act on records only."""
    from_: Annotated[str, Field(alias="from", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    """First month with it, such as "2025-06"."""
    months: Count | None = None
    """How many months it lasts; null: to the end, and beyond."""
    region: str | None = None
    """Where it acts on members; null: everywhere."""
    size: Positive | None = None
    """Price rise: share of the price (0.1); rival: its activity (2.5), with prices 3 % lower a unit; trouble: factor
    on requests and hours to an answer (4); records: share of the rows of a table that are missing (1)."""
    of: str | None = None
    """Records: the table whose rows are missing, or table.column that is empty or zero, or whose code changes."""
    code: str | None = None
    """Renamed code: the code that is written with _v2 behind it."""

    @model_validator(mode="after")
    def _says_what(self) -> WorldChange:
        if (self.kind in RECORDS) != (self.of is not None):
            raise ValueError("name in `of` what breaks or is renamed (orders, orders.discount); only there")
        if (self.kind == "renamed_code") != (self.code is not None):
            raise ValueError("name in `code` the code that is renamed; only there")
        if self.kind == "renamed_code" and "." not in str(self.of):
            raise ValueError("name the column of the code in `of`, such as orders.channel")
        return self

    @property
    def strength(self) -> float:
        """`size`, or what is usual of its kind."""
        return self.size or {**LIVES, **RECORDS}[self.kind]


class WorldParams(Section):
    """The simulated programme."""

    program: Literal["shop", "gym", "school", "app"] = "shop"
    """What is simulated."""
    members: Count = 20000
    """Members that ever join."""
    months: Annotated[int, Field(ge=6, le=120)] = 24
    """Length of the simulated time."""
    starts_on: Day = dt.date(2024, 1, 1)
    """First simulated day (in quotes in YAML: DVC tracks text, not dates)."""
    seed: int = 7
    """Seed of the simulation, apart from run.seed."""
    survey_answered: Share = 0.4
    """Share of leavers who answer the exit survey."""
    interviews: Natural = 0
    """Interviews of leavers drawn by lot of one year that are answered, about so many; 0: nobody is interviewed."""
    text_share: Share = 0.5
    """Share of troubled members who leave a text."""
    confounding: Share = 0.5
    """How far who is exposed also leaves more: 0 not at all, 1 strongly."""
    mechanism: str = "additive"
    """How doses become hazards and what is recorded of it: a file of world/setting/mechanisms; all but additive
    are there to check methods."""
    missing: list[Literal["market", "feedback", "surveys", "events"]] = []
    """Tables that the company does not keep; an app keeps its events."""

    duds: Natural = 2
    """Actions that do nothing though they are believed to act on a cause, drawn by seed, beside the fixed one."""
    spillover: Annotated[float, Field(ge=0)] = 0.0
    """Exposure to a price rise that all members of a region with coupons add to those without one; 0: none, members
    do not touch each other."""
    changes: list[WorldChange] = []
    """What changes from a month on, to see whether watch finds it: kind, from, months, region, size, of, code."""
    play_weeks: Annotated[int, Field(ge=13, le=260)] = 52
    """Weeks beyond the last day over which `whychurn world play` carries a plan."""

    @model_validator(mode="after")
    def _an_app_keeps_its_events(self) -> WorldParams:
        if self.program == "app" and "events" in self.missing:
            raise ValueError("an app has nothing but events; leave them out of missing")
        return self
