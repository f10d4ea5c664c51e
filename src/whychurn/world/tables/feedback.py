"""Contract table `feedback`: tickets, complaints, reviews, posts and a few interviews."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.world.lives.members import LANGUAGES
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.programme import Programme
from whychurn.world.tables.rows import Population, expand, own_acts
from whychurn.world.tables.texts import NEUTRAL, PRAISE, Voice

TICKET_SHARE = 0.6  # of incidents
TROUBLE_RATE = 0.03  # texts a week and unit of added hazard per cent
MIXED = 0.18  # texts with a second topic
UNRELATED = 0.12  # texts about something else than what troubles the member


def draw_feedback(
    people: Population, leavers: pd.DataFrame, voice: Voice, rng: np.random.Generator
) -> pd.DataFrame:
    """All feedback of a block as rows of the contract (without ids)."""
    programme, members = people.programme, people.members
    parts = [
        _tickets(people, rng),
        _complaints(people, rng),
        _reviews(people, rng),
        _interviews(people.clock, leavers, rng),
    ]
    drawn = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    written = drawn["written"].to_numpy(dtype=bool)
    who = drawn["who"].to_numpy()
    mixed = _topics(programme, len(drawn), rng)
    mixed[rng.random(len(drawn)) >= MIXED] = None
    text = np.full(len(drawn), None, dtype=object)
    topics = drawn["topic"].to_numpy()
    text[written] = voice.texts(topics[written], mixed[written], members.language[who[written]], rng)
    known = rng.random(len(drawn)) < 0.9
    spoken = np.array(LANGUAGES, dtype=object)[members.language[who]]
    return pd.DataFrame(
        {
            "member_id": members.ids[who],
            "created_at": drawn["at"],
            "text": text,
            "source": drawn["source"],
            "rating": drawn["rating"],
            "responded_at": drawn["responded_at"],
            "resolved": drawn["resolved"].astype("boolean"),
            "language": np.where(known & written & (spoken != "mixed"), spoken, None),
        }
    )


def _topics(programme: Programme, n: int, rng: np.random.Generator) -> np.ndarray:
    every = np.array(
        [name for cause in programme.causes.values() for name in cause.excess] + [PRAISE, NEUTRAL], object
    )
    return every[rng.integers(0, len(every), n)]


def _frame(
    clock: Clock,
    who: np.ndarray,
    day: np.ndarray,
    topic: np.ndarray,
    source: np.ndarray | str,
    rating: np.ndarray,
    written: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "who": who,
            "at": clock.instants(day, rng),
            "topic": topic,
            "source": source,
            "rating": rating,
            "written": written,
            "responded_at": pd.Series(pd.NaT, index=range(len(who)), dtype="datetime64[ns]"),
            "resolved": pd.Series(pd.NA, index=range(len(who)), dtype="boolean"),
        }
    )


def _tickets(people: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Incidents that became a ticket; the answering time is the one that counts in the hazard."""
    clock, members, path = people.clock, people.members, people.path
    incidents = np.minimum(path.counts["defects"] + path.counts["service"], 1)
    week, who, day = own_acts(incidents, people, rng, fades=False)
    kept = rng.random(len(who)) < TICKET_SHARE
    week, who, day = week[kept], who[kept], day[kept]
    hours = path.levels["hours"][week, who]
    topic = np.where(rng.random(len(who)) < np.clip(hours / 90, 0.05, 0.8), "slow_response", "defect").astype(
        object
    )
    rating = np.clip(np.round(4.2 - np.minimum(hours, 90) / 30 + rng.normal(0, 0.8, len(who))), 1, 5)
    rating = np.where(rng.random(len(who)) < 0.3, rating, np.nan)
    table = _frame(clock, who, day, topic, "ticket", rating, members.writer[who], rng)
    answered = table["at"] + pd.to_timedelta(np.round(hours * 3600), unit="s")
    never = (rng.random(len(who)) < 0.02) | (answered >= pd.Timestamp(clock.dates(np.array([clock.days]))[0]))
    table["responded_at"] = answered.mask(never)
    solved = rng.random(len(who)) < np.clip(0.9 - hours / 200, 0.2, 1)
    table["resolved"] = pd.array(solved & ~never, dtype="boolean")
    return table


def _complaints(people: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Texts of troubled members who write, mostly about what adds to their hazard."""
    programme, clock, members, path = people.programme, people.clock, people.members, people.path
    weights = {
        name: weight * path.exposures[name]
        for cause in programme.causes.values()
        for name, weight in cause.excess.items()
    }
    names, summed = list(weights), np.cumsum(np.stack(list(weights.values())), axis=0)
    loud = np.exp(0.25 * members.use) * members.writer
    rate = TROUBLE_RATE * np.minimum(summed[-1] * 100, 8) * loud * clock.length[:, None]
    week, who, day = own_acts(rng.poisson(rate).astype("int16"), people, rng)
    share = summed[:, week, who] / summed[-1, week, who]
    topic = np.array(names, object)[np.minimum((share < rng.random(len(who))).sum(axis=0), len(names) - 1)]
    topic = np.where(rng.random(len(who)) < UNRELATED, _topics(programme, len(who), rng), topic)
    source = rng.choice(np.array(["complaint", "review", "social"], object), len(who), p=[0.6, 0.28, 0.12])
    rating = np.where(source == "review", np.clip(np.round(rng.normal(2.2, 0.9, len(who))), 1, 5), np.nan)
    table = _frame(clock, who, day, topic, source, rating, np.ones(len(who), bool), rng)
    complaint = (source == "complaint") & (rng.random(len(who)) < 0.85)
    hours = rng.lognormal(np.log(14.0), 0.9, len(who)) * path.levels["response"][week, who]
    answered = table["at"] + pd.to_timedelta(np.round(hours * 3600), unit="s")
    end = pd.Timestamp(clock.dates(np.array([clock.days]))[0])
    table["responded_at"] = answered.where(complaint & (answered < end))
    table["resolved"] = pd.array(rng.random(len(who)) < 0.55, dtype="boolean")
    table["resolved"] = table["resolved"].mask(source != "complaint")
    return table


def _reviews(people: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Praise and neutral noise after orders; stars alone from those who do not write."""
    clock, path, there = people.clock, people.path, people.there
    week, who, day = expand(np.where(there.acting > 0, path.counts["orders"], 0), clock, rng)
    kept = there.here(who, day) & (rng.random(len(who)) < 0.03 * there.acting[week, who])
    week, who, day = week[kept], who[kept], day[kept]
    trouble = path.exposures["defect"][week, who] + path.exposures["slow_response"][week, who]
    rating = np.clip(np.round(4.6 - 0.9 * np.minimum(trouble, 3) + rng.normal(0, 0.6, len(who))), 1, 5)
    topic = np.where(rating >= 4, PRAISE, NEUTRAL).astype(object)
    topic = np.where(rng.random(len(who)) < 0.25, NEUTRAL, topic)
    return _frame(clock, who, day, topic, "review", rating, people.members.writer[who], rng)


def _interviews(clock: Clock, leavers: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A few leavers are called and tell what drove them away."""
    day = leavers["left_day"].to_numpy() + rng.integers(30, 80, len(leavers))
    called = (rng.random(len(leavers)) < 0.012) & (day < clock.days)
    who, n = leavers["position"].to_numpy()[called], int(called.sum())
    topic = leavers["subcause"].to_numpy(dtype=object)[called]
    return _frame(clock, who, day[called], topic, "interview", np.full(n, np.nan), np.ones(n, bool), rng)
