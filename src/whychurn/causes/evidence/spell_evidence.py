"""All that the methods may look at, gathered once: one row for each spell of a member who may be profiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.evidence.noisy_labels import NoisyLabels, read_noisy_labels
from whychurn.causes.exposures.activity_rate import mean_activity_rate
from whychurn.causes.exposures.exposure_history import (
    ExposureHistory,
    build_exposure_history,
    draw_training_members,
)
from whychurn.causes.interviews.interview_answers import Interviews, read_interviews
from whychurn.causes.member_weeks.activity_tables import open_activity_tables
from whychurn.causes.member_weeks.decision_windows import Spells, read_spells
from whychurn.causes.member_weeks.market_levels import read_market_levels
from whychurn.causes.member_weeks.panel_at_index_date import panel_at_index_date
from whychurn.causes.member_weeks.week_calendar import Calendar, observed_calendar
from whychurn.causes.member_weeks.weekly_records import RecordsReader
from whychurn.contract.arrays import Array
from whychurn.contract.params import Params
from whychurn.panel.covered_terms import covered_terms
from whychurn.stats.parallel import Spread, parallel_map
from whychurn.stats.sources import Source, whole_table

TERMS: Final = ["member_id", "starts_on", "ends_on", "cancelled_on", "paused_from", "paused_until", "trial"]
FEEDBACK: Final = ["feedback_id", "member_id", "source", "created_at", "responded_at"]


@dataclass(frozen=True)
class Evidence:
    """Evidence of every spell of a member who may be profiled.

    Parameters
    ----------
    spells
        The spells; `in_training`, `history` and `labels` have their order.
    index_dates
        member_id, spell_no, status (``churned``, ``at_risk``), anchor_on: the index date, of churned members
        the last active day, of the others the last observed day. One row for each of `rows`.
    rows
        Positions of the spells that are attributed: all that ended in churn, and those that go on at the end.
    in_training
        Which spells are those of members that the hazard and the classifiers are fitted to (all, or a
        sample).
    history
        Exposures, week by week.
    labels
        Survey answers and texts.
    panel
        The panel's row at or before each index date (features, null where there is none); order of `rows`.
    calendar
        The observed weeks.
    interviews
        Who was asked in an interview, and what coders heard; order of `spells`; None as if nobody was.
    """

    spells: Spells
    index_dates: pd.DataFrame
    rows: Array
    in_training: Array
    history: ExposureHistory
    labels: NoisyLabels
    panel: pd.DataFrame
    calendar: Calendar
    interviews: Interviews | None = None

    @property
    def churned(self) -> Array:
        """Which of `rows` ended in churn."""
        return (self.index_dates["status"] == "churned").to_numpy()

    @property
    def stated(self) -> Array:
        """Stated reason of each of `rows`."""
        return self.labels.stated[self.rows]

    @property
    def exposures_at_index_date(self) -> Array:
        """Exposures of each of `rows`: of churned members the mean over their decision window; (rows, J)."""
        return self.history.at_index_date[self.rows]


def gather_evidence(
    tables: Mapping[str, Source],
    spells: pd.DataFrame,
    text_scores: pd.DataFrame,
    panel_facts: Mapping[str, Any],
    observed_until: pd.Timestamp,
    params: Params,
    spread: Spread = parallel_map,
) -> Evidence:
    """Gather the evidence from intake's tables, the panel and what the voice stage read.

    Parameters
    ----------
    tables
        members, orders, events, feedback, surveys, memberships, market, and panel (with the columns wanted at
        the index dates): Parquet files or frames. Files of activity are read by blocks of members, whatever
        their size.
    spells
        Table ``spells``.
    text_scores
        Table ``feedback_topics``: feedback_id, member_id, known_on, source, p_<cause>, p_none.
    panel_facts
        Content of panel.json: kind and days of the churn definition.
    spread
        How blocks of members are worked on.
    """
    members = profiled_members(whole_table(tables["members"]))
    members = members[members["member_id"].isin(spells["member_id"])]
    members = members.sort_values("member_id", ignore_index=True)
    grace_days = int(panel_facts.get("threshold_days", panel_facts.get("grace_days", 0)))
    feedback = whole_table(tables["feedback"], FEEDBACK)
    terms = None
    if panel_facts["kind"] == "terms":
        stop = params.panel.cancelled_terms == "stop"
        terms = covered_terms(whole_table(tables["memberships"], TERMS), stop)
    with open_activity_tables(
        {**tables, "feedback": feedback}, members["member_id"], params.run.memory_limit
    ) as activity:
        calendar = observed_calendar(activity, observed_until)
        counts = activity.member_activity(len(members)).set_axis(members["member_id"])
        weekly = read_spells(spells, counts, terms, grace_days, calendar, params.causes)
        market = read_market_levels(whole_table(tables["market"]), calendar)
        in_training = draw_training_members(weekly, params)
        rate = mean_activity_rate(counts.to_numpy("float64"), weekly.last_week - weekly.first_week + 1)
        reader = RecordsReader(members, activity, market, calendar)
        history = build_exposure_history(weekly, in_training, reader, rate, params, spread)
    surveys = whole_table(tables["surveys"])
    labels = read_noisy_labels(weekly, spells, surveys, text_scores, calendar)
    churned = np.flatnonzero(weekly.table["churned"])
    interviews = read_interviews(weekly.table, churned, spells, surveys)
    last = weekly.table.groupby("member_id")["spell_no"].transform("max")
    rows = np.flatnonzero(weekly.table["churned"] | (weekly.table["spell_no"] == last))
    dates = _index_dates(weekly.table.iloc[rows].reset_index(drop=True), calendar)
    panel = panel_at_index_date(dates, tables["panel"], params.run.memory_limit)
    return Evidence(weekly, dates, rows, in_training, history, labels, panel, calendar, interviews)


def profiled_members(members: pd.DataFrame) -> pd.DataFrame:
    """Members who may be profiled."""
    return members[members["profiling_consent"].fillna(False).astype(bool)]


def _index_dates(table: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    columns = {
        "member_id": table["member_id"].astype("string"),
        "spell_no": table["spell_no"],
        "status": pd.Series(np.where(table["churned"], "churned", "at_risk"), dtype="string"),
        "anchor_on": calendar.date(np.where(table["churned"], table["last"], calendar.days - 1)),
    }
    return pd.DataFrame(columns)
