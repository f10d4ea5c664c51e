"""Whom a company may contact about offers, and in which channels."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.params import Params

OPT_OUT: Final = "opt_out"  # event: the member wants no more messages
_YES = ("true", "1", "1.0", "yes", "y", "是", "有")


def may_contact(members: pd.DataFrame, member_id: pd.Series, missing_consent: str) -> Array:
    """Flags of members who agreed to be contacted for marketing.

    Parameters
    ----------
    members
        member_id, marketing_consent (null, or no such column: not recorded).
    member_id
        Whom to look up; those not in `members` count as not recorded.
    missing_consent
        `privacy.missing_consent` for those not recorded: allow, deny, or auto: allowed only where nobody's consent is
        recorded, so that the programme keeps no such column.
    """
    index = pd.Index(members["member_id"].astype(object))
    nobody = pd.Series(pd.NA, index, dtype="boolean")
    recorded = "marketing_consent" in members
    known = pd.Series(members["marketing_consent"].array, index).astype("boolean") if recorded else nobody
    allowed = missing_consent == "allow" or (missing_consent == "auto" and not known.notna().any())
    return np.asarray(known.reindex(pd.Index(member_id.astype(object))).fillna(allowed), dtype=bool)


def opted_out(events: pd.DataFrame, member_id: pd.Series) -> Array:
    """Flags of members who opted out of messages at any time; no list holds them."""
    refused = events.loc[events["event_type"].eq(OPT_OUT).fillna(False).to_numpy(bool), "member_id"]
    return np.asarray(member_id.isin(refused.unique()), dtype=bool)


def channel_column(members: pd.DataFrame, channel: str, params: Params) -> str | None:
    """Column of `members` that says who has the channel; None without one."""
    own = params.action.channels.get(channel)
    column = own.needs if own is not None and own.needs is not None else f"has_{channel}"
    return column if column in members else None


def channel_holders(
    members: pd.DataFrame, member_id: pd.Series, channel: str, params: Params
) -> Array | None:
    """Flags of members who have the channel; None where no column of `members` tells.

    The column is the one that ``action.channels.<channel>.needs`` names, else ``has_<channel>`` where it exists.
    """
    column = channel_column(members, channel, params)
    if column is None:
        return None
    code, values = pd.factorize(members[column])
    held = np.array([*(str(value).strip().lower() in _YES for value in values), False])[code]
    return member_id.isin(members.loc[held, "member_id"]).to_numpy(bool)
