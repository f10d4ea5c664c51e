"""Numbers since 1970 as moments."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

SECONDS: Final = {"D": 86_400, "s": 1}
FARTHEST: Final = 9.2e9  # seconds from 1970 that nanoseconds can tell


def moments(numbers: pd.Series, unit: Literal["D", "s"]) -> pd.Series:
    """Whole days or seconds since 1970-01-01 as datetime64[ns]; what is missing, or beyond its range, becomes NaT.

    ``pandas.to_datetime`` is not used for numbers with gaps: it rounds memory that it has not filled, and
    fails now and then.
    """
    plain = numbers.to_numpy(dtype="float64", na_value=np.nan)
    known = np.abs(plain) * SECONDS[unit] < FARTHEST
    whole = np.where(known, plain, 0.0).round().astype("int64")
    made = whole.astype(f"datetime64[{unit}]").astype("datetime64[ns]")
    return pd.Series(made, index=numbers.index).where(known)
