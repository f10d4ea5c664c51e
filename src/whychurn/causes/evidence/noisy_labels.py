"""Survey answers and texts as noisy labels of the cause: stated reasons, texts before and after the exit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.decision_windows import Spells
from whychurn.causes.member_weeks.week_calendar import DAYS, Calendar
from whychurn.contract.arrays import Array
from whychurn.panel.exit_surveys import NOT_ASKED, exit_answers, last_churn_event
from whychurn.voice.causes.lexicon_classifier import P_COLUMNS

EXIT_SOURCES: Final = ("survey_exit", "interview")  # texts after leaving, about leaving
# what members drawn by lot say checks the posteriors: were it evidence, theirs would be better than all others
DRAWN_SOURCE: Final = "survey_interview"
TEXT_DAYS: Final = 120  # texts up to this long before the decision count: older ones are about other things
GRACE_DAYS: Final = 4 * DAYS  # a last complaint may come shortly after the last order
TEXT_HALF_LIFE: Final = 6.0  # weeks after which a text has lost half its weight
TEXT_WEIGHT: Final = 0.4  # of one text: they repeat each other, and most are about what did not matter
TEXT_CAP: Final = 1.0  # texts of one member count at most as one that is about the cause


@dataclass(frozen=True)
class NoisyLabels:
    """One row for each spell.

    Parameters
    ----------
    stated
        Stated reason as `panel.exit_surveys` codes it, `NOT_ASKED` for spells that go on; (n,).
    texts_before_exit
        Weight of each cause and of none in texts before the decision (or before the end, for spells that go
        on), decayed by age, capped; (n, 7).
    exit_texts
        The same of texts of exit surveys and interviews; (n, 7).
    heard
        What coders heard in interviews, as `Interviews.coded`; None as if nobody was asked; (n, 6).
    """

    stated: Array
    texts_before_exit: Array
    exit_texts: Array
    heard: Array | None = None

    def select(self, rows: Array) -> NoisyLabels:
        """Some of the rows."""
        heard = None if self.heard is None else self.heard[rows]
        return NoisyLabels(self.stated[rows], self.texts_before_exit[rows], self.exit_texts[rows], heard)


def read_noisy_labels(
    spells: Spells,
    spell_table: pd.DataFrame,
    surveys: pd.DataFrame,
    text_scores: pd.DataFrame,
    calendar: Calendar,
) -> NoisyLabels:
    """Match answers and texts to spells.

    An answer belongs to the member's last churn before the survey was sent, unless the member was back by
    then.

    Parameters
    ----------
    spell_table
        All spells, those of members who may not be profiled among them.
    text_scores
        member_id, known_on, source, p_<cause>, p_none.
    """
    table = spells.table
    churned = np.flatnonzero(table["churned"])
    stated = np.full(len(table), NOT_ASKED)
    stated[churned] = exit_answers(table.iloc[churned], spell_table, surveys)
    texts = text_scores.dropna(subset=list(P_COLUMNS)).assign(day=lambda rows: calendar.day(rows["known_on"]))
    texts = texts[~texts["source"].isin([DRAWN_SOURCE])]
    at_exit = texts["source"].isin(EXIT_SOURCES)
    end = np.where(table["churned"], table["last"], calendar.days - 1)
    before = _texts_before(table.assign(end=end), texts[~at_exit])
    exit_texts = np.zeros_like(before)
    exit_texts[churned] = _texts_at_exit(table.iloc[churned], spell_table, texts[at_exit])
    total = before.sum(axis=1, keepdims=True)
    before = before * np.where(total > TEXT_CAP, TEXT_CAP / np.maximum(total, 1e-9), 1.0)
    return NoisyLabels(stated, before, exit_texts)


def _texts_before(table: pd.DataFrame, texts: pd.DataFrame) -> Array:
    rows = table[["member_id", "end", "entered"]].assign(row=np.arange(len(table)))
    texts = texts[["member_id", "day", *P_COLUMNS]].merge(rows, on="member_id")
    age = texts["end"] - texts["day"]
    texts = texts[(age >= -GRACE_DAYS) & (age <= TEXT_DAYS) & (texts["day"] >= texts["entered"])]
    age = np.maximum((texts["end"] - texts["day"]).to_numpy("float64"), 0)
    weight = 0.5 ** (age / DAYS / TEXT_HALF_LIFE)
    return _sums_by_row(texts, len(table), weight) * TEXT_WEIGHT


def _texts_at_exit(churned: pd.DataFrame, spell_table: pd.DataFrame, texts: pd.DataFrame) -> Array:
    if texts.empty:
        return np.zeros((len(churned), len(P_COLUMNS)))
    columns = texts[["member_id", "known_on", *P_COLUMNS]]
    sums = _sums_by_row(last_churn_event(columns, churned, spell_table, "known_on"), len(churned))
    total = sums.sum(axis=1, keepdims=True)
    return sums / np.maximum(total, 1.0)  # several texts about one exit count once


def _sums_by_row(texts: pd.DataFrame, rows: int, weight: Array | float = 1.0) -> Array:
    values = [texts[name].to_numpy("float64") * weight for name in P_COLUMNS]
    return np.stack([np.bincount(texts["row"], value, rows) for value in values], axis=1)
