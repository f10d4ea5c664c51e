"""Stage of life of members still there on a day, from their row of the panel."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.params import RetentionParams


def stage_of_life(
    rows: pd.DataFrame, spells: pd.DataFrame, retention: RetentionParams, threshold_days: int
) -> pd.Series:
    """Stage by the rules of retention (`codes.LIFECYCLE_STAGES`), as far as the panel's features tell.

    Parameters
    ----------
    rows
        Rows of the panel.
    spells
        member_id, spell_no, started_on.
    threshold_days
        Silence after which a member counts as gone.

    Returns
    -------
    Series
        won_back (came back within ``retention.won_back_days``), at_risk (quiet), loyal, repeat, nurtured, activated or
        recruited, as `rows`.
    """
    number = _numbers(rows)
    begun = rows[["member_id", "spell_no"]].merge(
        spells[["member_id", "spell_no", "started_on"]], on=["member_id", "spell_no"], how="left"
    )["started_on"]
    back = (rows["as_of"].to_numpy("datetime64[D]") - begun.to_numpy("datetime64[D]")) / np.timedelta64(
        1, "D"
    )
    terms = bool(np.isfinite(number("renewals_so_far")).any())
    orders, uses = number("orders_so_far"), number("interactions_180d")
    if terms:
        repeat = number("renewals_so_far") >= 1
        loyal = repeat & (number("tenure_days") >= retention.loyal_days)
        quiet = (number("days_silent") > 0) | (number("days_since_last_interaction") > retention.dormant_days)
        activated, nurtured = uses >= 1, uses >= retention.nurtured_uses
    else:
        orders = orders if np.isfinite(orders).any() else uses
        repeat, activated = orders >= 2, orders >= 1
        loyal = repeat & (number("orders_365d") >= retention.loyal_orders)
        quiet = number("days_silent") > retention.at_risk_share * threshold_days
        nurtured = activated & (uses >= retention.nurtured_uses)
    came_back = (rows["spell_no"].to_numpy() > 1) & (back <= retention.won_back_days)
    names = ["won_back", "at_risk", "loyal", "repeat", "nurtured", "activated"]
    chosen = np.select([came_back, quiet, loyal, repeat, nurtured, activated], names, "recruited")
    return pd.Series(chosen, index=rows.index, dtype="string")


def _numbers(rows: pd.DataFrame):  # type: ignore[no-untyped-def]
    def number(name: str) -> Array:
        if name not in rows:
            return np.full(len(rows), np.nan)
        return pd.to_numeric(rows[name], errors="coerce").astype("float64").to_numpy(na_value=np.nan)

    return number
