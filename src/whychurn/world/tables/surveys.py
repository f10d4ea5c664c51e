"""Contract table `surveys`: who answers depends on the cause, and "price" is said too often."""

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.world.lives.members import Members
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.mechanism import Texts
from whychurn.world.setting.programme import Programme
from whychurn.world.setting.scenario import Scenario
from whychurn.world.tables.counts_to_rows import Presence
from whychurn.world.tables.texts import TextWriter, leaver_topics, random_topics


def draw_surveys(
    scenario: Scenario,
    lives: SimulatedLives,
    presence: Presence,
    writer: TextWriter,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Exit surveys to members who left, satisfaction and NPS surveys to some members."""
    exits = _exit_surveys(scenario, lives, writer, rng)
    return pd.concat([exits, _satisfaction_surveys(scenario, lives, presence, rng)], ignore_index=True)


def response_rates(
    programme: Programme, members: Members, leavers: pd.DataFrame, answered: float
) -> np.ndarray:
    """Response rate of each leaver by cause and sociability, with mean `answered`; (leavers,)."""
    tilt = leavers["cause"].map(programme.survey.answering).to_numpy(dtype=float)
    tilt = tilt * np.exp(0.3 * members.sociability[leavers["position"].to_numpy()] - 0.045)
    low, high = 0.0, answered / tilt.min() if len(tilt) else 1.0
    for _ in range(40):  # the scale at which the mean is right although no rate exceeds one
        scale = (low + high) / 2
        mean = np.minimum(scale * tilt, 1).mean() if len(tilt) else answered
        low, high = (scale, high) if mean < answered else (low, scale)
    return np.minimum(high * tilt, 1)


def state_reasons(programme: Programme, causes: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Reason that each leaver states, drawn from the row of the true cause in `survey.stated`."""
    stated, true = programme.survey.stated, list(programme.causes)
    codes = list(dict.fromkeys([*CAUSES, "other", *(code for row in stated.values() for code in row)]))
    table = np.array([[stated[cause].get(code, 0.0) for code in codes] for cause in true])
    summed = np.cumsum(table / table.sum(axis=1, keepdims=True), axis=1)
    row = pd.Categorical(causes, categories=true).codes
    said = (summed[row] < rng.random(len(row))[:, None]).sum(axis=1)
    return np.array(codes, dtype=object)[np.minimum(said, len(codes) - 1)]


def _exit_surveys(
    scenario: Scenario, lives: SimulatedLives, writer: TextWriter, rng: np.random.Generator
) -> pd.DataFrame:
    clock, survey, members, leavers = scenario.clock, scenario.programme.survey, lives.members, lives.leavers
    who, n = leavers["position"].to_numpy(), len(leavers)
    sent = _days_asked(scenario, lives, rng)
    rates = response_rates(scenario.programme, members, leavers, scenario.params.survey_answered)
    answers = rng.random(n) < rates
    delay = rng.geometric(0.35, n) - 1
    answers &= sent + delay < clock.days
    reason = state_reasons(scenario.programme, leavers["cause"], rng)
    reason[~answers] = None
    writes = answers & (rng.random(n) < survey.comment)
    comment = np.full(n, None, dtype=object)
    topics = _comment_topics(scenario, leavers[writes], rng)
    comment[writes] = writer.comments(topics, members.language[who[writes]], rng)
    score = np.clip(np.round(rng.normal(3.2, 1.8, n)), 0, 10)
    answered_at = pd.Series(clock.instants(sent + delay, rng) + np.timedelta64(4, "h"))
    table = pd.DataFrame(
        {
            "member_id": members.ids[who],
            "kind": "exit",
            "sent_at": clock.dates(sent) + np.timedelta64(10, "h"),
            "answered_at": answered_at.where(answers),
            "reason": reason,
            "score": np.where(answers & (rng.random(n) < 0.8), score, np.nan),
            "comment": comment,
        }
    )
    return table[sent < clock.days]


def _comment_topics(scenario: Scenario, leavers: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """What comments are about: why the member left, or something else where the mechanism says so."""
    topics, texts = leaver_topics(leavers), scenario.mechanism.texts
    if texts == Texts():
        return topics
    other = random_topics(scenario.programme, len(leavers), rng)
    return np.where(rng.random(len(leavers)) < texts.unrelated, other, topics)


def _days_asked(scenario: Scenario, lives: SimulatedLives, rng: np.random.Generator) -> np.ndarray:
    """Day on which each leaver is asked: some days after the end, or while cancelling; (leavers,).

    Without terms, who cancels is asked in the last week or two of activity.
    """
    survey, leavers, exits = scenario.programme.survey, lives.leavers, lives.exits
    left, n = leavers["left_day"].to_numpy(), len(leavers)
    if not survey.at_cancelling:
        return left + rng.integers(*survey.delay_days, n, endpoint=True)
    if scenario.programme.kind != "inactivity":
        return np.minimum(leavers["decided_day"].to_numpy() + rng.integers(0, 2, n), left)
    who = leavers["position"].to_numpy()
    began = np.where(leavers["spell"] == 1, lives.members.entry[who], exits.returned[who])
    return np.maximum(left - rng.integers(0, 15, n), began)


def _satisfaction_surveys(
    scenario: Scenario, lives: SimulatedLives, presence: Presence, rng: np.random.Generator
) -> pd.DataFrame:
    """A few members are asked each quarter; members with recent incidents give lower scores."""
    clock, members, exposures = scenario.clock, lives.members, lives.history.exposures
    incidents = exposures["defect"] + exposures["slow_response"] + exposures["app_fault"]
    parts = []
    for week in range(12, clock.weeks, 13):
        who = np.flatnonzero((rng.random(members.size) < 0.04) & presence.contacted[week])
        who = who[members.entry[who] <= 7 * week]
        sociability = members.sociability[who]
        day = np.full(len(who), min(7 * week + 2, clock.days - 1))
        nps = rng.random(len(who)) < 0.5
        answers = rng.random(len(who)) < 0.25 * np.exp(0.3 * sociability)
        answers &= presence.is_member(who, day)
        level = 8.2 - 1.6 * np.minimum(incidents[week, who], 3) + 0.5 * sociability
        level = level + rng.normal(0, 1.4, len(who))
        parts.append(
            pd.DataFrame(
                {
                    "member_id": members.ids[who],
                    "kind": np.where(nps, "nps", "satisfaction"),
                    "sent_at": clock.dates(day) + np.timedelta64(9, "h"),
                    "answered_at": pd.Series(clock.dates(day) + np.timedelta64(20, "h")).where(answers),
                    "reason": None,
                    "score": np.where(answers, np.clip(np.round(level), 0, 10), np.nan),
                    "comment": None,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
