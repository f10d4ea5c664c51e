"""Numbers in running text: signed effects, intervals in brackets, money in the units of the language."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd

from whychurn.report.page.formats import MISSING, SYMBOLS, format_value
from whychurn.report.words import say

_MILLION: Final = 1_000_000
_LONG: Final = 100_000  # from here on English tells millions
_WAN: Final = 10_000  # from here on Chinese tells units of ten thousand
_YI: Final = 100_000_000  # and of a hundred million


def signed(value: float, digits: int = 0) -> str:
    """Effect with its sign, a true minus: ``+18``, ``−1``, ``0``."""
    if pd.isna(value):
        return MISSING
    text = f"{value:+,.{digits}f}"
    return text[1:] if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def plain(value: float, digits: int = 0) -> str:
    """Number without sign where it is positive, thousands apart."""
    if pd.isna(value):
        return MISSING
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def bracketed(low: float, high: float, lang: str, write: Callable[[float], str] = signed) -> str:
    """Interval ``[−2 to +37]``; a dash would read as a minus. Where it lies beside zero, no end reads as zero: ``[+0.3 to +34]``."""
    ends = [write(low), write(high)]
    if low * high > 0 and write in (signed, plain):
        ends = [write(end, _digits_beside_zero(end)) for end in (low, high)]
    return say("delivery.interval", lang, low=ends[0], high=ends[1])


def _digits_beside_zero(value: float) -> int:
    return next((digits for digits in range(3) if round(value, digits)), 3)


def bracketed_plain(low: float, high: float, write: Callable[[float], str] = plain) -> str:
    """Interval of numbers that cannot be negative: ``[14–19]``."""
    return f"[{write(low)}–{write(high)}]"


def money(value: float, lang: str, currency: str) -> str:
    """Amount for running text: ``¥8,300``, ``¥1.2 M``; in Chinese ``8,300 元``, ``121 万元``, ``1.2 亿元``."""
    if pd.isna(value):
        return MISSING
    sign, size = ("−" if value < 0 else ""), abs(value)
    if lang == "zh" and currency == "CNY":
        if size >= _YI:
            return f"{sign}{_two_digits(size / _YI)} 亿元"
        if size >= _WAN:
            return f"{sign}{_two_digits(size / _WAN)} 万元"
    elif size >= _LONG:
        return f"{sign}{SYMBOLS.get(currency, '')}{_two_digits(size / _MILLION)} M" + _code(currency)
    return format_value(value, "money", lang, currency)


def money_between(low: float, high: float, lang: str, currency: str) -> str:
    """Range of positive amounts, its unit written once: ``¥0.4–2.1 M``, ``41–210 万元``."""
    chinese = lang == "zh" and currency == "CNY"
    if high >= (_WAN if chinese else _LONG):
        size, digits = (_WAN, 0) if chinese else (_MILLION, 1 if high >= _MILLION or low >= _LONG else 2)
        ends = f"{plain(low / size, digits)}–{plain(high / size, digits)}"
        return f"{ends} 万元" if chinese else f"{SYMBOLS.get(currency, '')}{ends} M{_code(currency)}"
    step = 10.0 ** (math.floor(math.log10(high)) - 1) if high >= 1 else 1.0  # two digits of the upper end
    least, most = (step * round(end / step) for end in (low, high))
    if chinese:
        return f"{plain(least)}–{money(most, lang, currency)}"
    return f"{money(least, lang, currency)}–{plain(most)}{'' if currency in SYMBOLS else _code(currency)}"


def signed_money(value: float, lang: str, currency: str) -> str:
    """Amount with its sign."""
    return f"+{money(value, lang, currency)}" if value > 0 else money(value, lang, currency)


def clauses_closed(clauses: Sequence[str]) -> list[str]:
    """Clauses of a title, the last one with a full stop where a Chinese semicolon waits for more."""
    return [*clauses[:-1], *(f"{last[:-1]}。" if last.endswith("；") else last for last in clauses[-1:])]


def long_day(day: object, lang: str) -> str:
    """Day in running text: ``31 December 2025``, ``2025 年 12 月 31 日``."""
    stamp = pd.Timestamp(str(day))
    if lang == "zh":
        return f"{stamp.year} 年 {stamp.month} 月 {stamp.day} 日"
    return f"{stamp.day} {stamp:%B} {stamp.year}"


def month_name(day: object, lang: str) -> str:
    """Month in running text: ``December 2025``, ``2025 年 12 月``."""
    stamp = pd.Timestamp(str(day))
    return f"{stamp.year} 年 {stamp.month} 月" if lang == "zh" else f"{stamp:%B} {stamp.year}"


def _two_digits(size: float) -> str:
    return f"{size:,.0f}" if size >= 10 else f"{size:.1f}" if size >= 1 else f"{size:.2f}"


def _code(currency: str) -> str:
    return "" if currency in SYMBOLS or not currency else f" {currency}"
