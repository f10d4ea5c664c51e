"""A line a plan: contacts, cost, value a member, gain over doing nothing with its standard error, shares of the oracles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.play.carry_out import Contacts
from whychurn.world.play.played import Played

COLUMNS: Final = [
    "policy", "contacts", "cost", "value", "gain", "gain_se", "kept_per_1000", "kept_se", "share_informed",
    "share_clairvoyant",
]  # fmt: skip


def outcome_table(played: Played, contacts: Mapping[str, Contacts], on_books: int) -> pd.DataFrame:
    """What each plan brings, paired with doing nothing in the same futures.

    Parameters
    ----------
    on_books
        Members on the books on the decision day.

    Returns
    -------
    DataFrame
        policy, contacts, cost (currency, all contacts), value (margin of first and second lives and of members who were
        brought, less cost; currency a member on the books), gain (value less that of doing nothing) and gain_se
        (standard error over the futures), kept_per_1000 (members more on the books at the end, of 1 000) and kept_se,
        share_informed and share_clairvoyant (gain over that of the oracle; null where that does not gain).
    """
    rows = []
    size = max(on_books, 1)
    for name, made in contacts.items():
        gain, kept = (played.gain[name] - made.cost) / size, 1000 * played.kept[name] / size
        rows.append(
            {
                "policy": name,
                "contacts": len(made.rows),
                "cost": made.cost,
                "value": played.untouched.mean() / size + gain.mean(),
                "gain": gain.mean(),
                "gain_se": _error(gain),
                "kept_per_1000": kept.mean(),
                "kept_se": _error(kept),
            }
        )
    table = pd.DataFrame(rows)
    for oracle in ("informed", "clairvoyant"):
        best = table.loc[table["policy"] == oracle, "gain"]
        reached = len(best) > 0 and best.iloc[0] > 0
        table[f"share_{oracle}"] = table["gain"] / best.iloc[0] if reached else np.nan
    return table[COLUMNS]


def _error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
