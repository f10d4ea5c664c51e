"""A negative control: random covariates must show no effect (Lipsitch et al. 2010, Epidemiology 21)."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.newton import Newton
from whychurn.survival.cox.regression import fit_cox, hazard_ratio_table

DRAWS: Final = 20  # at the usual level about one of them is significant by chance


def random_covariates(
    data: StartStop, newton: Newton, confidence: float, seed: int, draws: int = DRAWS
) -> pd.DataFrame:
    """Hazard ratios of random covariates that enter the model beside the real ones.

    Each is one standard normal number a member (a cluster of `data`), the same in all the member's rows: the
    kind for which intervals that ignore which rows belong together are too narrow.

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
    names = tuple(f"random_{number + 1}" for number in range(draws))
    X = np.column_stack([data.X, values.astype(data.X.dtype)])
    table = hazard_ratio_table(fit_cox(replace(data, terms=(*data.terms, *names), X=X), newton), confidence)
    return table[["term", "hazard_ratio", "low", "high", "p_value"]].tail(draws).reset_index(drop=True)


def control_facts(table: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """How many of the random covariates are significant, and how many would be by chance alone."""
    level = 1 - confidence
    return {
        "draws": len(table),
        "rejected": int((table["p_value"] < level).sum()),
        "expected": level * len(table),
        "largest": float(np.exp(np.abs(np.log(table["hazard_ratio"])).max())),
    }
