"""What all questions on actions read, and what each of them returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from whychurn.contract.params import Params

MixAt = Callable[[pd.Series, pd.Series], pd.DataFrame]


@dataclass(frozen=True)
class ActionInputs:
    """Tables of a study as the stages before left them, and its decision day.

    Parameters
    ----------
    tables
        Intake's tables by name, pseudonymised, with the columns that questions on actions read; those absent have no rows.
        Events: all of them, or those of `event_rows.HELD` where they lie in `events_file`.
    panel
        Monthly snapshots (member_id, as_of) with ``still_there``, ``days_silent`` and features: all of them, or
        `panel_features.HELD` where they lie in `panel_file`.
    spells, churners
        Stays of members, and days of leaving (member_id, left_on).
    member_causes, cause_shares
        Attributed causes of leavers and members at risk; shares of the causes.
    risk_scores, already_gone
        Members still there on `as_of` with their chance to leave; members known to be silent or gone.
    lifetime_value
        Expected margin of members still there.
    panel_facts, intake_facts
        ``panel.json`` and ``intake.json``.
    as_of
        Decision day: the latest snapshot; without one, the day after the data end.
    observed_until
        Last day that the data cover.
    params
        All parameters.
    mix_at
        Cause mix of members on given days, known by that day: (member_id, day) -> p_<cause>, one row each;
        None where no causes can be told.
    panel_file
        The panel with all features, in the same order of rows; None: `panel` has them.
    events_file
        All events; None: `tables` has them.
    """

    tables: Mapping[str, pd.DataFrame]
    panel: pd.DataFrame
    spells: pd.DataFrame
    churners: pd.DataFrame
    member_causes: pd.DataFrame
    cause_shares: pd.DataFrame
    risk_scores: pd.DataFrame
    already_gone: pd.DataFrame
    lifetime_value: pd.DataFrame
    panel_facts: Mapping[str, Any]
    intake_facts: Mapping[str, Any]
    as_of: pd.Timestamp
    observed_until: pd.Timestamp
    params: Params
    mix_at: MixAt | None
    panel_file: Path | None = None
    events_file: Path | None = None
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once for these inputs and kept under `name`; several questions read it."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def let_go(self, name: str) -> None:
        """Forget what was made under `name`, after its last reader."""
        self._made.pop(name, None)


@dataclass(frozen=True)
class Section:
    """Answer to one question on actions.

    Parameters
    ----------
    tables
        Result tables by name, with the columns of the contract, even without rows.
    facts
        Counts and numbers for sentences; plain values that JSON holds.
    extra
        What later sections use and no file keeps.
    """

    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def without(self, *names: str) -> Section:
        """The same, with what no later section uses let go from ``extra``."""
        return replace(self, extra={name: held for name, held in self.extra.items() if name not in names})
