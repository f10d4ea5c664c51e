"""How far the method was off on programmes built otherwise, from the file beside this one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field

from whychurn.contract.arrays import Array

FILE: Final = Path(__file__).with_suffix(".yaml")
FEW, MANY = 100, 300  # answers: below FEW, up to MANY, more
Sd = Annotated[float, Field(ge=0)]


class ByRecords(BaseModel):
    """Sd of the log-odds for causes with, and without, records of their own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    with_records: Sd
    without_records: Sd


class ByAnswers(BaseModel):
    """The same by the number of answers to the exit survey."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    under_100: ByRecords
    to_300: ByRecords
    over_300: ByRecords

    def of(self, answers: int, has_records: Array) -> Array:
        """Sd of the log-odds of each cause; (6,).

        Parameters
        ----------
        has_records
            Whether the tables hold records of each cause; (6,).
        """
        row = self.under_100 if answers < FEW else self.to_300 if answers <= MANY else self.over_300
        return np.where(has_records, row.with_records, row.without_records)


class MeasuredError(BaseModel):
    """Errors measured over mechanisms: of shares and of avoidable churn; temperature of members' chances."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    worlds: Annotated[int, Field(ge=0)]
    temperature: Annotated[float, Field(gt=0)]
    shares: ByAnswers
    avoidable: ByAnswers


@cache
def measured_error() -> MeasuredError:
    """Content of measured_error.yaml, which ships with the package."""
    return MeasuredError.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
