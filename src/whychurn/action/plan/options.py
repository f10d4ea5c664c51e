"""What can be done for a member: each action that the programme is known to carry out, and what a contact costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.playbook.read import Entry
from whychurn.contract.causes import CONTROL
from whychurn.contract.params import Params

BY_PEOPLE: Final = ("call", "in_person")  # channels that take somebody's time
WEEKS: Final = 4  # of one plan


@dataclass(frozen=True)
class Option:
    """One action through its usual channels, or through one capped channel.

    Parameters
    ----------
    action
        Name as in touches.
    causes
        Causes that it is aimed at; empty: none in particular.
    channels
        Channel -> cost of the contact with the offer (currency), cheapest first.
    capped
        Channel whose contacts a week are limited; None for usual channels.
    eligible
        Rule of the playbook; None: everybody.
    """

    action: str
    causes: tuple[str, ...]
    channels: Mapping[str, float]
    capped: str | None
    eligible: str | None

    @property
    def cost(self) -> float:
        """Of a contact through the cheapest channel (currency)."""
        return min(self.channels.values(), default=0.0)


@dataclass(frozen=True)
class Options:
    """All options of a plan.

    Parameters
    ----------
    held
        In order of action.
    capacity
        Capped channel -> contacts that it carries in the weeks of the plan.
    costs_known
        Whether any cost is on record or stated.
    inferred
        Capped channels whose limit is the busiest week on record, not stated.
    proven
        Whether the programme is known to carry any action out; else all is proposed for a first test.
    """

    held: Sequence[Option]
    capacity: Mapping[str, float]
    costs_known: bool
    inferred: tuple[str, ...] = ()
    proven: bool = True

    def costs(self) -> np.ndarray:
        """Cost of one contact by each option (currency); (K,)."""
        return np.array([one.cost for one in self.held], dtype="float64")

    def uses(self) -> np.ndarray:
        """Contacts of each option in each capped channel; (K, C)."""
        capped = list(self.capacity)
        return np.array([[float(one.capped == channel) for channel in capped] for one in self.held]).reshape(
            len(self.held), len(capped)
        )


def build_options(inputs: ActionInputs, entries: Sequence[Entry]) -> Options:
    """Options for members who are still there.

    An action is one that the programme can carry out if it is on record in touches or stands in ``action.actions``;
    without either, the whole playbook is proposed for a first test.
    """
    record = _on_record(inputs.tables["touches"])
    own = set(inputs.params.action.actions)
    present = {one.action: one for one in entries if one.kind == "member" and one.for_ == "present"}
    names = (set(record["action"]) | own) & set(present) or set(present)
    left = {one.action for one in entries if one.for_ == "left"}
    names |= set(record["action"]) - left - set(present)  # actions that no entry names
    capacity, inferred = _capacity(inputs)
    held: list[Option] = []
    for name in sorted(names):
        entry = present.get(name)
        ways = _ways(name, entry, record, name in own and bool(inputs.params.action.actions[name].channels))
        held += _split(name, entry, ways, capacity)
    known = bool(len(record)) and bool(record["cost"].notna().any())
    known |= any(one.channels or one.cost for one in inputs.params.action.actions.values())
    used = {one.capped: capacity[one.capped] for one in held if one.capped is not None}
    proven = bool(len(record)) or bool(own)
    return Options(held, used, known, tuple(one for one in inferred if one in used), proven)


def _on_record(touches: pd.DataFrame) -> pd.DataFrame:
    """action, channel ("" where none is given), cost (mean), rows: contacts made so far."""
    made = touches[touches["action"].ne(CONTROL).fillna(False).to_numpy(bool)]
    channel = made["channel"].fillna("").astype(str) if "channel" in made else pd.Series("", index=made.index)
    keyed = pd.DataFrame(
        {"action": made["action"].astype(str), "channel": channel, "cost": made["cost"].astype("float64")}
    )
    found = keyed.groupby(["action", "channel"], as_index=False).agg(
        cost=("cost", "mean"), rows=("cost", "size")
    )
    return found.astype({"action": object, "channel": object})


def _ways(name: str, entry: Entry | None, record: pd.DataFrame, stated: bool) -> dict[str, float]:
    """Channel -> cost of one contact: as stated, else as on record, else as the playbook believes."""
    believed = {way: cost + entry.cost for way, cost in entry.channels.items()} if entry else {}
    if stated:
        return believed
    mine = record[record["action"] == name]
    named = mine[mine["channel"] != ""]
    if len(named):
        usual = float(np.average(mine["cost"].fillna(0), weights=mine["rows"]))
        costs = named["cost"].fillna(named["channel"].map(believed)).fillna(usual).round(6)
        return dict(zip(named["channel"], costs.astype(float), strict=True))
    if not len(mine):
        return believed
    seen = set(record["channel"]) - {""}
    paid = float(mine["cost"].iloc[0])
    ways = [way for way in believed if not seen or way in seen] or list(believed) or [""]
    return {way: round(paid, 6) if np.isfinite(paid) else believed.get(way, 0.0) for way in ways}


def _split(
    name: str, entry: Entry | None, ways: Mapping[str, float], capacity: Mapping[str, float]
) -> list[Option]:
    causes, eligible = (entry.causes, entry.eligible) if entry else ((), None)
    usual = {
        way: cost
        for way, cost in sorted(ways.items(), key=lambda pair: (pair[1], pair[0]))
        if way not in capacity
    }
    found = [Option(name, causes, usual, None, eligible)] if usual else []
    return found + [
        Option(name, causes, {way: ways[way]}, way, eligible) for way in sorted(ways) if way in capacity
    ]


def _capacity(inputs: ActionInputs) -> tuple[dict[str, float], list[str]]:
    """Contacts of each capped channel in the weeks of a plan; channels whose limit is only inferred."""
    found = stated_caps(inputs.params)
    touches, inferred = inputs.tables["touches"], []
    if "channel" in touches:
        made = touches[touches["action"].ne(CONTROL).fillna(False).to_numpy(bool)]
        for way in BY_PEOPLE:
            here = made.loc[made["channel"].eq(way).fillna(False).to_numpy(bool), "sent_at"]
            if way not in found and len(here):
                week = here.dt.normalize().astype("int64") // (7 * 86_400 * 10**9)
                found[way] = int(week.value_counts().max())
                inferred.append(way)
    return {way: float(WEEKS * a_week) for way, a_week in sorted(found.items())}, inferred


def stated_caps(params: Params) -> dict[str, int]:
    """Contacts a week by channel, as the parameters state them."""
    own = {name: one.a_week for name, one in params.action.channels.items()}
    own = {"call": params.action.contacts.call, **own}
    return {name: int(a_week) for name, a_week in own.items() if a_week is not None}
