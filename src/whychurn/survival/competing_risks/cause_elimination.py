"""If nobody left from one cause: members saved from it stay exposed to the other causes."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import MAX_LEFT_TRUNCATION_DAYS
from whychurn.contract.params import Params, SurvivalParams
from whychurn.contract.results import columns_of, stack
from whychurn.survival.competing_risks.cumulative_incidence import (
    CauseWeights,
    Incidence,
    StratumSample,
    bootstrap_bounds,
    stratum_samples,
)

COLUMNS: Final = columns_of("cause_elimination")


def eliminate_causes(
    strata: Mapping[str, pd.DataFrame], weights: CauseWeights, params: Params, min_cell: int
) -> pd.DataFrame:
    """Share that stays, and mean days stayed, if the hazard of one cause were zero (Chiang 1968).

    The hazards of the other causes stay as they are, and members saved from one cause go on to be exposed to
    them (the causes compete, so saving from one cannot save from all). The naive gain counts everybody who
    left from the cause as staying for good; it overstates. Both rest on independent causes: if those whom a
    cause takes are the ones another cause would have taken soon, even the smaller gain is too large.

    Parameters
    ----------
    strata, weights, min_cell
        As for `cumulative_incidence.cause_incidence`.

    Returns
    -------
    DataFrame
        `COLUMNS`: measure ``share`` (stays beyond the day) or ``days`` (mean days stayed out of so many);
        interval of the gain by a bootstrap over members.
    """
    samples = stratum_samples(strata, weights, max(params.survival.min_at_risk, min_cell))

    def read(sample: StratumSample, incidence: Incidence) -> np.ndarray:
        return _contrasts(sample, incidence, _measures(sample, params.survival))[2:]

    parts = []
    bounds = bootstrap_bounds(strata, weights, samples, params, read)
    # each (gain and naive gain, causes, measures)
    for sample, (low, high) in zip(samples, bounds, strict=True):
        measures = _measures(sample, params.survival)
        whole = sample.incidence(weights.values)
        observed, counterfactual, gain, naive = _contrasts(sample, whole, measures)
        values = (observed, counterfactual, gain, low[0], high[0], naive, low[1], high[1])
        part = pd.DataFrame({name: value.ravel() for name, value in zip(COLUMNS[5:], values, strict=True)})
        part["cause"] = np.repeat(CAUSES, len(measures))
        part["measure"] = np.tile([measure for measure, _ in measures], len(CAUSES))
        part["day"] = np.tile([day for _, day in measures], len(CAUSES))
        parts.append(part.assign(stratum_kind=sample.kind, stratum=sample.stratum))
    return stack(parts, COLUMNS)


def _measures(sample: StratumSample, params: SurvivalParams) -> list[tuple[str, int]]:
    """Measures and days of a stratum: quoted days that it reaches, the mean unless its curve starts late."""
    first, last = sample.span.first, sample.span.last
    shares = [("share", day) for day in params.stay_days if first <= day <= last]
    whole = first <= MAX_LEFT_TRUNCATION_DAYS
    return [*shares, *([("days", min(params.mean_days, last))] if whole else [])]


def _contrasts(sample: StratumSample, incidence: Incidence, measures: list[tuple[str, int]]) -> np.ndarray:
    """Observed, counterfactual, gain and naive gain: shape (4, 6 causes, measures)."""
    before = sample.span.first - 1
    naive = incidence.survival + incidence.cif[: len(CAUSES)]  # who left from the cause stays for good
    columns = []
    for measure, day in measures:
        position = day - before
        curves = (incidence.survival, incidence.counterfactual, naive)
        if measure == "share":
            values = [curve[..., position] for curve in curves]
        else:
            values = [curve[..., :position].sum(axis=-1) + before for curve in curves]
        observed, counterfactual, simple = (np.broadcast_to(value, len(CAUSES)) for value in values)
        columns.append(np.array([observed, counterfactual, counterfactual - observed, simple - observed]))
    return np.stack(columns, axis=2) if columns else np.zeros((4, len(CAUSES), 0))
