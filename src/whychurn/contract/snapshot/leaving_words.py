"""Words of tables that say who left (``leaving_words.yaml``): names of columns, values of cells."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

from whychurn.contract.yaml_files import read_yaml

FILE: Final = Path(__file__).with_name("leaving_words.yaml")
UNITS: Final = ("months", "days", "years")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def plain_name(column: str) -> str:
    """Name of a column in lower case, its words apart: ``ChurnFlag`` is ``churn flag``."""
    plain = unicodedata.normalize("NFKC", _CAMEL.sub(" ", column)).casefold()
    return " ".join(re.split(r"[\s_\-./]+", plain)).strip()


def is_named(column: str, kind: str) -> bool:
    """Whether the whole name of `column` is one of `kind`, such as ``left_names``."""
    return any(pattern.fullmatch(plain_name(column)) for pattern in _patterns(kind))


def holds_word(column: str, kind: str) -> bool:
    """Whether a part of the name of `column` is one of `kind`: known_after_leaving, suspect_after_leaving."""
    return any(pattern.search(plain_name(column)) for pattern in _patterns(kind))


def tenure_unit(column: str) -> str | None:
    """``months``, ``days`` or ``years`` where the name of `column` says a tenure in it; else None."""
    for unit in UNITS:
        if any(re.fullmatch(pattern, plain_name(column)) for pattern in _words()["tenure_names"][unit]):
            return unit
    return None


@cache
def cell_words() -> dict[str, bool]:
    """What a cell says, in lower case: True left, False stayed. Yes and no are not among them."""
    left, stayed = (_words()[f"{kind}_values"] for kind in ("left", "stayed"))
    return dict.fromkeys(left, True) | dict.fromkeys(stayed, False)


@cache
def answer_words() -> dict[str, bool]:
    """Yes (True) and no (False), in lower case."""
    return dict.fromkeys(_words()["yes_values"], True) | dict.fromkeys(_words()["no_values"], False)


@cache
def _patterns(kind: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in _words()[kind])


@cache
def _words() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(FILE)
    return found
