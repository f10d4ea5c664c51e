"""What stands around the digits of an amount: sign, currency, percent, thousand, 万."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.read.coerced import Note, Reading

_FACTORS: Final = {
    "%": 0.01, "‰": 0.001, "百": 1e2, "千": 1e3, "万": 1e4, "萬": 1e4, "十万": 1e5, "百万": 1e6, "百萬": 1e6, "千万": 1e7,
    "千萬": 1e7, "亿": 1e8, "億": 1e8, "k": 1e3, "tsd": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "b": 1e9,
    "bn": 1e9, "billion": 1e9,
}  # fmt: skip
_AMOUNT: Final = re.compile(
    r"^(?P<open>\()?\s*(?P<one>[+-])?\s*(?P<before>[^\d+()-]*?)\s*(?P<two>[+-])?\s*"
    r"(?P<body>\d[\d.,' ]*(?:[eE][+-]?\d{1,3})?|(?<![^\s(+-])[.,]\d+)\s*"
    r"(?P<after>[^\d+()-]*?)\s*(?P<three>[+-])?\s*(?P<close>\))?\s*(?P<last>[^\d+()-]*)$"
)
_DASHES: Final = str.maketrans({"−": "-", "–": "-", "—": "-", "’": "'", "‘": "'", "`": "'", "´": "'"})
_SPACES: Final = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u205f]+")
_SWISS: Final = re.compile(r"[.,]-{1,2}(?=\D*$)")  # 12.- is 12.00


@dataclass(frozen=True)
class Amount:
    """A written amount, taken apart.

    Parameters
    ----------
    body
        Digits with their marks.
    factor
        Sign, times percent, thousand, 万 and the like.
    currency
        Codes (ISO 4217) that its sign or word may stand for; empty where it names none.
    """

    body: str
    factor: float = 1.0
    percent: bool = False
    currency: frozenset[str] = frozenset()


def take_apart(text: str | None) -> Amount | None:
    """Parts of an amount; None where it is none."""
    if not isinstance(text, str):
        return None
    found = _AMOUNT.match(_SWISS.sub("", _SPACES.sub(" ", text.translate(_DASHES))))
    if not found or bool(found["open"]) != bool(found["close"]):
        return None
    signs = [sign for sign in (found["one"], found["two"], found["three"], found["open"]) if sign]
    before, after = currency_of(found["before"]), _ending(f"{found['after']} {found['last']}".strip())
    if len(signs) > 1 or before is None or after is None:
        return None
    factor, currency, percent = after
    if before and currency and not before & currency:
        return None
    both = before & currency if before and currency else before | currency
    minus = signs and signs[0] in "(-"
    return Amount(found["body"].strip(), -factor if minus else factor, percent, both)


def currency_of(word: str) -> frozenset[str] | None:
    """Currencies for which a sign, code or word may stand; empty for no word, None for another word."""
    word = word.strip().casefold()
    if not word or word == ":":
        return frozenset()
    known = _currencies()
    if word in known:
        return known[word]
    if all(unicodedata.category(sign) == "Sc" for sign in word):
        return frozenset({word})
    parts = [part for part in re.split(r"[\s:]+|(?<=[a-z])(?=[^a-z.])|(?<=[^a-z])(?=[a-z])", word) if part]
    meant = [known.get(part) for part in parts]
    if len(parts) < 2 or any(one is None for one in meant):
        return None
    common = frozenset.intersection(*[one for one in meant if one])
    return common or None


def one_currency(
    amounts: list[Amount | None], text: pd.Series, counts: np.ndarray, reading: Reading
) -> tuple[np.ndarray, str | None, list[Note]]:
    """Values in a currency of few rows (a mask), the currency of the column, and what is to be said."""
    named = [n for n, amount in enumerate(amounts) if amount and amount.currency]
    other = np.zeros(len(amounts), dtype=bool)
    groups: list[tuple[frozenset[str], list[int]]] = []
    for n in sorted(named, key=lambda n: len(amounts[n].currency)):  # type: ignore[union-attr]
        currency = amounts[n].currency  # type: ignore[union-attr]
        same = next((g for g, (codes, _) in enumerate(groups) if codes & currency), None)
        if same is None:
            groups.append((currency, [n]))
        else:
            groups[same] = (groups[same][0] & currency, [*groups[same][1], n])
    if not groups:
        return other, None, []
    groups.sort(key=lambda group: -int(counts[group[1]].sum()))
    rows = [int(counts[members].sum()) for _, members in groups]
    names = [_name(codes, text[members[0]]) for codes, members in groups]
    given = int(counts[[n for n, amount in enumerate(amounts) if amount]].sum())
    if len(groups) == 1:
        shown = {"currency": names[0], "n": rows[0], "of": given, "example": text[groups[0][1][0]]}
        return other, names[0], [("notice_currency", shown)]
    few = reading.few(sum(rows[1:]), given)
    other[[n for _, members in groups[1:] for n in members]] = True
    listed = ", ".join(f"{name} ({n})" for name, n in zip(names, rows, strict=True))
    shown = {"currencies": listed, "one": text[groups[0][1][0]], "two": text[groups[1][1][0]]}
    return other, names[0] if few else listed, [("notice_currencies" if few else "decide_currencies", shown)]


def _ending(word: str) -> tuple[float, frozenset[str], bool] | None:
    currency = currency_of(word)
    if currency is not None:
        return 1.0, currency, False
    lower = word.casefold()
    for factor in sorted(_FACTORS, key=len, reverse=True):
        if lower.startswith(factor):
            rest = currency_of(lower[len(factor) :].lstrip("."))
            if rest is not None:
                return _FACTORS[factor], rest, factor in "%‰"
    return None


@cache
def _currencies() -> dict[str, frozenset[str]]:
    listed = read_yaml(Path(__file__).with_name("currencies.yaml"))
    codes = {code.casefold(): frozenset({code}) for code in listed["codes"]}
    return codes | {sign.casefold(): frozenset(meant) for sign, meant in listed["signs"].items()}


def _name(codes: frozenset[str], written: str) -> str:
    if len(codes) == 1:
        return next(iter(codes))
    signs = [sign for sign, meant in _currencies().items() if sign in written.casefold() and codes <= meant]
    return max(signs, key=len, default="/".join(sorted(codes)))
