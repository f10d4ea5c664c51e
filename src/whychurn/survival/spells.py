"""Stays as rows (entry, exit, event) on the clock of days stayed: truncation, censoring, second spells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

ROWS: Final = ["member_id", "spell_no", "started_on", "entry", "exit", "event"]


@dataclass(frozen=True)
class Window:
    """The observed time, and how long a leaving takes to become known.

    Parameters
    ----------
    first, last
        First and last observed day.
    wait_days
        Days without presence after which a member counts as gone.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    wait_days: int

    @property
    def censored_on(self) -> pd.Timestamp:
        """Last day on which a leaving could be seen: later last days of presence are not known to be last."""
        return self.last - pd.Timedelta(days=self.wait_days)

    @classmethod
    def of(
        cls,
        panel_facts: Mapping[str, Any],
        intake_facts: Mapping[str, Any],
        definition: str | None = None,
    ) -> Window:
        """From panel.json and intake.json; `definition` (such as ``inactivity_60d``) in place of the main one."""
        name = definition or str(panel_facts["definition"])
        days = int(name.rpartition("_")[2].removesuffix("d"))
        first, last = (pd.Timestamp(str(intake_facts[key])) for key in ("observed_from", "observed_until"))
        return cls(first, last, max(days, 1))


def stay_rows(spells: pd.DataFrame, window: Window) -> pd.DataFrame:
    """One row per spell on the clock of days stayed (1 = the day of joining or of coming back).

    The moment of leaving is the last day of presence, which becomes known `Window.wait_days` later. All rows
    are therefore censored at one day, `Window.censored_on`: who was present after it had not left by then, and
    nobody's leaving up to it is still unknown. Censoring is administrative only.

    Members who joined before the observed time are at risk from the day after they are first seen (left
    truncation): what happened before was not observed, and those who had left by then are in no table.

    Parameters
    ----------
    spells
        member_id, spell_no, started_on, entered_on, last_active_on, churned.

    Returns
    -------
    DataFrame
        `ROWS`: at risk on days in (entry, exit]; event: left on day ``exit``. Spells that were at risk on no day
        (begun after the last day followed, seen on one day only, or over before the observed time) are absent.
    """
    started = spells["started_on"]
    unseen = (spells["entered_on"] - started).dt.days.to_numpy()
    entry = np.where(unseen > 0, unseen + 1, 0)
    entry = np.maximum(entry, (window.first - started).dt.days.to_numpy())
    # A spell that had not ended by `last` may still have its last day of presence before: it is not known to.
    event = (
        spells["churned"].to_numpy(dtype=bool) & (spells["last_active_on"] <= window.censored_on).to_numpy()
    )
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
    """Spells under another definition, put together from its leavings.

    The first spell starts where it starts under every definition; each leaving ends a spell, each return begins
    the next one; the last spell is open where the member has not left (its last day of presence does not matter: it
    is censored).

    Parameters
    ----------
    spells
        Spells under the main definition, all members.
    churners
        Leavings under all definitions: member_id, definition, spell_no, last_active_on, returned_on.

    Returns
    -------
    DataFrame
        Columns that `stay_rows` needs, and returned_on; ``last_active_on`` is missing in open spells.
    """
    mine = churners[churners["definition"] == definition]
    columns = ["member_id", "spell_no", "last_active_on", "returned_on"]
    starts = spells.loc[spells["spell_no"] == 1, ["member_id", "spell_no", "started_on", "entered_on"]]
    back = mine[mine["returned_on"].notna()]
    returns = pd.DataFrame(
        {
            "member_id": back["member_id"],
            "spell_no": back["spell_no"] + 1,
            "started_on": back["returned_on"],
            "entered_on": back["returned_on"],
        }
    )
    begun = pd.concat([starts, returns], ignore_index=True)
    found = begun.merge(mine[columns], on=["member_id", "spell_no"], how="left")
    found = found.assign(churned=found["last_active_on"].notna())
    return found.sort_values(["member_id", "spell_no"], ignore_index=True)


def with_features(stays: pd.DataFrame, panel: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """`stays` split at the monthly snapshots of `panel`, each piece with what was known on its first day.

    Days before a spell's first snapshot are not at risk (no value is known for them), so a value is never taken
    from later: no immortal time.

    Parameters
    ----------
    panel
        member_id, spell_no, as_of and `columns`.

    Returns
    -------
    DataFrame
        `ROWS` and `columns`; members without profiling consent have no rows.
    """
    known = panel[["member_id", "spell_no", "as_of", *columns]]
    pieces = known.merge(stays, on=["member_id", "spell_no"]).sort_values(
        ["member_id", "spell_no", "as_of"], ignore_index=True
    )
    begin = (pieces["as_of"] - pieces["started_on"]).dt.days.to_numpy()
    same = (pieces["member_id"].eq(pieces["member_id"].shift(-1)).fillna(False)) & pieces["spell_no"].eq(
        pieces["spell_no"].shift(-1)
    )
    following = np.where(same, np.append(begin[1:], 0), np.iinfo("int64").max)
    entry = np.maximum(pieces["entry"].to_numpy(), begin)
    end = np.minimum(pieces["exit"].to_numpy(), following)
    event = pieces["event"].to_numpy() & (end == pieces["exit"].to_numpy())
    found = pieces.assign(entry=entry, exit=end, event=event)
    return found.loc[end > entry, [*ROWS, *columns]].reset_index(drop=True)
