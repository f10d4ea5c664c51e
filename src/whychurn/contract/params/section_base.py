"""What all sections of params.yaml share: frozen, strict, documented, and a few bounded numbers.

A field has its default beside it and its meaning in the string below it: `reference.reference_page` prints
both.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Day = Annotated[dt.date, Field(strict=False)]  # a date or its ISO text
Days = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
Several = Annotated[int, Field(ge=2)]
Share = Annotated[float, Field(ge=0, le=1)]
Fraction = Annotated[float, Field(gt=0, le=1)]
Level = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Money = Annotated[float, Field(ge=0)]
Memory = Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s?(MB|GB)$")]


class Section(BaseModel):
    """Frozen; refuses unknown keys and wrong types; defaults take the type of their field."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=True, use_attribute_docstrings=True
    )
