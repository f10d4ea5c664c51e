"""Rows of members sorted by day, so that windows around any day are looked up at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array

_DAYS: Final = 1 << 20  # more than any day number since 1970


def day_numbers(days: pd.Series) -> Array:
    """Days since 1970-01-01; -1 where the day is missing."""
    at = days if pd.api.types.is_datetime64_any_dtype(days) else pd.to_datetime(days)
    return np.where(at.isna(), -1, at.to_numpy("datetime64[D]").astype("int64"))


def codes_of(ids: pd.Index, member: pd.Series) -> Array:
    """Position of each member among `ids`, -1 where it is none of them; each name is looked up once."""
    code, names = pd.factorize(member)
    return np.append(ids.get_indexer(pd.Index(names.astype(object))), -1)[code]


def keys_of(code: Array, day: Array) -> Array:
    """Member and day in one number, in the order of both; (n,)."""
    return code * _DAYS + day


def each_once(keys: Array) -> Array:
    """The different keys, ascending; `np.unique` hashes them, which takes 20 times as long for millions."""
    keys = np.sort(keys)
    return keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]


def last_up_to(keys: Array, code: Array, day: Array) -> Array:
    """Place of each member's last key on or before `day` among ascending `keys` (`keys_of`); -1 where there is none; (n,)."""
    place = np.searchsorted(keys, keys_of(code, day), side="right") - 1
    return np.where(np.append(keys, -1)[place] // _DAYS == code, place, -1)


@dataclass(frozen=True)
class DaySums:
    """Running sums of one value over rows in order of (member, day).

    Parameters
    ----------
    ids
        Members, in the order of their codes.
    keys
        Code and day of each row in one number, ascending.
    running
        Sum of all rows before each one, and the total; (rows + 1,).
    """

    ids: pd.Index
    keys: Array
    running: Array

    @classmethod
    def of(cls, ids: pd.Index, member: pd.Series, day: Array, value: Array | None = None) -> DaySums:
        """From rows in any order, each worth 1 where `value` is None; unknown members and rows without a day are left out."""
        code = codes_of(ids, member)
        if value is None:
            return cls.counted(ids, code, day)
        known = (code >= 0) & (day >= 0)
        keys = keys_of(code[known], day[known])
        order = np.argsort(keys, kind="stable")
        return cls(ids, keys[order], np.concatenate([[0.0], np.cumsum(value[known][order])]))

    @classmethod
    def counted(cls, ids: pd.Index, code: Array, day: Array) -> DaySums:
        """From positions of members among `ids` (-1: unknown, left out) and days, each row worth 1."""
        known = (code >= 0) & (day >= 0)
        return cls.ones(ids, np.sort(keys_of(code[known], day[known])))

    @classmethod
    def ones(cls, ids: pd.Index, keys: Array) -> DaySums:
        """From ascending keys, each row worth 1."""
        return cls(ids, keys, np.arange(len(keys) + 1.0))

    @property
    def days(self) -> Array:
        """Day of each row."""
        return self.keys % _DAYS

    @property
    def codes(self) -> Array:
        """Code of each row's member."""
        return self.keys // _DAYS

    def day_of(self, place: Array) -> Array:
        """Day of the rows at `place`, any day where it is -1; (n,)."""
        return self.keys[place] % _DAYS if len(self.keys) else np.zeros(len(place), dtype="int64")

    def before(self, code: Array, day: Array) -> Array:
        """Number of the last row of each member before `day`; -1 where there is none; (n,)."""
        return last_up_to(self.keys, code, day - 1)

    def within(self, code: Array, start: Array, stop: Array) -> Array:
        """Sum over each member's rows with start <= day < stop; (n,)."""
        first, last = (np.searchsorted(self.keys, keys_of(code, day)) for day in (start, stop))
        return self.running[last] - self.running[first]
