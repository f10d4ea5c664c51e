"""The true cause of each exit, drawn from the hazards of the week in which it was decided."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.lives.exits import Exits
from whychurn.world.lives.simulated_hazards import Hazards
from whychurn.world.lives.weekly_history import WeeklyHistory
from whychurn.world.setting.scenario import Scenario

GENERAL: Final = "general"  # sub-cause of the base hazard


def posterior(hazards: np.ndarray, week: np.ndarray, who: np.ndarray) -> np.ndarray:
    """Share of each cause in the total hazard of members `who` in `week`; (m, causes), rows sum to one."""
    mix = hazards[:, week, who].T.astype("float64")
    return mix / mix.sum(axis=1, keepdims=True)


def draw_leavers(
    scenario: Scenario, history: WeeklyHistory, hazards: Hazards, exits: Exits, rng: np.random.Generator
) -> pd.DataFrame:
    """Exits in the window with their true cause, drawn from the posterior.

    Returns
    -------
    DataFrame
        position, spell, decided_day, left_day, cause, subcause, p_<cause>.
    """
    causes = list(scenario.programme.causes)
    spells = ((exits.decided, exits.left), (exits.decided_again, exits.left_again))
    parts = []
    for number, (decided, left) in enumerate(spells, start=1):
        who = np.flatnonzero(left < scenario.clock.days)
        parts.append(np.stack([who, np.full(len(who), number), decided[who], left[who]]))
    who, spell, decided, left = np.concatenate(parts, axis=1)
    p = posterior(hazards.by_cause, decided // 7, who)
    cause = np.minimum((np.cumsum(p, axis=1) < rng.random(len(who))[:, None]).sum(axis=1), p.shape[1] - 1)
    table = pd.DataFrame({"position": who, "spell": spell, "decided_day": decided, "left_day": left})
    table["cause"] = np.array(causes, object)[cause]
    subcause = np.full(len(who), GENERAL, dtype=object)
    for number in range(len(causes)):
        rows = np.flatnonzero(cause == number)
        cells = (decided[rows] // 7, who[rows])
        subcause[rows] = _draw_subcauses(scenario, history, hazards, number, cells, rng)
    posteriors = {f"p_{name}": p[:, number] for number, name in enumerate(causes)}
    return table.assign(subcause=subcause, **posteriors)


def _draw_subcauses(
    scenario: Scenario,
    history: WeeklyHistory,
    hazards: Hazards,
    number: int,
    cells: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """Sub-cause of exits by one cause, in proportion to its base and exposures in `cells` (week, member)."""
    week, who = cells
    scale = hazards.frailty[who] * scenario.clock.length[week] * hazards.sensitivity[number, who]
    if scenario.mechanism.together != "adding":
        scale = scale * _amplified(hazards, number, cells)
    weights = list(scenario.programme.causes.values())[number].excess
    parts = [hazards.base[number, week, who]]
    parts += [weight * history.exposures[name][week, who] * scale for name, weight in weights.items()]
    share = np.cumsum(np.stack(parts), axis=0)
    pick = (share / share[-1] < rng.random(len(who))).sum(axis=0)
    return np.array([GENERAL, *weights], object)[np.minimum(pick, len(weights))]


def _amplified(hazards: Hazards, number: int, cells: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """What meeting other causes makes of the excess of a cause in `cells`, as a factor; (m,)."""
    campaign, base, excess = (
        values[number][cells] for values in (hazards.action_factors, hazards.base, hazards.excess)
    )
    return (hazards.by_cause[number][cells] / campaign - base) / np.maximum(excess, 1e-12)
