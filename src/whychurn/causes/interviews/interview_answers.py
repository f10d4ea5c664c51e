"""Interviews about churn events: who was asked, who answered, which cause coders heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT, last_churn_event

KIND: Final = "interview"
ANSWERED: Final = 0
OPEN: Final = len(CAUSES)  # an answer in which a coder heard none of the six
COLUMNS: Final = (
    "survey_id", "member_id", "kind", "sent_at", "answered_at", "reason", "asked_probability", "coder",
)  # fmt: skip


@dataclass(frozen=True)
class Interviews:
    """One row for each spell.

    Parameters
    ----------
    status
        `NOT_ASKED`, `SILENT` (asked, no answer) or `ANSWERED`; (n,).
    coded
        Share of the codings of a leaver's answers that name each cause. What names none of the six is
        missing from one; zero where nobody answered; (n, 6).
    probability
        Chance with which the leaver was drawn; NaN where none was recorded, and where not asked; (n,).
    coder_pairs
        Pairs of codings of one interview by two coders, each counted both ways; the last row and column are
        answers outside the six; (7, 7).
    """

    status: Array
    coded: Array
    probability: Array
    coder_pairs: Array

    @property
    def by_lot(self) -> Array:
        """Who was asked with a known chance; (n,)."""
        return (self.status != NOT_ASKED) & ~np.isnan(self.probability)

    @property
    def named(self) -> Array:
        """Whose answer names one of the six to at least one coder; (n,)."""
        return (self.status == ANSWERED) & (self.coded.sum(axis=1) > 0)

    def select(self, rows: Array) -> Interviews:
        """Some of the rows; the pairs of codings stay whole."""
        return Interviews(self.status[rows], self.coded[rows], self.probability[rows], self.coder_pairs)


def no_interviews(rows: int) -> Interviews:
    """Nobody was asked."""
    pairs = np.zeros((OPEN + 1, OPEN + 1))
    return Interviews(np.full(rows, NOT_ASKED), np.zeros((rows, len(CAUSES))), np.full(rows, np.nan), pairs)


def read_interviews(
    spells: pd.DataFrame, churned: Array, spell_table: pd.DataFrame, surveys: pd.DataFrame
) -> Interviews:
    """Match interviews to churn events; several about one event are averaged.

    An interview belongs to the member's last churn before it, unless the member was back by then; those with
    members who had not left belong to none.

    Parameters
    ----------
    spells
        member_id, spell_no; one row a spell.
    churned
        Positions of the spells that ended in churn.
    spell_table
        See `panel.exit_surveys.exit_answers`.
    surveys
        Interim surveys; those of kind ``interview``. ``asked_probability`` and ``coder`` may be absent.
    """
    rows = surveys[surveys["kind"] == KIND] if len(surveys) else surveys
    if rows.empty:
        return no_interviews(len(spells))
    rows = rows.reindex(columns=list(COLUMNS))
    about = last_churn_event(rows, spells.iloc[churned], spell_table, "sent_at")
    status = np.full(len(spells), NOT_ASKED)
    coded, chance = np.zeros((len(spells), len(CAUSES))), np.full(len(spells), np.nan)
    if len(about):
        about = about.assign(row=churned[about["row"]], code=_codes(about))
        answered = about[about["code"] >= 0]
        status[about["row"]] = SILENT
        status[answered["row"]] = ANSWERED
        named = answered[answered["code"] < OPEN]
        np.add.at(coded, (named["row"].to_numpy(), named["code"].to_numpy()), 1.0)
        codings = np.bincount(answered["row"], minlength=len(spells))
        coded = coded / np.maximum(codings, 1)[:, None]
        first = about.dropna(subset=["asked_probability"]).drop_duplicates("row")
        chance[first["row"]] = first["asked_probability"]
    return Interviews(status, coded, chance, _coder_pairs(rows.assign(code=_codes(rows))))


def _codes(rows: pd.DataFrame) -> Array:
    """Code of each coding: cause (a sub-cause counts as its cause), `OPEN`, or `SILENT`; (n,)."""
    reason = rows["reason"].astype("string").str.partition("/")[0]
    code = reason.map({cause: number for number, cause in enumerate(CAUSES)}).fillna(OPEN)
    return code.where(rows["answered_at"].notna(), SILENT).to_numpy("int64")


def _coder_pairs(rows: pd.DataFrame) -> Array:
    both = rows.loc[(rows["code"] >= 0) & rows["coder"].notna(), ["survey_id", "coder", "code"]]
    both = both.merge(both, on="survey_id")
    both = both[both["coder_x"] != both["coder_y"]]
    pairs = np.zeros((OPEN + 1, OPEN + 1))
    np.add.at(pairs, (both["code_x"].to_numpy(), both["code_y"].to_numpy()), 1.0)
    return pairs
