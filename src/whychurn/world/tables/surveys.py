"""Contract table `surveys`: who answers depends on the cause, and "price" is said too often."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.world.lives.members import Members
from whychurn.world.setting.programme import Programme
from whychurn.world.tables.rows import Population
from whychurn.world.tables.texts import Voice


def draw_surveys(
    people: Population, leavers: pd.DataFrame, answered: float, voice: Voice, rng: np.random.Generator
) -> pd.DataFrame:
    """Exit surveys to those who left, satisfaction and NPS surveys to some members.

    Parameters
    ----------
    leavers
        One row for each leaving: position, left_day, cause, subcause.
    answered
        Mean share of leavers who answer.
    """
    exits = _exit(people, leavers, answered, voice, rng)
    return pd.concat([exits, _ongoing(people, rng)], ignore_index=True)


def answer_chance(
    programme: Programme, members: Members, leavers: pd.DataFrame, answered: float
) -> np.ndarray:
    """Chance of each leaver to answer; its mean is `answered`, its tilt by cause and by how social one is."""
    tilt = leavers["cause"].map(programme.survey.answering).to_numpy(dtype=float)
    tilt = tilt * np.exp(0.3 * members.bond[leavers["position"].to_numpy()] - 0.045)
    low, high = 0.0, answered / tilt.min() if len(tilt) else 1.0
    for _ in range(40):  # the scale at which the mean is right although no chance passes one
        scale = (low + high) / 2
        mean = np.minimum(scale * tilt, 1).mean() if len(tilt) else answered
        low, high = (scale, high) if mean < answered else (low, scale)
    return np.minimum(high * tilt, 1)


def state_reasons(programme: Programme, causes: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Reason that each leaver states, drawn from the row of the true cause in `survey.stated`."""
    codes, true = [*CAUSES, "other"], list(programme.causes)
    table = np.array([[programme.survey.stated[cause].get(code, 0.0) for code in codes] for cause in true])
    summed = np.cumsum(table / table.sum(axis=1, keepdims=True), axis=1)
    row = pd.Categorical(causes, categories=true).codes
    said = (summed[row] < rng.random(len(row))[:, None]).sum(axis=1)
    return np.array(codes, dtype=object)[np.minimum(said, len(codes) - 1)]


def _exit(
    people: Population, leavers: pd.DataFrame, answered: float, voice: Voice, rng: np.random.Generator
) -> pd.DataFrame:
    programme, clock, members = people.programme, people.clock, people.members
    who, n = leavers["position"].to_numpy(), len(leavers)
    sent = leavers["left_day"].to_numpy() + rng.integers(*programme.survey.delay_days, n, endpoint=True)
    answers = rng.random(n) < answer_chance(programme, members, leavers, answered)
    delay = rng.geometric(0.35, n) - 1
    answers &= sent + delay < clock.days
    reason = state_reasons(programme, leavers["cause"], rng)
    reason[~answers] = None
    writes = answers & (rng.random(n) < programme.survey.comment)
    comment = np.full(n, None, dtype=object)
    comment[writes] = voice.comments(
        leavers["subcause"].to_numpy()[writes], members.language[who[writes]], rng
    )
    score = np.clip(np.round(rng.normal(3.2, 1.8, n)), 0, 10)
    table = pd.DataFrame(
        {
            "member_id": members.ids[who],
            "kind": "exit",
            "sent_at": clock.dates(sent) + np.timedelta64(10, "h"),
            "answered_at": pd.Series(clock.instants(sent + delay, rng) + np.timedelta64(4, "h")).where(
                answers
            ),
            "reason": reason,
            "score": np.where(answers & (rng.random(n) < 0.8), score, np.nan),
            "comment": comment,
        }
    )
    return table[sent < clock.days]


def _ongoing(people: Population, rng: np.random.Generator) -> pd.DataFrame:
    """A few members are asked each quarter; troubled members give lower scores."""
    clock, members, path, there = people.clock, people.members, people.path, people.there
    parts = []
    trouble = path.exposures["defect"] + path.exposures["slow_response"] + path.exposures["app_fault"]
    for week in range(12, clock.weeks, 13):
        who = np.flatnonzero((rng.random(members.size) < 0.04) & there.contact[week])
        who = who[members.entry[who] <= 7 * week]
        day = np.full(len(who), min(7 * week + 2, clock.days - 1))
        nps = rng.random(len(who)) < 0.5
        answers = (rng.random(len(who)) < 0.25 * np.exp(0.3 * members.bond[who])) & there.here(who, day)
        level = (
            8.2
            - 1.6 * np.minimum(trouble[week, who], 3)
            + 0.5 * members.bond[who]
            + rng.normal(0, 1.4, len(who))
        )
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
