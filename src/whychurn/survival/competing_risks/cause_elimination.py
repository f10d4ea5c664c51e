"""What if nobody left from a cause? Whom it releases stays exposed to the other causes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params, SurvivalParams
from whychurn.contract.results import columns_of
from whychurn.survival.competing_risks.cumulative_incidence import (
    CauseWeights,
    Incidence,
    Sample,
    draws,
    samples,
)

COLUMNS: Final = columns_of("cause_removal")


def without_cause(
    strata: Mapping[str, pd.DataFrame], weights: CauseWeights, params: Params, min_cell: int
) -> pd.DataFrame:
    """Share that stays, and mean days stayed, if the hazard of one cause were zero.

    The hazards of the other causes stay as they are, and members saved from one cause go on to be exposed to them (the
    causes compete, so saving from one cannot save from all). The naive gain counts everybody who left from the cause
    as staying for good; it overstates. Both rest on independent causes: if those whom a cause takes are the ones
    another cause would have taken soon, even the smaller gain is too large.

    Parameters
    ----------
    strata, weights, min_cell
        As for `incidence.cause_incidence`.

    Returns
    -------
    DataFrame
        `COLUMNS`: measure ``share`` (stays beyond the day) or ``days`` (mean days stayed out of so many); interval of the
        gain by a bootstrap over members.
    """
    stack = list(samples(strata, weights, max(params.survival.min_at_risk, min_cell)))
    days = [_days(sample, params.survival) for _, _, sample in stack]
    repeated: list[list[Array]] = [[] for _ in stack]
    for times, values in draws(strata, weights, params) if stack else ():
        for number, (_, _, sample) in enumerate(stack):
            repeated[number].append(_gains(sample, sample.count(values, times), days[number])[2:])
    ends = [(1 - params.run.confidence) / 2, (1 + params.run.confidence) / 2]
    parts = []
    for (kind, stratum, sample), mine, again in zip(stack, days, repeated, strict=True):
        now, without, gain, naive = _gains(sample, sample.count(weights.values, None), mine)
        low, high = np.quantile(np.stack(again), ends, axis=0)  # (2 kinds of gain, causes, measures)
        columns = {"now": now, "without": without, "gain": gain, "low": low[0], "high": high[0]}
        columns |= {"naive_gain": naive, "naive_low": low[1], "naive_high": high[1]}
        part = pd.DataFrame({name: value.ravel() for name, value in columns.items()})
        part["cause"] = np.repeat(CAUSES, len(mine))
        part["measure"], part["day"] = (
            np.tile([name for name, _ in mine], 6),
            np.tile([d for _, d in mine], 6),
        )
        parts.append(part.assign(stratum_kind=kind, stratum=stratum))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    kinds = dict.fromkeys(("cause", "stratum_kind", "stratum", "measure"), "string")
    return table[COLUMNS].astype({name: kinds.get(name, "float64") for name in COLUMNS})


def _days(sample: Sample, params: SurvivalParams) -> list[tuple[str, int]]:
    """Measures and days of a stratum: the quoted days it reaches, and the mean unless its curve starts late."""
    last = sample.span.last
    found = [("share", day) for day in params.stay_days if sample.span.first <= day <= last]
    whole = sample.span.first <= params.late_days
    return [*found, *([("days", min(params.mean_days, last))] if whole else [])]


def _gains(sample: Sample, found: Incidence, days: list[tuple[str, int]]) -> Array:
    """Now, without, gain and naive gain: shape (4, 6 causes, measures)."""
    before = sample.span.first - 1
    naive = found.stay + found.cif[: len(CAUSES)]  # who left from the cause is thought to stay for good
    columns = []
    for measure, day in days:
        place = day - before
        if measure == "share":
            now, without, simple = found.stay[place], found.without[:, place], naive[:, place]
        else:
            now = found.stay[:place].sum() + before
            without, simple = (values[:, :place].sum(axis=1) + before for values in (found.without, naive))
        columns.append(np.array([np.full(len(CAUSES), now), without, without - now, simple - now]))
    return np.stack(columns, axis=2) if columns else np.zeros((4, len(CAUSES), 0))
