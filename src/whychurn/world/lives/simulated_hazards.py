"""Weekly hazards of the causes in a simulated programme (cause-specific hazards of a discrete-time model)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.world.lives.action_effects import spillover_dose
from whychurn.world.lives.contacts import action_factors
from whychurn.world.lives.members import Members
from whychurn.world.lives.weekly_history import WeeklyHistory
from whychurn.world.setting.hazard_mechanism import combine, swap_traces
from whychurn.world.setting.scenario import Scenario


@dataclass(frozen=True)
class Hazards:
    """Weekly hazards of one block of members.

    Parameters
    ----------
    frailty
        Factor on all hazards of a member, so that it cancels in the causes; (n,).
    sensitivity
        Hidden factor on the excess of each cause, one where the mechanism has none; (causes, n).
    base, excess
        Hazard that no removal of an exposure takes away, and what the exposures add, before actions;
        (causes, weeks, n).
    action_factors
        Factors of all contacts noticed, on both; (causes, weeks, n).
    by_cause
        Hazard of each cause as it was, actions included; (causes, weeks, n).
    """

    frailty: np.ndarray
    sensitivity: np.ndarray
    base: np.ndarray
    excess: np.ndarray
    action_factors: np.ndarray
    by_cause: np.ndarray


def simulate_hazards(
    scenario: Scenario,
    members: Members,
    history: WeeklyHistory,
    contacts: pd.DataFrame,
    stream: Callable[[str], np.random.Generator],
) -> Hazards:
    """Hazards that follow from what happened to the members; only frailty and sensitivity are drawn."""
    frailty = draw_frailty(scenario, members, stream("tempo"))
    sensitivity = draw_sensitivity(scenario, members, stream("sensitivity"))
    base = base_hazards(scenario, members, frailty)
    excess = excess_hazards(scenario, members, history.exposures, frailty, sensitivity)
    if scenario.params.spillover:
        _add_spillover(scenario, members, contacts, excess, frailty * sensitivity)
    factors = action_factors(scenario, members, contacts, base.shape)
    by_cause = combine(base * factors, excess * factors, scenario.mechanism)
    return Hazards(frailty, sensitivity, base, excess, factors, by_cause)


def _add_spillover(
    scenario: Scenario, members: Members, contacts: pd.DataFrame, excess: np.ndarray, tempo: np.ndarray
) -> None:
    """Add to the excess of price, in place, what coupons of others do (`spillover_dose`).

    Parameters
    ----------
    excess
        Hazards of the exposures; (causes, weeks, n).
    tempo
        Frailty times sensitivity; (causes, n).
    """
    number = list(scenario.programme.causes).index("price")
    weight = scenario.programme.causes["price"].excess["price_rise"]
    dose = spillover_dose(scenario, members, contacts, excess.shape[1])
    excess[number] += weight * dose * scenario.clock.length[:, None] * tempo[number]


def draw_frailty(scenario: Scenario, members: Members, rng: np.random.Generator) -> np.ndarray:
    """Log-normal frailty with mean near 1, lower for heavy users where there is confounding; (n,)."""
    slope, spread = 0.8 * scenario.params.confounding, scenario.programme.tempo_spread
    log = -slope * members.usage + spread * rng.standard_normal(members.size)
    return np.exp(log - (slope**2 + spread**2) / 2).astype("float32")


def draw_sensitivity(scenario: Scenario, members: Members, rng: np.random.Generator) -> np.ndarray:
    """Log-normal factor of mean one on the excess of each cause, by one hidden trait; (causes, n)."""
    spread = [scenario.mechanism.sensitivity.get(name, 0.0) for name in scenario.programme.causes]
    log = np.outer(spread, rng.standard_normal(members.size)) - np.square(spread)[:, None] / 2
    return np.exp(log).astype("float32")


def base_hazards(scenario: Scenario, members: Members, frailty: np.ndarray, first: int = 0) -> np.ndarray:
    """Hazards that no exposure explains, from week `first` on: a base of each cause, higher in early tenure.

    Returns
    -------
    ndarray
        (causes, weeks, n), float32.
    """
    programme, clock = scenario.programme, scenario.clock
    tenure = np.arange(first, clock.weeks)[:, None] - members.joined / 7
    early = 1 + programme.newcomer * np.exp(-np.maximum(tenure, 0) / 8)
    base = np.array([cause.base for cause in programme.causes.values()])
    return (base[:, None, None] * (early * frailty * clock.length[first:, None])).astype("float32")


def excess_hazards(
    scenario: Scenario,
    members: Members,
    exposures: Mapping[str, np.ndarray],
    frailty: np.ndarray,
    sensitivity: np.ndarray,
) -> np.ndarray:
    """What `exposures` (weeks, n) add to the hazards of the causes, before any action; (causes, weeks, n).

    Fewer weeks than the clock has are its last ones.
    """
    programme, clock = scenario.programme, scenario.clock
    weeks = len(next(iter(exposures.values())))
    scale = frailty * clock.length[clock.weeks - weeks :, None]
    excess = np.zeros((len(programme.causes), weeks, members.size), dtype="float32")
    for number, cause in enumerate(programme.causes.values()):
        for name, weight in cause.excess.items():
            excess[number] += weight * exposures[name] * scale
    if scenario.mechanism.swapped:
        swap_traces(excess, members.region)
    return excess * sensitivity[:, None, :]
