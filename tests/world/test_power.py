"""Whether the planted tests can find what is planted: computed from the truth, at the size of the demo.

The comparison is that of one action with the shared control, leavings within 13 weeks, members weighted by how much the
action would help them if it worked: the bound of an analysis that knows whom an action concerns. All that contacts do
counts in the difference, sleeping dogs included.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, rankdata

from whychurn.contract.causes import CONTROL
from whychurn.world.lives.action_effects import contact_factors
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.programme import load_programme
from whychurn.world.setting.scenario import Scenario
from whychurn.world.truth.touch_effects import EFFECT_WEEKS, touch_effects

DEMO, HERE = 20_000, 5000
FACTOR = DEMO / HERE


@pytest.fixture(scope="module")
def world(simulated: Callable) -> tuple[SimulatedLives, Scenario, pd.DataFrame]:
    lives, scenario = simulated(members=HERE, months=24, seed=7, starts_on=dt.date(2024, 1, 1), duds=2)
    effects = touch_effects(scenario, lives)
    contacts = lives.contacts.assign(member_id=lives.members.ids[lives.contacts["position"]])
    keys = ["member_id", "campaign_id", "action"]
    rows = effects.merge(contacts[[*keys, "position", "week", "randomized"]], on=keys)
    return lives, scenario, rows[rows["randomized"]]


def would_help(lives: SimulatedLives, scenario: Scenario, action: str, rows: pd.DataFrame) -> np.ndarray:
    """Change of each member's chance to leave by what the catalogue says of the action alone; (m,)."""
    believed = load_programme("shop").actions[action].model_copy(update={"wakes": None})
    dogs = scenario.programme.dogs.model_copy(update={"factor": 1.0})
    alone = replace(
        scenario,
        programme=scenario.programme.model_copy(update={"actions": {action: believed}, "dogs": dogs}),
    )
    change = np.zeros(len(rows))
    hazards = lives.hazards.base + lives.hazards.excess
    for week in rows["week"].unique():
        here = np.flatnonzero(rows["week"] == week)
        who = rows["position"].to_numpy()[here]
        weeks = slice(week, min(week + EFFECT_WEEKS, scenario.clock.weeks))
        own = contact_factors(alone, lives.members, action, who, weeks.stop - week)
        change[here] = (hazards[:, weeks][:, :, who] * (own - 1)).sum(axis=(0, 1))
    return change * ((1 - rows["p_churn_untouched"]) * rows["p_notice"]).to_numpy()


def power(lives: SimulatedLives, scenario: Scenario, rows: pd.DataFrame, action: str) -> float:
    """Chance that the test of one action finds a difference on the demo, two-sided 5 %."""
    mine = rows[rows["action"] == action]
    p = mine["p_churn_untouched"].to_numpy()
    difference = (mine["p_notice"] * (mine["p_churn_touched"] - mine["p_churn_untouched"])).to_numpy()
    weight = would_help(lives, scenario, action, mine) / (p * (1 - p))
    treated, control = len(mine) * FACTOR, (rows["action"] == CONTROL).sum() * FACTOR
    error = np.sqrt((weight**2 * p * (1 - p)).mean() * (1 / treated + 1 / control))
    z = (weight * difference).mean() / error
    return float(norm.sf(1.96 - z) + norm.cdf(-1.96 - z))


def test_the_planted_tests_find_what_works_and_not_what_does_nothing(world: tuple) -> None:
    lives, scenario, rows = world
    planted = {name: scenario.programme.actions[name] for name in scenario.programme.actions_for("present")}
    found = {
        name: power(lives, scenario, rows, name) for name, one in planted.items() if one.causes or one.dud
    }
    works = {name: value for name, value in found.items() if not planted[name].dud}
    assert len(works) >= 4 and min(works.values()) >= 0.8, works
    duds = {name: value for name, value in found.items() if planted[name].dud}
    assert len(duds) == 3 and max(duds.values()) <= 0.1, duds


def test_one_shared_control_makes_the_arms_of_the_demo(world: tuple) -> None:
    """About 4 800 an arm against 18 000 held out (see ACTION.md of the design), of members then still there."""
    _, scenario, rows = world
    sizes = rows["action"].value_counts() * FACTOR
    full = [
        name
        for name in scenario.programme.actions_for("present")
        if scenario.programme.actions[name].arm == 1
    ]
    assert sizes[full].between(4800, 6500).all() and 17_000 < sizes[CONTROL] < 20_500


def test_contacts_drive_sleeping_dogs_away_and_letters_those_of_little_use(world: tuple) -> None:
    lives, scenario, rows = world
    rows = rows[rows["treated"]]
    dog = lives.members.dog[rows["position"]]
    dud = rows["action"].map(lambda name: scenario.programme.actions[name].dud).to_numpy(dtype=bool)
    effect = rows["effect"].to_numpy()
    assert (effect[dud & dog] > 1).all() and effect[dud & dog].mean() > 1.2
    assert effect[dud & ~dog].min() > 1 - 1e-5 and effect[dud & ~dog].mean() < 1.05, "but for tiredness"
    letter = (rows["action"] == "member_letter").to_numpy()
    little = lives.members.usage[rows["position"]] < -0.8
    assert effect[letter & little].mean() > 1.15 > effect[letter & ~little & ~dog].max()


@pytest.mark.parametrize("name", ["shop", "gym", "school", "app"])
def test_traces_tell_of_sleeping_dogs_weakly(blocks: Callable, simulated: Callable, name: str) -> None:
    """Area under the curve of dismissals, opt-outs and little use together: about .7."""
    block, (lives, scenario) = blocks(program=name, members=4000), simulated(program=name, members=4000)
    assert block.tables["members"]["member_id"].tolist() == lives.members.ids.tolist()
    events, ids = block.tables["events"], lives.members.ids
    counts = events.groupby(["member_id", "event_type"], observed=True).size().unstack(fill_value=0)
    counts = counts.reindex(ids, fill_value=0)
    weeks = (np.minimum(lives.exits.left, scenario.clock.days) - lives.members.entry) / 7
    use = (
        block.tables["orders"]["member_id"].value_counts()
        if name == "shop"
        else counts[scenario.programme.visit_event]
    )
    signs = [
        counts["push_dismissed"] / (counts["push_sent"] + 3),
        counts["opt_out"] / (counts["push_sent"] + 3),
        -np.log(use.reindex(ids, fill_value=0) / np.maximum(weeks, 1) + 0.05),
    ]
    seen = lives.members.marketing & (weeks > 26)
    score = sum(
        weight * (sign - sign.mean()) / sign.std() for weight, sign in zip((1, 0.5, 1), signs, strict=True)
    )
    assert 0.62 < area(score.to_numpy()[seen], lives.members.dog[seen]) < 0.77
    assert lives.members.dog.mean() == pytest.approx(scenario.programme.dogs.share, abs=0.02)


def area(score: np.ndarray, positive: np.ndarray) -> float:
    ranks, n = rankdata(score), positive.sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (~positive).sum()))
