"""Members who look like sleeping dogs: contact itself may drive them away (Radcliffe 2007; Ascarza et al. 2016).

Who they are is not learnt from leavings: a mean of three traces with signs fixed in advance. What contact does to them is
then one number, which the tests estimate.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
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
    there = panel["still_there"].fillna(False).astype(bool)
    score, parts = np.zeros(len(panel)), 0
    for name, sign in SIGNS.items():
        if name not in panel:
            continue
        value = panel[name].astype("float64")
        if name.startswith("interactions"):
            value = pd.Series(np.log1p(value.clip(lower=0).to_numpy()), index=value.index)
        mean, sd = value[there].mean(), value[there].std()
        if not sd > 0:
            continue
        score += sign * ((value - mean) / sd).fillna(0.0).clip(-LIMIT, LIMIT).to_numpy()
        parts += 1
    if not parts:
        return np.zeros(len(member_id))
    score = np.maximum((score - score[there].mean()) / max(float(score[there].std()), 1e-12), 0.0)
    return _latest(panel.assign(aversion=score), member_id, day)


def _latest(panel: pd.DataFrame, member_id: pd.Series, day: pd.Series) -> Array:
    """``aversion`` of the last snapshot on or before each day; 0 without one."""
    asked = pd.DataFrame(
        {
            "member_id": member_id.astype(object).to_numpy(),
            "day": pd.to_datetime(day).astype("datetime64[ns]").to_numpy(),
            "row": np.arange(len(member_id)),
        }
    ).sort_values("day", kind="stable")
    known = panel[["member_id", "as_of", "aversion"]].astype({"member_id": object, "as_of": "datetime64[ns]"})
    found = pd.merge_asof(
        asked, known.sort_values("as_of", kind="stable"), left_on="day", right_on="as_of", by="member_id"
    )
    return found.set_index("row")["aversion"].sort_index().fillna(0.0).to_numpy("float64")
