"""One block of members after the other: simulate their lives, write down what a company would record."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.lives.simulated_lives import SimulatedLives, simulate_lives
from whychurn.world.recording import recorded
from whychurn.world.setting.changes import as_exported
from whychurn.world.setting.scenario import Scenario
from whychurn.world.tables.counts_to_rows import find_presence, with_activity_drops
from whychurn.world.tables.events import draw_events
from whychurn.world.tables.feedback import draw_feedback
from whychurn.world.tables.interviews import interviews_table
from whychurn.world.tables.market import market_table
from whychurn.world.tables.members import members_table
from whychurn.world.tables.memberships import memberships_table
from whychurn.world.tables.orders import draw_orders, orders_table
from whychurn.world.tables.surveys import draw_surveys
from whychurn.world.tables.texts import TextWriter
from whychurn.world.tables.touches import touches_table
from whychurn.world.truth.churn_without import churn_without, stay_without
from whychurn.world.truth.member_causes import causes_table
from whychurn.world.truth.option_gains import truth_of_decision_day
from whychurn.world.truth.touch_effects import action_efficacy, touch_effects

BLOCK: Final = 10_000  # members held in memory at once
# members of a world whose truth includes what the decision day would bring
LARGEST_WITH_FUTURES: Final = 100_000
_IDS: Final = {
    "memberships": ("membership_id", "S"),
    "orders": ("order_id", "O"),
    "feedback": ("feedback_id", "F"),
    "surveys": ("survey_id", "Q"),
    "touches": ("touch_id", "T"),
}


@dataclass(frozen=True)
class Block:
    """Tables of one block of members.

    Parameters
    ----------
    number
        Position of the block.
    tables
        Contract tables by name; the market comes with the first block only.
    truth
        Tables of the planted truth by name; `action_efficacy` comes with the first block only.
    """

    number: int
    tables: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]


def simulate(scenario: Scenario) -> Iterator[Block]:
    """Simulate a programme block by block; the same scenario gives the same rows.

    Parameters
    ----------
    scenario
        What is simulated, see `plan_scenario`.

    Yields
    ------
    Block
        Tables of up to `BLOCK` members, all rows of each member in one block.
    """
    params, visit = scenario.params, scenario.programme.visit_event
    for number, first in enumerate(range(0, params.members, BLOCK)):
        numbers = np.arange(first, min(first + BLOCK, params.members)) + 1
        lives = simulate_lives(scenario, number, numbers)
        tables = _tables(scenario, number, lives)
        if number == 0:
            tables["market"] = market_table(scenario)
        members = tables["members"]
        tables = recorded(tables, scenario.mechanism, params.missing, visit)
        if params.interviews:
            held = interviews_table(scenario, lives, members, number, scenario.stream(number, "interviews"))
            tables["surveys"] = _together(tables.get("surveys"), held)
        tables = as_exported(tables, params, scenario.stream(number, "exports"))
        truth = {
            "member_causes": causes_table(scenario, lives),
            "churn_without": churn_without(scenario, lives),
            "stay_without": stay_without(scenario, lives),
            "touch_effects": touch_effects(scenario, lives),
        }
        if params.members <= LARGEST_WITH_FUTURES:
            truth |= truth_of_decision_day(scenario, lives, number)
        if number == 0:
            truth["action_efficacy"] = action_efficacy(scenario)
        yield Block(number, tables, truth)


def _tables(scenario: Scenario, block: int, lives: SimulatedLives) -> dict[str, pd.DataFrame]:
    def stream(purpose: str) -> np.random.Generator:
        return scenario.stream(block, purpose)

    presence = find_presence(scenario, lives.members, lives.exits)
    if scenario.mechanism.activity_drop:
        incidents = lives.history.counts["defects"] + lives.history.counts["service"]
        presence = with_activity_drops(presence, incidents, scenario.mechanism.activity_drop)
    writer = TextWriter.of(scenario.programme)
    orders = draw_orders(scenario, lives, presence, stream("orders"))
    drawn = {"members": members_table(scenario, lives.members, lives.referrer, stream("records"))}
    if scenario.programme.sells:
        drawn["orders"] = orders_table(scenario, lives.members, orders, stream("order rows"))
    drawn |= {
        "events": draw_events(scenario, lives, presence, orders, stream("events")),
        "feedback": draw_feedback(scenario, lives, presence, writer, stream("feedback")),
        "surveys": draw_surveys(scenario, lives, presence, writer, stream("surveys")),
        "touches": touches_table(scenario, lives, stream("touches")),
    }
    if scenario.programme.kind != "inactivity":
        drawn["memberships"] = memberships_table(scenario, lives, stream("terms"))
    return {name: _numbered(name, table, block) for name, table in drawn.items()}


def _together(surveys: pd.DataFrame | None, interviews: pd.DataFrame) -> pd.DataFrame:
    """Both in one table; interviews alone where the company keeps no other surveys."""
    return interviews if surveys is None else pd.concat([surveys, interviews], ignore_index=True)


def _numbered(name: str, table: pd.DataFrame, block: int) -> pd.DataFrame:
    """Rows in order of member and time, with ids that no other block has."""
    if name not in _IDS:
        return table
    time = {"memberships": "starts_on", "orders": "ordered_at", "feedback": "created_at"}.get(name, "sent_at")
    table = table.sort_values(["member_id", time], kind="stable", ignore_index=True)
    column, letter = _IDS[name]
    numbers = pd.Series(np.arange(len(table)) + 1 + block * 10**7).astype(str).str.zfill(9)
    table.insert(0, column, letter + numbers)
    return table
