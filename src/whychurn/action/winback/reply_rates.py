"""Replies to invitations by lot beside what returned by itself: the rate of those held out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.action.inputs import ActionInputs
from whychurn.action.winback.contacts_by_lot import RETURN_DAYS
from whychurn.contract.causes import CONTROL


def reply_rates(tested: pd.DataFrame, inputs: ActionInputs) -> list[dict[str, Any]]:
    """One entry an action that leavers got by lot, over its campaigns with somebody held out.

    Parameters
    ----------
    tested
        `contacts_by_lot.contacts_by_lot`; draws that were not followed for 180 days are left out.

    Returns
    -------
    list
        action, treated, control (members), opened (share that took notice, null where not recorded), returned,
        returned_control (shares back within 180 days), difference with low and high (members as clusters, campaigns
        weighted by those treated). Entries with fewer than ``privacy.min_cell`` in an arm have counts and shares null.
    """
    full = tested[(tested["followed"] >= RETURN_DAYS).to_numpy(bool)]
    full = full.assign(back_in_time=(full["days_to_return"] < RETURN_DAYS).astype("float64"))
    held = full[(full["action"] == CONTROL).to_numpy(bool)]
    entries = []
    for action in sorted(set(full["action"]) - {CONTROL}):
        those = full[
            (full["action"] == action).to_numpy(bool)
            & full["campaign_id"].isin(held["campaign_id"]).to_numpy(bool)
        ]
        if len(those):
            entries.append(_entry(str(action), those, held, inputs))
    return entries


def _entry(action: str, those: pd.DataFrame, held: pd.DataFrame, inputs: ActionInputs) -> dict[str, Any]:
    beside = held[held["campaign_id"].isin(those["campaign_id"]).to_numpy(bool)]
    share = those.groupby("campaign_id").size() / len(those)
    weight = (share / beside.groupby("campaign_id").size()).reindex(beside["campaign_id"]).to_numpy("float64")
    rate = float(those["back_in_time"].mean())
    by_itself = float(np.sum(weight * beside["back_in_time"]))
    influence = pd.concat([
        pd.Series((those["back_in_time"] - rate).to_numpy() / len(those), index=those["member_id"]),
        pd.Series(-weight * (beside["back_in_time"] - by_itself).to_numpy(), index=beside["member_id"]),
    ])  # fmt: skip
    error = float(np.sqrt((influence.groupby(level=0).sum() ** 2).sum()))
    reach = error * stats.norm.ppf((1 + inputs.params.run.confidence) / 2)
    opened = those["opened"].astype("boolean").dropna()
    numbers = {
        "treated": len(those), "control": len(beside), "returned": rate, "returned_control": by_itself,
        "difference": rate - by_itself, "low": rate - by_itself - reach, "high": rate - by_itself + reach,
        "opened": float(opened.mean()) if len(opened) else None,
    }  # fmt: skip
    few = min(len(those), len(beside)) < inputs.params.privacy.min_cell
    shown = {name: None if few or value is None else round(value, 6) for name, value in numbers.items()}
    return {"action": action, **shown}
