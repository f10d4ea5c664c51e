"""Arms of randomised campaigns: an action and the members held out of the same draw, and whether their sizes fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.action.tests_by_lot.as_drawn.chances import ALL
from whychurn.causes.touches.randomised_arms import TOLERANCE, arm_chances
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL

CONTACTED: Final = (
    "contacted"  # all who were contacted, where a plan chose the action and the lot only who is held out
)
MISMATCH: Final = 0.001  # arms as uneven as in one draw of a thousand: not as drawn


@dataclass(frozen=True)
class Arms:
    """One action of one campaign, and the members held out of it.

    Parameters
    ----------
    campaign_id, action
        What was compared; `CONTACTED` for all contacted together.
    rows
        Rows of both, as `touch_rows` gives them.
    treated
        Which of them were drawn for the action; (n,).
    weight
        Mean chance of the arm over the row's own: one where all had the same chance; (n,).
    chance
        Chance of the action among the two; (n,).
    note
        no_control or only_control where there is nothing to compare, else empty.
    """

    campaign_id: str
    action: str
    rows: pd.DataFrame
    treated: Array
    weight: Array
    chance: Array
    note: str = ""

    @property
    def stratum(self) -> Array:
        """Stratum of the draw; (n,)."""
        return self.rows["stratum"].astype(str).to_numpy()


def all_arms(rows: pd.DataFrame) -> Iterator[Arms]:
    """Every action of every randomised campaign, campaigns in order of their draw.

    Where the chances of the actions add up to more than one, they were not drawn against each other: a plan chose
    the action and the lot only who was held out. All contacted are then one arm.
    """
    lot = rows[rows["randomized"].to_numpy(bool)]
    for _, here in lot.groupby(["wave", "campaign_id"], sort=True):
        chances = arm_chances(here)["chance"]
        if len(chances) > 2 and CONTROL in chances.index and chances.sum() > 1 + TOLERANCE:
            held_out = (here["action"] == CONTROL).to_numpy(bool)
            here = here.assign(
                action=np.where(held_out, CONTROL, CONTACTED),
                propensity=np.where(held_out, here["propensity"], 1 - chances[CONTROL]),
            )
            chances = arm_chances(here)["chance"]
        actions = sorted(str(name) for name in chances.index if name != CONTROL) or [CONTROL]
        for action in actions:
            yield _arms(here, action, chances)


def _arms(rows: pd.DataFrame, action: str, chances: pd.Series) -> Arms:
    both = rows[rows["action"].isin([action, CONTROL])].reset_index(drop=True)
    treated = (both["action"] == action).to_numpy(bool) & (action != CONTROL)
    own = both["propensity"].to_numpy("float64")
    weight = both["action"].map(chances).to_numpy("float64") / own
    if (both["stratum"] != ALL).any():
        chance, weight = np.where(treated, own, 1 - own), np.ones(len(both))
    else:
        ours = float(chances.get(action, np.nan))
        chance = np.full(len(both), ours / (ours + float(chances.get(CONTROL, np.nan))))
    note = "only_control" if action == CONTROL else "" if CONTROL in chances.index else "no_control"
    return Arms(str(both["campaign_id"].iloc[0]), action, both, treated, weight, chance, note)


def sample_ratio(arms: Arms) -> float:
    """p-value of the sizes of both arms against their chances; NaN where no chances were stated.

    Sample ratio mismatch (Fabijan et al. 2019, KDD): chi-squared within strata, their statistics added.
    """
    if arms.note or not arms.rows["propensity_stated"].all():
        return float("nan")
    found, freedom = 0.0, 0
    for sizes, expected, _ in _sizes(arms):
        found += float(((sizes - expected) ** 2 / expected).sum())
        freedom += 1
    return float(stats.chi2.sf(found, freedom)) if freedom else float("nan")


def pooled_ratio(several: list[Arms]) -> float:
    """p-value of one arm being too small or too large over all its campaigns together; NaN without stated chances.

    The same loss in every campaign adds up, where each alone is too small to show it.
    """
    gap = variance = 0.0
    for arms in several:
        if not arms.note and arms.rows["propensity_stated"].all():
            for sizes, expected, chance in _sizes(arms):
                gap += sizes[0] - expected[0]
                variance += expected.sum() * chance * (1 - chance)
    return float(2 * stats.norm.sf(abs(gap) / np.sqrt(variance))) if variance else float("nan")


def _sizes(arms: Arms) -> Iterator[tuple[Array, Array, float]]:
    """Sizes of both arms, those to be expected, and the chance, for each stratum."""
    codes, strata = pd.factorize(arms.stratum, sort=True)
    for code in range(len(strata)):
        here = codes == code
        chance = float(arms.chance[here].mean())
        treated = float(arms.treated[here].sum())
        sizes = np.array([treated, here.sum() - treated])
        yield sizes, here.sum() * np.array([chance, 1 - chance]), chance
