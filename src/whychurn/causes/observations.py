"""What leavers said, as noisy observations of the cause: stated reasons, texts before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.records import DAYS, Calendar
from whychurn.causes.stays import Stays
from whychurn.contract.causes import CAUSES
from whychurn.contract.sections import CausesParams
from whychurn.voice.causes import P_COLUMNS

Array = np.ndarray[Any, Any]
OTHER: Final = len(CAUSES)  # an answer that names none of the six
SILENT: Final = -1  # was asked and did not answer
NOT_ASKED: Final = -2
TICKET: Final = "ticket"
AFTER: Final = ("survey_exit", "interview")  # words after leaving, about the leaving


@dataclass(frozen=True)
class Observations:
    """One row for each stay.

    Parameters
    ----------
    stated
        Code of `CAUSES`, `OTHER`, `SILENT` or `NOT_ASKED`; (n,).
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
    stated = _stated(table, spells, surveys)
    texts = said.dropna(subset=list(P_COLUMNS)).assign(day=lambda rows: calendar.day(rows["known_on"]))
    own = np.where(table["churned"], table["last"], calendar.days - 1)
    # what a ticket tells of service is an exposure already: each fact counts once
    texts.loc[texts["source"] == TICKET, "p_product_service"] = 0.0
    later = texts["source"].isin(AFTER)
    before = _weighed(table, own, texts[~later], params)
    after = _after(table, spells, texts[later])
    total = before.sum(axis=1, keepdims=True)
    before = before * np.where(total > params.text_cap, params.text_cap / np.maximum(total, 1e-9), 1.0)
    return Observations(stated, before, np.where(table["churned"].to_numpy()[:, None], after, 0.0))


def _stated(table: pd.DataFrame, spells: pd.DataFrame, surveys: pd.DataFrame) -> Array:
    asked = surveys[surveys["kind"] == "exit"] if len(surveys) else surveys
    found = np.full(len(table), NOT_ASKED)
    if asked.empty:
        return found
    both = _last_leaving(table, spells, asked[["member_id", "sent_at", "answered_at", "reason"]], "sent_at")
    answered = both["answered_at"].notna() & both["reason"].notna()
    code = both["reason"].map({cause: number for number, cause in enumerate(CAUSES)}).fillna(OTHER)
    both = both.assign(code=code.where(answered, SILENT).astype(int), answered=answered)
    first = both.sort_values(["answered", "sent_at"], ascending=[False, True]).drop_duplicates("row")
    found[first["row"].to_numpy()] = first["code"].to_numpy()
    return found


def _last_leaving(table: pd.DataFrame, spells: pd.DataFrame, rows: pd.DataFrame, moment: str) -> pd.DataFrame:
    """`rows` with the position (`row`) of the leaving that each is about."""
    keys = ["member_id", "spell_no"]
    ends = table.loc[table["churned"], keys].assign(row=np.flatnonzero(table["churned"]))
    ends = ends.merge(spells[[*keys, "last_active_on", "returned_on"]], on=keys)
    both = rows.assign(number=np.arange(len(rows))).merge(ends, on="member_id")
    both = both[both[moment] >= both["last_active_on"]]
    both = both.sort_values(["last_active_on"]).drop_duplicates("number", keep="last")
    return both[~(both["returned_on"] <= both[moment])]


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


def _after(table: pd.DataFrame, spells: pd.DataFrame, texts: pd.DataFrame) -> Array:
    found = np.zeros((len(table), len(P_COLUMNS)))
    if texts.empty:
        return found
    both = _last_leaving(table, spells, texts[["member_id", "known_on", *P_COLUMNS]], "known_on")
    for number, name in enumerate(P_COLUMNS):
        found[:, number] = np.bincount(both["row"], both[name].to_numpy("float64"), len(table))
    total = found.sum(axis=1, keepdims=True)
    return found / np.maximum(total, 1.0)  # several words about one leaving count once
