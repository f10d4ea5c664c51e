"""Members who are never contacted, so that the plan itself can be read out: the same ones for a calendar year."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array


def held_out(member_id: Iterable[str], as_of: pd.Timestamp, share: float, seed: int) -> Array:
    """Whether each member is held out in the year of `as_of`; (n,) bool.

    The hash is keyed by seed and year, and pseudonyms are themselves keyed by the study: nobody without the key can tell
    who is held out, and whoever runs the stage again holds out the same members.

    Parameters
    ----------
    share
        Of all members, ``action.holdout_share``.
    """
    return _lot(member_id, f"hold-out {seed} {as_of.year}") < share


def lot_numbers(member_id: Iterable[str], as_of: pd.Timestamp, seed: int, purpose: str) -> Array:
    """A number from 0 to 1 for each member, drawn for one plan and one purpose; the same in every run; (n,)."""
    return _lot(member_id, f"{purpose} {seed} {as_of:%Y-%m-%d}")


def _lot(member_id: Iterable[str], key: str) -> Array:
    keyed = hashlib.blake2b(key=hashlib.sha256(key.encode()).digest(), digest_size=8)
    numbers = []
    names = member_id.to_numpy(dtype=object) if isinstance(member_id, pd.Series) else member_id
    for one in names:  # a column of Arrow's is slow to go through
        digest = keyed.copy()
        digest.update(str(one).encode())
        numbers.append(int.from_bytes(digest.digest(), "big"))
    return np.array(numbers, dtype="float64") / 2.0**64
