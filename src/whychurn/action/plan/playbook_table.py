"""Table `playbook`: what can be done about each cause, what is believed of it, and what tests say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.effects.efficacy import UNTESTED, Effects
from whychurn.action.plan.state import eligible_today
from whychurn.action.playbook.read import Entry
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, typed

CEILING: Final = {
    "ceiling": "avoidable_share",
    "ceiling_low": "avoidable_low",
    "ceiling_high": "avoidable_high",
}


def playbook_table(
    entries: Sequence[Entry],
    state: pd.DataFrame,
    effects: Effects,
    cause_shares: pd.DataFrame,
    params: Params,
) -> pd.DataFrame:
    """One row an entry and cause, causes in their order, remedies for all members last of each.

    Returns
    -------
    DataFrame
        Columns of the results contract; numbers of fewer than ``privacy.min_cell`` members are blank. theta is told of
        touches alone: remedies for all members are not tested by lot, their ceiling is what mending the cause could avoid.
    """
    shares = cause_shares.drop_duplicates("cause").set_index("cause")
    outside = (1 - params.run.confidence) / 2
    rows = []
    for entry in entries:
        members = _members(entry, state, params.privacy.min_cell)
        for cause in entry.causes or (None,):
            here = members if cause is None else _members(entry, state, params.privacy.min_cell, cause)
            rows.append(
                {
                    "action": entry.action,
                    "cause": cause,
                    "kind": entry.kind,
                    "for": entry.for_,
                    "belief": entry.belief if cause is not None and entry.kind == "member" else np.nan,
                    "tested": effects.tested.get(entry.action, UNTESTED),
                    **_theta(effects, entry.action, cause, outside),
                    "channels": ",".join(entry.channels),
                    "cost": _first_cost(entry),
                    "members": here,
                    **{name: _share(shares, cause, source) for name, source in CEILING.items()},
                }
            )
    table = pd.DataFrame(rows, columns=columns_of("playbook"))
    place = {cause: at for at, cause in enumerate([*CAUSES, None])}
    rank = np.array([place[one] for one in table["cause"]])
    order = np.lexsort((table["kind"].eq("programme").to_numpy(), rank))
    return typed(table.iloc[order].reset_index(drop=True))


def _members(entry: Entry, state: pd.DataFrame, min_cell: int, cause: str | None = None) -> float:
    """Members still there whom it is meant for; NaN for few of them, and of what is no touch for members present."""
    if entry.kind != "member" or entry.for_ != "present":
        return np.nan
    who: Array = eligible_today(state, entry)
    if cause is not None:
        who = who & state["cause"].eq(cause).to_numpy(bool)
    count = int(who.sum())
    return float(count) if count == 0 or count >= min_cell else np.nan


def _theta(effects: Effects, action: str, cause: str | None, outside: float) -> dict[str, float]:
    if action not in effects.actions:
        return dict.fromkeys(("theta", "low", "high"), np.nan)
    at = effects.actions.index(action)
    if cause is None:
        mean, draws = float(effects.theta[at].mean()), effects.theta_draws[:, at].mean(axis=1)
    else:
        place = CAUSES.index(cause)
        mean, draws = float(effects.theta[at, place]), effects.theta_draws[:, at, place]
    if not len(draws):
        return {"theta": mean, "low": np.nan, "high": np.nan}
    low, high = np.quantile(draws, [outside, 1 - outside])
    return {"theta": mean, "low": min(float(low), mean), "high": max(float(high), mean)}


def _first_cost(entry: Entry) -> float:
    if entry.kind == "programme":
        return np.nan
    return entry.cost + next(iter(entry.channels.values()), 0.0)


def _share(shares: pd.DataFrame, cause: str | None, column: str) -> float:
    if cause is None or cause not in shares.index or column not in shares:
        return np.nan
    return float(shares[column].astype("float64")[cause])
