"""What all sections of params.yaml share: frozen, strict, and a few bounded numbers."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Day = Annotated[dt.date, Field(strict=False)]  # a date or its ISO text
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=1)]
Money = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """Frozen; refuses unknown keys and wrong types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
