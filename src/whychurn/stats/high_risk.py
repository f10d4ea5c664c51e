"""From which chance on a member counts as at high risk."""

from typing import Final

from whychurn.contract.arrays import Array

TIMES_THE_MEAN: Final = 2.0  # of the mean chance, where no threshold is set
MOST: Final = 0.5  # who is likelier to leave than to stay is at high risk wherever that is


def high_risk_from(p: Array, setting: float | str) -> float:
    """The threshold of `business.high_risk`; ``auto``: twice the mean chance, at most one half.

    Parameters
    ----------
    p
        Chances to leave of the members scored; (n,).
    """
    if not isinstance(setting, str):
        return float(setting)
    return min(MOST, TIMES_THE_MEAN * float(p.mean())) if len(p) else MOST
