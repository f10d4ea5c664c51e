"""The card of any one member, written when it is asked for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.privacy.pseudonym import find_key, pseudonym
from whychurn.report.action.results import read_action
from whychurn.report.member.records import read_members
from whychurn.report.render.layout import study_frame
from whychurn.report.render.member_pages import write_one_card
from whychurn.report.render.notebooks import NOTEBOOKS


def write_card(study: StudyPaths, params: Params, wanted: str, languages: list[str]) -> list[Path]:
    """Write the member's card for each language.

    Parameters
    ----------
    wanted
        Pseudonym; or the company's own id, where the key can be read.

    Raises
    ------
    WhychurnError
        If there is no such member, no run has come as far as lists, or a language is none of the reports'.
    """
    known = [str(lang) for lang in params.report.languages]
    if strange := sorted(set(languages) - set(known)):
        raise WhychurnError(f"no reports in {', '.join(strange)}", remedy=f"choose from {', '.join(known)}")
    member = shown_as(study, params, wanted)
    results = read_action(study, params)
    facts = read_members(study, params, results, [member])
    if not facts:
        raise WhychurnError(
            "no run has come as far as lists", file=study.results, remedy=f"whychurn run --study {study.root}"
        )
    frames = {lang: study_frame(study, params, lang, NOTEBOOKS) for lang in languages or known}
    return write_one_card(study, params, results, facts[0], frames)


def shown_as(study: StudyPaths, params: Params, wanted: str) -> str:
    """Pseudonym of a member who is named by it, or by the company's own id.

    Raises
    ------
    WhychurnError
        If no member of the study has it; the id is not repeated.
    """
    members: pd.Series = read_table(study.interim / "members.parquet", ["member_id"])["member_id"]
    if members.eq(wanted).any():
        return wanted
    key = find_key(study, params.intake.source) if params.privacy.pseudonymize else None
    if key is not None and members.eq(found := pseudonym(wanted, key)).any():
        return found
    raise WhychurnError(
        "no member of this study has this id",
        file=study.interim / "members.parquet",
        remedy="give the pseudonym of the lists, or your own id where the key can be read; who joined after the last run "
        "is not known yet",
    )
