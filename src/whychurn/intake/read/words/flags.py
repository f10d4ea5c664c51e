"""Yes and no in words of both languages."""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.read.cells import narrow, plain_cells
from whychurn.intake.read.coerced import Coerced, Reading
from whychurn.intake.read.dtypes import TEXT, as_text
from whychurn.intake.read.ids import without_point_zero

NOTHING: Final = ("", "null", "none", "nan", "n/a", "na", "#n/a", "-", "--", "\\n", "<na>", "空", "nil")
_APART: Final = r"[\s_\-]+"  # opt-in, opt_in and "opt in" are one word


def read_flags(column: pd.Series, reading: Reading) -> Coerced:
    """Flags of a column in a standard dtype; words that are no yes and no no are bad.

    Parameters
    ----------
    reading
        Its `column` chooses the words of that column beside those that hold everywhere.
    """
    if pd.api.types.is_bool_dtype(column.dtype):
        return Coerced(column.astype("boolean"), np.zeros(len(column), dtype=bool))
    codes, unique = pd.factorize(as_text(column), use_na_sentinel=True)
    words = folded(pd.Series(unique).astype(TEXT))
    known = flag_words(reading.column.partition(".")[2])
    meaning = np.array([known.get(word, -1) for word in words], dtype="int8")
    empty = np.array([word in NOTHING and word not in known for word in words], dtype=bool)
    of_cell = np.append(meaning, np.int8(-1))[codes]
    values = pd.Series(pd.arrays.BooleanArray(of_cell == 1, of_cell < 0))
    return Coerced(values, (of_cell < 0) & ~np.append(empty, True)[codes])


def folded(words: pd.Series) -> pd.Series:
    """Words without case, width, blanks around and ``.0``; blanks, hyphens and low lines within are one."""
    plain = without_point_zero(narrow(plain_cells(words))).str.lower()
    inner = plain.str.replace(_APART, " ", regex=True).str.strip()
    return inner.where((inner != "").to_numpy(dtype=bool, na_value=False), plain)


@cache
def flag_words(column: str) -> dict[str, int]:
    """Word -> 1 (yes) or 0 (no), for a flag of the contract by its name."""
    words = read_yaml(Path(__file__).with_name("flag_words.yaml"))
    known: dict[str, int] = {}
    for group in ("any", column):
        for name, value in (("yes", 1), ("no", 0)):
            known |= dict.fromkeys(map(str, words.get(group, {}).get(name, ())), value)
    return known
