"""Members who look like sleeping dogs: contact itself may drive them away (Radcliffe 2007; Ascarza et al. 2016).

Who they are is not learnt from leavings: a mean of three traces with signs fixed in advance. What contact does to them is
then one number, which the tests estimate.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.snapshots import snapshots_of
from whychurn.action.tests_by_lot.day_sums import day_numbers
from whychurn.contract.arrays import Array

# trace and sign: dismissing messages and opting out speak for it, use of the programme against
SIGNS: Final = {"push_dismiss_rate_90d": 1.0, "opted_out": 1.0, "interactions_90d": -1.0}
LIMIT: Final = 3.0  # standard deviations; one trace alone makes nobody a dog


def contact_aversion(inputs: ActionInputs, member_id: pd.Series, day: pd.Series) -> Array:
    """How much more than usual each member looked like a sleeping dog by `day`, in standard deviations; (n,).

    0 for who looks so no more than the mean of the panel, and where no snapshot lies on or before the day: what drives few
    away keeps nobody, so contact must not seem to help whoever uses the programme much.
    """
    panel = inputs.panel
    scale = aversion_scale(panel)
    if not scale["traces"]:
        return np.zeros(len(member_id))
    score = _sum_of_traces(panel, scale["traces"])
    aversion = np.maximum((score - scale["mean"]) / scale["sd"], 0.0)
    place = snapshots_of(inputs).latest(member_id, day_numbers(day))
    return np.where(place >= 0, aversion[place], 0.0)


def aversion_scale(panel: pd.DataFrame) -> dict[str, Any]:
    """How aversion follows from the traces in `panel`.

    Returns
    -------
    ``traces``: feature, sign, log, and mean and sd (over members still there) of each; ``mean`` and ``sd`` of their sum, each
    trace standardised and clipped at `LIMIT`.
    """
    there = panel["still_there"].fillna(False).astype(bool)
    traces: list[dict[str, Any]] = []
    for name, sign in SIGNS.items():
        if name in panel:
            log = name.startswith("interactions")
            value = _trace(panel[name], log)[there]
            if value.std() > 0:
                spread = {"mean": float(value.mean()), "sd": float(value.std())}
                traces.append({"feature": name, "sign": sign, "log": log, **spread})
    if not traces:
        return {"traces": [], "mean": 0.0, "sd": 1.0}
    score = _sum_of_traces(panel, traces)[there]
    return {"traces": traces, "mean": float(score.mean()), "sd": max(float(score.std()), 1e-12)}


def _trace(values: pd.Series, log: bool) -> pd.Series:
    value = values.astype("float64")
    return pd.Series(np.log1p(value.clip(lower=0).to_numpy()), index=value.index) if log else value


def _sum_of_traces(panel: pd.DataFrame, traces: list[dict[str, Any]]) -> Array:
    score = np.zeros(len(panel))
    for one in traces:
        value = (_trace(panel[one["feature"]], one["log"]) - one["mean"]) / one["sd"]
        score += one["sign"] * value.fillna(0.0).clip(-LIMIT, LIMIT).to_numpy()
    return score
