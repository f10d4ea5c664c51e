"""How long a dose lasts, and what it adds to the hazard: the memories and shapes of the mechanisms."""

from typing import Final

import numpy as np

from whychurn.world.setting.mechanism import Memory

SATURATES: Final = 0.5  # of the mean dose of those exposed: where a saturating dose has 63 % of its effect


def remembered(count: np.ndarray, half_life: float, memory: Memory) -> np.ndarray:
    """What members still feel of the counts so far; (weeks, n)."""
    if memory.kind == "fading":
        return decayed(count, half_life * memory.factor)
    total = np.cumsum(count, axis=0, dtype="float32")
    if memory.kind == "last_weeks":
        total[memory.weeks :] -= total[: -memory.weeks].copy()
        total = np.maximum(total, 0)  # a difference of float32 sums may end just below
    return total


def decayed(count: np.ndarray, half_life: float) -> np.ndarray:
    """Sum of the counts so far, each week's part halved every `half_life` weeks."""
    remains = np.float32(0.5 ** (1 / half_life))
    sums = np.empty(count.shape, dtype="float32")
    level = np.zeros(count.shape[1], dtype="float32")
    for week, current in enumerate(count):
        level = level * remains + current
        sums[week] = level
    return sums


def shaped(dose: np.ndarray, shape: str, usual: float) -> np.ndarray:
    """Effect of a dose in units of `usual`, the mean dose of those exposed: zero at zero, never falling."""
    relative = dose / np.float32(usual)
    if shape == "step":
        return (relative >= 1).astype("float32")
    if shape == "saturating":
        return -np.expm1(-relative / np.float32(SATURATES))
    return relative**2 if shape == "steep" else relative
