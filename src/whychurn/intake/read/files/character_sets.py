"""Which encoding bytes are written in, by how usual the characters are that each would give."""

import importlib.util
import itertools
import re
from functools import cache
from pathlib import Path
from typing import Final

_EAST_ASIAN: Final = ("gb18030", "big5", "cp932", "cp949", "euc_jp")
_SINGLE_BYTE: Final = ("cp1252", "cp1254", "cp1250", "cp1251", "koi8_r", "cp1253", "mac_roman", "cp850")
_USUAL: Final = 0.6  # share of usual characters that makes an East Asian encoding believable
_NEAR: Final = 0.1  # two encodings whose shares differ by less are both possible
_RUN: Final = re.compile(r"[^\x00-\x7f\W\d_]{3,}")
_INSIDE: Final = re.compile(
    r"(?<=[A-Za-z])[^\x00-\x7f\w’´·](?=[A-Za-z])|[^\x00-\x7f\w€£¥§©®°·–—‘’“”„…«»¿¡´\xa0•™]"
)
_TURNED: Final = re.compile(r"(?<=[a-z])[^\W\d_a-z]|(?<=[A-Za-z])[^\W\d_A-Za-z](?=[a-z])")
_GLUED: Final = re.compile(r"(?<=[a-z])[^\x00-\x7f]|[^\x00-\x7f](?=[a-z])")
_ICELANDIC: Final = re.compile(r"[ÞþÐðÝ]")
_TURKISH: Final = "çğıöşüâîûÇĞİÖŞÜÂÎÛ"
_WORD: Final = re.compile(r"[^\W\d_]+")
_BEYOND: Final = re.compile(r"[^\x00-\x7f]")


def rank_encodings(sample: bytes) -> list[tuple[float, str]]:
    """(evidence, encoding): the one to read with, and one that is nearly as believable."""
    single, asian = _single_byte(sample), _east_asian(sample)
    words = _share_of_words(sample) if asian and asian[0][1] == "gb18030" else 1.0
    if not asian or (single[0][0] == 0 and words < 0.1):
        return single  # each accent stands where accents stand, and the Chinese would be no words
    near = [one for one in asian if one[0] > asian[0][0] - _NEAR]
    if words < 0.2 and len(asian) > 1:  # Korean and Japanese bytes are Chinese characters too, but not words
        return asian[1:2]
    return near[:1] if asian[0][1] == "gb18030" and words > 0.4 else near


def _east_asian(sample: bytes) -> list[tuple[float, str]]:
    """(share of usual characters, encoding), best first; empty where none is believable."""
    found = []
    for name in _EAST_ASIAN:
        text = sample.decode(name, "replace")
        signs = [sign for sign in _BEYOND.findall(text) if not _is_punctuation(sign)]
        if not signs or text.count("\ufffd") * 50 > len(signs):
            continue
        usual = sum(_usual(sign, name) for sign in signs) / len(signs)
        glued = len(_GLUED.findall(text)) / len(signs)  # characters inside words of Latin letters
        if name == "euc_jp" and not re.search(r"[\u3041-\u30fa]", text):
            glued += 0.15  # Japanese without any kana
        found.append((usual - glued, name))
    return sorted((one for one in found if one[0] >= _USUAL), key=lambda one: (one[0], one[1] == "gb18030"))[
        ::-1
    ]


def _share_of_words(sample: bytes) -> float:
    """Share of neighbouring characters that are a Chinese word, with `sample` read as GB18030."""
    runs = re.findall(r"[\u4e00-\u9fff]{2,}", sample.decode("gb18030", "replace"))
    pairs = [run[at : at + 2] for run in runs for at in range(len(run) - 1)]
    return sum(pair in _chinese_words() for pair in pairs) / len(pairs) if pairs else 0.0


@cache
def _chinese_words() -> frozenset[str]:
    """Words of two characters of jieba's dictionary, which is read as a file."""
    place = importlib.util.find_spec("jieba")
    if place is None or not place.origin:
        return frozenset()
    lines = Path(place.origin).with_name("dict.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for word in (line.split(" ", 1)[0] for line in lines) if len(word) == 2)


@cache
def _usual(sign: str, name: str) -> float:
    if name in ("cp932", "euc_jp"):
        if "\u3041" <= sign <= "\u30fa":
            return 1.0
        return 0.2 if "\uff61" <= sign <= "\uff9f" else _in_rows(sign, "euc_jp", 0xB0, 0xCF)
    if name == "cp949":
        return _in_rows(sign, "euc_kr", 0xB0, 0xC8) if "\uac00" <= sign <= "\ud7a3" else 0.0
    return max(_in_rows(sign, "gb2312", 0xB0, 0xD7), _in_rows(sign, "big5", 0xA4, 0xC6))


def _in_rows(sign: str, standard: str, first: int, last: int) -> float:
    """1 where `sign` is among the frequent characters of a national standard, which come first in it."""
    try:
        return float(first <= sign.encode(standard)[0] <= last)
    except UnicodeEncodeError:
        return 0.0


def _is_punctuation(sign: str) -> bool:
    return "\u2010" <= sign <= "\u303f" or "\uff00" <= sign <= "\uff60" or sign in "·￥"


def _single_byte(sample: bytes) -> list[tuple[float, str]]:
    """(share of odd places, encoding), best first; Windows-1252 where nothing speaks for another."""
    found = []
    for place, name in enumerate(_SINGLE_BYTE):
        text = sample.decode(name, "replace")
        found.append((_odd_places(text) + _odd_letters(text, name), place, name))
    found.sort()
    near = [one for one in found if one[0] < found[0][0] + 0.02 and one[0] > 0.1]
    return [(odd, name) for odd, _, name in (near or found[:1])]


def _odd_places(text: str) -> float:
    signs = len(_BEYOND.findall(text)) or 1
    odd = len(_INSIDE.findall(text)) + len(_TURNED.findall(_lower_accents(text)))
    for word in _WORD.findall(text):
        beyond = [sign for sign in word if sign > "\x7f"]
        foreign = [sign for sign in beyond if sign > "\u036f"]  # Greek and later: not Latin
        if foreign and len(foreign) < len(word):
            odd += len(beyond)
        if not foreign and _RUN.search(word):
            odd += len(beyond)
        if foreign and any(a.islower() and b.isupper() for a, b in itertools.pairwise(word)):
            odd += len(beyond)
    return odd / signs


def _odd_letters(text: str, name: str) -> float:
    """Share of letters that the languages of `name` hardly know: what tells Turkish from Icelandic."""
    signs = _BEYOND.findall(text)
    if name == "cp1252":
        return len(_ICELANDIC.findall(text)) / 2 / (len(signs) or 1)
    return sum(sign not in _TURKISH for sign in signs) / (len(signs) or 1) if name == "cp1254" else 0.0


def _lower_accents(text: str) -> str:
    """Accented small letters as ``a``, so that a capital after any small letter is found."""
    return "".join("a" if sign > "\x7f" and sign.islower() else sign for sign in text)
