"""What all sections of params.yaml share: frozen, strict, documented, and a few bounded numbers.

A field has its default beside it and its meaning in the string below it: `reference.reference_page` prints both.
"""

import datetime as dt
import zoneinfo
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _known_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            "no time zone of that name; write one such as Asia/Shanghai or Europe/Berlin"
        ) from None
    return name


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
ZoneName = Annotated[str, AfterValidator(_known_zone)]  # of the IANA data base
Memory = Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s?(MB|GB)$")]


class Section(BaseModel):
    """Frozen; refuses unknown keys and wrong types; defaults take the type of their field."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=True, use_attribute_docstrings=True
    )
