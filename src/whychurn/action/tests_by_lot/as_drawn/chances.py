"""Chance with which each row of a randomised campaign was drawn, and strata of one chance."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.touches.randomised_arms import arm_chances
from whychurn.contract.causes import CONTROL

MANY_STRATA: Final = 20  # chances of two arms that take more values than this make no strata
ALL: Final = "all"


def own_chances(touches: pd.DataFrame) -> pd.DataFrame:
    """`touches` with chances that can be used.

    Returns
    -------
    DataFrame
        propensity (chance of this row's own action; the share of its arm where none is stated in the whole campaign;
        null where nobody was drawn by lot), propensity_stated, stratum (rows of one campaign with one chance of being
        contacted; all where it is the same for everybody or there are several actions; of a plan the action that the
        member got or would have got), chance_outside (a stated
        chance outside of 0 to 1, or missing while others of the campaign have one).
    """
    lot = touches["randomized"].to_numpy(bool)
    p = touches["propensity"].where(lot)
    some = p.notna().groupby(touches["campaign_id"]).transform("any")
    outside = lot & some & ~p.between(0, 1, inclusive="neither")
    usable = lot & ~outside.to_numpy(bool)
    here = touches[usable]
    size = here.groupby(["campaign_id", "action"])["member_id"].transform("size")
    share = size / here.groupby("campaign_id")["member_id"].transform("size")
    p = p.where(some, share.reindex(touches.index))
    strata = pd.Series(ALL, index=touches.index, dtype=object)
    for _, rows in (
        touches[usable & some.to_numpy(bool)].assign(propensity=p).groupby("campaign_id", sort=True)
    ):
        if arm_chances(rows)["turned"].any():
            held_out = rows.index[(rows["action"] == CONTROL).to_numpy(bool)]
            p.loc[held_out] = 1 - p.loc[held_out]
        planned = _would_be(rows)
        if planned is not None:  # the action followed from the member, the lot decided who is held out
            contacted = rows.index[(rows["action"] != CONTROL).to_numpy(bool)]
            p.loc[contacted] = 1 - p.loc[rows.index.difference(contacted)].mean()
            strata.loc[rows.index] = planned
            continue
        strata.loc[rows.index] = _strata(rows.assign(propensity=p.loc[rows.index]))
    return touches.assign(
        propensity=p, propensity_stated=some.to_numpy(bool) & lot, stratum=strata, chance_outside=outside
    )


def _strata(rows: pd.DataFrame) -> pd.Series:
    """Chance of being contacted as a name, in a campaign of two arms with few chances."""
    held_out = (rows["action"] == CONTROL).to_numpy(bool)
    contacted = np.where(held_out, 1 - rows["propensity"], rows["propensity"]).round(3)
    known = np.unique(contacted)
    if rows["action"].nunique() != 2 or not held_out.any() or not 1 < len(known) <= MANY_STRATA:
        return pd.Series(ALL, index=rows.index)
    return pd.Series([f"{chance:g}" for chance in contacted], index=rows.index)


def _would_be(rows: pd.DataFrame) -> pd.Series | None:
    """Action that each member of a plan got, or would have got: ``offer`` of those held out names it; None where the
    campaign is no such plan.
    """
    held_out = (rows["action"] == CONTROL).to_numpy(bool)
    if "offer" not in rows or not held_out.any():
        return None
    named = rows.loc[held_out, "offer"]
    if not named.isin(set(rows.loc[~held_out, "action"])).all():
        return None
    return rows["action"].astype(object).where(~held_out, rows["offer"].astype(object))
