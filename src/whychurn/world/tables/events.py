"""Contract table `events`: visits, messages and reactions to them, points, faults, moves."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.tables import EVENT_TYPES
from whychurn.world.lives.members import Members
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.scenario import Scenario
from whychurn.world.tables.counts_to_rows import Presence, coded, company_contacts, member_activity
from whychurn.world.tables.orders import Orders

# times as often as others: all that a company sees of a sleeping dog, beside little use
DOG_DISMISSES: Final = 1.4
DISMISSED: Final = {True: 0.10, False: 0.32}  # share of fitting and of unfitting pushes, by others than dogs

# type, who, day, campaign, value
Part = tuple[str, np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None]


def draw_events(
    scenario: Scenario, lives: SimulatedLives, presence: Presence, orders: Orders, rng: np.random.Generator
) -> pd.DataFrame:
    """All events of a block as rows of the contract (without ids)."""
    programme, clock, counts = scenario.programme, scenario.clock, lives.history.counts
    parts: list[Part] = []
    activities = (
        (programme.visit_event, "visits"),
        ("community", "community"),
        ("activity_joined", "activities"),
    )
    for kind, name in activities:
        _, who, day = member_activity(counts[name], presence, clock, rng)
        parts.append((kind, who, day, None, None))
    for kind, name, recorded_share in (("app_fault", "faults", 1.0), ("address_changed", "moves", 0.65)):
        _, who, day = member_activity(counts[name], presence, clock, rng, fades=False)
        recorded = rng.random(len(who)) < recorded_share
        parts.append((kind, who[recorded], day[recorded], None, None))
    _, who, day = company_contacts(counts["greetings"], presence, clock, rng)
    parts.append(("greeting", who, day, None, None))
    parts += _messages(scenario, lives, presence, rng)
    parts += _coupons(clock, lives, presence, rng)
    parts += _points(clock, lives, presence, orders, rng)
    return _as_table(scenario, lives.members, parts, rng)


def _messages(
    scenario: Scenario, lives: SimulatedLives, presence: Presence, rng: np.random.Generator
) -> list[Part]:
    """Pushes, and whether they were opened, dismissed, or the last straw."""
    clock, members, history = scenario.clock, lives.members, lives.history
    parts: list[Part] = []
    attentive = np.exp(0.25 * members.usage)
    annoyed = np.where(members.dog, DOG_DISMISSES, 1.0)
    for relevant, name in ((True, "relevant"), (False, "irrelevant")):
        week, who, day = company_contacts(history.counts[name], presence, clock, rng)
        line = _advertised(members, who, len(scenario.programme.categories), relevant, rng)
        tired = 1 / (1 + 0.8 * history.exposures["too_many_messages"][week, who])
        active = presence.active_share[week, who]
        dice, later = rng.random(len(who)), day + (rng.random(len(who)) < 0.25)
        reacts = presence.is_member(who, later) & (later < clock.days)
        opened = reacts & (dice < (0.36 if relevant else 0.09) * attentive[who] * tired * active)
        dismissed = reacts & ~opened & (dice > 1 - DISMISSED[relevant] * np.sqrt(active) * annoyed[who])
        off = dismissed & (rng.random(len(who)) < (0.01 if relevant else 0.04))
        parts += [
            ("push_sent", who, day, line, None),
            ("push_opened", who[opened], later[opened], line[opened], None),
            ("push_dismissed", who[dismissed], later[dismissed], line[dismissed], None),
            ("opt_out", who[off], later[off], line[off], None),
        ]
    return parts


def _advertised(
    members: Members, who: np.ndarray, lines: int, relevant: bool, rng: np.random.Generator
) -> np.ndarray:
    """Line that a message is about: one that the member buys, or one that he or she does not."""
    if relevant:
        return np.where(rng.random(len(who)) < 0.7, members.category[who], members.second[who])
    other = (members.category[who] + rng.integers(1, lines, len(who))) % lines
    return np.where(other == members.second[who], (other + 1) % lines, other)


def _coupons(clock: Clock, lives: SimulatedLives, presence: Presence, rng: np.random.Generator) -> list[Part]:
    """Price-sensitive members use more coupons; a coupon has no effect of its own on churn."""
    members = lives.members
    week, who, day = company_contacts(lives.history.counts["coupons"], presence, clock, rng)
    used_on = day + rng.integers(1, 11, len(who))
    chance = np.clip(0.35 * np.exp(0.6 * members.price_sensitivity[who]), 0, 0.9)
    chance = chance * presence.active_share[week, who]
    used = presence.is_member(who, used_on) & (used_on < clock.days) & (rng.random(len(who)) < chance)
    expired = ~used & (day + 14 < clock.days)
    return [
        ("coupon_received", who, day, None, None),
        ("coupon_used", who[used], used_on[used], None, None),
        ("offer_expired", who[expired], day[expired] + 14, None, None),
    ]


def _points(
    clock: Clock, lives: SimulatedLives, presence: Presence, orders: Orders, rng: np.random.Generator
) -> list[Part]:
    members = lives.members
    earns = members.points[orders.who] & (rng.random(len(orders.who)) < 0.6)
    _, who, day = member_activity(lives.history.counts["spendings"], presence, clock, rng)
    spent = np.floor(rng.gamma(3, 60, len(who)) * np.exp(0.3 * members.usage[who])) + 10
    return [
        ("points_earned", orders.who[earns], orders.day[earns], None, np.floor(orders.amount[earns])),
        ("points_spent", who, day, None, spent),
    ]


def _as_table(
    scenario: Scenario, members: Members, parts: list[Part], rng: np.random.Generator
) -> pd.DataFrame:
    parts = [part for part in parts if len(part[1])] or parts[:1]
    kinds, whos, days, lines, values = zip(*parts, strict=True)
    sizes = [len(who) for who in whos]
    kind = np.repeat([EVENT_TYPES.index(name) for name in kinds], sizes)
    who, day = np.concatenate(whos), np.concatenate(days)
    line, value = _joined(lines, sizes, -1), _joined(values, sizes, np.nan)
    at = scenario.clock.instants(day, rng)
    order = np.lexsort((at, who))
    campaigns = [f"news-{name}" for name in scenario.programme.categories]
    return pd.DataFrame(
        {
            "member_id": coded(who[order], members.ids),
            "occurred_at": at[order],
            "event_type": coded(kind[order], list(EVENT_TYPES)),
            "campaign_id": coded(line[order], campaigns),
            "value": value[order],
        }
    )


def _joined(parts: Sequence[np.ndarray | None], sizes: list[int], missing: float) -> np.ndarray:
    """Parts one after the other, `missing` where a kind of event has no such column."""
    return np.concatenate(
        [np.full(n, missing) if part is None else part for part, n in zip(parts, sizes, strict=True)]
    )
