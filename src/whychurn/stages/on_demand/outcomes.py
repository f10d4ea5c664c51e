"""Outcomes that staff noted on member cards, as touches of the plan: what was done, and who was not reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from whychurn.action.plan.value.read_back import as_touches
from whychurn.action.roles import HELD_OUT, NOT_CONTACTED
from whychurn.contract.codes import OUTCOME_COLUMNS, OUTCOMES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_result
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.reidentify import own_ids

_KEYS = ["member_id", "as_of", "action"]


@dataclass(frozen=True)
class Outcomes:
    """Outcomes read back.

    Parameters
    ----------
    touches
        Rows of the table touches, with the company's own ids.
    beside
        Outcomes that belong to no contact of the plan (answered requests, win-back).
    waiting
        Contacts of the plan without an outcome.
    """

    touches: pd.DataFrame
    beside: int
    waiting: int


def touches_of_outcomes(study: StudyPaths, params: Params, files: list[Path]) -> Outcomes:
    """Contacts with an outcome and the members held out, as `as_touches` tells them.

    A member who was drawn and not reached stays in: the comparison is of those drawn, not of those who picked up the
    telephone (intention to treat). The day is the one noted; `opened` says whether the contact came about.

    Raises
    ------
    WhychurnError
        If a file is none of outcomes, is about another plan, or the ids cannot be told.
    """
    noted = pd.concat([_read(file) for file in files], ignore_index=True).drop_duplicates(_KEYS, keep="last")
    plan = read_result(study.results / "plan.parquet")
    made = plan[~plan["role"].isin(NOT_CONTACTED)].drop_duplicates(_KEYS)
    if len(noted) and len(made) and not noted["as_of"].isin(made["as_of"]).any():
        raise WhychurnError(
            f"these outcomes are about a plan of {noted['as_of'].iloc[0]:%Y-%m-%d}, not the study's latest",
            column="as_of",
            remedy="note them before the next run, or bring them in as an exported plan: whychurn action executed PLAN",
        )
    found = made.merge(noted[[*_KEYS, "outcome", "noted_on"]], on=_KEYS)
    rows = pd.concat([found[plan.columns], plan[plan["role"].eq(HELD_OUT)]], ignore_index=True)
    touches = as_touches(rows)
    noted_on = found["noted_on"].reindex(rows.index)
    touches["sent_at"] = noted_on.fillna(touches["sent_at"])
    touches["opened"] = found["outcome"].eq("done").astype("boolean").reindex(rows.index)
    touches["member_id"] = own_ids(study, params, touches["member_id"])
    return Outcomes(touches, len(noted) - len(found), len(made) - len(found))


def _read(file: Path) -> pd.DataFrame:
    try:
        given = pd.read_csv(file, dtype="string", encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise WhychurnError(
            "the outcomes cannot be read", file=file, remedy="name the CSV that the cards wrote"
        ) from error
    missing = [name for name in OUTCOME_COLUMNS if name not in given]
    if missing:
        raise WhychurnError(
            f"{len(missing)} columns are missing",
            file=file,
            column=", ".join(missing),
            remedy="name the CSV that the cards wrote",
        )
    strange = given[~given["outcome"].isin(OUTCOMES)]
    if len(strange):
        raise WhychurnError(
            "these rows have no outcome that the cards know",
            file=file,
            column="outcome",
            rows=len(strange),
            remedy=f"use one of {', '.join(OUTCOMES)}",
        )
    try:
        return given.assign(**{name: pd.to_datetime(given[name]) for name in ("as_of", "noted_on")})
    except ValueError as error:
        raise WhychurnError(
            "a day cannot be read", file=file, column="as_of, noted_on", remedy="days are written 2026-01-31"
        ) from error
