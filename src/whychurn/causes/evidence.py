"""All that the methods may look at, gathered once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from whychurn.causes.observations import SILENT, Observations, observe
from whychurn.causes.records import Calendar, calendar_of, read_market
from whychurn.causes.stays import Stays, read_stays
from whychurn.causes.tape import Tape, build_tape, drawn_to_teach
from whychurn.contract.causes import CAUSES
from whychurn.contract.sections import CausesParams
from whychurn.contract.tables import INTERACTIONS

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Evidence:
    """What is known of every stay of a profiled member.

    Parameters
    ----------
    stays
        The stays, see `Stays`; all arrays below have its order.
    anchors
        member_id, spell_no, status (``churned``, ``at_risk``), anchor_on: the last day of presence of leavers, the last
        observed day of those who stay; one row for each of `rows`.
    rows
        Positions of the stays that are attributed: all leavings, and stays that go on at the end.
    teaches
        Which stays are those of members that teach the hazard (all, or a sample); one for each stay.
    tape
        Exposures, week by week.
    seen
        What leavers said.
    panel
        The panel's row at or before each anchor (features, null where there is none); order of `rows`.
    calendar
        The observed weeks.
    """

    stays: Stays
    anchors: pd.DataFrame
    rows: Array
    teaches: Array
    tape: Tape
    seen: Observations
    panel: pd.DataFrame
    calendar: Calendar

    @property
    def churned(self) -> Array:
        """Which of `rows` are leavings."""
        return (self.anchors["status"] == "churned").to_numpy()

    @property
    def stated(self) -> Array:
        """Stated reason of each of `rows`."""
        return self.seen.stated[self.rows]


def gather_evidence(
    interim: Mapping[str, pd.DataFrame],
    panel: pd.DataFrame,
    spells: pd.DataFrame,
    said: pd.DataFrame,
    known: Mapping[str, Any],
    observed_until: pd.Timestamp,
    consent: str,
    params: CausesParams,
) -> Evidence:
    """Gather the evidence from intake's tables, the panel and what the voice stage read.

    Parameters
    ----------
    interim
        members, orders, events, feedback, surveys, memberships, market.
    known
        Content of panel.json: kind and days of the churn definition.
    consent
        ``privacy.missing_consent``; members who refuse profiling are left out.
    """
    members = profiled(interim["members"], consent)
    calendar = calendar_of(interim, observed_until)
    wait = int(known.get("threshold_days", known.get("grace_days", 0)))
    stays = read_stays(
        spells,
        members,
        interim["memberships"],
        _own_acts(interim),
        str(known["kind"]),
        wait,
        calendar,
        params,
    )
    market = read_market(interim["market"], calendar)
    teaches = drawn_to_teach(stays, params)
    tape = build_tape(stays, teaches, members, interim, market, calendar, params)
    seen = observe(stays, spells, interim["surveys"], said, calendar, params)
    last = stays.table.groupby("member_id")["spell_no"].transform("max")
    rows = np.flatnonzero(stays.table["churned"] | (stays.table["spell_no"] == last))
    anchors = _anchors(stays, rows, calendar)
    return Evidence(stays, anchors, rows, teaches, tape, seen, _panel_at(anchors, panel), calendar)


def profiled(members: pd.DataFrame, missing: str) -> pd.DataFrame:
    """Members who may be profiled."""
    return members[members["profiling_consent"].fillna(missing == "allow").astype(bool)]


def _own_acts(interim: Mapping[str, pd.DataFrame]) -> pd.Series:
    events = interim["events"]
    own = events.loc[events["event_type"].isin(INTERACTIONS), "member_id"]
    return pd.concat([interim["orders"]["member_id"], own]).value_counts()


def _anchors(stays: Stays, rows: Array, calendar: Calendar) -> pd.DataFrame:
    table = stays.table.iloc[rows].reset_index(drop=True)
    day = np.where(table["churned"], table["last"], calendar.days - 1)
    return pd.DataFrame(
        {
            "member_id": table["member_id"].astype("string"),
            "spell_no": table["spell_no"],
            "status": pd.Series(np.where(table["churned"], "churned", "at_risk"), dtype="string"),
            "anchor_on": calendar.date(day),
        }
    )


def _panel_at(anchors: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """Last row of the panel of the same stay that starts at or before the anchor."""
    left = anchors.assign(row=np.arange(len(anchors))).sort_values("anchor_on", kind="stable")
    right = panel.sort_values("as_of", kind="stable").astype({"spell_no": "int64"})
    right = right.assign(member_id=right["member_id"].astype("string"))
    found = pd.merge_asof(
        left, right, left_on="anchor_on", right_on="as_of", by=["member_id", "spell_no"], direction="backward"
    )
    drop = [name for name in ("start_on", "stop_on", "event", "churned_in_horizon") if name in found]
    return found.sort_values("row").drop(columns=["row", *drop]).reset_index(drop=True)


def anchor_exposures(evidence: Evidence) -> Array:
    """Exposures at each anchor: of leavers the mean over the weeks in which they may have decided; (rows, J)."""
    tape = evidence.tape
    found = np.zeros((len(evidence.stays.table), len(tape.names)), dtype="float32")
    for part in (tape.decisions, tape.now):
        for column in range(found.shape[1]):
            found[:, column] += np.bincount(part.stay, part.weight * part.x[:, column], len(found)).astype(
                "float32"
            )
    return found[evidence.rows]


def evidence_table(evidence: Evidence, features: list[str]) -> pd.DataFrame:
    """One row an anchor, what the methods see as numbers (columns ``x_…``); for fitting classifiers.

    Parameters
    ----------
    features
        Panel features that are numbers or flags.
    """
    exposed, seen = anchor_exposures(evidence), evidence.seen
    names = [
        f"x_{CAUSES[cause]}_{name}"
        for cause, name in zip(evidence.tape.causes, evidence.tape.names, strict=True)
    ]
    stated = evidence.stated
    columns: dict[str, Array] = dict(zip(names, exposed.T, strict=True))
    for number, cause in enumerate((*CAUSES, "other")):
        columns[f"x_stated_{cause}"] = (stated == number).astype("float32")
        columns[f"x_said_{cause}"] = seen.before[evidence.rows][:, number].astype("float32")
        columns[f"x_after_{cause}"] = seen.after[evidence.rows][:, number].astype("float32")
    columns["x_answered"] = (stated >= 0).astype("float32")
    columns["x_silent"] = (stated == SILENT).astype("float32")
    for name in features:
        columns[f"x_{name}"] = evidence.panel[name].astype("float64").to_numpy("float32")
    return pd.concat([evidence.anchors, pd.DataFrame(columns)], axis=1)


def classifier_inputs(table: pd.DataFrame, said: bool = False) -> Array:
    """Columns of `evidence_table` for a classifier, gaps filled by the median, standardised; (rows, features).

    Parameters
    ----------
    said
        With what leavers stated and wrote after leaving; left out where that is the label.
    """
    after = ("x_stated_", "x_after_", "x_answered", "x_silent")
    names = [
        name for name in table if str(name).startswith("x_") and (said or not str(name).startswith(after))
    ]
    x = table[names].to_numpy("float64")
    x = x[:, ~np.isnan(x).all(axis=0)]
    middle = np.nanmedian(x, axis=0) if len(x) else np.zeros(x.shape[1])
    x = np.where(np.isnan(x), middle, x)
    spread = x.std(axis=0)
    used = spread > 1e-9
    return np.clip((x[:, used] - x[:, used].mean(axis=0)) / spread[used], -6, 6)
