"""Earlier waves teach, later ones try: no outcome of a wave that teaches reaches into one that tries."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array

FOLDS: Final = 2


def forward_folds(sent_on: pd.Series, wave: pd.Series, effect_days: int) -> list[tuple[Array, Array]]:
    """Positions of the rows that teach and of those that try, earliest first; none where nothing can teach.

    A wave teaches only if its follow-up of `effect_days` ended before the first draw that it is tried on: else the same
    leaving would be on both sides.
    """
    starts = sent_on.groupby(wave).min().sort_values()
    ends = sent_on.groupby(wave).max() + pd.Timedelta(days=effect_days)
    tried = [number for number, start in starts.items() if (ends <= start).any()]
    folds = []
    for part in np.array_split(np.array(tried), min(FOLDS, max(len(tried), 1))):
        if len(part):
            teach = ends.index[ends <= starts[part].min()]
            folds.append((np.flatnonzero(wave.isin(teach)), np.flatnonzero(wave.isin(part))))
    return folds
