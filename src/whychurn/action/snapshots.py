"""Rows of the panel by member and day: looked up at once, without a copy of the panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.day_sums import codes_of, day_numbers
from whychurn.contract.arrays import Array

_DAYS: Final = 10**6  # more than any day number: one key of member and day


@dataclass(frozen=True)
class Snapshots:
    """Where each snapshot of a member lies.

    Parameters
    ----------
    ids
        Members, in the order of their codes.
    keys
        Code of the member and day of each snapshot in one number, ascending.
    row
        Row of the panel of each.
    """

    ids: pd.Index
    keys: Array
    row: Array

    @classmethod
    def of(cls, panel: pd.DataFrame) -> Snapshots:
        """Of a panel with member_id and as_of."""
        code, names = pd.factorize(panel["member_id"])
        keys = code * _DAYS + day_numbers(panel["as_of"])
        row = np.argsort(keys, kind="stable")
        return cls(pd.Index(names.astype(object)), keys[row], row)

    def latest(self, member: pd.Series, day: Array) -> Array:
        """Row of each member's last snapshot on or before the day (number since 1970); -1 without one; (n,)."""
        place, own = self._last(member, day)
        return np.where(own, self.row[place], -1) if len(self.row) else place

    def on(self, member: pd.Series, day: Array) -> Array:
        """Row of each member's snapshot of the very day; -1 without one; (n,)."""
        place, own = self._last(member, day)
        if not len(self.row):
            return place
        return np.where(own & (self.keys[place] % _DAYS == day), self.row[place], -1)

    def _last(self, member: pd.Series, day: Array) -> tuple[Array, Array]:
        """Place of the last key up to each day, -1 before all, and whether it is of the member; two of (n,)."""
        code = codes_of(self.ids, member)
        place = np.searchsorted(self.keys, code * _DAYS + day, side="right") - 1
        if not len(self.keys):
            return place, np.zeros(len(place), dtype=bool)
        return place, (code >= 0) & (place >= 0) & (self.keys[place] // _DAYS == code)


def snapshots_of(inputs: ActionInputs) -> Snapshots:
    """`Snapshots` of the panel of `inputs`, made once."""
    found: Snapshots = inputs.once("snapshots", lambda: Snapshots.of(inputs.panel))
    return found
