"""Plans carried out in the same futures, one after the other, and what each brings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.world.futures.contacts_ahead import carried_out, with_notice
from whychurn.world.futures.future import draw_future
from whychurn.world.futures.values import Prospects, prospects
from whychurn.world.play.carry_out import Contacts
from whychurn.world.play.roster import BlockLives, Blocks
from whychurn.world.setting.scenario import Scenario

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Played:
    """Sums over all members, future by future; K futures.

    Parameters
    ----------
    untouched
        Margin without any contact; (K,).
    gain
        Margin more than without any contact, before cost, by plan; (K,).
    kept
        Members more on the books when the future ends, by plan; (K,).
    """

    untouched: np.ndarray
    gain: dict[str, np.ndarray]
    kept: dict[str, np.ndarray]


def play(blocks: Blocks, contacts: Mapping[str, Contacts], futures: int, progress: Progress) -> Played:
    """Carry out each plan in the same `futures`; no draw of a future depends on any plan.

    Parameters
    ----------
    contacts
        Contacts that are made, by name of the plan.
    progress
        Receives a line for each block.
    """
    untouched = np.zeros(futures)
    gain = {name: np.zeros(futures) for name in contacts}
    kept = {name: np.zeros(futures) for name in contacts}
    for block in blocks:
        own = {name: _of_block(blocks.scenario, block, one) for name, one in contacts.items()}
        for number in range(futures):
            future = draw_future(blocks.scenario, block.lives, block.standing, block.number, number)
            ahead = prospects(future, block.lives.members, block.standing)
            untouched[number] += _untouched(block, ahead)
            for name, plan in own.items():
                if len(plan):
                    done = carried_out(blocks.scenario, block.lives.members, ahead, plan)
                    gain[name][number] += done.gain.sum()
                    kept[name][number] += done.stay.sum()
        progress(f"played {futures} futures of block {block.number + 1} of {len(blocks)}")
    return Played(untouched, gain, kept)


def _of_block(scenario: Scenario, block: BlockLives, contacts: Contacts) -> pd.DataFrame:
    rows = contacts.rows
    here = rows[(rows["row"] >= block.rows.start) & (rows["row"] < block.rows.stop)]
    plan = here.assign(position=here["row"] - block.rows.start)
    plan = plan[["position", "action", "channel", "week"]]
    return with_notice(scenario, block.lives.members, block.standing.contacted, plan)


def _untouched(block: BlockLives, ahead: Prospects) -> float:
    there, gone = np.flatnonzero(block.standing.present), np.flatnonzero(~block.standing.present)
    stayers = ahead.value(ahead.untouched[:, there], there).sum()
    return float(stayers + ahead.value_of_returns(gone).sum())
