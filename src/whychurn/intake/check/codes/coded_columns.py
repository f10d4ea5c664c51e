"""Columns of codes: which values the contract knows, and what the others may mean."""

import difflib
import re
from functools import cache
from pathlib import Path
from typing import Final

import pandas as pd

from whychurn import contract
from whychurn.contract.causes import CAUSES, load_actions
from whychurn.contract.tables import CHANNELS, EVENT_TYPES, TABLES
from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.read.dtypes import TEXT

OPEN: Final = {  # columns whose codes the contract knows without forbidding others
    "events.event_type": EVENT_TYPES,
    "surveys.reason": (*CAUSES, "other", "unknown"),
    "touches.action": tuple(load_actions()),
    "touches.channel": CHANNELS,
}
CODED: Final = (
    *OPEN,
    *(
        f"{table}.{name}"
        for table, spec in TABLES.items()
        for name, field in spec.fields.items()
        if field.choices
    ),
)
_CLOSE: Final = 0.8
_SUB_CAUSE: Final = re.compile(rf"^(?:{'|'.join(CAUSES)})/")


def known_codes(column: str) -> tuple[str, ...]:
    """Codes of `column` (``table.column``); empty where it has none."""
    table, _, name = column.partition(".")
    return OPEN.get(column) or TABLES[table].fields[name].choices or ()


def plain_codes(column: str, values: pd.Series) -> pd.Series:
    """`values` with those that are a code but for case, spaces or signs written as the code: Push Sent, check-in."""
    codes = known_codes(column)
    if not codes:
        return values
    by_letters = {_letters(code): code for code in codes}
    given = pd.Series(values.dropna().unique(), dtype=TEXT)
    replace = {
        value: code
        for value in given
        if (code := by_letters.get(_letters(value))) is not None and code != value
    }
    if not replace:
        return values
    return values.where(~values.isin(list(replace)), values.astype(object).map(replace).astype(TEXT))


def is_known(column: str, values: pd.Series) -> pd.Series:
    """Whether each of `values` is a code of `column`, a sub-cause such as price/rise included."""
    known = values.isin(known_codes(column)).astype(bool)
    return known | values.str.match(_SUB_CAUSE).fillna(False) if column == "surveys.reason" else known


def nearest_code(column: str, value: str) -> str | None:
    """The code that `value` probably means: by its words (``code_words.yaml``), else by its letters."""
    text = " ".join(re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value)).split()).casefold()
    for code, words in _words().get(column, {}).items():
        if any(word in text for word in words):
            return code
    near = difflib.get_close_matches(text.replace(" ", "_"), known_codes(column), n=1, cutoff=_CLOSE)
    return near[0] if near else None


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = read_yaml(Path(contract.__file__).with_name("code_words.yaml"))
    return found


def _letters(value: str) -> str:
    return re.sub(r"[\W_]+", "", value).casefold()
