"""What one simulation runs with: its parameters, programme, calendar and market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from whychurn.contract.params import WorldParams
from whychurn.world.setting.clock import Clock, stream
from whychurn.world.setting.hazard_mechanism import with_mechanism
from whychurn.world.setting.market import Market, simulate_market
from whychurn.world.setting.mechanism import Mechanism, load_mechanism
from whychurn.world.setting.programme import Programme, with_duds


@dataclass(frozen=True)
class Scenario:
    """Everything that is the same for all blocks of members.

    Parameters
    ----------
    params
        Section `world` of the parameters.
    programme
        The programme, with what the mechanism changes in it.
    mechanism
        How the causes act.
    clock
        The simulated window.
    market
        Prices and rivals of the window.
    usual
        Mean dose of those exposed, by exposure, where the mechanism shapes doses; else empty.
    """

    params: WorldParams
    programme: Programme
    mechanism: Mechanism
    clock: Clock
    market: Market
    usual: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, params: WorldParams, programme: Programme) -> Scenario:
        """Scenario of `programme` under `params`, not calibrated (`plan_scenario`); its market follows the seed."""
        mechanism = load_mechanism(params.mechanism)
        programme = with_duds(programme, params.duds, stream(params.seed, 0, "duds"))
        changed = with_mechanism(programme, mechanism, stream(params.seed, 0, f"stated {params.mechanism}"))
        clock = Clock.of(params.starts_on, params.months)
        return cls(params, changed, mechanism, clock, simulate_market(changed, clock, params.seed))

    def stream(self, block: int, purpose: str) -> np.random.Generator:
        """Random stream of one purpose in one block of members."""
        return stream(self.params.seed, block, purpose)
