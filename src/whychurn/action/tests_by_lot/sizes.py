"""How many members the next test needs, and how long that takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.arrays import Array
from whychurn.contract.results import columns_of, empty_table, typed

DESIGNS: Final = ("plain", "adjusted", "cause_informed", "enriched")
POWER: Final = 0.8
LEVEL: Final = 0.05
EVERY_WEEKS: Final = 4  # from one draw to the next; nobody is drawn twice in one
CONTROL_SHARE: Final = 0.30  # of each draw, shared by all its actions
TOP: Final = (
    0.25  # share of members, those whom the action should help most, that an enriched test draws from
)
BELIEF: Final = 0.35  # share of its cause's hazard that an untested action is believed to remove
UNMATCHED: Final = 0.10  # relative effect to look for where an action is aimed at no cause


def members_an_arm(p0: float, relative: float, power: float = POWER, ratio: float = 1.0) -> float:
    """Members of the treated arm that find a change of the chance to leave; infinite where there is none to find.

    Parameters
    ----------
    p0
        Chance to leave of those held out.
    relative
        Change to be found as a share of `p0`, either sign.
    ratio
        Members held out for one treated.

    Notes
    -----
    Two-sided at 5 %, unpooled normal approximation: n = (z_a + z_b)^2 (p1 q1 + p0 q0 / ratio) / (p1 - p0)^2.
    """
    p1 = p0 * (1 - relative)
    if not 0 < p0 < 1 or relative == 0 or not 0 <= p1 <= 1:
        return float("inf")
    z = float(stats.norm.ppf(1 - LEVEL / 2) + stats.norm.ppf(power))
    return z**2 * (p1 * (1 - p1) + p0 * (1 - p0) / ratio) / (p1 - p0) ** 2


def rescaled(members: float, power: float) -> float:
    """Members needed for another power than `POWER`."""
    new, old = (float(stats.norm.ppf(1 - LEVEL / 2) + stats.norm.ppf(one)) for one in (power, POWER))
    return members * (new / old) ** 2


def size_table(
    p: Array, mix: Mapping[str, Array], actions: Mapping[str, float], arms: int, variance_saved: float
) -> pd.DataFrame:
    """Table ``action_sizes``.

    Parameters
    ----------
    p
        Chance to leave untouched of the members who can be drawn; (m,).
    mix
        Action -> chance that a leaving is from a cause that it is aimed at; (m,). Actions without stand with designs
        ``plain`` and ``adjusted`` only.
    actions
        Action -> believed share of its causes' hazard that it removes; without mix, the relative effect itself.
    arms
        Actions that share one control.
    variance_saved
        Share of the variance that the adjustment removed in the tests so far.
    """
    if not len(p) or not actions:
        return empty_table(columns_of("action_sizes"))
    rows = []
    for action, efficacy in sorted(actions.items()):
        for design in DESIGNS:
            sized = _sized(design, p, mix.get(action), efficacy, arms, variance_saved)
            if sized is not None:
                rows.append({"action": action, "design": design, "power": POWER, "arms": arms, **sized})
    return typed(pd.DataFrame(rows)[columns_of("action_sizes")])


def _sized(
    design: str, p: Array, mix: Array | None, efficacy: float, arms: int, variance_saved: float
) -> dict[str, float] | None:
    """Sizes of one design; None where it cannot be planned."""
    effect = p * (efficacy if mix is None else efficacy * mix)  # change of each member's chance
    factor = 1.0 if design == "plain" else 1 - variance_saved
    members = len(p)
    if design in ("cause_informed", "enriched") and (mix is None or np.ptp(mix) == 0):
        return None
    if design == "cause_informed":
        variance = p * (1 - p)  # effect over variance is the best weight of a row (Cauchy-Schwarz)
        plain = float(p.mean() * (1 - p.mean()))
        factor = float(effect.mean() ** 2 / (plain * (effect**2 / variance).mean()))
    if design == "enriched":
        best = np.argsort(-effect, kind="stable")[: max(int(TOP * members), 1)]
        p, effect, members = p[best], effect[best], len(best)
    p0 = float(p.mean())
    relative = float(effect.mean()) / p0
    ratio = CONTROL_SHARE / (1 - CONTROL_SHARE) * arms
    n = factor * members_an_arm(p0, relative, POWER, ratio)
    if not np.isfinite(n):
        return None
    draws = max(np.ceil((arms * n + ratio * n) / members), 1.0)
    return {"p0": p0, "relative": relative, "n_arm": float(np.ceil(n)), "n_control": float(np.ceil(ratio * n)),
            "weeks": EVERY_WEEKS * float(draws)}  # fmt: skip
