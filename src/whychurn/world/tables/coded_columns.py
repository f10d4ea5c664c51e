"""Coded columns: small in memory, written as plain text."""

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
import pandas as pd


def coded(codes: np.ndarray, names: Iterable[str]) -> pd.Categorical:
    """Categorical with `names[code]` for each code; -1 is null."""
    return pd.Categorical.from_codes(cast(Any, codes), cast(Any, list(names)))
