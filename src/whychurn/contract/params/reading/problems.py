"""What is wrong with a file of parameters, in words: a retired key, a misspelt one, a wrong value."""

import difflib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from whychurn.contract.params.all_sections import Params
from whychurn.contract.params.intake import masked
from whychurn.contract.yaml_files import read_yaml

RETIRED: Final = Path(__file__).with_name("retired.yaml")
COMMENT: Final = re.compile(r"(^|\s)#.*")


@cache
def retired_keys() -> dict[str, str]:
    """Keys that have left, and where each went."""
    return dict(read_yaml(RETIRED))


def explain(problem: Mapping[str, Any]) -> str:
    """One sentence for one of pydantic's problems.

    Parameters
    ----------
    problem
        Entry of `ValidationError.errors()`: loc, type, msg, input.
    """
    where = [str(part) for part in problem["loc"]]
    key = ".".join(where)
    if problem["type"] == "value_error":
        return f"{key}: {problem['ctx']['error']}"
    if problem["type"] != "extra_forbidden":
        return f"{key}: {problem['msg'].lower()} (got {masked(repr(problem['input']))})"
    if left := [old for old in _keys_below(key, problem["input"]) if old in retired_keys()]:
        return "; ".join(f"{old!r} is no parameter any more: {retired_keys()[old]}" for old in left)
    near = difflib.get_close_matches(where[-1], _known_keys(where[:-1]), n=1, cutoff=0.0)
    return f"unknown key {key!r}; the nearest known key is {'.'.join([*where[:-1], *near])!r}"


def yaml_remedy(path: Path) -> str:
    """What to mend in a file that YAML does not read: the slips that editors and keyboards bring come first."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return "save the file as UTF-8"
    lines = enumerate(text.splitlines(), start=1)
    for number, line in lines:
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return f"line {number} begins with a tab: YAML takes spaces alone"
        before, colon, _ = COMMENT.sub("", line).partition("：")
        if colon and ": " not in before:  # after a key it is part of the value
            return f"line {number} holds a full-width colon (：): write : and a space"
    return "mend the line that is named; texts with : or # in them need quotes"


def _keys_below(key: str, value: Any) -> list[str]:
    """`key`, and with a mapping below it each of its keys."""
    below = value.items() if isinstance(value, Mapping) else ()
    return [key, *(name for part, content in below for name in _keys_below(f"{key}.{part}", content))]


def _known_keys(section: list[str]) -> list[str]:
    model: type[BaseModel] = Params
    for part in section:
        kind = model.model_fields[part].annotation
        if not isinstance(kind, type) or not issubclass(kind, BaseModel):
            return []
        model = kind
    return list(model.model_fields)
