"""What can be offered to leavers, through which channel, at what cost, and what is believed of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.action.contact_consent import channel_holders
from whychurn.action.inputs import ActionInputs
from whychurn.action.playbook.read import load_playbook
from whychurn.contract.causes import CONTROL
from whychurn.contract.params import Params


@dataclass(frozen=True)
class Option:
    """One way to invite leavers back.

    Parameters
    ----------
    offer
        Variant of the action; None where it has one only.
    cost
        Of one contact with its offer (currency), as recorded in touches, else as the playbook says.
    """

    action: str
    channel: str
    offer: str | None
    cost: float


def winback_beliefs(params: Params) -> dict[str, dict[str, float]]:
    """Action for leavers -> matched cause -> believed log hazard ratio of returning.

    A belief b of the playbook (share of the cause that the action mends) is read as a factor 1 / (1 - b) on the chance
    of those who left from it: a judgement, with a wide spread, that any test soon outweighs.
    """
    return {
        entry.action: {cause: float(-np.log1p(-min(entry.belief, 0.95))) for cause in entry.causes}
        for entry in load_playbook(params)
        if entry.for_ == "left" and entry.kind == "member"
    }


def winback_options(inputs: ActionInputs, tested: pd.DataFrame) -> list[Option]:
    """Actions of the playbook for leavers, and those that leavers got by lot, in each of their channels.

    Parameters
    ----------
    tested
        `contacts_by_lot.contacts_by_lot`.
    """
    known: dict[tuple[str, str, str | None], float] = {}
    for entry in load_playbook(inputs.params):
        if entry.for_ == "left" and entry.kind == "member":
            known |= {
                (entry.action, channel, None): cost + entry.cost for channel, cost in entry.channels.items()
            }
    touched = tested[(tested["action"] != CONTROL).to_numpy(bool) & tested["channel"].notna().to_numpy(bool)]
    offers = touched.groupby("action")["offer"].nunique()
    several = touched["action"].map(offers).gt(1).to_numpy(bool)
    variant = np.where(several, touched["offer"].astype("object").fillna(""), "")
    groups = touched["cost"].astype("float64").groupby([touched["action"], touched["channel"], variant])
    recorded: dict[tuple[str, str, str | None], float] = {}
    for key, costs in groups:
        action, channel, offer = (str(part) for part in np.atleast_1d(np.array(key, dtype=object)))
        recorded[action, channel, offer or None] = float(costs.mean())
    varied = {action for action, _, offer in recorded if offer is not None}
    known = {key: cost for key, cost in known.items() if key[0] not in varied}
    for one, mean in recorded.items():
        known[one] = mean if np.isfinite(mean) else known.get(one, 0.0)
    order = sorted(known, key=lambda key: (key[0], key[1], key[2] or ""))
    return [Option(*key, cost=known[key]) for key in order]


def reachable(inputs: ActionInputs, member_id: pd.Series, channel: str) -> np.ndarray:
    """Flags of members who have the channel; everybody where no column of members tells; (n,)."""
    held = channel_holders(inputs.tables["members"], member_id, channel, inputs.params)
    return np.ones(len(member_id), bool) if held is None else held
