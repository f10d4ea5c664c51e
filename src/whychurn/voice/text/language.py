"""Language of a text by its script and its function words: zh, en, mixed, other, none."""

import re
from typing import Final

HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]+")
# kana, hangul, cyrillic, greek, arabic, hebrew, devanagari, thai
_ELSEWHERE: Final = re.compile(
    r"[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0370-\u03ff\u0600-\u06ff\u0590-\u05ff\u0900-\u097f\u0e00-\u0e7f]"
)
_MARKED: Final = re.compile(r"[\u00c0-\u024f]")
_ENGLISH_WORDS: Final = (
    "the a an and or but of to in on for with is was are were be been it this that i my me you your "
    "we they not no "
    "have has had do does did will would can could so at from very too when what why how there more than"
)
# function words that English does not share
_FOREIGN_WORDS: Final = (
    "der die das und ist nicht ich sie wir ein eine mit auf den dem zu sehr von le la les des est "
    "pas je nous vous une "
    "que qui pour avec dans el los las y es por para con una muy pero il di che non per sono molto "
    "o os um uma com "
    "não muito het een en niet ik van voor zijn"
)
_ENGLISH: Final = frozenset(_ENGLISH_WORDS.split())
_FOREIGN: Final = frozenset(_FOREIGN_WORDS.split())
WORD_LETTERS: Final = 2.5  # one Chinese character says about as much as this many Latin letters
MINOR: Final = 0.2  # share from which a second script makes a text mixed


def detect_language(text: str) -> str:
    """Language of one plain text.

    Scripts are weighed by letters (a Chinese character counts `WORD_LETTERS`). Latin text is English
    unless marked letters or function words of another language outweigh English ones; a short text
    without function words counts as English.

    Returns
    -------
    ``zh``, ``en``, ``mixed`` (both, the smaller at least a fifth), ``other`` or ``none`` (no letters at all).
    """
    han = WORD_LETTERS * len(HAN.findall(text))
    words = _LATIN.findall(text)
    latin = float(sum(map(len, words)))
    elsewhere = WORD_LETTERS * len(_ELSEWHERE.findall(text))
    if han + latin + elsewhere == 0:
        return "none"
    if elsewhere > MINOR * (han + latin + elsewhere):
        return "other"
    if han and latin and min(han, latin) >= MINOR * (han + latin):
        return "mixed"
    if han >= latin:
        return "zh"
    return "other" if _is_foreign(words) else "en"


def dominant_language(text: str) -> str:
    """``zh`` or ``en``, whichever script says more in a mixed text."""
    han = WORD_LETTERS * len(HAN.findall(text))
    return "zh" if han >= sum(map(len, _LATIN.findall(text))) else "en"


def _is_foreign(words: list[str]) -> bool:
    lower = [word.lower() for word in words]
    english = sum(word in _ENGLISH for word in lower)
    foreign = sum(word in _FOREIGN for word in lower)
    marked = sum(bool(_MARKED.search(word)) for word in lower)
    return foreign + marked > english and foreign + marked >= 0.2 * len(lower)
