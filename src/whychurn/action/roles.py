"""Roles of the rows of a plan, in the order in which they stand in it."""

from __future__ import annotations

from typing import Final

POLICY: Final = "policy"
EXPLORE: Final = "explore"  # drawn by lot
HELD_OUT: Final = "hold_out"
WAITS: Final = "waits"  # for an answer to an open request: neither contacted nor compared
CONTACTED: Final = (POLICY, EXPLORE)
NOT_CONTACTED: Final = (HELD_OUT, WAITS)
