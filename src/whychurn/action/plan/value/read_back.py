"""The way back: rows of a plan that was carried out, as touches of next month's run."""

from __future__ import annotations

import pandas as pd

from whychurn.action.roles import HELD_OUT, WAITS
from whychurn.contract.causes import CONTROL


def as_touches(plan: pd.DataFrame) -> pd.DataFrame:
    """Contacts made and members held out, as rows of ``touches``; members who wait for an answer are left out.

    Parameters
    ----------
    plan
        Table plan, or the rows of it that were carried out with those held out.

    Returns
    -------
    DataFrame
        touch_id, member_id, campaign_id (``plan-<as_of>``), sent_at, action (``control`` of those held out), channel, offer
        (of those held out the action that they would have got), cost, randomized, propensity. So members contacted and held
        out are compared action by action, and no model is needed.
    """
    plan = plan[plan["role"].ne(WAITS).to_numpy(bool)]
    held_out = (plan["role"] == HELD_OUT).to_numpy(bool)
    campaign = "plan-" + plan["as_of"].dt.strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "touch_id": campaign + "-" + plan["rank"].astype("int64").astype("string"),
            "member_id": plan["member_id"],
            "campaign_id": campaign.astype("string"),
            "sent_at": plan["send_on"].fillna(plan["as_of"]),
            "action": plan["action"].mask(held_out, CONTROL).astype("string"),
            "channel": plan["channel"],
            "offer": plan["would_be"].astype("string"),
            "cost": plan["cost"].astype("float64"),
            "randomized": pd.array([True] * len(plan), dtype="boolean"),
            "propensity": plan["propensity"].astype("float64"),
        }
    ).reset_index(drop=True)
