"""What every method is put beside: the true shares, the commonest cause, the ceiling, the simulator itself."""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.contract.causes import CAUSES

PRIOR: Final = "prior"
MAJORITY: Final = "majority"
CEILING: Final = "ceiling"
ORACLE: Final = "oracle"
BASELINES: Final = (MAJORITY, PRIOR, CEILING, ORACLE)


def baseline_probabilities(
    y: np.ndarray, oracle: np.ndarray, ceiling: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Probabilities of the baselines for leavings with drawn causes `y` (n,); each (n, 6).

    Parameters
    ----------
    oracle
        Simulator's own posterior; (n, 6).
    ceiling
        As `ceiling.fit_ceiling` returns it; absent where None.
    """
    shares = np.bincount(y, minlength=len(CAUSES)) / max(len(y), 1)
    most = np.zeros(len(CAUSES))
    most[shares.argmax()] = 1
    found = {MAJORITY: np.tile(most, (len(y), 1)), PRIOR: np.tile(shares, (len(y), 1))}
    if ceiling is not None:
        found[CEILING] = ceiling
    return found | {ORACLE: oracle}
