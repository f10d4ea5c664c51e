"""Leavings with the chances of their causes, as stage causes told them."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.contract.causes import CAUSES

P: Final = [f"p_{cause}" for cause in CAUSES]


def with_causes(leavings: pd.DataFrame, member_causes: pd.DataFrame) -> pd.DataFrame:
    """Leavings (member_id, spell_no, …) with ``p_<cause>``, NaN where none was told."""
    told = member_causes[member_causes["status"] == "churned"] if len(member_causes) else member_causes
    return leavings.merge(
        told.reindex(columns=["member_id", "spell_no", *P]), on=["member_id", "spell_no"], how="left"
    )
