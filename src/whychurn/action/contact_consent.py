"""Whom a company may contact about offers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array


def may_contact(members: pd.DataFrame, member_id: pd.Series, missing_consent: str) -> Array:
    """Flags of members who agreed to be contacted for marketing.

    Parameters
    ----------
    members
        member_id, marketing_consent (null: not recorded).
    member_id
        Whom to look up; those not in `members` count as not recorded.
    missing_consent
        `privacy.missing_consent` for those not recorded: allow, deny, or auto: allowed only where nobody's consent is
        recorded, so that the programme keeps no such column.
    """
    known = members.set_index("member_id")["marketing_consent"].astype("boolean")
    allowed = missing_consent == "allow" or (missing_consent == "auto" and not known.notna().any())
    return np.asarray(known.reindex(pd.Index(member_id)).fillna(allowed), dtype=bool)
