"""Spellings of dates brought to few forms: digits, ``m07`` for a named month, the offset apart."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.intake.read.cells import bytes_present
from whychurn.intake.read.words.flags import NOTHING

EMPTY: Final = (
    *NOTHING, "nat", "无", "0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "00.00.0000",
)  # fmt: skip
_MONTHS: Final = {  # English, German, French, Spanish, Italian, Portuguese, Dutch
    1: "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari",
    2: "february feb februar février fevrier févr fevr febrero febbraio fevereiro fev februari",
    3: "march mar märz maerz mrz mär mars marzo março marco maart mrt",
    4: "april apr avril avr abril abr aprile",
    5: "may mai mayo maggio mag maio mei",
    6: "june jun juni juin junio giugno giu junho",
    7: "july jul juli juillet juil julio luglio lug julho",
    8: "august aug août aout agosto ago augustus",
    9: "september sep sept septembre septiembre settembre set setembro",
    10: "october oct oktober okt octobre octubre ottobre ott outubro out",
    11: "november nov novembre noviembre novembro",
    12: "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro",
}
_NUMBER_OF: Final = {name: month for month, names in _MONTHS.items() for name in names.split()}
_MONTH: Final = re.compile(
    r"(?<![a-zà-ÿ])(" + "|".join(sorted(_NUMBER_OF, key=len, reverse=True)) + r")(?![a-zà-ÿ])\.?"
)
_WEEKDAY: Final = re.compile(
    r"^(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|mo|di|mi|do|fr|sa|so|lundi|mardi|mercredi|jeudi"
    r"|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo)\b[.,]*\s*"
)
_LETTERS: Final = (
    (re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|er|º)\b"), r"\1"),
    (re.compile(r"\b(?:of|the|de|del|at|um|uhr)\b"), " "),
    (re.compile(r"\b([ap])\.\s?m\.?"), r"\1m"),
)
_NUMERALS: Final = {sign: n for n, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0}
_CHINESE: Final = (
    (re.compile(r"[(]?(?:星期|周|礼拜|週)[一二三四五六日天][)]?"), " "),
    (re.compile(r"\s+(?=[年月日号时点分秒])"), ""),
    (re.compile(r"[〇○零一二三四五六七八九十]+(?=[年月日号时点分秒])"), lambda m: _numeral(m[0])),
    (re.compile(r"^(?:民国|民國)\s*(\d{1,3})年"), lambda m: f"{int(m[1]) + 1911}年"),
    (re.compile(r"^([0-6]\d)年"), r"20\1年"),
    (re.compile(r"^([7-9]\d)年"), r"19\1年"),
    (re.compile(r"^(\d{1,2})[- ]*(\d{1,2})月[ -]+(\d{2,4})"), lambda m: f"{m[1]} m{int(m[2]):02d} {m[3]}"),
    (re.compile(r"^(\d{1,2})月 ?(\d{1,2})日?, ?(\d{4})"), lambda m: f"{m[2]} m{int(m[1]):02d} {m[3]}"),
    (re.compile(r"[年月]\s*"), "-"),
    (re.compile(r"[日号]\s*"), " "),
    (re.compile(r"[时点時點](\d)"), r":\1"),
    (re.compile(r"[时点時點]半"), ":30"),
    (re.compile(r"[时点時點]整?"), ":00"),
    (re.compile(r"分(\d)"), r":\1"),
    (re.compile(r"[分秒]"), ""),
    (re.compile(r"中午\s*(?=1[12]\b)"), " "),
    (re.compile(r"^(\S+)\s*(?:下午|晚上|傍晚|晚间|中午)\s*(?!12.*晚)(.*)$"), r"\1 \2 pm"),
    (re.compile(r"^(\S+)\s*(?:上午|凌晨|早上|清晨)\s*(.*)$"), r"\1 \2 am"),
)
_ZONES: Final = {  # those that stand for one offset alone; CST, IST and BST do not
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "cet": 60, "west": 60, "cest": 120, "eet": 120, "eest": 180, "msk": 180,
    "hkt": 480, "sgt": 480, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780, "est": -300,
    "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
}  # fmt: skip
_OFFSET: Final = re.compile(
    r"(?<=\d)(?:\s*(?P<zone>" + "|".join(_ZONES) + r"))?(?:\s*(?P<sign>[+-])(?P<h>\d{1,2}):?(?P<m>\d{2})?)?"
    r"(?:\s*[(\[].*[)\]])?(?P<year>\s\d{4})?$"
)
# of several zones: kept
_LOCAL: Final = re.compile(r"(?<=:\d\d) (?:cst|ist|bst|ast|local time)(?= \d{4}$|$)")
_DIGITS: Final = np.isin(np.arange(256), list(b"0123456789:/.- "))
_BEHIND: Final = r":\d\d(?:\.\d+)? *-"  # an offset such as -05:00
_CLOCK: Final = re.compile(r"\d:\d{2}|\d{2}t\d{2}")


@dataclass(frozen=True)
class Spelled:
    """Unique cells of a column in few forms.

    Parameters
    ----------
    text
        Lower case, trimmed, without offset; null where nothing is given.
    offset
        Minutes ahead of UTC; NaN where none is written.
    """

    text: pd.Series
    offset: np.ndarray


def spell(unique: pd.Series) -> Spelled:
    """Unique texts of a column of dates in few forms (`Spelled`)."""
    if not (bytes_present(unique) & ~_DIGITS).any() and not unique.str.contains(_BEHIND).any():
        plain = unique.str.strip()
        return Spelled(plain.mask(plain.isin(EMPTY)).astype(object), np.full(len(unique), np.nan))
    text = unique.astype(object).str.normalize("NFKC").str.lower().str.strip(" \t\r\n'\"=")
    text = text.mask(text.isin(EMPTY))
    pairs = [_one(cell) if isinstance(cell, str) else (None, np.nan) for cell in text]
    return Spelled(
        pd.Series([cell for cell, _ in pairs], dtype=object),
        np.array([offset for _, offset in pairs], "float64"),
    )


def _one(cell: str) -> tuple[str, float]:
    if not cell.isascii():
        for pattern, plain in _CHINESE:
            cell = pattern.sub(plain, cell)  # type: ignore[arg-type]
        cell = cell.strip(" -:")
    cell, offset = _without_offset(_LOCAL.sub("", cell))
    if re.search(r"[a-zà-ÿ]", cell):
        cell = re.sub(r"(?<=\d)t(?=\d)", " ", _WEEKDAY.sub("", cell))
        for pattern, plain in _LETTERS:
            cell = pattern.sub(plain, cell)
        cell = _MONTH.sub(lambda found: f"m{_NUMBER_OF[found[1]]:02d}", cell)
    return re.sub(r"\s+", " ", cell).strip(" ,"), offset


def _without_offset(cell: str) -> tuple[str, float]:
    found = _OFFSET.search(cell) if _CLOCK.search(cell) else None
    if not found or not (found["zone"] or found["sign"]):
        return cell, np.nan
    clock = cell[: found.start()]
    if not re.search(r":\d{2}(?:[.,]\d+)?$|\d{2}t\d{2}$|\dt\d{6}$", clock):
        return cell, np.nan
    minutes = float(_ZONES[found["zone"]]) if found["zone"] else 0.0
    if found["sign"]:
        ahead = int(found["h"]) * 60 + int(found["m"] or 0)
        minutes += ahead if found["sign"] == "+" else -ahead
    return clock + (found["year"] or ""), minutes


def _numeral(signs: str) -> str:
    if "十" not in signs:
        return "".join(str(_NUMERALS[sign]) for sign in signs)
    tens, _, ones = signs.partition("十")
    return str((_NUMERALS[tens] if tens else 1) * 10 + (_NUMERALS[ones] if ones else 0))
