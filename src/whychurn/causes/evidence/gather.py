"""All that the methods may look at, gathered once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.evidence.noisy_labels import Observations, observe
from whychurn.causes.exposures.activity_rate import usual_pace
from whychurn.causes.exposures.history import Tape, build_tape, drawn_to_teach
from whychurn.causes.exposures.incidents import told_of
from whychurn.causes.member_weeks.activity import Source, open_activity, whole_table
from whychurn.causes.member_weeks.decision_windows import Stays, read_stays
from whychurn.causes.member_weeks.panel_rows import panel_at
from whychurn.causes.member_weeks.records import Calendar, calendar_of, read_market
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.panel.exit_surveys import SILENT

TERMS: Final = ["member_id", "starts_on", "ends_on", "cancelled_on"]
FEEDBACK: Final = ["feedback_id", "member_id", "source", "created_at", "responded_at"]
OTHER_CAUSES: Final = [f"p_{cause}" for cause in CAUSES if cause != "product_service"]
ASKED: Final = ["member_id", "kind", "sent_at", "answered_at", "reason"]


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
        Which stays are those of members that teach the hazard and the classifiers (all, or a sample); one for each stay.
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
    interim: Mapping[str, Source],
    panel: Source,
    spells: pd.DataFrame,
    said: pd.DataFrame,
    known: Mapping[str, Any],
    observed_until: pd.Timestamp,
    consent: str,
    params: Params,
) -> Evidence:
    """Gather the evidence from intake's tables, the panel and what the voice stage read.

    Parameters
    ----------
    interim
        members, orders, events, feedback, surveys, memberships, market: Parquet files or frames. Files of activity are read by
        blocks of members, whatever their size.
    panel
        Its file, or a frame with the columns that are wanted at the anchors.
    known
        Content of panel.json: kind and days of the churn definition.
    consent
        ``privacy.missing_consent``; members who refuse profiling are left out.
    """
    members = profiled(whole_table(interim["members"]), consent)
    members = members[members["member_id"].isin(spells["member_id"])].sort_values(
        "member_id", ignore_index=True
    )
    wait = int(known.get("threshold_days", known.get("grace_days", 0)))
    feedback = told_of(whole_table(interim["feedback"], FEEDBACK), said, OTHER_CAUSES)
    interim = {**interim, "feedback": feedback}
    with open_activity(interim, members["member_id"], params.run.memory_limit) as activity:
        calendar = calendar_of(activity, observed_until)
        acts = activity.own_acts(len(members)).set_axis(members["member_id"])
        terms = whole_table(interim["memberships"], TERMS)
        stays = read_stays(spells, members, terms, acts, str(known["kind"]), wait, calendar, params.causes)
        market = read_market(whole_table(interim["market"]), calendar)
        teaches = drawn_to_teach(stays, params)
        pace = usual_pace(acts.to_numpy("float64"), stays.last_week - stays.first_week + 1)
        tape = build_tape(stays, teaches, members, activity, market, calendar, pace, params)
    seen = observe(stays, spells, whole_table(interim["surveys"], ASKED), said, calendar, params.causes)
    last = stays.table.groupby("member_id")["spell_no"].transform("max")
    rows = np.flatnonzero(stays.table["churned"] | (stays.table["spell_no"] == last))
    anchors = _anchors(stays, rows, calendar)
    at = panel_at(anchors, panel, params.run.memory_limit)
    return Evidence(stays, anchors, rows, teaches, tape, seen, at, calendar)


def profiled(members: pd.DataFrame, missing: str) -> pd.DataFrame:
    """Members who may be profiled."""
    return members[members["profiling_consent"].fillna(missing == "allow").astype(bool)]


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


def anchor_exposures(evidence: Evidence) -> Array:
    """Exposures at each anchor: of leavers the mean over the weeks in which they may have decided; (rows, J)."""
    return evidence.tape.at_anchor[evidence.rows]


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
