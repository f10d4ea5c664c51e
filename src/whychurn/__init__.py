"""whychurn answers one question: why do members leave, and what would keep them?

The names below are all that a notebook needs; each is loaded when it is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from whychurn.api.causes import attribute as attribute
    from whychurn.api.lifetime import lifetime_value as lifetime_value
    from whychurn.api.members import churners as churners
    from whychurn.api.members import panel as panel
    from whychurn.api.members import spells as spells
    from whychurn.api.risk import risk as risk
    from whychurn.api.score import bench as bench
    from whychurn.api.score import bench_score as bench_score
    from whychurn.api.score import score as score
    from whychurn.api.simulated import simulate as simulate
    from whychurn.api.study.opened import Study as Study
    from whychurn.api.study.opened import open as open
    from whychurn.api.survival import cumulative_incidence as cumulative_incidence
    from whychurn.api.survival import hazard_ratios as hazard_ratios
    from whychurn.api.survival import kaplan_meier as kaplan_meier
    from whychurn.api.tables import load as load
    from whychurn.api.texts import read_texts as read_texts
    from whychurn.api.texts import topics as topics

_HOMES: Final = {
    "Study": "study.opened",
    "attribute": "causes",
    "bench": "score",
    "bench_score": "score",
    "churners": "members",
    "cumulative_incidence": "survival",
    "hazard_ratios": "survival",
    "kaplan_meier": "survival",
    "lifetime_value": "lifetime",
    "load": "tables",
    "open": "study.opened",
    "panel": "members",
    "read_texts": "texts",
    "risk": "risk",
    "score": "score",
    "simulate": "simulated",
    "spells": "members",
    "topics": "texts",
}
__all__ = [
    "Study", "attribute", "bench", "bench_score", "churners", "cumulative_incidence", "hazard_ratios", "kaplan_meier", "lifetime_value", "load",
    "open", "panel", "read_texts", "risk", "score", "simulate", "spells", "topics",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.api.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _FrontDoor(ModuleType):
    """The package; its folders panel, risk and score do not hide the functions of the same name."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _FrontDoor
