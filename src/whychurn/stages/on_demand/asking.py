"""Whom to ask why: the draw from a study's results, the sheet to fill in, and the guide that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from whychurn.causes.interviews.draw_of_leavers import (
    LISTS,
    draw_by_lot,
    interviewed_before,
    leavers_to_ask,
    members_at_risk,
    sheet_to_fill,
)
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_table, write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.reidentify import own_ids
from whychurn.labels import LANGUAGES, say, section_words
from whychurn.stages.on_demand.exporting import harmless
from whychurn.stats.high_risk import high_risk_from

FOLDER: Final = "data/ask"
ENDINGS: Final = (".csv", ".xlsx")
Note = tuple[str, dict[str, object]]


@dataclass(frozen=True)
class Request:
    """What is to be drawn.

    Parameters
    ----------
    budget
        How many are asked.
    who
        ``left`` or ``at-risk``.
    months
        Leavers of so many months before the last day covered.
    seed
        Of the lot; None: run.seed.
    skip_opted_out
        Leave out who refused marketing.
    real_ids
        Write the company's own ids, which takes the key and the source.
    """

    budget: int
    who: str = "left"
    months: int = 12
    seed: int | None = None
    skip_opted_out: bool = False
    real_ids: bool = False


@dataclass(frozen=True)
class Asked:
    """The list, and what is to be said of it (labels of section ``asking`` and their values)."""

    sheet: pd.DataFrame
    notes: list[Note]


def ask(study: StudyPaths, params: Params, request: Request, today: pd.Timestamp) -> Asked:
    """Draw members to be interviewed, in random order, each with the chance with which it was drawn.

    Raises
    ------
    WhychurnError
        If the request cannot be met: no run yet, no record of consent, nobody to draw from, a list or number
        that does not exist, ids of a member that the source no longer has.
    """
    _check(study, params, request)
    notes: list[Note] = []
    frame = _frame(study, params, request, notes)
    frame = _who_may_be_asked(study, frame, request, notes)
    if frame.empty:
        why = "; ".join(say(f"asking.{key}", "en", **values) for key, values in notes)
        raise WhychurnError(
            f"there is nobody to draw from ({why or 'nobody left in these months'})",
            remedy="give more --months, or the other --list",
        )
    drawn = draw_by_lot(frame, request.budget, params.run.seed if request.seed is None else request.seed)
    name = say(f"asking.list_{request.who.replace('-', '_')}", "en")
    notes.insert(0, ("note_drawn", {"n": len(drawn), "of": len(frame), "list": name}))
    if request.budget >= len(frame):
        notes.insert(1, ("note_all", {"budget": request.budget, "of": len(frame)}))
    surveys = read_table(study.interim / "surveys.parquet", ["survey_id"])
    sheet = sheet_to_fill(drawn, request.who, today, surveys["survey_id"])
    if drawn["marketing_consent"].notna().any():
        sheet["marketing_consent"] = drawn["marketing_consent"].map({True: "yes", False: "no"})
    if refused := int(drawn["marketing_consent"].eq(False).sum()):
        notes.append(("note_refused_marketing", {"n": refused}))
    if request.real_ids:
        sheet["member_id"] = own_ids(study, params, sheet["member_id"])
    elif params.privacy.pseudonymize:
        notes.append(("note_pseudonyms", {}))
    return Asked(sheet, [*notes, ("note_back", {})])


def _check(study: StudyPaths, params: Params, request: Request) -> None:
    if request.who not in LISTS:
        raise WhychurnError(f"no list {request.who!r}", remedy=f"choose one of {', '.join(LISTS)}")
    if request.budget < 1 or request.months < 1:
        raise WhychurnError(
            "budget and months must be 1 or more", remedy="for instance --budget 200 --months 12"
        )
    needed = study.results / ("churners.parquet" if request.who == "left" else "risk_scores.parquet")
    if not needed.is_file():
        stage = "panel" if request.who == "left" else "risk"
        remedy = f"whychurn run --until {stage} --study {study.root}"
        raise WhychurnError("no run has found whom to ask yet", file=needed, remedy=remedy)
    columns = read_json(study.interim / "intake.json")["tables"]["members"]["columns"]
    if "profiling_consent" not in columns and params.privacy.missing_consent == "auto":
        raise WhychurnError(
            "no consent is on record: the table of members has no column of it",
            file="members",
            column="profiling_consent",
            remedy="export it, or map the column that holds it (intake.columns: {members.profiling_consent: …}); where "
            "the terms of the programme cover such calls, set privacy.missing_consent: allow",
        )


def _frame(study: StudyPaths, params: Params, request: Request, notes: list[Note]) -> pd.DataFrame:
    file = study.results / "member_causes.parquet"
    causes = read_table(file) if file.is_file() else None
    if causes is None:
        notes.append(("note_no_causes", {}))
    if request.who == "left":
        until = pd.Timestamp(str(read_json(study.interim / "intake.json")["observed_until"]))
        since = until - pd.DateOffset(months=request.months)
        return leavers_to_ask(read_table(study.results / "churners.parquet"), causes, since)
    scores = read_table(study.results / "risk_scores.parquet", ["member_id", "p_churn"])
    threshold = high_risk_from(scores["p_churn"].to_numpy("float64"), params.business.high_risk)
    return members_at_risk(scores, causes, threshold, params.business.capacity)


def _who_may_be_asked(
    study: StudyPaths, frame: pd.DataFrame, request: Request, notes: list[Note]
) -> pd.DataFrame:
    """`frame` with ``marketing_consent``, without those who may not be asked or were asked before; both are noted."""
    members = read_table(
        study.interim / "members.parquet", ["member_id", "profiling_consent", "marketing_consent"]
    )
    frame = frame.merge(members, on="member_id", how="left")
    surveys = read_table(study.interim / "surveys.parquet", ["member_id", "kind", "sent_at"])
    rules = {
        "note_no_consent": ~frame["profiling_consent"].fillna(False).astype(bool),
        "note_opted_out": frame["marketing_consent"].eq(False).fillna(False) & request.skip_opted_out,
        "note_before": interviewed_before(frame, surveys),
    }
    out = pd.Series(False, index=frame.index)
    for key, mask in rules.items():
        new = pd.Series(mask, index=frame.index).astype(bool) & ~out
        if new.any():
            notes.append((key, {"n": int(new.sum())}))
        out |= new
    return frame[~out].reset_index(drop=True)


def write_list(asked: Asked, file: Path) -> list[Path]:
    """Write the list as CSV or workbook, only its owner may read it, and beside it the guide in each language.

    No cell is left that a spreadsheet would run (`harmless`).

    Raises
    ------
    WhychurnError
        If the file's ending is another, it exists already (answers may stand in it), or cannot be written.
    """
    if file.suffix.lower() not in ENDINGS:
        raise WhychurnError(
            "the list is written as CSV or workbook", file=file, remedy="end it in .csv or .xlsx"
        )
    if file.exists():
        raise WhychurnError(
            "this list exists already, and answers may stand in it",
            file=file,
            remedy="name another: --out FILE",
        )
    sheet = harmless(asked.sheet)
    with write_whole(file, private=True) as temporary:
        if file.suffix.lower() == ".xlsx":
            with temporary.open("wb") as book:
                sheet.to_excel(book, index=False, sheet_name="surveys")
        else:
            sheet.to_csv(temporary, index=False, encoding="utf-8-sig")
    pages = [file.with_name(f"interview_guide.{lang}.md") for lang in LANGUAGES]
    for lang, page in zip(LANGUAGES, pages, strict=True):
        with write_whole(page) as temporary:
            temporary.write_text(guide(lang), encoding="utf-8")
    return [file, *pages]


def guide(lang: str) -> str:
    """Open questions, rules of the draw and the codes of causes and their parts, as one page."""
    parts = [f"# {say('asking.guide_title', lang)}"]
    for name in ("call", "questions", "staying", "coding"):
        heading, items = say(f"asking.guide_{name}", lang), say(f"asking.guide_{name}_items", lang)
        parts.append(f"## {heading}\n\n{items.strip()}")
    head = f"| {say('asking.column_code', lang)} | {say('asking.column_meaning', lang)} |\n|---|---|"
    codes = [key.removeprefix("code_") for key in section_words("asking") if key.startswith("code_")]
    rows = [f"| `{code}` | {say(f'asking.code_{code}', lang)} |" for code in codes]
    return "\n\n".join([*parts, "\n".join([head, *rows])]) + "\n"
