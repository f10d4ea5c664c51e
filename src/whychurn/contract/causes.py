"""The six causes of leaving, the actions aimed at them, and the rungs of the claims ladder."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from whychurn.contract.yaml_files import read_yaml

CAUSES: Final[tuple[str, ...]] = (
    "product_service", "price", "personalization", "engagement", "competition", "natural",
)  # fmt: skip
UNKNOWN: Final = "unknown"
LEAST_SAID: Final = 30  # leavers who said why that it takes to tell causes from words

# Each sentence of a report stands on one rung, weakest first.
RUNGS: Final[tuple[str, ...]] = ("described", "associated", "attributed", "caused")

CONTROL: Final = "control"  # touches.action of members who were drawn and held out
ACTIONS_FILE: Final = Path(__file__).with_name("actions.yaml")


@cache
def action_causes() -> Mapping[str, tuple[str, ...]]:
    """Known codes of touches.action and the causes that each is aimed at; none: at no cause in particular."""
    found = read_yaml(ACTIONS_FILE)
    return {
        action: tuple(causes) if isinstance(causes, list) else (causes,) if causes else ()
        for action, causes in found.items()
    }


@cache
def load_actions() -> Mapping[str, str | None]:
    """Known codes of touches.action and the one cause that each is aimed at; None: at none, or at several."""
    return {action: causes[0] if len(causes) == 1 else None for action, causes in action_causes().items()}
