"""Codes of the source in the contract's words, as `intake.codes` says."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.intake.read.cells import bytes_present, narrow, plain_cells, without_empty
from whychurn.intake.read.coerced import Coerced, Note
from whychurn.intake.read.dtypes import TEXT, as_text
from whychurn.intake.read.ids import without_point_zero
from whychurn.intake.read.words.flags import folded

_SHOWN: Final = 5  # codes named in a note
_MARKED: Final = [*range(33), *map(ord, "\"'=."), *range(0xC2, 256)]  # bytes of cells that need a look
_NUMBER: Final = r"^\d+(?:\.0+)?$"


def read_codes(column: pd.Series) -> Coerced:
    """Text of few values (region, category, plan …): 10.0 is 10 where the whole column is such numbers."""
    given = as_text(column)
    if not bytes_present(given)[_MARKED].any():
        return Coerced(without_empty(given), np.zeros(len(given), dtype=bool))
    codes, unique = pd.factorize(given, use_na_sentinel=True)
    plain = without_empty(narrow(plain_cells(pd.Series(unique).astype(TEXT))))
    notes: list[Note] = []
    known = plain.dropna()
    pointed = known.str.match(r"^\d+\.0+$").to_numpy(dtype=bool)
    if pointed.any() and known.str.match(_NUMBER).all():
        bare = without_point_zero(plain)
        rows = int(np.isin(codes, known.index[pointed]).sum())
        example = {"example": known[pointed].iloc[0], "meant": bare[known.index[pointed][0]]}
        notes, plain = [("notice_code_point_zero", {"n": rows, **example})], bare
    values = pd.Series(pd.array([*plain.tolist(), None], dtype=TEXT)).take(codes).reset_index(drop=True)
    return Coerced(values, np.zeros(len(values), dtype=bool), tuple(notes))


def recode(column: pd.Series, codes: Mapping[Any, Any]) -> Coerced:
    """Values of `column` replaced by `codes` (source value -> contract value); others stay.

    A code that stands in the table as it is written counts first. Then case, width, blanks, hyphens and
    ``.0`` do not matter, and last zeros in front, where only one code can be meant; this is told, and so are
    codes that no row has.
    """
    text = as_text(column).str.strip()
    places, unique = pd.factorize(text, use_na_sentinel=True)
    words = pd.Series(unique).astype(TEXT)
    wanted = {
        key: code_text(value) for given, value in codes.items() if (key := code_text(given)) is not None
    }
    by_key = {key: key for key in wanted}
    exact = [by_key.get(word) for word in words]
    folds = [_single(wanted, folded), _single(wanted, _without_zeros)]
    plain = [folded(words), _without_zeros(words)]
    found = list(exact)
    for fold, forms in zip(folds, plain, strict=True):
        found = [key if key is not None else fold.get(form) for key, form in zip(found, forms, strict=True)]
    new = [word if key is None else wanted[key] for key, word in zip(found, words, strict=True)]
    values = pd.Series(pd.array([*new, None], dtype=TEXT)).take(places).reset_index(drop=True)
    rows = np.bincount(places[places >= 0], minlength=len(words))
    notes = _notes(words, rows, exact, found, wanted)
    used = len({key for key in found if key is not None})
    return Coerced(values, np.zeros(len(values), dtype=bool), notes, {"codes": f"{used}/{len(wanted)}"})


def code_text(value: Any) -> str | None:
    """A code as it would stand in a table."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _without_zeros(words: pd.Series) -> pd.Series:
    return folded(words).str.replace(r"^0+(\d+)$", r"\1", regex=True)


def _single(wanted: Mapping[str, Any], fold: Any) -> dict[str, str]:
    """Folded form -> code, for forms that one code alone has."""
    keys = list(wanted)
    forms = pd.Series(fold(pd.Series(pd.array(keys, dtype=TEXT))).tolist(), index=keys)
    return {str(form): str(key) for key, form in forms[~forms.duplicated(keep=False)].items()}


def _notes(
    words: pd.Series, rows: np.ndarray, exact: list[Any], found: list[Any], wanted: Mapping[str, Any]
) -> tuple[Note, ...]:
    notes: list[Note] = []
    other = [n for n, key in enumerate(found) if key is not None and exact[n] is None]
    if other:
        values = {"n": int(rows[other].sum()), "example": words[other[0]], "code": found[other[0]]}
        notes.append(("notice_code_form", values))
    unused = [key for key in wanted if key not in found]
    if unused:
        frequent = [str(words[n]) for n in np.argsort(-rows)[:_SHOWN] if found[n] is None]
        shown = {"codes": ", ".join(unused[:_SHOWN]), "n": len(unused)}
        notes.append(("notice_code_unused", {**shown, "words": ", ".join(frequent) or "–"}))
    return tuple(notes)
