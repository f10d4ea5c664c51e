"""A negative control: random covariates, which must show no effect."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.fit import Newton
from whychurn.survival.cox.regression import fit_cox, hazard_ratio_table

PREFIX = "random"


def random_covariates(data: StartStop, draws: int, how: Newton, confidence: float, seed: int) -> pd.DataFrame:
    """Hazard ratios of random covariates that enter the model beside the real ones.

    Each is one standard normal number a member (a cluster of `data`), the same in all the member's rows: the
    kind for which intervals that forget that rows belong together come out too narrow.

    Parameters
    ----------
    data
        Rows of the fitted model, with clusters.
    draws
        Number of random covariates, all in one fit.

    Returns
    -------
    DataFrame
        term, hazard_ratio, low, high, p; `draws` rows, of which about one in twenty has p < 0.05 by chance.
    """
    assert data.cluster is not None, "a random covariate belongs to a member"
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((int(data.cluster.max(initial=-1)) + 1, draws))[data.cluster]
    names = tuple(f"{PREFIX}_{number + 1}" for number in range(draws))
    wider = replace(
        data, terms=(*data.terms, *names), X=np.column_stack([data.X, values.astype(data.X.dtype)])
    )
    table = hazard_ratio_table(fit_cox(wider, how), confidence)
    own = table[table["term"].isin(names)]
    return own[["term", "hazard_ratio", "low", "high", "p"]].reset_index(drop=True)


def control_facts(table: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """How many of the random covariates seem to matter, and how many chance alone would give."""
    level = 1 - confidence
    return {
        "draws": len(table),
        "rejected": int((table["p"] < level).sum()),
        "expected": level * len(table),
        "largest": float(np.exp(np.abs(np.log(table["hazard_ratio"])).max())),
    }
