"""Every word exists in English and Chinese, with the same placeholders."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from whychurn import labels as words
from whychurn.contract.causes import CAUSES, RUNGS, UNKNOWN
from whychurn.contract.errors import WhychurnError
from whychurn.report.words import LANGUAGES, say, section_words

SECTIONS = sorted(path.stem for path in Path(words.__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("section", SECTIONS)
def test_both_languages_say_the_same(section: str) -> None:
    for key, texts in section_words(section).items():
        assert set(texts) == set(LANGUAGES), f"{section}.{key}"
        assert placeholders(texts["en"]) == placeholders(texts["zh"]), f"{section}.{key}"


@pytest.mark.parametrize("section", SECTIONS)
def test_chinese_is_chinese(section: str) -> None:
    for key, texts in section_words(section).items():
        words_left = re.sub(r"\{[^}]*\}", "", texts["en"])
        if re.search(r"[a-z]{4,}", words_left):
            has_chinese = re.search(r"[\u4e00-\u9fff]", texts["zh"])
            assert has_chinese or texts["en"] == texts["zh"], f"{section}.{key}: {texts['zh']}"


def test_causes_and_rungs_have_words() -> None:
    for key in (*CAUSES, UNKNOWN, *RUNGS):
        assert say(f"causes.{key}", "zh") != say(f"causes.{key}", "en")


def test_a_missing_word_is_an_error() -> None:
    with pytest.raises(WhychurnError, match="no words for"):
        say("causes.no_such_word", "en")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
