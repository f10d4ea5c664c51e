"""Numbers as a reader wants to see them, in English and Chinese."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.report.words import say

KINDS: Final = (
    "text",
    "quote",
    "int",
    "number",
    "percent",
    "points",
    "money",
    "days",
    "date",
    "month",
    "flag",
)
SYMBOLS: Final = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$"}
MISSING: Final = "–"
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
ROUND: Final = "{} ({}–{})"
SQUARE: Final = "{} [{}–{}]"
SIGNED: Final = "{} [{}, {}]"  # a dash would read as a minus
ESTIMATE: Final = ("estimate", "low", "high")


def display_width(text: str) -> int:
    """Letters of a text; a Chinese character is as wide as two."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def text_language(text: str) -> str:
    """``zh`` for words of a member that hold Chinese characters, else ``en``."""
    return "zh" if _HAN.search(text) else "en"


def format_value(value: Any, kind: str, lang: str, currency: str = "") -> str:
    """`value` as text.

    Parameters
    ----------
    value
        Scalar; null becomes a dash.
    kind
        ``text``, ``quote`` (words of a member, in their own language), ``int``, ``number`` (three significant digits), ``percent`` (of a share), ``points`` (signed
        percentage points, of a difference of shares), ``money``, ``days``, ``date``, ``month`` or ``flag``.
    lang
        ``en`` or ``zh``.
    currency
        ISO code, for ``money``.

    Raises
    ------
    WhychurnError
        If `kind` is unknown.
    """
    if kind not in KINDS:
        raise WhychurnError(f"unknown format {kind!r}", remedy=f"use one of {', '.join(KINDS)}")
    if _is_missing(value):
        return MISSING
    if kind in ("text", "quote"):
        return str(value)
    if kind == "flag":
        return say("delivery.flag_yes" if bool(value) else "delivery.flag_no", lang)
    if kind in ("date", "month"):
        return pd.Timestamp(value).strftime("%Y-%m-%d" if kind == "date" else "%Y-%m")
    return _format_number(float(value), kind, lang, currency)


def format_interval(
    row: Mapping[Any, Any] | pd.Series,
    write: Callable[[float], str],
    names: tuple[str, str, str] = ESTIMATE,
    shape: str = SQUARE,
) -> str:
    """An estimate with its interval, such as ``513 (508–518)``; a missing bound is left open.

    Parameters
    ----------
    row
        Holds the estimate and its bounds under `names`.
    write
        Turns a number into text.
    shape
        `SQUARE`, `ROUND`, or another pattern of estimate, low and high.
    """
    value, low, high = (row[name] for name in names)
    if pd.isna(value):
        return MISSING
    if pd.notna(low) and pd.notna(high):
        shape = SIGNED if shape == SQUARE and low < 0 else shape
        return shape.format(write(value), write(low), write(high))
    known = f"≥{write(low)}" if pd.notna(low) else f"≤{write(high)}" if pd.notna(high) else MISSING
    return f"{write(value)} ({known})"


def kind_of(column: pd.Series) -> str:
    """Format that suits a column where the notebook names none."""
    if pd.api.types.is_bool_dtype(column):
        return "flag"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "date"
    if pd.api.types.is_integer_dtype(column):
        return "int"
    return "number" if pd.api.types.is_float_dtype(column) else "text"


def _is_missing(value: Any) -> bool:
    missing = pd.isna(value)
    return bool(missing) if isinstance(missing, bool) or getattr(missing, "ndim", 1) == 0 else False


def _format_number(value: float, kind: str, lang: str, currency: str) -> str:
    if math.isinf(value):
        return _minus("∞" if value > 0 else "-∞")
    if kind == "int":
        return _minus(f"{value:,.0f}")
    if kind == "percent":
        return _minus(f"{100 * value:.{_percent_digits(value)}f}%")
    if kind == "points":
        return say("delivery.points", lang, value=_minus(f"{100 * value:+.1f}"))
    if kind == "days":
        return say("delivery.days", lang, value=_minus(f"{value:,.0f}"))
    if kind == "money":
        return _format_money(value, lang, currency)
    return _minus(_three_digits(value))


def _percent_digits(value: float) -> int:
    return 2 if 0 < abs(value) < 0.001 else 1


def _three_digits(value: float) -> str:
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    if digits > 6:
        return f"{value:.1e}"
    return f"{value:,.{digits}f}"


def _format_money(value: float, lang: str, currency: str) -> str:
    digits = 0 if abs(value) >= 100 or value == round(value) else 2
    sign = "−" if value < 0 else ""
    number = f"{abs(value):,.{digits}f}"
    if lang == "zh" and currency == "CNY":
        return f"{sign}{number} 元"
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency}".rstrip()


def _minus(text: str) -> str:
    return text.replace("-", "−")
