"""Time away of leavers cut into pieces, each with its days and whether it ended with a return."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.winback.contacts_by_lot import RETURN_DAYS
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL

AWAY_CUTS: Final = (0, 30, 60, 120, 180, 365, 730)  # days since leaving was known
AFTER_CUTS: Final = (0, 30, 60, 120, RETURN_DAYS)  # days since a contact
LATE_DAYS: Final = 60  # a contact older than this may have worn off
NO_CAMPAIGN: Final = ""


def after_contacts(rows: pd.DataFrame) -> pd.DataFrame:
    """Pieces of the time after each draw, until the return, the next draw, or the end of the data.

    Parameters
    ----------
    rows
        `contacts_by_lot.contacts_by_lot`.

    Returns
    -------
    DataFrame
        Columns of `rows`, days, event, away (days since leaving, in the middle of the piece), late (the contact is
        older than `LATE_DAYS`), treated.
    """
    seen = rows[["followed", "alone"]].min(axis=1).to_numpy("float64")
    pieces = _cut(rows, seen, rows["days_to_return"].to_numpy("float64"), AFTER_CUTS)
    away = (pieces["day"] - pieces["left"]) + pieces.pop("middle")
    treated = (pieces["action"] != CONTROL).to_numpy(bool)
    return pieces.assign(away=away, late=pieces.pop("start") >= LATE_DAYS, treated=treated)


def before_contacts(events: pd.DataFrame, rows: pd.DataFrame, until: int) -> pd.DataFrame:
    """Pieces of the time away before anybody was drawn, which tells how members come back by themselves.

    Parameters
    ----------
    events
        `leavers.leavings`.
    rows
        Draws; time from the first of a stay on is not counted here.
    until
        Number of the first day after the data.
    """
    first = rows.groupby(["member_id", "spell_no"])["day"].min().rename("drawn").reset_index()
    table = events.merge(first, on=["member_id", "spell_no"], how="left")
    seen = np.minimum(table["drawn"].fillna(until), until) - table["left"]
    wait = np.where(table["back"] <= until, table["back"] - table["left"], np.nan)
    pieces = _cut(table.drop(columns="drawn"), seen.to_numpy("float64"), wait, AWAY_CUTS)
    away, _ = pieces.pop("middle"), pieces.pop("start")
    return pieces.assign(away=away, late=False, treated=False, action=CONTROL, campaign_id=NO_CAMPAIGN)


def _cut(rows: pd.DataFrame, seen: Array, wait: Array, cuts: tuple[int, ...]) -> pd.DataFrame:
    """Rows by piece with ``start``, ``middle``, ``days`` at risk in it and ``event``; a return on day 0 counts one day."""
    stay = np.fmin(seen, np.where(np.isnan(wait), np.inf, wait + 1))
    parts = []
    for start, stop in pairwise(cuts):
        days = np.clip(stay, start, stop) - start
        event = (wait >= start) & (wait < stop) & (wait < seen)
        held = days > 0
        parts.append(rows[held].assign(
            start=start, middle=start + days[held] / 2, days=days[held], event=event[held].astype("float64")
        ))  # fmt: skip
    return pd.concat(parts, ignore_index=True)
