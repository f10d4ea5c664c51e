"""What one contact now would bring each member of a world, action by action, and what the playbook believes it brings."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.world.futures.future import draw_future
from whychurn.world.futures.option_gains import EFFECT_DAYS, action_gains, believed_factors, noticed_gains
from whychurn.world.futures.stays import chance_to_leave
from whychurn.world.futures.values import Prospects, prospects
from whychurn.world.lives.action_effects import reach_chance
from whychurn.world.lives.returning.win_back import extra_return
from whychurn.world.play.roster import BlockLives, Blocks, Roster
from whychurn.world.setting.programme import load_programme
from whychurn.world.setting.scenario import Scenario

FUTURES: Final = 3  # over which gains are averaged, apart from those that plans are played in
FIRST: Final = 2000  # number of the first
BELIEVED: Final = 0.35  # efficacy of any action on the causes that it is meant for
BELIEVED_HALF_LIFE: Final = 12.0  # weeks


@dataclass(frozen=True)
class Options:
    """Every action for every member of a roster: through the first channel of the action that the member has.

    Parameters
    ----------
    actions
        Names, those for members present first.
    gain, believed
        Expected margin more over the future, before cost, as it is and as the playbook believes; (actions, N).
        Of who is not there (or not gone, for win-back) it is zero; win-back has no belief.
    cost
        Of one contact; (actions, N).
    risk
        Chance to leave within 90 days untouched, one for who is gone; (N,).
    """

    actions: list[str]
    gain: np.ndarray
    believed: np.ndarray
    cost: np.ndarray
    risk: np.ndarray


def true_options(blocks: Blocks, roster: Roster) -> Options:
    """Gains of all options, means over `FUTURES` futures in which no plan is played."""
    scenario = blocks.scenario
    present, left = (scenario.programme.actions_for(whom) for whom in ("present", "left"))
    actions, n = [*present, *left], len(roster.ids)
    gain, believed, cost = np.zeros((3, len(actions), n))
    risk = np.ones(n)
    for block in blocks:
        notice, price = _first_channels(scenario, block, actions)
        told = [_one_future(scenario, block, FIRST + number) for number in range(FUTURES)]
        mean = {name: np.mean([one[name] for one in told], axis=0) for name in told[0]}
        there, gone = np.flatnonzero(block.standing.present), np.flatnonzero(~block.standing.present)
        rows = np.arange(n)[block.rows]
        number = len(present)
        gain[:number, rows[there]] = mean["gain"] * notice[:number, there]
        believed[:number, rows[there]] = _matched(scenario, present) @ mean["causes"] * notice[:number, there]
        gain[number:, rows[gone]] = mean["win_back"]
        cost[:, rows] = price
        risk[rows[there]] = mean["leave"]
    return Options(actions, gain, believed, cost, risk)


def _first_channels(
    scenario: Scenario, block: BlockLives, actions: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Chance of notice and cost through the first channel that each member has; two of (actions, n)."""
    programme, members = scenario.programme, block.lives.members
    names, everybody = list(programme.contact_channels), np.arange(members.size)
    notice, cost = np.zeros((2, len(actions), members.size))
    for number, name in enumerate(actions):
        ways = programme.actions[name].channels
        owned = members.has_channel[[names.index(way) for way in ways]]
        first = np.argmax(owned, axis=0)
        for place, way in enumerate(ways):
            who = everybody[first == place]
            notice[number, who] = reach_chance(scenario, members, who, way, block.standing.contacted[who])
            cost[number, who] = programme.contact_channels[way].cost + programme.actions[name].cost
    return notice, cost


def _matched(scenario: Scenario, actions: list[str]) -> np.ndarray:
    """Whether an action is meant for a cause, dud or not; (actions, causes)."""
    meant = load_programme(scenario.params.program).actions
    return np.array(
        [[cause in meant[name].causes for cause in scenario.programme.causes] for name in actions]
    )


def _one_future(scenario: Scenario, block: BlockLives, number: int) -> dict[str, np.ndarray]:
    lives, standing = block.lives, block.standing
    future = draw_future(scenario, lives, standing, block.number, number)
    ahead = prospects(future, lives.members, standing)
    there = np.flatnonzero(standing.present)
    meant = [
        believed_factors(scenario, cause, BELIEVED, BELIEVED_HALF_LIFE)
        for cause in range(len(scenario.programme.causes))
    ]
    return {
        "gain": action_gains(scenario, lives.members, ahead, there).gain,
        "causes": noticed_gains(ahead, there, meant).gain,
        "win_back": _win_back(scenario, block, ahead),
        "leave": chance_to_leave(ahead.untouched[:, there], ahead.terms.of(there), EFFECT_DAYS),
    }


def _win_back(scenario: Scenario, block: BlockLives, ahead: Prospects) -> np.ndarray:
    """Gain of each win-back action of members gone, by the first channel that they have; (actions, gone)."""
    gone, actions = np.flatnonzero(~block.standing.present), scenario.programme.actions_for("left")
    notice, _ = _first_channels(scenario, block, actions)
    since = (7 * ahead.future.first - block.standing.gone_on[gone]) / 7
    untouched, found = ahead.value_of_returns(gone), np.zeros((len(actions), len(gone)))
    for number, name in enumerate(actions):
        extra = extra_return(scenario, name, block.standing.left_from[gone], since, ahead.future.weeks)
        found[number] = notice[number, gone] * (ahead.value_of_returns(gone, extra) - untouched)
    return found
