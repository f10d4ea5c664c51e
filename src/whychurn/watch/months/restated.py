"""The earlier month run again: with what came in late, then with today's definition, then with today's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from whychurn.watch.inputs import MonthRecord, WatchInputs
from whychurn.watch.leavings import P
from whychurn.watch.month_record import MEMBER_COLUMNS, month_members, record_month

Told = tuple[pd.DataFrame, Mapping[str, Any]]


def restated(earlier: MonthRecord, inputs: WatchInputs) -> list[Told]:
    """The earlier month in three steps; the last is what today's run says of it.

    Each step is members and what the run knew: (1) today's rows of the tables, (2) with today's definition, parameters
    and code, (3) with today's models. Where rows, parameters and model did not change, a step is the one before it.
    Where rows and definition changed together, a member's chance counts as changed by the definition.
    """
    today = record_month(inputs, earlier.month)
    old, new = earlier.told["digests"], today.told["digests"]
    late = old["data"] != new["data"]
    same_rules = all(old.get(name) == new.get(name) for name in ("parameters", "code"))
    same_model = old.get("model") == new.get("model")
    first: Told = (earlier.members, earlier.told)
    if late and same_rules and same_model:
        first = (_late(earlier, today, inputs, chances=True), earlier.told)
    elif late:
        first = (_late(earlier, today, inputs, chances=same_rules), earlier.told)
    second = (
        first
        if same_rules
        else (_with_rules(first[0], today.members), {**today.told, "avoidable": earlier.told["avoidable"]})
    )
    return [first, second, (today.members, today.told)]


def _late(earlier: MonthRecord, today: MonthRecord, inputs: WatchInputs, chances: bool) -> pd.DataFrame:
    """Today's rows under the earlier definition: who left, and where `chances`, chances of members whose rows changed."""
    definition = earlier.told["definition"]
    under = inputs.churners[inputs.churners["definition"] == definition]
    if definition != inputs.panel_facts.get("definition") and under.empty:
        return earlier.members  # that definition is no longer counted: all of it is the definition's
    members = month_members(inputs, earlier.month, under) if len(under) else today.members
    told = earlier.members.set_index("member_id").reindex(members["member_id"])
    both = (members["left"].to_numpy() & told["left"].fillna(False).to_numpy(dtype=bool)) & told[
        P[0]
    ].notna().to_numpy()
    kept = members.copy()
    kept.loc[both, P] = told.loc[both, P].to_numpy()
    same = ~members["row"].ne(told["row"].reset_index(drop=True)).fillna(True).to_numpy(dtype=bool)
    if not chances:
        same = np.ones(len(members), dtype=bool)
    for name in ("p_churn", "stake"):
        kept[name] = np.where(same, told[name].to_numpy("float64"), members[name].to_numpy("float64"))
    return kept


def _with_rules(before: pd.DataFrame, today: pd.DataFrame) -> pd.DataFrame:
    """Today's counts, tiers and stakes; chances and causes stay those of the earlier model where it had told them."""
    told = before.set_index("member_id").reindex(today["member_id"])
    kept = today.copy()
    for name in (*P, "p_churn"):
        earlier = told[name].to_numpy("float64")
        kept[name] = np.where(np.isnan(earlier), today[name], earlier)
    kept["p_churn"] = kept["p_churn"].where(today["p_churn"].notna())
    return kept[list(MEMBER_COLUMNS)]
