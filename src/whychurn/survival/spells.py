"""Spells as rows (entry, exit, event) on the clock of days stayed: truncation, censoring, second spells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.panel.churn_definition import definition_days, waiting_days
from whychurn.panel.missing_leavers import silent_until

ROWS: Final = ["member_id", "spell_no", "started_on", "entry", "exit", "event"]


@dataclass(frozen=True)
class Window:
    """The observed time, and how long a churn event takes to become known.

    Parameters
    ----------
    first, last
        First and last observed day; the first on which anybody leaves, where leavings before it are missing.
    wait_days
        Days without presence after which a member counts as churned.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    wait_days: int

    @property
    def censored_on(self) -> pd.Timestamp:
        """Last day on which churn can be observed: later last days of presence may not be the last."""
        return self.last - pd.Timedelta(days=self.wait_days)

    @classmethod
    def of(
        cls, panel_facts: Mapping[str, Any], intake_facts: Mapping[str, Any], definition: str | None = None
    ) -> Window:
        """From panel.json and intake.json; `definition` (``inactivity_60d``) in place of the main one."""
        name = definition or str(panel_facts["definition"])
        first, last = (pd.Timestamp(str(intake_facts[key])) for key in ("observed_from", "observed_until"))
        first = max(first, silent_until(panel_facts) or first)
        return cls(first, last, waiting_days(definition_days(name)))


@dataclass(frozen=True)
class SurvivalInputs:
    """What the stage reads of a study.

    Parameters
    ----------
    members, surveys
        Interim tables.
    spells, churners
        What the panel stage wrote.
    panel
        Snapshots that models learn from: of all members, or of a share of them (`files.read_members`).
    catalogue
        `panel.features.catalogue.study_catalogue`.
    panel_facts, intake_facts
        panel.json and intake.json.
    everyone
        Where `panel` is of a share: snapshots of all, with the columns that are counted (`counted_columns`).
    """

    members: pd.DataFrame
    surveys: pd.DataFrame
    spells: pd.DataFrame
    churners: pd.DataFrame
    panel: pd.DataFrame
    catalogue: pd.DataFrame
    panel_facts: Mapping[str, Any]
    intake_facts: Mapping[str, Any]
    everyone: pd.DataFrame | None = None

    @property
    def counted(self) -> pd.DataFrame:
        """Snapshots of all members."""
        return self.panel if self.everyone is None else self.everyone

    @property
    def main_definition(self) -> str:
        """The churn definition used throughout."""
        return str(self.panel_facts["definition"])

    @property
    def definitions(self) -> list[str]:
        """The main churn definition and its alternatives."""
        return list(
            dict.fromkeys([self.main_definition, *map(str, self.panel_facts.get("alternatives", []))])
        )

    def window(self, definition: str | None = None) -> Window:
        """The observed time under the main or another definition."""
        return Window.of(self.panel_facts, self.intake_facts, definition)

    def spells_under(self, definition: str) -> pd.DataFrame:
        """Spells under one of `definitions`."""
        if definition == self.main_definition:
            return self.spells
        return alternative_spells(self.spells, self.churners, definition)


def profiled_members(members: pd.DataFrame) -> pd.DataFrame:
    """Members who consented to profiling."""
    return members[members["profiling_consent"].fillna(False).astype(bool)]


