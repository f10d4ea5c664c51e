"""Rows of the panel by member and day: looked up at once, without a copy of the panel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.day_sums import codes_of, day_numbers, keys_of, last_up_to
from whychurn.contract.arrays import Array


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
        keys = keys_of(code, day_numbers(panel["as_of"]))
        row = np.argsort(keys, kind="stable")
        return cls(pd.Index(names.astype(object)), keys[row], row)

    def latest(self, member: pd.Series, day: Array) -> Array:
        """Row of each member's last snapshot on or before the day (number since 1970); -1 without one; (n,)."""
        return np.append(self.row, -1)[last_up_to(self.keys, codes_of(self.ids, member), day)]

    def on(self, member: pd.Series, day: Array) -> Array:
        """Row of each member's snapshot of the very day; -1 without one; (n,)."""
        code = codes_of(self.ids, member)
        place = last_up_to(self.keys, code, day)
        same = np.append(self.keys, -1)[place] == keys_of(code, day)
        return np.where(same, np.append(self.row, -1)[place], -1)


def snapshots_of(inputs: ActionInputs) -> Snapshots:
    """`Snapshots` of the panel of `inputs`, made once."""
    found: Snapshots = inputs.once("snapshots", lambda: Snapshots.of(inputs.panel))
    return found
