"""Rows of randomised touches that effects are estimated from, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL

LEAST_CHANCE: Final = (
    0.02  # below it the variance of an outcome is taken as at it: nobody is that sure to stay
)
LARGEST_WEIGHT: Final = 10.0


@dataclass(frozen=True)
class RandomisedRows:
    """Randomised touches with full follow-up, control included; arrays of (n,) in the order of the rows.

    Parameters
    ----------
    left
        Left within the follow-up, 0 or 1.
    p, q, d
        Chance to leave untouched; mix of causes, (n, 6); standardised aversion to contact. Both are multiplied by the
        share of the chance that was not decided by the draw, one without terms.
    action
        Number in `actions`, -1 for those held out.
    cell
        Number of the campaign and stratum, within which arms compare.
    weight
        Stabilised inverse propensity: share of the arm in its campaign over the row's propensity.
    member
        Number of the member, 0 and up.
    wave
        Order in time.
    actions
        Names.
    """

    left: Array
    p: Array
    q: Array
    d: Array
    action: Array
    cell: Array
    weight: Array
    member: Array
    wave: Array
    actions: list[str]

    def select(self, chosen: Array | slice) -> RandomisedRows:
        """Some of the rows; numbers stay."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return RandomisedRows(
            **{name: value if name == "actions" else value[chosen] for name, value in values.items()}
        )

    @property
    def variance(self) -> Array:
        """Variance of the outcome untouched."""
        p = np.clip(self.p, LEAST_CHANCE, 1 - LEAST_CHANCE)
        return p * (1 - p)


def randomised_rows(
    rows: pd.DataFrame, p: Array, q: Array, d: Array, outcome: str = "left"
) -> RandomisedRows:
    """Rows of `tests_by_lot` as arrays.

    Parameters
    ----------
    rows
        Randomised rows whose `outcome` is known.
    p, q, d
        As in `RandomisedRows`.
    """
    names = sorted(set(rows["action"]) - {CONTROL})
    number = {name: at for at, name in enumerate(names)}
    cell = pd.factorize(rows["campaign_id"].astype(str) + "\0" + rows["stratum"].astype(str), sort=True)[0]
    arms = rows.groupby(["campaign_id", "action"], observed=True)["member_id"].transform("size")
    share = arms / rows.groupby("campaign_id", observed=True)["member_id"].transform("size")
    weight = (share / rows["propensity"]).fillna(1.0).clip(1 / LARGEST_WEIGHT, LARGEST_WEIGHT)
    return RandomisedRows(
        left=rows[outcome].to_numpy("float64"),
        p=p,
        q=q,
        d=d,
        action=rows["action"].map(number).fillna(-1).to_numpy("int64"),
        cell=cell,
        weight=weight.to_numpy("float64"),
        member=pd.factorize(rows["member_id"], sort=True)[0],
        wave=rows["wave"].to_numpy("int64"),
        actions=names,
    )
