"""Contract table `feedback`: tickets, complaints, reviews, posts and a few interviews."""

import numpy as np
import pandas as pd

from whychurn.world.lives.members import LANGUAGES
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.scenario import Scenario
from whychurn.world.tables.counts_to_rows import Presence, expand, member_activity
from whychurn.world.tables.texts import NEUTRAL, PRAISE, TextWriter, leaver_topics, random_topics

TICKET_SHARE = 0.6  # of incidents
COMPLAINT_RATE = 0.03  # texts a week for each per cent of excess hazard
REVIEW_RATE = {"orders": 0.03, "visits": 0.006}  # of an order, or of a visit where nothing is sold


def draw_feedback(
    scenario: Scenario,
    lives: SimulatedLives,
    presence: Presence,
    writer: TextWriter,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """All feedback of a block as rows of the contract (without ids)."""
    programme, clock, members = scenario.programme, scenario.clock, lives.members
    parts = [
        _tickets(clock, lives, presence, rng),
        _complaints(scenario, lives, presence, rng),
        _reviews(scenario, lives, presence, rng),
        _interviews(clock, lives.leavers, rng),
    ]
    drawn = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    written = drawn["written"].to_numpy(dtype=bool)
    who = drawn["who"].to_numpy()
    mixed = random_topics(programme, len(drawn), rng)
    mixed[rng.random(len(drawn)) >= scenario.mechanism.texts.mixed] = None
    text = np.full(len(drawn), None, dtype=object)
    topics = drawn["topic"].to_numpy()
    text[written] = writer.texts(topics[written], mixed[written], members.language[who[written]], rng)
    recorded = rng.random(len(drawn)) < 0.9
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
            "language": np.where(recorded & written & (spoken != "mixed"), spoken, None),
        }
    )


def _frame(
    clock: Clock, who: np.ndarray, day: np.ndarray, rng: np.random.Generator, **columns: np.ndarray | str
) -> pd.DataFrame:
    """Texts of one source: columns topic, source, rating and written are given; no response yet."""
    return pd.DataFrame(
        {
            "who": who,
            "at": clock.instants(day, rng),
            **columns,
            "responded_at": pd.Series(pd.NaT, index=range(len(who)), dtype="datetime64[ns]"),
            "resolved": pd.Series(pd.NA, index=range(len(who)), dtype="boolean"),
        }
    )


def _tickets(
    clock: Clock, lives: SimulatedLives, presence: Presence, rng: np.random.Generator
) -> pd.DataFrame:
    """Incidents that became a ticket; the response time is the one that counts in the hazard."""
    counts = lives.history.counts
    incidents = np.minimum(counts["defects"] + counts["service"], 1)
    week, who, day = member_activity(incidents, presence, clock, rng, fades=False)
    reported = rng.random(len(who)) < TICKET_SHARE
    week, who, day = week[reported], who[reported], day[reported]
    hours = lives.history.levels["hours"][week, who]
    slow = rng.random(len(who)) < np.clip(hours / 90, 0.05, 0.8)
    topic = np.where(slow, "slow_response", "defect").astype(object)
    rating = np.clip(np.round(4.2 - np.minimum(hours, 90) / 30 + rng.normal(0, 0.8, len(who))), 1, 5)
    rating = np.where(rng.random(len(who)) < 0.3, rating, np.nan)
    written = lives.members.writer[who]
    table = _frame(clock, who, day, rng, topic=topic, source="ticket", rating=rating, written=written)
    answered = table["at"] + pd.to_timedelta(np.round(hours * 3600), unit="s")
    never = (rng.random(len(who)) < 0.02) | (answered >= _end(clock))
    table["responded_at"] = answered.mask(never)
    solved = rng.random(len(who)) < np.clip(0.9 - hours / 200, 0.2, 1)
    table["resolved"] = pd.array(solved & ~never, dtype="boolean")
    return table


