"""Pages for reviewers name no method, and notebooks put what was found before how."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import whychurn
from whychurn.contract.paths import PROJECT
from whychurn.contract.yaml_files import read_yaml

WORDS = Path(whychurn.__file__).parent / "report" / "words"
METHODS = re.compile(
    r"\b(AUC|SHAP|ECE|Cox|Kendall|tau|AIPW|posterior|hazard ratio|log-rank|Qini|p[ -]value|q[ -]value|significan\w*)\b"
    r"|后验|风险比|显著",
    re.IGNORECASE,
)


def texts_of(name: str) -> dict[str, str]:
    """Key and language of each text of a file of words."""
    words = read_yaml(WORDS / f"{name}.yaml")
    return {f"{key}.{lang}": text for key, entry in words.items() for lang, text in entry.items()}


@pytest.mark.parametrize("name", ["index", "why", "sure", "member"])
def test_words_of_pages_for_reviewers_name_no_method(name: str) -> None:
    assert {key: text for key, text in texts_of(name).items() if METHODS.search(text)} == {}


def test_meanings_of_rungs_name_no_method() -> None:
    rungs = {key: text for key, text in texts_of("delivery").items() if key.startswith(("rung", "why_"))}
    assert len(rungs) > 8 and not [text for text in rungs.values() if METHODS.search(text)]


def test_a_method_is_found() -> None:
    assert METHODS.search("ranks with an AUC of 0.8") and METHODS.search("效果显著")
    assert not METHODS.search("Of 100 pairs, 81 the right way round; a tauter rope")


def cells(name: str) -> str:
    """Source of a notebook."""
    return (PROJECT / "notebooks" / f"{name}.py").read_text(encoding="utf-8")


def test_groups_and_months_stand_before_methods() -> None:
    source = cells("50_causes")
    places = [source.index(f'id="{anchor}"') for anchor in ("said", "groups", "months", "rivals", "holds")]
    assert places == sorted(places)


def test_causes_as_leavers_state_them_are_said_to_be_such_beside_the_figure() -> None:
    source = cells("25_survival")
    for figure in ("draw_sensitivity", "draw_incidence", "draw_removal"):
        for place in (match.start() for match in re.finditer(rf"figures\.{figure}\(", source)):
            assert (
                "note_stated" in source[place - 400 : place + 400]
                or "attributed" in source[place - 400 : place + 400]
            )
