"""Every parameter with its type, default and meaning, read from the classes.

python -m whychurn.contract.params.reference    # writes REFERENCE.md anew
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from whychurn.contract.files import write_whole
from whychurn.contract.params.all_sections import Params

PAGE: Final = Path(__file__).with_name("REFERENCE.md")
HEAD: Final = """# Parameters

Everything that a study may set in its `params.yaml`, made from the classes in this folder
(`python -m whychurn.contract.params.reference`). `whychurn params` prints the same. Retired keys:
`reading/retired.yaml`.
"""
BOUNDS: Final = {"ge": ">= {}", "gt": "> {}", "le": "<= {}", "lt": "< {}"}


@dataclass(frozen=True)
class Entry:
    """One parameter: dotted key, type with its bounds, default as YAML reads it, meaning."""

    key: str
    kind: str
    default: str
    meaning: str


def entries(section: str | None = None) -> list[Entry]:
    """All parameters, or those of one section, in the order of the classes."""
    all_entries = _entries(Params, Params().model_dump(mode="json"), "")
    return [entry for entry in all_entries if section is None or entry.key.split(".")[0] == section]


def reference_page() -> str:
    """Content of REFERENCE.md: a table for each section."""
    parts = [HEAD]
    for name, field in Params.model_fields.items():
        kind = field.annotation
        assert isinstance(kind, type)
        parts.append(f"## {name}\n\n{kind.__doc__}\n")
        rows = [
            f"| `{one.key}` | {_cell(one.kind)} | `{_cell(one.default)}` | {_cell(one.meaning)} |"
            for one in entries(name)
        ]
        parts.append("\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _entries(model: type[BaseModel], values: dict[str, Any], prefix: str) -> Iterator[Entry]:
    for name, field in model.model_fields.items():
        kind, key = field.annotation, f"{prefix}{name}"
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _entries(kind, values[name], f"{key}.")
        else:
            default = json.dumps(values[name], ensure_ascii=False)
            yield Entry(key, _kind(field), default, " ".join((field.description or "").split()))


def _kind(field: FieldInfo) -> str:
    """Type and bounds of a field, such as ``int >= 1``."""
    bounds = [
        words.format(getattr(part, name))
        for part in field.metadata
        for name, words in BOUNDS.items()
        if getattr(part, name, None) is not None
    ]
    return " ".join([_type_name(field.annotation), *([", ".join(bounds)] if bounds else [])])


def _type_name(kind: Any) -> str:
    """A type in words; choices by their values."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(map(str, parts))
    if origin is Annotated:
        return _type_name(parts[0])
    if origin in (Union, UnionType):
        return " or ".join(map(_type_name, parts))
    if origin is list:
        return f"list of {_type_name(parts[0])}"
    if origin is dict:
        return f"map of {_type_name(parts[0])} to {_type_name(parts[1])}"
    name = str(kind.__name__)
    return {"NoneType": "null", "str": "text"}.get(name, name)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    with write_whole(PAGE) as temporary:
        temporary.write_text(reference_page(), encoding="utf-8")
