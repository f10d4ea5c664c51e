"""Consent as companies write it: what is not known to be a yes is not one."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.read.dates.date_columns import read_dates
from whychurn.intake.read.dtypes import TEXT, as_text
from whychurn.intake.read.words.codes import recode

Meaning = Literal["yes", "no", "unknown"]
_PUNCTUATION: Final = re.compile(r"[^\w✓✔√☑✗✘☐×]|_")
_DATE: Final = re.compile(r"\b\d{4} \d{1,2} \d{1,2}\b|\b\d{1,2} \d{1,2} \d{4}\b")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_CONTRARY: Final = re.compile(
    r"opt(?:ed)? ?out|unsubscri|do ?not|\bdnc\b|\bdont |suppress|block|black ?list|objec?ti|objected|withdr[ae]w"
    r"|revok|refus|declin|reject|denied|disallow|\bno (?:market|profil|contact|consent|e ?mail|sms|call)"
    r"|拒|退订|屏蔽|免打扰|勿扰|勿联系|黑名单|拉黑|不同意|不允许|不接受|不授权|撤回|撤销|谢绝|禁止|反对"
)
_NEGATED: Final = re.compile(
    r"\b(?:not|non|never|no) (?:opt(?:ed)? ?out|unsub|suppress|block|object|refus|declin)|[未没](?:拒|退订|屏蔽|撤)"
)
_BOTH: Final = re.compile(
    r"opt(?:ed)? ?in.*out|out.*opt(?:ed)? ?in|\bsubscribe.*unsubscribe|同意.*(?:拒|不同意)"
)


@dataclass(frozen=True)
class Consent:
    """A consent column as it was read.

    Parameters
    ----------
    values
        boolean; null only where the cell is empty.
    given
        Words as they stand, after `intake.codes`.
    bad, is_open
        Cells that are not understood, and those that say that there is no answer yet; both are false.
    contrary, dated
        Whether plain answers were turned round, and whether days were taken for answers.
    """

    values: pd.Series
    given: pd.Series
    bad: np.ndarray
    is_open: np.ndarray
    contrary: bool
    dated: bool


def read_consent(column: pd.Series, header: str, codes: Mapping[Any, Any]) -> Consent:
    """A consent column as true and false.

    Words of both languages are understood (``consent_words.yaml``), also denied ones (not X, 不X). Plain
    answers such as yes or 1 mean the contrary where the header says the contrary (opt_out, 拒收). A day stands
    for an answer given on that day.

    Parameters
    ----------
    column
        Column in a standard dtype.
    header
        Name of the column in the source.
    codes
        `intake.codes` of this column, which go before all words; the key "" stands for empty cells.
    """
    text = as_text(column.reset_index(drop=True)).str.strip()
    given = recode(text, codes).values if codes else text
    coded = text.isin([str(code) for code in codes]).to_numpy(dtype=bool, na_value=False)
    empty = (given.isna() | (given == "")).to_numpy(dtype=bool, na_value=True)
    if "" in codes:
        given, coded = given.mask(empty, str(codes[""])), coded | empty
        empty = np.zeros(len(given), dtype=bool)
    position, words = pd.factorize(given.where(~empty).astype(object))
    meanings = np.array([*(meaning(word) for word in words), None], dtype=object)[position]
    contrary, dated = says_contrary(header), _are_days(words)
    yes, no = meanings == "yes", meanings == "no"
    if dated:
        yes, no = ~empty & (not contrary), ~empty & contrary
    elif contrary:
        plain = np.array([*(_is_plain(word) for word in words), False], dtype=bool)[position] & ~coded
        yes, no = np.where(plain, no, yes), np.where(plain, yes, no)
        contrary = bool(plain.any())
    is_open = (meanings == "unknown") & ~yes & ~no
    values = pd.Series(yes.astype(bool)).astype("boolean").mask(empty)
    return Consent(values, given, ~empty & ~yes & ~no & ~is_open, is_open, contrary, dated)


def meaning(word: object) -> Meaning | None:
    """What one answer means; None where that is not known."""
    said = _normalised(str(word))
    if not said:  # a dash or a question mark leaves it open; a day alone says nothing yet
        return None if any(sign.isalnum() for sign in str(word)) else "unknown"
    forms = [said, _without_filler(said)]
    for one in forms:
        for name in ("unknown", "yes", "no"):
            if one in _words()[name] or one in _words().get(f"plain_{name}", ()):
                return name  # type: ignore[return-value]
    for one in forms:
        denied = _after_negation(one)
        if denied and {denied, _without_filler(denied)} & _words()["yes"]:
            return "no"
    return None


def says_contrary(header: str) -> bool:
    """Whether the name of a column asks for the refusal: opt_out, do_not_contact, 拒收."""
    name = _normalised(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", header)))
    return bool(_CONTRARY.search(name)) and not _NEGATED.search(name) and not _BOTH.search(name)


def _is_plain(word: object) -> bool:
    said = _normalised(str(word))
    return said in _words()["plain_yes"] or said in _words()["plain_no"]


def _are_days(words: Any) -> bool:
    unread = [str(word) for word in words if meaning(word) is None]
    if not unread or len(unread) < len(words) or all(word.isdigit() and len(word) < 8 for word in unread):
        return False
    dates = read_dates(pd.Series(unread, dtype=TEXT))
    return bool(dates.values.notna().all())


def _normalised(word: str) -> str:
    word = unicodedata.normalize("NFKC", word).casefold()
    word = "".join(sign for sign in word if unicodedata.category(sign) not in ("Cf", "Cc", "Mn"))
    word = re.sub(r"^([01])\.0+$", r"\1", word.strip())
    word = _DATE.sub(" ", " ".join(_PUNCTUATION.sub(" ", word).split()))
    return "".join(word.split()) if _HAN.search(word) else " ".join(word.split())


def _without_filler(said: str) -> str:
    if _HAN.search(said):
        for filler in _words()["filler_zh"]:
            said = said.replace(filler, "")
        return said
    return " ".join(part for part in said.split() if part not in _words()["filler"])


def _after_negation(said: str) -> str | None:
    for negation in _ordered("negation_zh"):
        if said.startswith(negation):
            return said.removeprefix(negation)
    for negation in _ordered("negation"):
        if said.startswith(f"{negation} "):
            return said.removeprefix(f"{negation} ")
    return None


@cache
def _ordered(name: str) -> list[str]:
    return sorted(_words()[name], key=len, reverse=True)


@cache
def _words() -> dict[str, frozenset[str]]:
    lists = read_yaml(Path(__file__).with_name("consent_words.yaml"))
    as_they_are = ("negation", "negation_zh", "filler", "filler_zh")
    return {
        name: frozenset(
            map(str, words) if name in as_they_are else (_normalised(str(word)) for word in words)
        )
        for name, words in lists.items()
    }
