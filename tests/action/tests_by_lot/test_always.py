"""Looking every week: fixed intervals cry wolf, the sequence does not; a true effect is still found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.action.tests_by_lot.always import fixed_bound, peeks, scores, sequence_bound
from whychurn.action.tests_by_lot.arms import all_arms
from whychurn.action.tests_by_lot.as_drawn.outcomes import OUTCOMES
from whychurn.contract.results import columns_of

LOOKS, SIZE, TESTS = 52, 40, 3000


def test_weekly_looks_alarm_in_a_quarter_of_tests_with_fixed_intervals_and_hardly_ever_with_the_sequence() -> (
    None
):
    """52 weeks of 40 members each, half treated, nothing to find."""
    rng = np.random.default_rng(4)
    n = SIZE * np.arange(1, LOOKS + 1)
    left = rng.binomial(1, 0.15, (TESTS, LOOKS, SIZE)) - 0.15
    score = (left * rng.choice([-2.0, 2.0], left.shape)).sum(axis=2)
    total, variance = np.cumsum(score, axis=1), 4 * 0.15 * 0.85 * n
    fixed = (np.abs(total) > fixed_bound(variance)).any(axis=1).mean()
    always = (np.abs(total) > sequence_bound(variance, float(variance[-1]))).any(axis=1).mean()
    assert fixed > 0.2 and always <= 0.05


def test_the_bound_is_tightest_at_the_planned_end() -> None:
    variance = np.geomspace(1, 1e4, 200)
    ratio = sequence_bound(variance, 100.0) / fixed_bound(variance)
    assert variance[np.argmin(ratio)] == pytest.approx(100, rel=0.3) and 1.2 < ratio.min() < 1.8
    assert fixed_bound(np.array(4.0)) == pytest.approx(2 * 1.95996, rel=1e-4)


def waves(effect: float, weeks: int = 20, seed: int = 0, n: int = 900) -> tuple[pd.DataFrame, np.ndarray]:
    """Waves four weeks apart, the last of which is still followed."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(weeks // 4):
        p = rng.uniform(0.1, 0.4, n)
        treated = rng.random(n) < 0.5
        left = rng.random(n) < p * np.where(treated, 1 - effect, 1)
        part = pd.DataFrame(
            {"member_id": [f"m{k}" for k in range(n)], "campaign_id": f"c{number}", "wave": number + 1,
             "sent_on": pd.Timestamp("2024-03-04") + pd.Timedelta(weeks=4 * number), "randomized": True,
             "action": np.where(treated, "coupon", "control"), "propensity": 0.5, "propensity_stated": True,
             "stratum": "all", "complete": True, "followed_days": 200, "left": pd.array(left.astype(int), dtype="Int8"),
             "left_after": np.where(left, rng.uniform(0, 90, n), np.nan), "p": p}
        )  # fmt: skip
        parts.append(part)
    rows = pd.concat(parts, ignore_index=True).assign(**dict.fromkeys(OUTCOMES, np.nan))
    return rows.drop(columns="p"), rows["p"].to_numpy()


def test_scores_are_unbiased_whatever_the_chances_to_leave_are_taken_to_be() -> None:
    rows, p = waves(0.5, 4, n=20000)
    (arms,) = all_arms(rows)
    left = arms.rows["left"].to_numpy(float)
    true = -0.5 * p.mean()
    right, wrong = scores(arms, left, p), scores(arms, left, np.full(len(p), 0.9))
    for one in (right, wrong):
        assert abs(one.mean() - true) < 4 * one.std() / np.sqrt(len(p))
    assert right.std() < wrong.std()


def test_a_path_narrows_and_ends_at_the_difference_of_the_campaign() -> None:
    rows, p = waves(0.4)
    table = peeks(rows, p, 90, 10)
    assert list(table.columns) == columns_of("action_peeks")
    one = table[table["campaign_id"] == "c0"]
    assert one["week"].tolist() == sorted(one["week"]) and one["week"].max() == 12
    every = table[table["campaign_id"] == "all"]
    assert every["n"].iloc[-1] == len(rows) and every["n"].is_monotonic_increasing
    last = every.iloc[-1]
    assert (
        last["always_high"] < 0
        and last["always_low"] < last["fixed_low"] < last["effect"] < last["fixed_high"]
    )
    assert (every["always_high"] - every["always_low"]).is_monotonic_decreasing
    assert every["week"].iloc[0] == 12  # days of follow-up, in whole weeks


def test_weeks_with_few_leavers_and_arms_that_do_not_fit_are_left_out() -> None:
    rows, p = waves(0.4, 4)
    assert peeks(rows, p, 90, 60)["week"].min() > peeks(rows, p, 90, 10)["week"].min()
    lost = rows[(rows["action"] == "control") | (np.arange(len(rows)) % 3 > 0)]
    assert len(peeks(lost, np.full(len(lost), 0.2), 90, 10)) == 0
    none = peeks(rows.iloc[:0], p[:0], 90, 10)
    assert len(none) == 0 and list(none.columns) == columns_of("action_peeks")
    young = rows.assign(followed_days=5, complete=False, left=pd.array([pd.NA] * len(rows), dtype="Int8"))
    assert len(peeks(young, p, 90, 10)) == 0
