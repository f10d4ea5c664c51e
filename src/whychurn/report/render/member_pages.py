"""Cards of the members on the lists, some of them to a file; the address of a card names file and member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from whychurn.contract.codes import OUTCOME_COLUMNS
from whychurn.contract.files import read_json, write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.report.action.results import ActionResults
from whychurn.report.member.advice import CardSetting, card_setting
from whychurn.report.member.card import member_card
from whychurn.report.member.records import MemberFacts, read_members
from whychurn.report.page.report_page import TEMPLATE
from whychurn.report.page.wording import Wording
from whychurn.report.render.layout import member_html, observed_until
from whychurn.report.words.value_names import names_in

FOLDER: Final = "member"
A_FILE: Final = 40  # cards; a file stays below half a megabyte


def card_places(ids: Sequence[str]) -> dict[str, str]:
    """Member -> address of the card, from the page of lists."""
    return {one: f"{FOLDER}/{number // A_FILE + 1:02d}.html#{one}" for number, one in enumerate(ids)}


def write_member_pages(
    study: StudyPaths,
    params: Params,
    results: ActionResults,
    listed: Mapping[str, str],
    frames: dict[str, dict[str, Any]],
) -> list[Path]:
    """Write ``reports/<language>/member/<number>.html``; cards of an earlier run are removed.

    Parameters
    ----------
    listed
        Member -> anchor of the list that he or she stands on, in the order of the lists.
    """
    for lang in frames:
        for old in (study.reports / lang / FOLDER).glob("*.html"):
            old.unlink()
    facts = {one.member_id: one for one in read_members(study, params, results, list(listed))}
    places, written = card_places(list(listed)), list[Path]()
    for lang, frame in frames.items():
        setting = _setting(study, params, results, lang)
        files: dict[str, list[MemberFacts]] = {}
        for one in listed:
            files.setdefault(places[one].partition("#")[0], []).extend([facts[one]] if one in facts else [])
        written += [_write(study, setting, mine, listed, frame, file) for file, mine in files.items()]
    return written


def write_one_card(
    study: StudyPaths,
    params: Params,
    results: ActionResults,
    facts: MemberFacts,
    frames: dict[str, dict[str, Any]],
) -> list[Path]:
    """Write ``reports/<language>/member/<member>.html``."""
    file = f"{FOLDER}/{facts.member_id}.html"
    return [
        _write(study, _setting(study, params, results, lang), [facts], {}, frame, file)
        for lang, frame in frames.items()
    ]


def _setting(study: StudyPaths, params: Params, results: ActionResults, lang: str) -> CardSetting:
    panel = study.processed / "panel.json"
    horizon = (read_json(panel) if panel.exists() else {}).get("horizon_days") or params.action.effect_days
    page = Wording(lang, params.study.currency, params.privacy.min_cell)
    return card_setting(results, int(horizon), page, names_in(params.study.values, lang))


def _write(
    study: StudyPaths,
    setting: CardSetting,
    facts: Sequence[MemberFacts],
    listed: Mapping[str, str],
    frame: dict[str, Any],
    file: str,
) -> Path:
    page = setting.page
    content = {
        "title": page.say("member.card"),
        "names": [one.member_id for one in facts],
        "note": page.say("member.pick_note"),
        "body": "".join(member_card(one, setting, listed.get(one.member_id, "")) for one in facts),
        "footer": page.say("member.footer", until=observed_until(study, page.lang)),
        "copy": page.say("member.copy"),
        "download": page.say("member.outcome_download"),
        "outcome_note": page.say("member.outcome_note", count="#"),
        "columns": ",".join(OUTCOME_COLUMNS),
        "outcomes": (TEMPLATE / "member.js").read_text(encoding="utf-8"),
        "css": frame["css"] + (TEMPLATE / "member.css").read_text(encoding="utf-8"),
    }
    path = study.reports / frame["lang"] / file
    with write_whole(path) as temporary:
        temporary.write_text(member_html(frame, file.removesuffix(".html"), content), encoding="utf-8")
    return path
