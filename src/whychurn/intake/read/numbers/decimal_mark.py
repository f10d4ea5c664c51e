"""Which of point and comma is the decimal mark of a column."""

import re
from typing import Final

import numpy as np
import pandas as pd

from whychurn.intake.read.coerced import Note, Reading

_FEW: Final = 0.01  # a share of proofs so small is taken for slips
_MARKS: Final = {"point": ".", "comma": ","}
_THOUSANDS: Final = r"[1-9]\d{0,2}(?:%(g)s\d{3})+"
_GROUPED: Final = {
    mark: re.compile(
        rf"^(?:\d+|{_THOUSANDS % {'g': other}}|{_THOUSANDS % {'g': ' '}}|{_THOUSANDS % {'g': chr(39)}}"
        + (r"|[1-9]\d?(?:,\d{2})+,\d{3}|[1-9]\d{0,3}(?:,\d{4})+)$" if mark == "point" else ")$")
    )  # with a decimal point also groups of India and of 万
    for mark, other in (("point", ","), ("comma", r"\."))
}
_SCIENTIFIC: Final = re.compile(r"^\d+(?:\.\d*)?[eE][+-]?\d{1,3}$")


def choose_mark(
    bodies: pd.Series, text: pd.Series, counts: np.ndarray, reading: Reading
) -> tuple[np.ndarray, dict[str, str], list[Note]]:
    """Values of `bodies` (unique, without sign and currency), the decimal mark, and what is to be said.

    A body that only one mark explains proves that mark. What both explain, differently, follows the proofs;
    without any, a comma before three digits counts as one of thousands, which is told, and a point must be
    decided.

    Parameters
    ----------
    bodies, text
        Unique values, null where they are none; the same as they were written.
    counts
        Rows of each.
    """
    by_mark = {mark: np.array([read_body(body, mark) for body in bodies], dtype="float64") for mark in _MARKS}
    point, comma = by_mark["point"], by_mark["comma"]
    if reading.decimal:
        return by_mark[reading.decimal], {"decimal": reading.decimal}, []
    both = ~np.isnan(point) & ~np.isnan(comma)
    doubtful = both & (point != comma)
    rows = {
        "point": int(counts[~np.isnan(point) & np.isnan(comma) & _marked(bodies)].sum()),
        "comma": int(counts[np.isnan(point) & ~np.isnan(comma)].sum()),
    }
    proven, total = max(rows, key=lambda mark: rows[mark]), sum(rows.values())
    values = np.where(np.isnan(point), comma, point)
    one_sided = total and rows[proven] >= (1 - _FEW) * total
    if one_sided:
        values = np.where(np.isnan(by_mark[proven]), values, by_mark[proven])
    notes: list[Note] = []
    if total and min(rows.values()):
        examples = {mark: text[int(np.argmax(_only(by_mark, mark)))] for mark in _MARKS}
        notes.append(("notice_decimal_mixed", {**rows, "one": examples["point"], "two": examples["comma"]}))
    if doubtful.any() and not one_sided:
        key, mark = _without_proof(bodies, doubtful, counts, reading, bool(total))
        notes.append((key, _doubt(text, doubtful, counts, by_mark)))
        return values, {"decimal": mark}, notes
    return values, {"decimal": proven} if total else {}, notes


def read_body(body: str | None, mark: str) -> float:
    """Digits with `mark` (point, comma) as the decimal mark; NaN where they are no such number.

    Thousands stand in groups of three (by the other mark, blanks or apostrophes), of India's two and three, or of four.
    """
    if body is None:
        return np.nan
    if _SCIENTIFIC.match(body):
        return float(body) if mark == "point" else np.nan
    whole, _, decimals = body.partition(_MARKS[mark])
    if (decimals and not decimals.isascii()) or not re.fullmatch(r"\d*", decimals) or not (whole or decimals):
        return np.nan
    if whole and not _GROUPED[mark].match(whole):
        return np.nan
    return float(f"{re.sub(r'[^0-9]', '', whole) or '0'}.{decimals or '0'}")


def _marked(bodies: pd.Series) -> np.ndarray:
    return bodies.astype(object).str.contains(r"[.,]", regex=True).to_numpy(dtype=bool, na_value=False)


def _only(by_mark: dict[str, np.ndarray], mark: str) -> np.ndarray:
    other = next(name for name in by_mark if name != mark)
    return ~np.isnan(by_mark[mark]) & np.isnan(by_mark[other])


def _without_proof(
    bodies: pd.Series, doubtful: np.ndarray, counts: np.ndarray, reading: Reading, contrary: bool
) -> tuple[str, str]:
    given = int(counts[bodies.notna().to_numpy()].sum())
    few = reading.few(int(counts[doubtful].sum()), given)
    commas = not bodies[doubtful].str.contains(".", regex=False).any()
    if few or (commas and not contrary):
        return "notice_decimal_assumed", "point?"
    return "decide_decimal", "?"


def _doubt(
    text: pd.Series, doubtful: np.ndarray, counts: np.ndarray, by_mark: dict[str, np.ndarray]
) -> dict[str, object]:
    first = int(np.argmax(doubtful))
    shown = {mark: f"{values[first]:.12g}" for mark, values in by_mark.items()}
    return {"n": int(counts[doubtful].sum()), "example": text[first], **shown}
