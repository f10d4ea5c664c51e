"""Parameters of a call: the defaults, with what the caller gives on top."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.params.reading.problems import explain
from whychurn.contract.params.section_base import Section


def settings(over: Mapping[str, Mapping[str, Any]]) -> Params:
    """Typed parameters, sections of `over` on top of the defaults.

    Raises
    ------
    WhychurnError
        If a key is unknown, or a value of a wrong type or out of range.
    """
    try:
        return Params.model_validate(over)
    except ValidationError as error:
        told = "; ".join(explain(problem) for problem in error.errors())
        raise WhychurnError(
            told, remedy="`whychurn params` lists every key with its type and default"
        ) from None


def given(own: Section | None, over: Mapping[str, Mapping[str, Any]] | None = None) -> Params:
    """Parameters where the caller may give all, or one section.

    Parameters
    ----------
    own
        `Params`, or one of its sections such as `RiskParams`; the defaults if not given.
    over
        Single values on top, by section: arguments that have a name of their own.
    """
    params = own if isinstance(own, Params) else Params()
    if own is not None and own is not params:
        params = params.model_copy(update={_section(own): own})
    checked = settings(over or {})
    asked = {}
    for name, values in (over or {}).items():
        new = {key: getattr(getattr(checked, name), key) for key in values}
        asked[name] = getattr(params, name).model_copy(update=new)
    return params.model_copy(update=asked)


def _section(own: Section) -> str:
    """Name of the section whose type `own` has."""
    kinds = {type(getattr(Params(), name)): name for name in Params.model_fields}
    if type(own) not in kinds:
        raise WhychurnError(
            f"settings are a {type(own).__name__}",
            remedy=f"give Params(), or one of {', '.join(kind.__name__ for kind in kinds)}",
        )
    return kinds[type(own)]
