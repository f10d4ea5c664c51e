"""One block of members after the other: draw them, let them live, write down what a company would see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.params import WorldParams
from whychurn.world.lives.campaigns import (
    Assignment,
    action_effects,
    assign_campaigns,
    campaign_factors,
    touches_table,
)
from whychurn.world.lives.exposure import Path, simulate_path
from whychurn.world.lives.hazard import base_hazards, draw_lives, excess_hazards, tempo
from whychurn.world.lives.life import Life
from whychurn.world.lives.members import Members, draw_members, members_table
from whychurn.world.lives.terms import last_decision, memberships_table
from whychurn.world.setting.clock import Clock, stream
from whychurn.world.setting.market import Market, market_table, simulate_market
from whychurn.world.setting.mechanism import combine, with_mechanism
from whychurn.world.setting.programme import Programme
from whychurn.world.tables.events import draw_events
from whychurn.world.tables.feedback import draw_feedback
from whychurn.world.tables.orders import draw_orders, orders_table
from whychurn.world.tables.rows import Population, presence
from whychurn.world.tables.surveys import draw_surveys
from whychurn.world.tables.texts import NEUTRAL, Voice
from whychurn.world.truth import planted as truth
from whychurn.world.truth.elimination import stay_without

BLOCK: Final = 10_000  # members held in memory at once
_IDS: Final = {
    "memberships": ("membership_id", "S"),
    "orders": ("order_id", "O"),
    "feedback": ("feedback_id", "F"),
    "surveys": ("survey_id", "Q"),
    "touches": ("touch_id", "T"),
}


@dataclass(frozen=True)
class Block:
    """What one block of members leaves behind.

    Parameters
    ----------
    number
        Position of the block.
    tables
        Contract tables by name; the market comes with the first block only.
    truth
        Tables of the planted truth by name.
    """

    number: int
    tables: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Fate:
    """Hazards of a block and the lives drawn from them; arrays (causes, weeks, n).

    Parameters
    ----------
    members, path
        Who they are, and what happens to them.
    factor
        Tempo of each member; (n,).
    base, excess, factors, hazards
        Base hazards and excess before campaigns; factors of campaigns; hazards as they were.
    assignments
        Who was chosen for which campaign.
    life
        When they left and returned.
    leavers
        Leavings with their true cause.
    """

    members: Members
    path: Path
    factor: np.ndarray
    base: np.ndarray
    excess: np.ndarray
    factors: np.ndarray
    hazards: np.ndarray
    assignments: list[Assignment]
    life: Life
    leavers: pd.DataFrame


def simulate(params: WorldParams, programme: Programme) -> Iterator[Block]:
    """Simulate a programme block by block; the same parameters give the same rows.

    Parameters
    ----------
    params
        Section `world` of the parameters.
    programme
        The programme, see `load_programme`.

    Yields
    ------
    Block
        Tables of up to `BLOCK` members, all rows of each member in one block.
    """
    programme = with_mechanism(programme, params.mechanism)
    clock = Clock.of(params.starts_on, params.months)
    market = simulate_market(programme, clock, params.seed)
    for number, first in enumerate(range(0, params.members, BLOCK)):
        numbers = np.arange(first, min(first + BLOCK, params.members)) + 1
        fate = draw_fate(params, programme, clock, market, number, numbers)
        tables = _tables(params, programme, clock, market, number, fate)
        if number == 0:
            tables["market"] = market_table(market, programme, clock)
        yield Block(number, tables, _truth(params, programme, clock, fate))


def draw_fate(
    params: WorldParams, programme: Programme, clock: Clock, market: Market, block: int, numbers: np.ndarray
) -> Fate:
    """Hazards and lives of one block: everything that the truth consists of."""
    seed = params.seed
    members = draw_members(programme, clock, numbers, params.text_share, stream(seed, block, "members"))
    path = simulate_path(programme, clock, market, members, params.confounding, stream(seed, block, "path"))
    factor = tempo(programme, members, params.confounding, stream(seed, block, "tempo"))
    base = base_hazards(programme, clock, members, factor)
    excess = excess_hazards(programme, clock, members, path, factor, params.mechanism)
    assignments = assign_campaigns(programme, clock, members, path, stream(seed, block, "campaigns"))
    factors = campaign_factors(programme, assignments, base.shape)
    hazards = combine(base * factors, excess * factors, params.mechanism)
    life = draw_lives(programme, clock, members, hazards, stream(seed, block, "lives"))
    rng = stream(seed, block, "causes")
    leavers = truth.draw_leavers(programme, clock, path, factor, base, hazards, life, rng)
    return Fate(members, path, factor, base, excess, factors, hazards, assignments, life, leavers)


def _tables(
    params: WorldParams, programme: Programme, clock: Clock, market: Market, block: int, fate: Fate
) -> dict[str, pd.DataFrame]:
    def rng(purpose: str) -> np.random.Generator:
        return stream(params.seed, block, purpose)

    members, path, life = fate.members, fate.path, fate.life
    people = Population(programme, clock, members, path, presence(programme, clock, members, life))
    voice = Voice(
        programme.name, {name: list(cause.excess) or [NEUTRAL] for name, cause in programme.causes.items()}
    )
    leavers = fate.leavers.assign(subcause=_told(fate.leavers))
    orders = draw_orders(people, market, rng("orders"))
    last = np.where(
        life.left_again < clock.days, life.left_again, np.where(life.returned < clock.days, 10**6, life.left)
    )
    drawn = {
        "members": members_table(members, programme, clock, rng("records")),
        "orders": orders_table(orders, people, rng("order rows")),
        "events": draw_events(people, orders, rng("events")),
        "feedback": draw_feedback(people, leavers, voice, rng("feedback")),
        "surveys": draw_surveys(people, leavers, params.survey_answered, voice, rng("surveys")),
        "touches": touches_table(
            fate.assignments, members, clock, last + 7 * programme.lapse_contact_weeks, rng("touches")
        ),
    }
    if programme.kind != "inactivity":
        drawn["memberships"] = memberships_table(programme, clock, market, members, path, life, rng("terms"))
    return {name: _numbered(name, table, block) for name, table in drawn.items()}


def _told(leavers: pd.DataFrame) -> pd.Series:
    """Topic that a leaver talks about: the sub-cause, or anything of the cause."""
    return leavers["subcause"].mask(leavers["subcause"] == "general", leavers["cause"])


def _numbered(name: str, table: pd.DataFrame, block: int) -> pd.DataFrame:
    """Rows in order of member and time, with ids that no other block uses."""
    if name not in _IDS:
        return table
    time = {"memberships": "starts_on", "orders": "ordered_at", "feedback": "created_at"}.get(name, "sent_at")
    table = table.sort_values(["member_id", time], kind="stable", ignore_index=True)
    column, letter = _IDS[name]
    numbers = pd.Series(np.arange(len(table)) + 1 + block * 10**7).astype(str).str.zfill(9)
    table.insert(0, column, letter + numbers)
    return table


def _truth(params: WorldParams, programme: Programme, clock: Clock, fate: Fate) -> dict[str, pd.DataFrame]:
    members, life = fate.members, fate.life
    base, excess = fate.base * fate.factors, fate.excess * fate.factors
    last = last_decision(programme, clock, members)
    return {
        "member_causes": truth.causes_table(programme, clock, members, fate.hazards, life, fate.leavers),
        "churn_without": truth.churn_without(programme, clock, members, base, excess, params.mechanism, last),
        "stay_without": stay_without(programme, clock, members, fate.hazards),
        "actions": action_effects(
            programme,
            clock,
            members,
            fate.assignments,
            fate.base,
            fate.excess,
            fate.factors,
            params.mechanism,
            life.left,
        ),
    }
