"""Shares of the causes and avoidable churn with intervals.

The variance of the log-odds is that over the resamples (`resampled_fits`) and, beyond it, the square of how
far the method was off on programmes built otherwise (`measured_error`): no number of members removes that
(model discrepancy: Kennedy and O'Hagan 2001).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import special, stats

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.causes.latent_cause.measured_error import measured_error
from whychurn.causes.latent_cause.resampled_fits import Resamples
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

BOUNDS: Final = ("share", "low", "high", "avoidable_share", "avoidable_low", "avoidable_high")
SAMPLING: Final = ("sampling_sd", "avoidable_sampling_sd", "has_records")


def share_intervals(
    evidence: Evidence,
    model: AdditiveHazard,
    share: Array,
    resamples: Resamples,
    grounds: Grounds,
    confidence: float,
) -> pd.DataFrame:
    """Share of each cause and avoidable churn with intervals; null where it cannot be told.

    Parameters
    ----------
    share
        Share of each cause; (6,).

    Returns
    -------
    DataFrame
        cause, `BOUNDS`, `SAMPLING`: sd of the log-odds over the resamples, and whether the tables hold
        records of the cause.
    """
    saved, records = np.median(resamples.avoidable, axis=0), has_records(evidence)
    answers = int((evidence.labels.stated[model.events] >= 0).sum())
    error = measured_error()
    sd, avoidable_sd = (_log_odds(drawn).std(axis=0) for drawn in (resamples.shares, resamples.avoidable))
    low, high = _interval(share, np.hypot(sd, error.shares.of(answers, records)), confidence)
    least, most = _interval(saved, np.hypot(avoidable_sd, error.avoidable.of(answers, records)), confidence)
    values = (share, low, high, saved, least, most, sd, avoidable_sd)
    columns = {
        name: np.where(grounds.told, value, np.nan)
        for name, value in zip((*BOUNDS, *SAMPLING[:2]), values, strict=True)
    }
    return no_shares().assign(**columns, has_records=records)


def no_shares() -> pd.DataFrame:
    """The table of `share_intervals` where nothing can be told."""
    table = pd.DataFrame({"cause": pd.Series(CAUSES, dtype="string")})
    return table.assign(**dict.fromkeys((*BOUNDS, *SAMPLING[:2]), np.nan), has_records=False)


def has_records(evidence: Evidence) -> Array:
    """Whether the tables hold records of each cause: exposures of its own that vary and are used; (6,)."""
    history = evidence.history
    found = history.causes[is_excess(history.names) & history.used]
    return np.isin(np.arange(len(CAUSES)), found)


def _interval(centre: Array, spread: Array, confidence: float) -> tuple[Array, Array]:
    """Normal interval on the log-odds."""
    half = stats.norm.ppf((1 + confidence) / 2) * spread
    return special.expit(_log_odds(centre) - half), special.expit(_log_odds(centre) + half)


def _log_odds(share: Array) -> Array:
    return special.logit(np.clip(share, 1e-4, 1 - 1e-4))
