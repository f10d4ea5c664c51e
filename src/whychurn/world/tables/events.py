"""Contract table `events`: visits, messages and what became of them, points, faults, moves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.tables import EVENT_TYPES
from whychurn.world.lives.members import Members
from whychurn.world.setting.categoricals import labelled
from whychurn.world.tables.orders import Orders
from whychurn.world.tables.rows import Population, contacts, own_acts

Part = tuple[
    str, np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None
]  # type, who, day, campaign, value


def draw_events(people: Population, orders: Orders, rng: np.random.Generator) -> pd.DataFrame:
    """All events of a block as rows of the contract (without ids)."""
    counts = people.path.counts
    parts: list[Part] = []
    for kind, name in (
        (people.programme.visit_event, "visits"),
        ("community", "community"),
        ("activity_joined", "activities"),
    ):
        _, who, day = own_acts(counts[name], people, rng)
        parts.append((kind, who, day, None, None))
    for kind, name, seen in (("app_fault", "faults", 1.0), ("address_changed", "moves", 0.65)):
        _, who, day = own_acts(counts[name], people, rng, fades=False)
        kept = rng.random(len(who)) < seen
        parts.append((kind, who[kept], day[kept], None, None))
    _, who, day = contacts(counts["greetings"], people, rng)
    parts.append(("greeting", who, day, None, None))
    parts += _messages(people, rng)
    parts += _coupons(people, rng)
    parts += _points(people, orders, rng)
    return _as_table(people, parts, rng)


def _messages(people: Population, rng: np.random.Generator) -> list[Part]:
    members, path, there = people.members, people.path, people.there
    parts: list[Part] = []
    keen = np.exp(0.25 * members.use)
    for fits, name in ((True, "relevant"), (False, "irrelevant")):
        week, who, day = contacts(path.counts[name], people, rng)
        line = _advertised(members, who, len(people.programme.categories), fits, rng)
        tired = 1 / (1 + 0.8 * path.exposures["too_many_messages"][week, who])
        dice, later = rng.random(len(who)), day + (rng.random(len(who)) < 0.25)
        awake = there.here(who, later) & (later < people.clock.days)
        read = awake & (dice < (0.36 if fits else 0.09) * keen[who] * tired * there.acting[week, who])
        put_away = awake & ~read & (dice > 1 - (0.10 if fits else 0.32) * np.sqrt(there.acting[week, who]))
        off = put_away & (rng.random(len(who)) < (0.01 if fits else 0.04))
        parts += [
            ("push_sent", who, day, line, None),
            ("push_opened", who[read], later[read], line[read], None),
            ("push_dismissed", who[put_away], later[put_away], line[put_away], None),
            ("opt_out", who[off], later[off], line[off], None),
        ]
    return parts


def _advertised(
    members: Members, who: np.ndarray, lines: int, fits: bool, rng: np.random.Generator
) -> np.ndarray:
    """Line that a message is about: one that the member buys, or one that he or she does not."""
    if fits:
        return np.where(rng.random(len(who)) < 0.7, members.category[who], members.second[who])
    other = (members.category[who] + rng.integers(1, lines, len(who))) % lines
    return np.where(other == members.second[who], (other + 1) % lines, other)


def _coupons(people: Population, rng: np.random.Generator) -> list[Part]:
    """The thrifty use more coupons; a coupon has no effect of its own on leaving."""
    clock, members, path, there = people.clock, people.members, people.path, people.there
    week, who, day = contacts(path.counts["coupons"], people, rng)
    used_on = day + rng.integers(1, 11, len(who))
    chance = np.clip(0.35 * np.exp(0.6 * members.thrift[who]), 0, 0.9) * there.acting[week, who]
    used = there.here(who, used_on) & (used_on < clock.days) & (rng.random(len(who)) < chance)
    expired = ~used & (day + 14 < clock.days)
    return [
        ("coupon_received", who, day, None, None),
        ("coupon_used", who[used], used_on[used], None, None),
        ("offer_expired", who[expired], day[expired] + 14, None, None),
    ]


def _points(people: Population, orders: Orders, rng: np.random.Generator) -> list[Part]:
    members, path = people.members, people.path
    earns = members.points[orders.who] & (rng.random(len(orders.who)) < 0.6)
    _, who, day = own_acts(path.counts["spendings"], people, rng)
    return [
        ("points_earned", orders.who[earns], orders.day[earns], None, np.floor(orders.amount[earns])),
        (
            "points_spent",
            who,
            day,
            None,
            np.floor(rng.gamma(3, 60, len(who)) * np.exp(0.3 * members.use[who])) + 10,
        ),
    ]


def _as_table(people: Population, parts: list[Part], rng: np.random.Generator) -> pd.DataFrame:
    parts = [part for part in parts if len(part[1])] or parts[:1]
    size = [len(part[1]) for part in parts]
    kind = np.repeat([EVENT_TYPES.index(part[0]) for part in parts], size)
    who, day = np.concatenate([part[1] for part in parts]), np.concatenate([part[2] for part in parts])
    line = np.concatenate(
        [np.full(n, -1) if part[3] is None else part[3] for part, n in zip(parts, size, strict=True)]
    )
    value = np.concatenate(
        [np.full(n, np.nan) if part[4] is None else part[4] for part, n in zip(parts, size, strict=True)]
    )
    at = people.clock.instants(day, rng)
    order = np.lexsort((at, who))
    names = [f"news-{name}" for name in people.programme.categories]
    return pd.DataFrame(
        {
            "member_id": labelled(who[order], people.members.ids),
            "occurred_at": at[order],
            "event_type": labelled(kind[order], list(EVENT_TYPES)),
            "campaign_id": labelled(line[order], names),
            "value": value[order],
        }
    )