def stay_rows(spells: pd.DataFrame, window: Window) -> pd.DataFrame:
    """One row per spell on the clock of days stayed (1 = the day of joining or of coming back).

    The day of the churn event is the last day of presence, which becomes known `Window.wait_days` later. All
    rows are therefore censored on one day, `Window.censored_on`: who was present after it had not churned by
    then, and every churn event up to it is known. Censoring is administrative only.

    Members who joined before the observed time are at risk from the day after they are first seen (left
    truncation): what happened before was not observed, and those who had churned by then are in no table.

    Parameters
    ----------
    spells
        member_id, spell_no, started_on, entered_on, last_active_on, churned.

    Returns
    -------
    DataFrame
        `ROWS`: at risk on days in (entry, exit]; event: churned on day ``exit``. Spells that were at risk on
        no day (begun after the last day of follow-up, seen on one day only, or over before the observed time)
        are absent.
    """
    started = spells["started_on"]
    unseen = (spells["entered_on"] - started).dt.days.to_numpy()
    entry = np.where(unseen > 0, unseen + 1, 0)
    entry = np.maximum(entry, (window.first - started).dt.days.to_numpy())
    event = spells["churned"].to_numpy(bool) & (spells["last_active_on"] <= window.censored_on).to_numpy()
    until = spells["last_active_on"].where(event, window.censored_on)
    rows = pd.DataFrame(
        {
            "member_id": spells["member_id"],
            "spell_no": spells["spell_no"].astype("int64"),
            "started_on": started,
            "entry": entry.astype("int64"),
            "exit": ((until - started).dt.days + 1).to_numpy(dtype="int64"),
            "event": event,
        }
    )
    return rows[rows["exit"] > rows["entry"]].reset_index(drop=True)


def alternative_spells(spells: pd.DataFrame, churners: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Spells under another definition, put together from its churn events.

    The first spell starts where it starts under every definition; each churn event ends a spell, each return
    begins the next one; the last spell is open where the member has not churned (it is censored, so its last
    day of presence does not matter).

    Parameters
    ----------
    spells
        Spells under the main definition, all members.
    churners
        Churn events under all definitions: member_id, definition, spell_no, last_active_on, returned_on.

    Returns
    -------
    DataFrame
        Columns that `stay_rows` needs, and returned_on; ``last_active_on`` is missing in open spells.
    """
    keys = ["member_id", "spell_no"]
    events = churners.loc[churners["definition"] == definition, [*keys, "last_active_on", "returned_on"]]
    starts = spells.loc[spells["spell_no"] == 1, [*keys, "started_on", "entered_on"]]
    returned = events[events["returned_on"].notna()]
    returns = pd.DataFrame(
        {
            "member_id": returned["member_id"],
            "spell_no": returned["spell_no"] + 1,
            "started_on": returned["returned_on"],
            "entered_on": returned["returned_on"],
        }
    )
    rebuilt = pd.concat([starts, returns], ignore_index=True).merge(events, on=keys, how="left")
    rebuilt = rebuilt.assign(churned=rebuilt["last_active_on"].notna())
    return rebuilt.sort_values(keys, ignore_index=True)


def with_features(stays: pd.DataFrame, panel: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """`stays` split at the monthly snapshots of `panel`, each piece with the features as of its first day.

    Days before a spell's first snapshot are not at risk (no value is known for them), so a value is never
    taken from later: no immortal time.

    Parameters
    ----------
    panel
        member_id, spell_no, as_of and `columns`.

    Returns
    -------
    DataFrame
        `ROWS` and `columns`; members without profiling consent have no rows.
    """
    snapshots = panel[["member_id", "spell_no", "as_of", *columns]]
    pieces = snapshots.merge(stays, on=["member_id", "spell_no"]).sort_values(
        ["member_id", "spell_no", "as_of"], ignore_index=True
    )
    begin = (pieces["as_of"] - pieces["started_on"]).dt.days.to_numpy()
    same_member = pieces["member_id"].eq(pieces["member_id"].shift(-1)).fillna(False)
    same_spell = same_member & pieces["spell_no"].eq(pieces["spell_no"].shift(-1))
    following = np.where(same_spell, np.append(begin[1:], 0), np.iinfo("int64").max)
    entry = np.maximum(pieces["entry"].to_numpy(), begin)
    end = np.minimum(pieces["exit"].to_numpy(), following)
    event = pieces["event"].to_numpy() & (end == pieces["exit"].to_numpy())
    pieces = pieces.assign(entry=entry, exit=end, event=event)
    return pieces.loc[end > entry, [*ROWS, *columns]].reset_index(drop=True)
