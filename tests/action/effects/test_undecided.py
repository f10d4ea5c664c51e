"""Who has decided already, on members with terms whose decisions are simulated."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from whychurn.action.effects.undecided import USUAL_POWER, Decisions, Timing, has_terms, leaving_power, timing
from whychurn.action.inputs import ActionInputs
from whychurn.action.plan.kept_days import share_in_time
from whychurn.action.plan.state import with_open_decisions

DAY = pd.Timestamp("2025-06-01")
FOLLOW_UP = 90
NOTICE = 0.4


def programme(terms: pd.DataFrame, notices: int = 0, told: int = 0, kind: str = "terms") -> ActionInputs:
    """Members on `DAY`, and `notices` cancelled terms of others, spread evenly; `told` of 100 leavers gave notice."""
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.linspace(0, 99, notices).round(), unit="D")
    others = pd.DataFrame({
        "member_id": [f"z{n:03d}" for n in range(notices)], "starts_on": pd.Timestamp("2024-01-01"),
        "ends_on": pd.Timestamp("2024-04-09"), "cancelled_on": at,
    })  # fmt: skip
    whole = (
        pd.concat([terms.assign(cancelled_on=pd.NaT), others])
        if notices
        else terms.assign(cancelled_on=pd.NaT)
    )
    whole = whole.astype({"member_id": "string", "cancelled_on": "datetime64[ns]"})
    spells = pd.DataFrame({"churned": [True] * 100, "notice_on": [DAY] * told + [pd.NaT] * (100 - told)})
    held: dict[str, object] = {}
    found = SimpleNamespace(
        tables={"memberships": whole}, spells=spells, panel_facts={"kind": kind},
        params=SimpleNamespace(action=SimpleNamespace(effect_days=FOLLOW_UP, value_days=365)),
        once=lambda name, make: held.setdefault(name, make()),
    )  # fmt: skip
    return cast("ActionInputs", found)


def running(passed: list[int], length: list[int]) -> pd.DataFrame:
    starts = DAY - pd.to_timedelta(passed, unit="D")
    ends = starts + pd.to_timedelta(length, unit="D") - pd.Timedelta(days=1)
    return pd.DataFrame(
        {"member_id": [f"m{n}" for n in range(len(passed))], "starts_on": starts, "ends_on": ends}
    )


def of(terms: pd.DataFrame, **more: int) -> Timing:
    found = timing(programme(terms, **more), terms["member_id"].astype("string"), pd.Series(DAY, terms.index))
    assert found is not None
    return found


def simulated(passed: int, length: int, rate: float, notice: float) -> tuple[float, float, float]:
    """Of members still there without notice: chance to leave in the follow-up, share of it not decided, chance to decide."""
    rng = np.random.default_rng(1)
    wait = rng.exponential(length / rate, 400_000) - passed  # days from `DAY` to the decision
    tells = rng.random(len(wait)) < notice
    still = (wait >= 0) | ((wait >= -passed) & ~tells)
    end = (length - passed) + length * np.maximum(np.ceil((wait - (length - passed)) / length), 0)
    gone = np.where(tells, wait, end)[still]
    leaves, open_ = gone <= FOLLOW_UP, (wait[still] >= 0)
    return leaves.mean(), (leaves & open_).mean() / leaves.mean(), (open_ & (wait[still] <= FOLLOW_UP)).mean()


@pytest.mark.parametrize(
    ("passed", "length", "notice"),
    [
        (passed, length, notice)
        for passed, length in ((10, 30), (60, 91), (85, 91), (330, 365))
        for notice in (0.0, NOTICE)
    ]
    + [(100, 365, NOTICE)],
)
def test_what_is_open_is_what_members_have_not_decided(passed: int, length: int, notice: float) -> None:
    p, share, ahead = simulated(passed, length, 0.3, notice)
    found = of(running([passed], [length]), notices=100 * bool(notice), told=round(100 * notice))
    decided = found.decisions(np.array([p]), USUAL_POWER)
    assert decided.open_share[0] == pytest.approx(share, abs=0.04)
    assert decided.ahead[0] == pytest.approx(ahead, abs=0.02)


def test_a_larger_chance_is_more_often_a_decision_made_the_less_later_leavings_follow_it() -> None:
    found = of(running([60] * 3, [91] * 3))
    p = np.array([0.05, 0.1, 0.4])
    free, bound = found.decisions(p, 1.0), found.decisions(p, 0.0)
    assert free.open_share[0] == pytest.approx(free.open_share[1], abs=0.02)
    assert bound.open_share[2] < bound.open_share[1] < bound.open_share[0] and bound.ahead[2] < bound.ahead[1]
    assert (free.ahead[1:] > free.ahead[:-1]).all()
    assert ((bound.open_share >= 0) & (bound.open_share <= 1) & (bound.ahead <= 1)).all()


def test_without_an_end_of_a_term_everything_is_open() -> None:
    terms = running([10, 400, 10], [30, 30, 30])
    terms.loc[2, "ends_on"] = pd.NaT  # runs on; the second ended a year ago
    found = of(terms)
    split = found.decisions(np.array([0.1, 0.2, 0.3]), 0.5)
    assert isinstance(split, Decisions)
    assert split.open_share[0] < 1 and split.open_share[1:].tolist() == [1.0, 1.0]
    assert split.ahead[1:].tolist() == [0.2, 0.3]
    nobody = programme(terms, kind="inactivity")
    assert has_terms(programme(terms)) and not has_terms(nobody)
    assert timing(nobody, terms["member_id"], pd.Series(DAY, terms.index)) is None


def test_the_state_of_members_says_what_is_open() -> None:
    terms = running([60, 10], [91, 30])
    state = pd.DataFrame({"member_id": terms["member_id"].astype("string"), "p_leave": [0.3, 0.1]})
    days = pd.Series(DAY, state.index)
    found = with_open_decisions(programme(terms), state, days, 0.5)
    split = of(terms).decisions(np.array([0.3, 0.1]), 0.5)
    assert (found["p_decide"] == split.ahead).all() and (found["open_share"] == split.open_share).all()
    assert found["days_left"].tolist() == [31.0, 20.0] and found["in_time"].between(0.5, 1).all()
    assert with_open_decisions(programme(terms, kind="inactivity"), state, days, 0.5) is state


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_power_is_that_of_later_leavings(power: float) -> None:
    rng = np.random.default_rng(2)
    p = rng.uniform(0.02, 0.5, 60_000)
    left = (rng.random(len(p)) < p).astype(float)
    later = (rng.random(len(p)) < -np.expm1(-0.3 * (-np.log1p(-p)) ** power)).astype(float)
    assert leaving_power(p, left, later) == pytest.approx(power, abs=0.05)
    assert leaving_power(p[:200], left[:200], later[:200]) == USUAL_POWER
    assert leaving_power(p, left, np.full(len(p), np.nan)) == USUAL_POWER


def test_days_kept_count_from_the_end_of_the_term_on() -> None:
    left = np.array([np.nan, 15.0, 300.0, 365.0])
    found = share_in_time(left, np.array([np.nan, 30.0, 365.0, 365.0]), FOLLOW_UP, 365)
    assert found[0] == pytest.approx(1) and 0.9 < found[1] < 1
    assert 0.1 < found[2] < 0.35 and found[3] == pytest.approx(0.0, abs=0.01)
