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
    """Every action for every member of a roster, through the channel that is noticed most for what a contact costs.

    Parameters
    ----------
    actions
        Names, those for members present first.
    gain, believed
        Expected margin more over the future, before cost, as it is and as the playbook believes; (actions, N).
        Of who is not there (or not gone, for win-back) it is zero; win-back has no belief.
    cost, channel
        Of one contact, and through which of `channels`; (actions, N).
    risk
        Chance to leave within 90 days untouched, one for who is gone; (N,).
    """

    actions: list[str]
    gain: np.ndarray
    believed: np.ndarray
    cost: np.ndarray
    channel: np.ndarray
    channels: list[str]
    risk: np.ndarray


def true_options(blocks: Blocks, roster: Roster) -> Options:
    """Gains of all options, means over `FUTURES` futures in which no plan is played."""
    scenario = blocks.scenario
    present, left = (scenario.programme.actions_for(whom) for whom in ("present", "left"))
    actions, n = [*present, *left], len(roster.ids)
    gain, believed, cost = np.zeros((3, len(actions), n))
    channel, risk = np.zeros((len(actions), n), dtype="int8"), np.ones(n)
    for block in blocks:
        ways = _best_channels(scenario, block, actions)
        told = [_one_future(scenario, block, FIRST + number) for number in range(FUTURES)]
        mean = {name: np.mean([one[name] for one in told], axis=0) for name in told[0]}
        there, gone = np.flatnonzero(block.standing.present), np.flatnonzero(~block.standing.present)
        rows = np.arange(n)[block.rows]
        number = len(present)
        gain[:number, rows[there]] = mean["gain"] * ways.notice[:number, there]
        meant = _matched(scenario, present) @ mean["causes"]
        believed[:number, rows[there]] = meant * ways.notice[:number, there]
        gain[number:, rows[gone]] = mean["win_back"]
        cost[:, rows], channel[:, rows] = ways.cost, ways.channel
        risk[rows[there]] = mean["leave"]
    return Options(actions, gain, believed, cost, channel, list(scenario.programme.contact_channels), risk)


@dataclass(frozen=True)
class _Ways:
    """How each action reaches each member of a block: chance of notice, cost, number of the channel; (actions, n)."""

    notice: np.ndarray
    cost: np.ndarray
    channel: np.ndarray


def _best_channels(scenario: Scenario, block: BlockLives, actions: list[str]) -> _Ways:
    """The channel that costs least for its chance of notice, among those that a member has; the usual one if there is none."""
    programme, members = scenario.programme, block.lives.members
    names, everybody = list(programme.contact_channels), np.arange(members.size)
    notice, cost = np.zeros((2, len(actions), members.size))
    channel = np.zeros((len(actions), members.size), dtype="int8")
    for number, name in enumerate(actions):
        numbers = [names.index(way) for way in programme.actions[name].channels]
        seen = np.stack(
            [
                reach_chance(scenario, members, everybody, names[one], block.standing.contacted)
                for one in numbers
            ]
        )
        price = np.array(
            [programme.contact_channels[names[one]].cost + programme.actions[name].cost for one in numbers]
        )
        owned = members.has_channel[numbers]
        best = np.argmax(np.where(owned, seen / price[:, None], -1), axis=0)  # none: the first
        notice[number], cost[number] = seen[best, everybody], price[best]
        channel[number] = np.array(numbers)[best]
    return _Ways(notice, cost, channel)


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
    """Gain of each win-back action of members gone; (actions, gone)."""
    gone, actions = np.flatnonzero(~block.standing.present), scenario.programme.actions_for("left")
    notice = _best_channels(scenario, block, actions).notice
    since = (7 * ahead.future.first - block.standing.gone_on[gone]) / 7
    untouched, found = ahead.value_of_returns(gone), np.zeros((len(actions), len(gone)))
    for number, name in enumerate(actions):
        extra = extra_return(scenario, name, block.standing.left_from[gone], since, ahead.future.weeks)
        found[number] = notice[number, gone] * (ahead.value_of_returns(gone, extra) - untouched)
    return found
