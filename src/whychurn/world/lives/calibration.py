"""Bases and weights of exposures at which as many members leave, from each cause, as the mechanism wants.

A mechanism changes how long doses last, what they add and how the causes meet, and so how many leave. A pilot of
members, apart from those of the world, says by how much base and excess must be scaled: expected leavings of the
causes then follow a Dirichlet law drawn by seed, whatever the mechanism.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from whychurn.contract.params import WorldParams
from whychurn.world.lives.dose_response import shaped
from whychurn.world.lives.exits import counted_weeks
from whychurn.world.lives.members import Members, draw_members
from whychurn.world.lives.simulated_hazards import (
    base_hazards,
    draw_frailty,
    draw_sensitivity,
    excess_hazards,
)
from whychurn.world.lives.weekly_history import WeeklyHistory, simulate_history
from whychurn.world.setting.changes import with_changes
from whychurn.world.setting.hazard_mechanism import combine
from whychurn.world.setting.mechanism import Mechanism
from whychurn.world.setting.programme import Cause, Programme
from whychurn.world.setting.scenario import Scenario

PILOT: Final = 10**6  # a block that no world has
PILOT_MEMBERS: Final = 1000
_STEPS: Final = 30
_NEAR: Final = 0.01  # of the leavings wanted, by base and by excess of each cause
_LEAST: Final = 0.03  # share of leavings of a cause that does something


def plan_scenario(params: WorldParams, programme: Programme) -> Scenario:
    """Scenario of `programme` under `params`, scaled to what its mechanism wants; the same for all blocks.

    Planted changes come on top of the scaled programme.
    """
    usual = _calibrated(params.model_copy(update={"changes": []}), programme)
    return with_changes(replace(usual, params=params))


def _calibrated(params: WorldParams, programme: Programme) -> Scenario:
    scenario = Scenario.of(params, programme)
    if scenario.mechanism.totals is None:
        return scenario
    streams = (scenario.stream(PILOT, purpose) for purpose in ("members", "contact traits"))
    members = draw_members(scenario, np.arange(PILOT_MEMBERS), *streams)
    history = simulate_history(scenario, members, scenario.stream(PILOT, "path"))
    usual = {name: _usual(dose) for name, dose in history.exposures.items()}
    shape = scenario.mechanism.shape
    effects = {name: shaped(dose, shape, usual[name]) for name, dose in history.exposures.items()}
    causes = {}
    for name, cause in scenario.programme.causes.items():
        weights = {
            one: weight * float(history.exposures[one].mean() / max(effects[one].mean(), 1e-9))
            for one, weight in cause.excess.items()
        }
        causes[name] = Cause(base=cause.base, excess=weights)
    shaped_history = replace(history, exposures=effects)
    scenario = replace(
        scenario, programme=scenario.programme.model_copy(update={"causes": causes}), usual=usual
    )
    return _scaled(scenario, members, shaped_history)


def _usual(dose: np.ndarray) -> float:
    exposed = dose[dose > 0]
    return float(exposed.mean(dtype="float64")) if len(exposed) else 1.0


def expected_leavings(
    base: np.ndarray, excess: np.ndarray, mechanism: Mechanism, at_risk: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Expected first leavings by base and by excess of each cause; two of (causes,).

    Parameters
    ----------
    base, excess
        Weekly hazards; (causes, weeks, n).
    at_risk
        Share of each week that counts; (weeks, n).
    """
    hazards = combine(base, excess, mechanism)
    total = hazards.sum(axis=0) * at_risk
    weight = np.exp(total - np.cumsum(total, axis=0)) * at_risk  # still there when the week begins
    leavings = np.einsum("cwn,wn->c", hazards, weight, dtype="float64")
    from_base = np.einsum("cwn,wn->c", base, weight, dtype="float64")
    return from_base, leavings - from_base


def _scaled(scenario: Scenario, members: Members, history: WeeklyHistory) -> Scenario:
    """The scenario with base and weights of each cause scaled until the pilot leaves as wanted."""
    frailty = draw_frailty(scenario, members, scenario.stream(PILOT, "tempo"))
    sensitivity = draw_sensitivity(scenario, members, scenario.stream(PILOT, "sensitivity"))
    base = base_hazards(scenario, members, frailty)
    excess = excess_hazards(scenario, members, history.exposures, frailty, sensitivity)
    wanted = np.stack(_wanted(scenario)) * members.size
    weeks = counted_weeks(scenario, members)
    factors = np.where(wanted > 0, 1.0, 0.0)
    for _ in range(_STEPS):
        cut = factors.astype("float32")[:, :, None, None]
        reached = np.stack(expected_leavings(base * cut[0], excess * cut[1], scenario.mechanism, weeks))
        step = np.clip(wanted / np.maximum(reached, 1e-9), 0.25, 4.0)
        factors *= step
        if np.abs(np.log(step[wanted > 0])).max() < _NEAR:
            break
    causes = {
        name: Cause(
            base=cause.base * factors[0, number],
            excess={one: weight * factors[1, number] for one, weight in cause.excess.items()},
        )
        for number, (name, cause) in enumerate(scenario.programme.causes.items())
    }
    return replace(scenario, programme=scenario.programme.model_copy(update={"causes": causes}))


def _wanted(scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    """Share of members that base and excess of each cause make leave in the window; drawn by seed."""
    mechanism, params, causes = scenario.mechanism, scenario.params, list(scenario.programme.causes)
    rng = scenario.stream(PILOT, f"totals of {params.program} {params.mechanism}")
    shares = rng.dirichlet(np.full(len(causes), mechanism.totals or 1.0))
    shares = np.where([name in mechanism.inert for name in causes], 0, np.maximum(shares, _LEAST))
    leaving = 1 - (1 - rng.uniform(*mechanism.leaving)) ** (params.months / 24)
    total = leaving * shares / shares.sum()
    added = total * rng.uniform(*mechanism.excess_part, len(causes))
    return total - added, added
