"""One file a method: evidence in, `Attribution` out. A new one is a file here and a name in params.yaml."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np
import pandas as pd

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard
from whychurn.causes.latent_cause.share_intervals import BOUNDS
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params


@dataclass(frozen=True)
class Inputs:
    """What every method is given.

    Parameters
    ----------
    evidence
        Exposures, answers, texts, panel rows at the index dates.
    grounds
        Which causes these can tell.
    table
        `evidence.classifier_table.evidence_table`: the same as numbers.
    keyword_weights
        Weight of the lexicon's keywords in a member's own texts, by cause; (rows, 6).
    contributions
        Contributions of feature families to the risk score at the index dates, by cause (SHAP, log-odds);
        (rows, 6); None where there is no risk model.
    """

    evidence: Evidence
    grounds: Grounds
    table: pd.DataFrame
    keyword_weights: Array
    contributions: Array | None


@dataclass(frozen=True)
class Attribution:
    """Answer of a method.

    Parameters
    ----------
    p
        Probability of each cause at each index date; rows sum to one, or to less where causes cannot be told,
        which are null; (rows, 6).
    shares
        cause, share, low, high, avoidable_share, avoidable_low, avoidable_high; bounds and avoidable shares
        are NaN where the method has none.
    facts
        Figures of the fit.
    tables
        Further tables by name, for the report.
    model
        The fitted additive hazard, where that is the method: sensitivity analysis and diagnostics start from
        it.
    """

    p: Array
    shares: pd.DataFrame
    facts: dict[str, float] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    model: AdditiveHazard | None = None


def find_method(name: str) -> Callable[[Inputs, Params], Attribution]:
    """The function ``attribute`` of ``causes/methods/<name>.py``.

    Raises
    ------
    WhychurnError
        If there is no such file.
    """
    try:
        module = import_module(f"{__name__}.{name}")
    except ModuleNotFoundError:
        raise WhychurnError(
            f"no method {name!r} to attribute causes",
            remedy="compare causes.methods in params.yaml with causes/methods/",
        ) from None
    return module.attribute


def mean_shares(p: Array, churned: Array, params: Params) -> pd.DataFrame:
    """Mean posterior of churned members with percentile bootstrap intervals; avoidable shares unknown."""
    p = p[churned]
    table = pd.DataFrame({"cause": pd.Series(CAUSES, dtype="string")})
    if not len(p):
        return table.assign(**dict.fromkeys(BOUNDS, np.nan))
    rng = np.random.default_rng(params.run.seed)
    draws = [p[rng.integers(0, len(p), len(p))].mean(axis=0) for _ in range(params.causes.resamples)]
    ends = [(1 - params.run.confidence) / 2, (1 + params.run.confidence) / 2]
    low, high = np.quantile(np.stack(draws), ends, axis=0)
    return table.assign(share=p.mean(axis=0), low=low, high=high).reindex(columns=["cause", *BOUNDS])


def stated_shares(stated: Array) -> Array:
    """Shares of the six among usable answers; even where there are none; (6,)."""
    counts = np.bincount(stated[(stated >= 0) & (stated < len(CAUSES))], minlength=len(CAUSES)).astype(float)
    return counts / counts.sum() if counts.sum() else np.full(len(CAUSES), 1 / len(CAUSES))


def normalised(weights: Array, fallback: Array) -> Array:
    """Rows that sum to one; rows without weight become `fallback`."""
    total = weights.sum(axis=1, keepdims=True)
    return np.where(total > 1e-12, weights / np.maximum(total, 1e-12), fallback[None, :])
