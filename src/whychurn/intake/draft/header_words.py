"""How well a header fits a column of the contract, by its words."""

import difflib
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

from whychurn.contract.snapshot.leaving_words import is_named, tenure_unit
from whychurn.contract.tables import SNAPSHOT
from whychurn.contract.yaml_files import read_yaml

EXACT: Final = 1.0
WEAK: Final = 0.6  # "id", "name", "date": right where nothing better is there
WITHIN: Final = 0.8  # "customer id" within "shopify customer id"
TYPO: Final = 0.7
_NEAR: Final = 0.88  # similarity from which a header is taken for a misspelling
_SNAPSHOT_NAMES: Final = {"member_id": "id_names", "left": "left_names", "reason": "reason_names"}
_HAN: Final = re.compile(r"[\u3400-\u9fff]")


def normalised(name: str) -> str:
    """Words of a header: full width made narrow, camelCase and signs split, lower case, one space between."""
    text = unicodedata.normalize("NFKC", str(name))
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.sub(r"[\W_]+", " ", text).strip().casefold()


@cache
def _words() -> dict[str, Any]:
    return read_yaml(Path(__file__).with_name("column_words.yaml"))


def column_score(table: str, column: str, header: str) -> float:
    """Between 0 (no word in common) and 1 (a known name of ``table.column``)."""
    if table == SNAPSHOT and column == "tenure":
        return EXACT if tenure_unit(header) else 0.0
    if table == SNAPSHOT and column in _SNAPSHOT_NAMES:  # the words by which such a table is known
        return EXACT if is_named(header, _SNAPSHOT_NAMES[column]) else 0.0
    name = normalised(header)
    if name in (normalised(column), normalised(f"{table} {column}")):
        return EXACT
    best = 0.0
    for entry in _words()["columns"].get(table, {}).get(column, ()):
        weak, word = str(entry).startswith("~"), normalised(str(entry).lstrip("~"))
        fit = _fit(name, word, weak)
        best = max(best, fit * WEAK if weak else fit)
    return best


def table_score(table: str, stem: str) -> float:
    """Between 0 and 1: how well the name of a file (without its ending) fits `table`."""
    name = normalised(stem)
    if name == table:
        return EXACT
    return max(
        (_fit(name, normalised(word), False) for word in _words()["tables"].get(table, ())), default=0.0
    )


def _fit(name: str, word: str, weak: bool) -> float:
    if name == word:
        return EXACT
    if weak:  # a short word fits alone only
        return 0.0
    if _HAN.search(word):
        return WITHIN * len(word) / len(name) if word in name and len(word) > 1 else 0.0
    if f" {word} " in f" {name} ":
        return WITHIN if " " in word else WITHIN * (0.5 + 0.5 / len(name.split()))
    if len(word) > 5 and difflib.SequenceMatcher(None, name, word).ratio() > _NEAR:
        return TYPO
    return 0.0


def constant_of(table: str, column: str, stem: str) -> str | None:
    """Value that the name of the file gives to a column that it lacks; None where it says nothing."""
    values = _words()["constants"].get(f"{table}.{column}", {})
    name = normalised(stem)
    return next((value for word, value in values.items() if word == "*" or word in name), None)
