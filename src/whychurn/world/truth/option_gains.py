"""Truth of the decision day: `decision_state`, `option_gains` and `returns`, means over futures that no plan changes."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.futures.future import draw_future
from whychurn.world.futures.option_gains import EFFECT_DAYS, action_gains
from whychurn.world.futures.standing import Standing, standing_of
from whychurn.world.futures.stays import chance_to_leave
from whychurn.world.futures.values import Prospects, prospects
from whychurn.world.lives.action_effects import reach_chance
from whychurn.world.lives.returning.win_back import extra_return
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.clock import NEVER
from whychurn.world.setting.scenario import Scenario

FUTURES: Final = 4  # over which gains are averaged
FIRST: Final = 1000  # number of the first, apart from those that plans are played in
RETURN_WEEKS: Final = 26  # within which a leaver comes back or not
YEAR_DAYS: Final = 365


def truth_of_decision_day(scenario: Scenario, lives: SimulatedLives, block: int) -> dict[str, pd.DataFrame]:
    """Tables `decision_state`, `option_gains` and `returns` of one block.

    Returns
    -------
    decision_state
        A row a member: member_id, as_of (last day of the window), present, left_on and cause (of the last leaving,
        null where there is none), margin_week (currency), dog, response, p_leave_90d, p_leave_365d (off the books
        within so many days, no action taken), p_<cause> (mix of decisions to leave within 90 days).
    option_gains
        A row a member present, action and channel: gain (currency over the future, before cost, by the chance that
        the contact is noticed), gain_90d (change of p_leave_90d), se (standard error of gain over the futures).
    returns
        A row a leaver, win-back action and channel: p_return_untouched and p_return_touched (within 26 weeks),
        second_life_margin (currency, of who comes back untouched).
    """
    standing = standing_of(scenario, lives)
    told = [_one_future(scenario, lives, standing, block, FIRST + number) for number in range(FUTURES)]
    mean = {name: np.mean([one[name] for one in told], axis=0) for name in told[0]}
    gains = np.stack([one["gain"] for one in told])
    spread = gains.std(axis=0, ddof=1) / np.sqrt(FUTURES)
    return {
        "decision_state": _state(scenario, lives, standing, mean),
        "option_gains": _options(scenario, lives, standing, mean, spread),
        "returns": _returns(scenario, lives, standing, mean),
    }


def _one_future(
    scenario: Scenario, lives: SimulatedLives, standing: Standing, block: int, number: int
) -> dict[str, np.ndarray]:
    future = draw_future(scenario, lives, standing, block, number)
    ahead = prospects(future, lives.members, standing)
    there, gone = np.flatnonzero(standing.present), np.flatnonzero(~standing.present)
    hazard, terms = ahead.untouched[:, there], ahead.terms.of(there)
    gains = action_gains(scenario, lives.members, ahead, there)
    year = min(YEAR_DAYS, 7 * future.weeks)
    chance = ahead.return_by_week(gone)
    return {
        "leave": chance_to_leave(hazard, terms, EFFECT_DAYS),
        "leave_year": chance_to_leave(hazard, terms, year),
        "mix": _expected_leavings(ahead, there),
        "margin": future.margin[0],
        "gain": gains.gain,
        "change": gains.change,
        "returns": chance[:RETURN_WEEKS].sum(axis=0),
        "second": np.einsum("wm,wm->m", chance, ahead.second[:-1, gone]),
        "all_returns": chance.sum(axis=0),
        "touched": _touched_returns(scenario, ahead, gone),
    }


def _expected_leavings(ahead: Prospects, who: np.ndarray) -> np.ndarray:
    """Expected decisions to leave within `EFFECT_DAYS` by cause; (causes, m)."""
    weeks = -(-EFFECT_DAYS // 7)
    by_cause = ahead.by_cause[:, :weeks, who]
    share = np.exp(-np.cumsum(ahead.untouched[:weeks, who], axis=0))
    return np.einsum("cwm,wm->cm", by_cause, share)


def _touched_returns(scenario: Scenario, ahead: Prospects, gone: np.ndarray) -> np.ndarray:
    """Chance to come back within `RETURN_WEEKS` after a win-back contact that is noticed; (actions, m)."""
    since = (7 * ahead.future.first - ahead.standing.gone_on[gone]) / 7
    found = []
    for name in scenario.programme.actions_for("left"):
        extra = extra_return(scenario, name, ahead.standing.left_from[gone], since, ahead.future.weeks)
        found.append(ahead.return_by_week(gone, extra)[:RETURN_WEEKS].sum(axis=0))
    return np.stack(found) if found else np.zeros((0, len(gone)))


def _state(
    scenario: Scenario, lives: SimulatedLives, standing: Standing, mean: dict[str, np.ndarray]
) -> pd.DataFrame:
    members, clock, n = lives.members, scenario.clock, lives.members.size
    there, causes = np.flatnonzero(standing.present), np.array(list(scenario.programme.causes), dtype=object)
    left = np.where(standing.present, standing.leaving_on, standing.gone_on)

    def spread(values: np.ndarray) -> np.ndarray:
        return _at(values, there, n)

    left_on = pd.Series(clock.dates(np.where(left < NEVER, left, 0)))
    mix = mean["mix"] / mean["mix"].sum(axis=0)
    return pd.DataFrame(
        {
            "member_id": members.ids,
            "as_of": clock.dates(np.full(n, clock.days - 1)),
            "present": standing.present,
            "left_on": left_on.where(left < NEVER),
            "cause": np.array([*causes, None], dtype=object)[standing.left_from],
            "margin_week": mean["margin"],
            "dog": members.dog,
            "response": members.response,
            "p_leave_90d": spread(mean["leave"]),
            "p_leave_365d": spread(mean["leave_year"]),
            **{f"p_{cause}": spread(mix[number]) for number, cause in enumerate(causes)},
        }
    )


def _at(values: np.ndarray, who: np.ndarray, size: int) -> np.ndarray:
    found = np.full(size, np.nan)
    found[who] = values
    return found


def _options(
    scenario: Scenario,
    lives: SimulatedLives,
    standing: Standing,
    mean: dict[str, np.ndarray],
    spread: np.ndarray,
) -> pd.DataFrame:
    programme, members = scenario.programme, lives.members
    there = np.flatnonzero(standing.present)
    ids, contacted = members.ids[there], standing.contacted[there]
    parts = []
    for number, name in enumerate(programme.actions_for("present")):
        for channel in programme.actions[name].channels:
            notice = reach_chance(scenario, members, there, channel, contacted)
            parts.append(
                pd.DataFrame(
                    {
                        "member_id": ids,
                        "action": name,
                        "channel": channel,
                        "gain": notice * mean["gain"][number],
                        "gain_90d": notice * mean["change"][number],
                        "se": notice * spread[number],
                    }
                )
            )
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(["member_id", "action", "channel"], kind="stable", ignore_index=True)


def _returns(
    scenario: Scenario, lives: SimulatedLives, standing: Standing, mean: dict[str, np.ndarray]
) -> pd.DataFrame:
    programme, members = scenario.programme, lives.members
    gone = np.flatnonzero(~standing.present)
    ids, parts = members.ids[gone], []
    for number, name in enumerate(programme.actions_for("left")):
        for channel in programme.actions[name].channels:
            notice = reach_chance(scenario, members, gone, channel, np.zeros(len(gone)))
            more = mean["touched"][number] - mean["returns"]
            parts.append(
                pd.DataFrame(
                    {
                        "member_id": ids,
                        "action": name,
                        "channel": channel,
                        "p_return_untouched": mean["returns"],
                        "p_return_touched": mean["returns"] + notice * more,
                        "second_life_margin": mean["second"] / np.maximum(mean["all_returns"], 1e-12),
                    }
                )
            )
    columns = ["member_id", "action", "channel"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return table.sort_values(columns, kind="stable", ignore_index=True)
