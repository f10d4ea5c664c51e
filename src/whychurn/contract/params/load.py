"""The one place that opens params.yaml."""

from __future__ import annotations

import datetime as dt
import difflib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ValidationError

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params.sections import Params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.yaml_files import read_yaml

FILE: Final = "params.yaml"


def load_params(study: StudyPaths, over: Mapping[str, Any] | None = None) -> Params:
    """Parameters of `study`: the project's params.yaml, single keys overridden by the study's own.

    Parameters
    ----------
    over
        Further overrides, as from the command line.

    Raises
    ------
    WhychurnError
        If a file is no YAML mapping, or a key is unknown (the nearest one is named) or of a wrong type.
    """
    return check_params(merge(effective_values(study), over or {}), study.root / FILE)


def effective_values(study: StudyPaths) -> dict[str, Any]:
    """Merged values before the check, as DVC tracks them for a study."""
    values = _read_yaml(PROJECT / FILE)
    if study.is_demo:
        return values
    own = study.root / FILE
    values["intake"]["source"] = "raw"
    return merge(values, _read_yaml(own)) if own.exists() else values


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the keys of `over` on top, nested mappings key by key; neither is changed."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def check_params(values: Mapping[str, Any], file: Path) -> Params:
    """Typed, frozen parameters from `values`; `file` is named in errors."""
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        lines = [_explain(problem) for problem in error.errors()]
        raise WhychurnError(
            "; ".join(lines), file=file, remedy="compare with the project's params.yaml"
        ) from None


def _explain(problem: Any) -> str:
    where = [str(part) for part in problem["loc"]]
    key = ".".join(where)
    if problem["type"] != "extra_forbidden":
        return f"{key}: {problem['msg'].lower()} (got {problem['input']!r})"
    near = difflib.get_close_matches(where[-1], _known_keys(where[:-1]), n=1, cutoff=0.0)
    return f"unknown key {key!r}; the nearest known key is {'.'.join([*where[:-1], *near])!r}"


def _known_keys(section: list[str]) -> list[str]:
    model: type[BaseModel] = Params
    for part in section:
        kind = model.model_fields[part].annotation
        if not isinstance(kind, type) or isinstance(kind, types.GenericAlias):
            return []
        model = kind
    return list(model.model_fields)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = read_yaml(path)
    except FileNotFoundError:
        raise WhychurnError("parameters are missing", file=path, remedy="restore params.yaml") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WhychurnError(
            f"not readable as YAML: {error}", file=path, remedy="mend the YAML (UTF-8)"
        ) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise WhychurnError(
            "parameters must be a mapping of sections", file=path, remedy="write `panel: {...}`"
        )
    return _dates_as_text(values)


def _dates_as_text(values: Any) -> Any:
    """YAML's dates as ISO text, the only form that DVC tracks."""
    if isinstance(values, dict):
        return {key: _dates_as_text(value) for key, value in values.items()}
    return values.isoformat() if isinstance(values, dt.date) else values
