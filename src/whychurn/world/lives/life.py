"""When a member decided to leave, left, and came back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Life:
    """When members of a block leave, return and leave again; days, `NOT` where it never happens in the window.

    Parameters
    ----------
    decided, left
        Day of the (first) decision, day on which leaving takes effect (without terms the same day).
    returned
        Day of coming back.
    decided_again, left_again
        The same for the second life.
    """

    decided: np.ndarray
    left: np.ndarray
    returned: np.ndarray
    decided_again: np.ndarray
    left_again: np.ndarray
