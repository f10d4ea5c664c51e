"""The best guess of hidden values from what tables tell: a cross-fitted regression on features of the decision day."""

from typing import Final

import numpy as np
import pandas as pd
import xgboost as xgb

FOLDS: Final = 3
ROUNDS: Final = 80
MOST_TAUGHT: Final = 80_000  # members that a model is fitted on
_SETTINGS: Final = {
    "max_depth": 5, "eta": 0.12, "min_child_weight": 40, "subsample": 0.7, "colsample_bytree": 0.5,
    "lambda": 5.0, "max_bin": 64, "tree_method": "hist", "nthread": 1,
}  # fmt: skip


def best_guess(features: pd.DataFrame, values: np.ndarray, seed: int) -> np.ndarray:
    """Guess of each value of each member by a model that has not seen the member.

    Parameters
    ----------
    features
        One row a member; (N, features).
    values
        Hidden values to guess; (k, N).
    seed
        Of the folds and of the trees.

    Returns
    -------
    ndarray
        (k, N); boosted trees (Chen & Guestrin 2016), members in `FOLDS` folds by lot.
    """
    table = features.to_numpy("float32")
    rng = np.random.default_rng(seed)
    fold = rng.integers(0, FOLDS, len(table))
    order = rng.permutation(len(table))
    found = np.zeros_like(values, dtype="float64")
    for number in range(FOLDS):
        held = fold == number
        if not held.any() or held.all():
            continue
        others = order[~held[order]][:MOST_TAUGHT]
        asked, taught = xgb.DMatrix(table[held]), xgb.DMatrix(table[others])
        for row, target in enumerate(values):
            scale = target[others].std() or 1.0
            taught.set_label(target[others] / scale)
            model = xgb.train(_SETTINGS | {"seed": seed}, taught, ROUNDS)
            found[row, held] = model.predict(asked).astype("float64") * scale
    return found
