"""The simulated programme."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from whychurn.contract.params.section import Count, Day, Section, Share


class WorldParams(Section):
    """The simulated programme."""

    program: Literal["shop", "gym", "school"]
    members: Count
    months: Annotated[int, Field(ge=6, le=120)]
    starts_on: Day
    seed: int
    survey_answered: Share
    text_share: Share
    confounding: Share
    mechanism: Literal["additive", "multiplicative", "seventh_cause", "swapped_traces", "uneven_bases"]
