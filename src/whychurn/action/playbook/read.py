"""The playbook: entries that come with whychurn, and those of a programme's own parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from whychurn.contract.causes import CAUSES, CONTROL, action_causes
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.params.action import OwnAction
from whychurn.contract.yaml_files import read_yaml
from whychurn.labels import both, has_words

PLAYBOOK_FILE: Final = Path(__file__).with_name("playbook.yaml")
BELIEF: Final = (
    0.35  # share of a matched cause's hazard that an action removes at first, where nothing is said
)
HALF_LIFE_WEEKS: Final = 16.0  # of its effect, where nothing is said
NOT_TOUCHES: Final = (
    "none",
    CONTROL,
    "hold_out",
)  # words of the plan file that no action may have as its name
OWN: Final = {"en": "stated by the programme", "zh": "由本计划自行设定"}


@dataclass(frozen=True)
class Entry:
    """One thing that can be done.

    Parameters
    ----------
    action
        Code of touches.action; of a remedy for all members its own name.
    causes
        Causes that it is aimed at, the main one first; empty: none in particular.
    kind
        ``member`` (a touch) or ``programme`` (mends what goes wrong for all).
    for_
        Members who are still ``present``, or those who have ``left``.
    belief
        Believed share of these causes' hazard that it removes when it is noticed, 0 to 1.
    source
        Where the belief comes from, by language.
    channels
        Cost of one contact (currency) by channel, the preferred channel first.
    cost
        Of the offer (currency), paid for all who get it.
    eligible
        ``tier=high``, ``terms``, both separated by a comma, or None: everybody.
    half_life_weeks
        Believed weeks after which half of the effect is left.
    name, what
        By language; one line.
    """

    action: str
    causes: tuple[str, ...]
    kind: Literal["member", "programme"]
    for_: Literal["present", "left"]
    belief: float
    source: Mapping[str, str]
    channels: Mapping[str, float]
    cost: float
    eligible: str | None
    half_life_weeks: float
    name: Mapping[str, str]
    what: Mapping[str, str]


def load_playbook(params: Params) -> list[Entry]:
    """All entries: the playbook's, with those of ``action.actions`` added to them or in their place.

    Raises
    ------
    WhychurnError
        If an own action has a name that the plan file keeps for itself.
    """
    entries = {entry.action: entry for entry in _shipped()}
    believed = [one.belief for one in entries.values() if one.kind == "member" and one.causes]
    usual = round(float(np.mean(believed)), 2)
    for name, own in params.action.actions.items():
        if name in NOT_TOUCHES:
            raise WhychurnError(
                f"an action cannot be called {name!r}: the plan means nobody's contact by it",
                file="params.yaml",
                column=f"action.actions.{name}",
                remedy="give it another name, the one that touches.action will have",
            )
        entries[name] = _with_own(entries.get(name), name, own, usual)
    return list(entries.values())


@cache
def _shipped() -> tuple[Entry, ...]:
    content = read_yaml(PLAYBOOK_FILE)
    sources, causes = content["sources"], action_causes()
    touches = [
        _entry(name, held, "member", causes[name], sources) for name, held in content["actions"].items()
    ]
    remedies = [
        _entry(name, held, "programme", tuple(held["causes"]), sources)
        for name, held in content["programme"].items()
    ]
    return tuple(touches + remedies)


def _entry(
    name: str,
    held: Mapping[str, Any],
    kind: Literal["member", "programme"],
    causes: tuple[str, ...],
    sources: Mapping[str, Mapping[str, str]],
) -> Entry:
    return Entry(
        action=name,
        causes=causes,
        kind=kind,
        for_=held.get("for", "present"),
        belief=float(held.get("belief", BELIEF)),
        source=sources[held["source"]],
        channels={channel: float(cost) for channel, cost in held.get("channels", {}).items()},
        cost=float(held.get("cost", 0)),
        eligible=held.get("eligible"),
        half_life_weeks=float(held.get("weeks", HALF_LIFE_WEEKS)),
        name=_words(f"playbook.name_{name}"),
        what=_words(f"playbook.what_{name}"),
    )


def _with_own(entry: Entry | None, name: str, own: OwnAction, usual: float) -> Entry:
    """Entry of an own action; what it leaves open is the playbook's, if that has an entry of this name."""
    if entry is None:
        entry = Entry(name, (), "member", "present", 0.0, OWN, {}, 0.0, None, HALF_LIFE_WEEKS,
                      _words(f"playbook.name_{name}"), {})  # fmt: skip
        entry = replace(entry, belief=usual if own.causes else 0.0)
    said: dict[str, Any] = {field: getattr(own, field) for field in own.model_fields_set}
    if said.get("belief", 0) is None:
        del said["belief"]
    if "causes" in said:
        said["causes"] = tuple(sorted(said["causes"], key=CAUSES.index))
    if "belief" in said:
        said["source"] = OWN
    return replace(entry, **said)


def _words(key: str) -> dict[str, str]:
    return both(key) if has_words(key) else {}
