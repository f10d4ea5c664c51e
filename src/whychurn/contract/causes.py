"""The six causes of leaving, and the rungs of the claims ladder."""

from __future__ import annotations

from typing import Final

CAUSES: Final[tuple[str, ...]] = (
    "product_service",
    "price",
    "personalization",
    "engagement",
    "competition",
    "natural",
)
UNKNOWN: Final = "unknown"

# Each sentence of a report stands on one rung, weakest first.
RUNGS: Final[tuple[str, ...]] = ("described", "associated", "attributed", "caused")
