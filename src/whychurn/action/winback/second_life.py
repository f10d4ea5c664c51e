"""What leavers who return are worth: the margin of their second life, from those who returned before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.day_sums import DaySums, day_numbers
from whychurn.action.winback.leavers import NEVER
from whychurn.contract.arrays import Array
from whychurn.panel.duckdb_tables import day_number

BELIEVED: Final = 0.5  # of the margin that the first life would have gone on to bring
SHRINK: Final = 20  # returners that weigh as much as the belief, or as those of all causes
BIN_DAYS: Final = 30
FEWEST: Final = 5  # returners followed through a bin; with fewer its level is that of the bin before


@dataclass(frozen=True)
class SecondLife:
    """Value of a return over the value horizon, as a share of the margin that the first life brought in as many days.

    Parameters
    ----------
    overall
        Share over all causes, shrunk to `BELIEVED`.
    by_cause
        Share by likely cause of leaving, shrunk to `overall`.
    returners
        Members who returned, and tell of it.
    followed_days
        Days after the return that `FEWEST` or more were followed through; what lies beyond is extrapolated.
    """

    overall: float
    by_cause: dict[str, float]
    returners: int
    followed_days: int

    def value(self, daily_margin: Array, cause: pd.Series, value_days: int) -> Array:
        """Margin of the second life (currency) of leavers by their margin a day and cause of leaving; (n,)."""
        share = cause.map(self.by_cause).astype("float64").fillna(self.overall).to_numpy("float64")
        return daily_margin * value_days * share


def second_life(events: pd.DataFrame, inputs: ActionInputs) -> SecondLife:
    """Learn from past returners, shrunk where they are few.

    Parameters
    ----------
    events
        `leavers.leavings`.

    Notes
    -----
    Margin after a return over that of the first life, month by month among those followed through the month, whether or
    not they left again, and averaged over the horizon: so short follow-ups do not count as short second lives (Lin,
    Feuer, Etzioni & Wax 1997, Biometrics 53). Who returned unasked may be worth more than who has to be asked.
    """
    horizon = inputs.params.action.value_days
    back = events[(events["back"] < NEVER) & (events["daily_margin"] > 0)].reset_index(drop=True)
    if back.empty:
        return SecondLife(BELIEVED, {}, 0, 0)
    margin, expected, days = _by_bin(back, inputs, horizon)
    level, followed = _levels(margin, expected)
    weight = len(back) / (len(back) + SHRINK)
    share = float(np.sum(level * days) / horizon)
    overall = weight * share + (1 - weight) * BELIEVED
    forecast = (expected * level).sum(axis=1)
    by_cause = {}
    for cause, those in back.groupby("cause").groups.items():
        own = len(those) / (len(those) + SHRINK)
        total = forecast[those].sum()
        ratio = margin[those].sum() / total if total > 0 else 1.0
        by_cause[str(cause)] = overall * (own * ratio + 1 - own)
    return SecondLife(overall, by_cause, len(back), int(days[:followed].sum()))


def _by_bin(back: pd.DataFrame, inputs: ActionInputs, horizon: int) -> tuple[Array, Array, Array]:
    """Margin of each returner in each bin, what the first life brought in as many days (0: not followed through), days."""
    cuts = np.append(np.arange(0, horizon, BIN_DAYS), horizon)
    until = day_number(inputs.observed_until) + 1
    ids = pd.Index(inputs.tables["members"]["member_id"].astype(object))
    code = ids.get_indexer(pd.Index(back["member_id"].astype(object)))
    start = back["back"].to_numpy("int64")[:, None] + cuts[None, :-1]
    stop = back["back"].to_numpy("int64")[:, None] + cuts[None, 1:]
    whole = stop <= until
    spent = sum(money.within(code[:, None], start, stop) for money in _money(inputs, ids))
    margin = np.where(whole, inputs.params.business.margin_rate * spent, 0.0)
    expected = np.where(whole, back["daily_margin"].to_numpy("float64")[:, None] * (stop - start), 0.0)
    return margin, expected, np.diff(cuts).astype("float64")


def _money(inputs: ActionInputs, ids: pd.Index) -> list[DaySums]:
    """Orders not sent back, and prices of terms on the day that they begin."""
    orders, terms = inputs.tables["orders"], inputs.tables["memberships"]
    kept = ~orders["returned"].astype("boolean").fillna(False).to_numpy(bool)
    amount = np.where(kept, orders["amount"].astype("float64").fillna(0), 0.0)
    price = terms["price_paid"].astype("float64").fillna(terms["list_price"].astype("float64")).fillna(0)
    return [
        DaySums.of(ids, orders["member_id"], day_numbers(orders["ordered_at"]), amount),
        DaySums.of(ids, terms["member_id"], day_numbers(terms["starts_on"]), price.to_numpy("float64")),
    ]


def _levels(margin: Array, expected: Array) -> tuple[Array, int]:
    """Share of the first life's margin in each bin, and the number of bins that returners were followed through."""
    enough = (expected > 0).sum(axis=0) >= FEWEST
    followed = int(np.argmin(enough)) if not enough.all() else len(enough)
    if not followed:
        return np.full(len(enough), BELIEVED), 0
    seen = margin[:, :followed].sum(axis=0) / expected[:, :followed].sum(axis=0)
    return np.append(seen, np.full(len(enough) - followed, seen[-1])), followed
