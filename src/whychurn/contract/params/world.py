"""The simulated programme."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from whychurn.contract.params.section_base import Count, Day, Natural, Section, Share


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
    play_weeks: Annotated[int, Field(ge=13, le=260)] = 52
    """Weeks beyond the last day over which `whychurn world play` carries a plan."""

    @model_validator(mode="after")
    def _an_app_keeps_its_events(self) -> WorldParams:
        if self.program == "app" and "events" in self.missing:
            raise ValueError("an app has nothing but events; leave them out of missing")
        return self
