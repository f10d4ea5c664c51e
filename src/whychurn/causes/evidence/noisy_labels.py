"""What leavers said, as noisy observations of the cause: stated reasons, texts before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.member_weeks.decision_windows import Stays
from whychurn.causes.member_weeks.records import DAYS, Calendar
from whychurn.contract.arrays import Array
from whychurn.contract.params import CausesParams
from whychurn.panel.exit_surveys import NOT_ASKED, exit_answers, last_leaving
from whychurn.voice.causes.lexicon_classifier import P_COLUMNS

TICKET: Final = "ticket"
AFTER: Final = ("survey_exit", "interview")  # words after leaving, about the leaving


@dataclass(frozen=True)
class Observations:
    """One row for each stay.

    Parameters
    ----------
    stated
        As `panel.exit_answers` codes them, `NOT_ASKED` for those still there; (n,).
    before
        Texts before the decision (or before the end, for those still there) by cause and none, faded by age, capped; (n, 7).
    after
        Texts of exit surveys and interviews by cause and none; (n, 7).
    """

    stated: Array
    before: Array
    after: Array


def observe(
    stays: Stays,
    spells: pd.DataFrame,
    surveys: pd.DataFrame,
    said: pd.DataFrame,
    calendar: Calendar,
    params: CausesParams,
) -> Observations:
    """Match answers and texts to stays.

    An answer belongs to the member's last leaving before the survey was sent, unless the member was back by then.
    """
    table = stays.table
    left = np.flatnonzero(table["churned"])
    stated = np.full(len(table), NOT_ASKED)
    stated[left] = exit_answers(table.iloc[left], spells, surveys)
    texts = said.dropna(subset=list(P_COLUMNS)).assign(day=lambda rows: calendar.day(rows["known_on"]))
    own = np.where(table["churned"], table["last"], calendar.days - 1)
    # what a ticket tells of service is an exposure already: each fact counts once
    texts.loc[texts["source"] == TICKET, "p_product_service"] = 0.0
    later = texts["source"].isin(AFTER)
    before = _weighed(table, own, texts[~later], params)
    after = np.zeros_like(before)
    after[left] = _after(table.iloc[left], spells, texts[later])
    total = before.sum(axis=1, keepdims=True)
    before = before * np.where(total > params.text_cap, params.text_cap / np.maximum(total, 1e-9), 1.0)
    return Observations(stated, before, after)


def _weighed(table: pd.DataFrame, end: Array, texts: pd.DataFrame, params: CausesParams) -> Array:
    found = np.zeros((len(table), len(P_COLUMNS)))
    rows = table[["member_id"]].assign(row=np.arange(len(table)), end=end, start=table["entered"])
    both = texts[["member_id", "day", *P_COLUMNS]].merge(rows, on="member_id")
    age = both["end"] - both["day"]
    # a last complaint may come shortly after the last order
    both = both[(age >= -4 * DAYS) & (age <= params.text_days) & (both["day"] >= both["start"])]
    weight = 0.5 ** (np.maximum(both["end"] - both["day"], 0) / DAYS / params.text_half_life)
    for number, name in enumerate(P_COLUMNS):
        found[:, number] = np.bincount(both["row"], both[name].to_numpy("float64") * weight, len(table))
    return found * params.text_weight


def _after(leavings: pd.DataFrame, spells: pd.DataFrame, texts: pd.DataFrame) -> Array:
    found = np.zeros((len(leavings), len(P_COLUMNS)))
    if texts.empty:
        return found
    both = last_leaving(texts[["member_id", "known_on", *P_COLUMNS]], leavings, spells, "known_on")
    for number, name in enumerate(P_COLUMNS):
        found[:, number] = np.bincount(both["row"], both[name].to_numpy("float64"), len(leavings))
    total = found.sum(axis=1, keepdims=True)
    return found / np.maximum(total, 1.0)  # several words about one leaving count once