def _end(clock: Clock) -> pd.Timestamp:
    """Midnight after the last day of the window."""
    return pd.Timestamp(clock.dates(np.array([clock.days]))[0])


def _complaints(
    scenario: Scenario, lives: SimulatedLives, presence: Presence, rng: np.random.Generator
) -> pd.DataFrame:
    """Texts of members who write, mostly about what adds to their hazard."""
    programme, clock, members = scenario.programme, scenario.clock, lives.members
    weights = {
        name: weight * lives.history.exposures[name]
        for cause in programme.causes.values()
        for name, weight in cause.excess.items()
    }
    names, summed = list(weights), np.cumsum(np.stack(list(weights.values())), axis=0)
    vocal = np.exp(0.25 * members.usage) * members.writer
    rate = COMPLAINT_RATE * np.minimum(summed[-1] * 100, 8) * vocal * clock.length[:, None]
    week, who, day = member_activity(rng.poisson(rate).astype("int16"), presence, clock, rng)
    share = summed[:, week, who] / summed[-1, week, who]
    topic = np.array(names, object)[np.minimum((share < rng.random(len(who))).sum(axis=0), len(names) - 1)]
    topic = np.where(
        rng.random(len(who)) < scenario.mechanism.texts.unrelated,
        random_topics(programme, len(who), rng),
        topic,
    )
    source = rng.choice(np.array(["complaint", "review", "social"], object), len(who), p=[0.6, 0.28, 0.12])
    rating = np.where(source == "review", np.clip(np.round(rng.normal(2.2, 0.9, len(who))), 1, 5), np.nan)
    written = np.ones(len(who), bool)
    table = _frame(clock, who, day, rng, topic=topic, source=source, rating=rating, written=written)
    complaint = (source == "complaint") & (rng.random(len(who)) < 0.85)
    hours = rng.lognormal(np.log(14.0), 0.9, len(who)) * lives.history.levels["response"][week, who]
    answered = table["at"] + pd.to_timedelta(np.round(hours * 3600), unit="s")
    table["responded_at"] = answered.where(complaint & (answered < _end(clock)))
    table["resolved"] = pd.array(rng.random(len(who)) < 0.55, dtype="boolean")
    table["resolved"] = table["resolved"].mask(source != "complaint")
    return table


def _reviews(
    scenario: Scenario, lives: SimulatedLives, presence: Presence, rng: np.random.Generator
) -> pd.DataFrame:
    """Praise and neutral noise after orders (visits of an app); stars alone from members who do not write."""
    clock, history = scenario.clock, lives.history
    use = "orders" if scenario.programme.sells else "visits"
    week, who, day = expand(np.where(presence.active_share > 0, history.counts[use], 0), clock, rng)
    reviewed = presence.is_member(who, day)
    reviewed &= rng.random(len(who)) < REVIEW_RATE[use] * presence.active_share[week, who]
    week, who, day = week[reviewed], who[reviewed], day[reviewed]
    incidents = history.exposures["defect"][week, who] + history.exposures["slow_response"][week, who]
    rating = np.clip(np.round(4.6 - 0.9 * np.minimum(incidents, 3) + rng.normal(0, 0.6, len(who))), 1, 5)
    topic = np.where(rating >= 4, PRAISE, NEUTRAL).astype(object)
    topic = np.where(rng.random(len(who)) < 0.25, NEUTRAL, topic)
    written = lives.members.writer[who]
    return _frame(clock, who, day, rng, topic=topic, source="review", rating=rating, written=written)


def _interviews(clock: Clock, leavers: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A few leavers are called and say why they left."""
    day = leavers["left_day"].to_numpy() + rng.integers(30, 80, len(leavers))
    called = (rng.random(len(leavers)) < 0.012) & (day < clock.days)
    who, n = leavers["position"].to_numpy()[called], int(called.sum())
    return _frame(
        clock,
        who,
        day[called],
        rng,
        topic=leaver_topics(leavers)[called],
        source="interview",
        rating=np.full(n, np.nan),
        written=np.ones(n, bool),
    )
