"""The simulated programme."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from whychurn.contract.params.section_base import Count, Day, Section, Share


class WorldParams(Section):
    """The simulated programme."""

    program: Literal["shop", "gym", "school"] = "shop"
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
    text_share: Share = 0.5
    """Share of troubled members who leave a text."""
    confounding: Share = 0.5
    """How far who is exposed also leaves more: 0 not at all, 1 strongly."""
    mechanism: Literal["additive", "multiplicative", "seventh_cause", "swapped_traces", "uneven_bases"] = (
        "additive"
    )
    """How hazards of the causes combine; all but additive are there to check methods."""
