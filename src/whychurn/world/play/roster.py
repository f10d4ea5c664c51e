"""All members of a world on the decision day: what a plan may do with them, and what they are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.world.futures.margin import weekly_margin
from whychurn.world.futures.standing import Standing, standing_of
from whychurn.world.lives.simulated_lives import SimulatedLives, simulate_lives
from whychurn.world.play.features import decision_day_features
from whychurn.world.setting.scenario import Scenario
from whychurn.world.simulate import BLOCK

_MARGIN_WEEKS = 52
_KEPT_BLOCKS = 4  # whose lives stay in memory; larger worlds are simulated anew for each pass


@dataclass(frozen=True)
class BlockLives:
    """One block as it was lived, with what futures start from.

    Parameters
    ----------
    number
        Of the block.
    rows
        Rows of its members in the roster.
    lives, standing
        Who they are and where they stand.
    """

    number: int
    rows: slice
    lives: SimulatedLives
    standing: Standing


class Blocks:
    """The blocks of a world, one after the other, as often as wanted."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._kept: dict[int, BlockLives] = {}

    def __len__(self) -> int:
        return -(-self.scenario.params.members // BLOCK)

    def __iter__(self) -> Iterator[BlockLives]:
        for number in range(len(self)):
            yield self._kept.get(number) or self._lived(number)

    def _lived(self, number: int) -> BlockLives:
        first, scenario = number * BLOCK, self.scenario
        last = min(first + BLOCK, scenario.params.members)
        lives = simulate_lives(scenario, number, np.arange(first, last) + 1)
        block = BlockLives(
            number=number, rows=slice(first, last), lives=lives, standing=standing_of(scenario, lives)
        )
        if len(self) <= _KEPT_BLOCKS:
            self._kept[number] = block
        return block


@dataclass(frozen=True)
class Roster:
    """Members of all blocks in order of their number; arrays (N,).

    Parameters
    ----------
    ids
        The company's ids.
    present, consent
        Whether they are on the books, and agree to marketing.
    has_channel
        Who has which channel, in the order of the programme's contact channels; (channels, N).
    features
        What tables tell of them on the decision day, one column a feature.
    weekly_margin
        Margin of the members on the books in a week, together, mean of the last year; currency.
    """

    ids: np.ndarray
    present: np.ndarray
    consent: np.ndarray
    has_channel: np.ndarray
    features: pd.DataFrame
    weekly_margin: float

    @property
    def on_books(self) -> int:
        """Members on the books on the decision day."""
        return int(self.present.sum())


def roster_of(blocks: Blocks) -> Roster:
    """The members of all blocks."""
    ids, present, consent, channels, features, margin = [], [], [], [], [], 0.0
    scenario = blocks.scenario
    for block in blocks:
        members = block.lives.members
        ids.append(members.ids)
        present.append(block.standing.present)
        consent.append(members.marketing)
        channels.append(members.has_channel)
        rng = scenario.stream(block.number, "features")
        features.append(decision_day_features(scenario, block.lives, rng))
        discount = block.lives.history.levels["discount"]
        last = weekly_margin(scenario, members, discount, max(scenario.clock.weeks - _MARGIN_WEEKS, 0))
        margin += float(last.mean(axis=0)[block.standing.present].sum())
    return Roster(
        ids=np.concatenate(ids),
        present=np.concatenate(present),
        consent=np.concatenate(consent),
        has_channel=np.concatenate(channels, axis=1),
        features=pd.concat(features, ignore_index=True),
        weekly_margin=margin,
    )
