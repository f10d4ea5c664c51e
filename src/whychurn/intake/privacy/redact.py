"""Personal details in free text replaced by their kind, before anything else reads it."""

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from whychurn.intake.privacy import addresses, contact_details, identity_numbers, names
from whychurn.intake.read.dtypes import TEXT, arrow_text

_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0) in "@+-()._" or chr(code).isalnum()}  # fmt: skip
_NARROW: Final[dict[int, int | str]] = {
    **_WIDE,
    0x3000: " ",
    0x2013: "-",
    0x2010: "-",
    0x2011: "-",
    0x00A0: " ",
}
_HIDDEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u20e3\ufe0e\ufe0f\ufeff]")
_LONG_DASH: Final = re.compile(r"(?<=[0-9])[\u2013\u2014]{1,2}(?=[0-9])")
_ODD_DIGIT: Final = re.compile(r"(?![0-9])\d|[⓪①-⑨❶-❾➀-➈➊-➒⓵-⓽⑴-⑼⒈-⒐⁰¹²³⁴-⁹₀-₉]")
# RE2: what hides a detail from the patterns
_DISGUISED: Final = (
    r"[\x{ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{20e3}\x{fe0e}\x{fe0f}\x{feff}"
    r"\x{ff10}-\x{ff19}\x{ff21}-\x{ff3a}\x{ff41}-\x{ff5a}\x{ff08}\x{ff09}＠＋．－＿\x{3000}\x{2010}\x{2011}\x{2013}\x{2014}\x{a0}⓪①-⑨❶-❾➀-➈➊-➒⓵-⓽⑴-⑼⒈-⒐⁰¹²³⁴-⁹₀-₉]|[^\P{Nd}0-9]"
)
_CHECKS: Final = {"CARD": identity_numbers.is_account_number, "NUM": identity_numbers.is_no_quantity}
# group, kind, characters of which one must stand, pattern, whether it holds for codes as well as for texts
Rule = tuple[str, str, frozenset[str], re.Pattern[str], bool]


def redact_text(text: str) -> tuple[str, Counter[str]]:
    """One text with personal details replaced by their kind, such as [PHONE], and how many of each kind.

    Found are mail addresses, telephone numbers, accounts and handles, links that hold an id
    (`contact_details`); identity, tax, passport, card, account, order and member numbers, number plates
    (`identity_numbers`); postal addresses (`addresses`); names behind a word that introduces them, before a
    title, and by a list (`names`). Digits of any script or width count as digits, signs without width as nothing.
    """
    return _redact(_plain(text), frozenset(_candidates()))


def redact_column(texts: pd.Series, codes: bool = False) -> tuple[pd.Series, Counter[str]]:
    """A text column redacted, each distinct suspicious text once; counts are over all rows.

    Parameters
    ----------
    codes
        The column holds codes, such as channels or campaigns: what a code may look like is no detail there.
    """
    total: Counter[str] = Counter()
    values = _plain_column(texts.astype(TEXT))
    held = {group: _matches(values, pattern) for group, pattern in _candidates().items()}
    suspect = np.logical_or.reduce(list(held.values()))
    if not suspect.any():
        return values, total
    position, unique = pd.factorize(values[suspect])
    first = np.zeros(len(unique), dtype="int64")
    first[position[::-1]] = np.flatnonzero(suspect)[::-1]
    groups = [frozenset(group for group, hits in held.items() if hits[row]) for row in first]
    clean = [
        _redact(text, found, codes) for text, found in zip(unique.to_numpy(dtype=object), groups, strict=True)
    ]
    for times, (_, counts) in zip(np.bincount(position, minlength=len(clean)), clean, strict=True):
        for kind, number in counts.items():
            total[kind] += number * int(times)
    redacted = values.astype(object)
    redacted[suspect] = np.array([text for text, _ in clean], dtype=object)[position]
    return redacted.astype(TEXT), total


@cache
def rules() -> tuple[Rule, ...]:
    """All rules in the order in which they are tried: what is more specific comes first."""
    ambiguous = {*contact_details.AMBIGUOUS, *identity_numbers.AMBIGUOUS, identity_numbers.OTHER_RULES[0][2]}
    listed = (
        ("contact", contact_details.CONTACT_RULES),
        ("number", identity_numbers.NUMBER_RULES),
        ("contact", contact_details.ACCOUNT_RULES),
        ("phone", contact_details.PHONE_RULES),
        ("number", identity_numbers.LATER_NUMBER_RULES),
        ("contact", contact_details.LATER_ACCOUNT_RULES),
        ("address", addresses.ADDRESS_RULES),
        ("number", identity_numbers.OTHER_RULES),
        ("name", names.name_rules()),
    )
    return tuple(
        (group, kind, frozenset(signs), re.compile(pattern, re.ASCII), pattern not in ambiguous)
        for group, some in listed
        for kind, signs, pattern in some
    )


@cache
def _candidates() -> dict[str, str]:
    """RE2 of each group: a text without a match holds none of its details."""
    return {
        "contact": contact_details.CANDIDATE,
        "phone": contact_details.PHONE_CANDIDATE,
        "number": identity_numbers.CANDIDATE,
        "address": addresses.CANDIDATE,
        "name": names.candidate(),
    }


def _redact(text: str, groups: frozenset[str], codes: bool = False) -> tuple[str, Counter[str]]:
    counts: Counter[str] = Counter()
    for group, kind, signs, pattern, of_codes in rules():
        if group not in groups or (codes and not of_codes) or signs.isdisjoint(text):
            continue

        def replacement(match: re.Match[str], kind: str = kind) -> str:
            kept = match.re.groupindex
            checked = _CHECKS.get(kind) if not kept else None
            if checked and not checked(match.group()):
                return match.group()
            counts[kind] += 1
            starts = [match.start(name) for name in kept if match.start(name) >= 0]
            return f"{match.group()[: starts[0] - match.start() if starts else 0]}[{kind}]"

        text = pattern.sub(replacement, text)
    return text, counts


def _matches(values: pd.Series, pattern: str) -> np.ndarray:
    hits = pc.match_substring_regex(arrow_text(values), pattern)
    return hits.fill_null(False).to_numpy(zero_copy_only=False)


def _plain_column(values: pd.Series) -> pd.Series:
    disguised = _matches(values, _DISGUISED)
    if not disguised.any():
        return values
    plain = values.astype(object)
    plain[disguised] = [_plain(text) for text in plain[disguised]]
    return plain.astype(TEXT)


def _plain(text: str) -> str:
    if text.isascii():
        return text
    text = _LONG_DASH.sub("-", _HIDDEN.sub("", text.translate(_NARROW)))
    return _ODD_DIGIT.sub(lambda match: str(int(unicodedata.digit(match.group()))), text)
