"""The one place that opens params.yaml."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params.all_sections import Params
from whychurn.contract.params.intake import masked
from whychurn.contract.params.reading.problems import explain, yaml_remedy
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.yaml_files import read_yaml

FILE: Final = "params.yaml"


def load_params(study: StudyPaths, over: Mapping[str, Any] | None = None) -> Params:
    """Parameters of `study`: defaults, overridden key by key by the project's params.yaml, then the study's.

    Either file may be absent.

    Parameters
    ----------
    over
        Further overrides, as from the command line.

    Raises
    ------
    WhychurnError
        If a file is no YAML mapping, or a key has left (where it went is named), is unknown (the nearest one
        is named) or of a wrong type.
    """
    return check_params(merge(effective_values(study), over or {}), study.root / FILE)


def effective_values(study: StudyPaths) -> dict[str, Any]:
    """Every value of `study` before the check: all sections and keys are there."""
    values = merge(Params().model_dump(mode="json"), _read_yaml(PROJECT / FILE))
    if study.is_demo:
        return values
    values = merge(values, {"intake": {"source": "raw"}, "delivery": {"namespace": None}})  # each its own
    values["study"]["values"] = {}
    return merge(values, _read_yaml(study.root / FILE))


def tracked_values(study: StudyPaths) -> dict[str, Any]:
    """`effective_values` as DVC tracks them: the password of a database is left out."""
    values = effective_values(study)
    return merge(values, {"intake": {"source": masked(str(values["intake"]["source"]))}})


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
        lines = [explain(problem) for problem in error.errors()]
        remedy = "`whychurn params` lists every key with its type and default"
        raise WhychurnError("; ".join(lines), file=file, remedy=remedy) from None


def _read_yaml(path: Path) -> dict[str, Any]:
    """Content of a file of parameters; nothing where there is none."""
    if not path.exists():
        return {}
    if path.is_dir():
        raise WhychurnError("this is a folder, no file of parameters", file=path, remedy="rename it")
    try:
        values = read_yaml(path, as_written=("intake", "codes"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = ", ".join(
            line.strip() for line in masked(str(error)).replace('in "<unicode string>", ', "").splitlines()
        )
        raise WhychurnError(f"not readable as YAML: {message}", file=path, remedy=yaml_remedy(path)) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise WhychurnError(
            "parameters must be a mapping of sections", file=path, remedy="write `panel: {...}`"
        )
    # a section without a key below it is one that sets nothing
    values = {
        key: value for key, value in values.items() if value is not None or key not in Params.model_fields
    }
    texts: dict[str, Any] = _dates_as_text(values)
    return texts


def _dates_as_text(values: Any) -> Any:
    """YAML's dates as ISO text, the only form that DVC tracks."""
    if isinstance(values, dict):
        return {key: _dates_as_text(value) for key, value in values.items()}
    return values.isoformat() if isinstance(values, dt.date) else values
