"""Numbers since 1970 (Unix time) as timestamps."""

from typing import Final, Literal

import numpy as np
import pandas as pd

SECONDS: Final = {"D": 86_400, "s": 1}
MAX_SECONDS: Final = 9.2e9  # from 1970, that nanoseconds in 64 bits can hold


def epoch_timestamps(numbers: pd.Series, unit: Literal["D", "s"]) -> pd.Series:
    """Days or seconds since 1970-01-01 as datetime64[ns]; NaT where missing or out of range.

    ``pandas.to_datetime`` is not used for numbers with gaps: it rounds memory that it has not filled, and
    fails now and then.
    """
    values = numbers.to_numpy(dtype="float64", na_value=np.nan)
    valid = np.abs(values) * SECONDS[unit] < MAX_SECONDS
    whole = np.where(valid, values, 0.0).round().astype("int64")
    made = whole.astype(f"datetime64[{unit}]").astype("datetime64[ns]")
    return pd.Series(made, index=numbers.index).where(valid)
