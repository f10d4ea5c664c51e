"""Interviews in contract table `surveys`: leavers drawn by lot with uneven chances, called, and coded by one or two."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.stats.unequal_sampling import inclusion_probabilities, systematic_sample
from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.setting.programme import Interview, Programme
from whychurn.world.setting.scenario import Scenario
from whychurn.world.tables.surveys import state_reasons

DRAWN_DAYS: Final = 365  # leavers of one year are drawn from
CALL_DAYS: Final = (0, 10, 21)  # the call, and two reminders, days after the first
CODERS: Final = ("C1", "C2", "C3", "C4")
COLUMNS: Final = (
    "survey_id", "member_id", "kind", "sent_at", "answered_at", "reason", "score", "comment", "asked_probability",
    "coder",
)  # fmt: skip


def interviews_table(
    scenario: Scenario, lives: SimulatedLives, members: pd.DataFrame, block: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Interviews of a block, one row an asked leaver and coder; silent ones have no answer and no coder.

    Only leavers who may be profiled, and who were not back by then, are drawn. Chances grow with the years of
    membership, so that means without weights are off.

    Parameters
    ----------
    members
        Contract table of the block: its consent as the company records it.

    Returns
    -------
    `COLUMNS`, by member and time.
    """
    interview = scenario.programme.interview
    eligible = _eligible(scenario, lives, members, rng)
    rates = eligible["cause"].map(interview.answering).to_numpy(dtype=float)
    chances = _chances(scenario, lives, eligible, rates)
    asked = eligible[systematic_sample(chances, rng)] if len(eligible) else eligible
    asked = asked.assign(asked_probability=chances[asked.index], rate=rates[asked.index])
    asked = asked.sort_values(["member_id", "day"], ignore_index=True)
    asked["survey_id"] = "I" + pd.Series(np.arange(len(asked)) + 1 + block * 10**7).astype(str).str.zfill(9)
    answered = _answered_days(asked, rng)
    said = _named_reasons(scenario.programme, asked["cause"], rng)
    clock = scenario.clock
    table = pd.DataFrame(
        {
            "survey_id": asked["survey_id"],
            "member_id": asked["member_id"],
            "kind": "interview",
            "sent_at": clock.dates(asked["day"].to_numpy()) + np.timedelta64(10, "h"),
            "answered_at": pd.Series(
                clock.dates(np.where(answered >= 0, answered, 0)) + np.timedelta64(18, "h")
            ),
            "reason": said,
            "score": np.nan,
            "comment": None,
            "asked_probability": asked["asked_probability"],
        }
    )
    silent = answered < 0
    table.loc[silent, ["answered_at", "reason"]] = None
    return _coded(table, interview, rng)[list(COLUMNS)]


def _eligible(
    scenario: Scenario, lives: SimulatedLives, members: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Leavings of a year whose call and reminders lie within the window: position, cause, left_day, day, member_id."""
    first, last = scenario.programme.interview.after_days
    until = scenario.clock.days - last - CALL_DAYS[-1] - 1
    leavers = lives.leavers
    day = leavers["left_day"] + rng.integers(first, last, len(leavers), endpoint=True)
    who = leavers["position"].to_numpy()
    agreed = members["profiling_consent"].fillna(False).to_numpy(dtype=bool)[who]
    back = (leavers["spell"].to_numpy() == 1) & (lives.exits.returned[who] <= day.to_numpy())
    within = leavers["left_day"].between(until - DRAWN_DAYS, until, inclusive="left").to_numpy()
    table = leavers[["position", "cause", "left_day"]].assign(day=day, member_id=lives.members.ids[who])
    return table[within & agreed & ~back].reset_index(drop=True)


def _chances(
    scenario: Scenario, lives: SimulatedLives, eligible: pd.DataFrame, rates: np.ndarray
) -> np.ndarray:
    """Chances by which about as many answer as `world.interviews` says, of this block's part of the members."""
    tenure = (eligible["left_day"] - lives.members.joined[eligible["position"].to_numpy()]) / 365.25
    size = 0.5 + np.minimum(tenure.to_numpy(dtype=float), 2.0)
    wanted = scenario.params.interviews * lives.members.size / scenario.params.members
    return inclusion_probabilities(size, wanted * size.sum() / max(float((size * rates).sum()), 1e-9))


def _answered_days(asked: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Day of the answer, at the first call or after a reminder; -1 where there is none; (asked,)."""
    once = 1 - (1 - asked["rate"].to_numpy(dtype=float)) ** (1 / len(CALL_DAYS))
    reached = rng.random((len(CALL_DAYS), len(asked))) < once
    day = asked["day"].to_numpy() + np.array(CALL_DAYS)[np.argmax(reached, axis=0)]
    return np.where(reached.any(axis=0), day, -1)


def _named_reasons(programme: Programme, causes: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """What each leaver names: the true cause by `accuracy`, else what is said instead in exit surveys; (n,)."""
    true = causes.to_numpy(dtype=object)
    named = true.copy()
    wrong = rng.random(len(true)) >= causes.map(programme.interview.accuracy).to_numpy(dtype=float)
    for _ in range(50):  # drawn again until something else is named
        open_rows = np.flatnonzero(wrong & (named == true))
        if not len(open_rows):
            break
        named[open_rows] = state_reasons(programme, causes.iloc[open_rows], rng)
    return named


def _coded(table: pd.DataFrame, interview: Interview, rng: np.random.Generator) -> pd.DataFrame:
    """`table` with coders; a part of the answers has a second row by another coder. Each coder slips by themselves."""
    first = rng.integers(0, len(CODERS), len(table))
    second = (first + rng.integers(1, len(CODERS), len(table))) % len(CODERS)
    answered = table["answered_at"].notna().to_numpy()
    twice = answered & (rng.random(len(table)) < interview.twice)
    coder = np.array(CODERS, dtype=object)[np.concatenate([first, second[twice]])]
    coded = pd.concat([table, table[twice]], ignore_index=True)
    coded["coder"] = pd.Series(coder).where(coded["answered_at"].notna())
    slips = coded["answered_at"].notna() & (rng.random(len(coded)) >= interview.coded)
    codes = np.array([*CAUSES, UNKNOWN], dtype=object)
    wrong = codes[rng.integers(0, len(codes), len(coded))]
    coded.loc[slips, "reason"] = wrong[slips.to_numpy()]
    return coded.sort_values(["survey_id", "coder"], kind="stable", ignore_index=True)
