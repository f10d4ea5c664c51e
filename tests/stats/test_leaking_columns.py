"""Columns written at leaving are found, honest predictors stay: on customers whose leaving is drawn here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.stats.leaking_columns import auc, column_auc, leaking_columns

N = 2000


def customers(share: float = 0.3, seed: int = 1) -> tuple[np.random.Generator, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng, rng.random(N) < share


def written(kind: str, rng: np.random.Generator, left: np.ndarray) -> pd.Series:
    """A column that is written when somebody leaves, in one of the ways in which companies do."""
    some = left & (rng.random(N) < 0.6)
    return pd.Series(
        {
            "closing note": np.where(some, rng.choice(["sent", "returned", "lost"], N), None),
            "a placeholder for the rest": np.where(some, rng.choice(["A", "B"], N), "n/a"),
            "无 for the rest": np.where(some, "已寄出", "无"),
            "an amount, zero for the rest": np.where(some, rng.normal(20, 5, N).round(2), 0.0),
            "emptied at leaving": np.where(left, np.nan, rng.normal(40, 5, N)),
            "a date of those who left": np.where(some, "2024-05-01", None),
            "a score": np.where(left, rng.uniform(60, 100, N), rng.uniform(0, 62, N)),
            "a band in the middle": np.where(left, rng.uniform(45, 55, N), rng.choice([10.0, 90.0], N)),
            "a word for each": np.where(left, rng.choice(["x", "y"], N), rng.choice(["u", "v", "w"], N)),
        }[kind]
    )


KINDS = [
    "a band in the middle",
    "a date of those who left",
    "a placeholder for the rest",
    "a score",
    "a word for each",
    "an amount, zero for the rest",
    "closing note",
    "emptied at leaving",
    "无 for the rest",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_what_is_written_at_leaving_is_found(kind: str, share: float) -> None:
    rng, left = customers(share)
    frame = pd.DataFrame({"plain": rng.normal(size=N), "c1": written(kind, rng, left)})
    found = leaking_columns(frame, left, seed=7)
    assert found["column"].tolist() == ["c1"]
    assert (found["value"] > found["bound"]).all() or (found["value"] >= found["bound"]).all()


def test_honest_predictors_stay_however_strong() -> None:
    rng, left = customers()
    month_to_month = np.where(left, rng.random(N) < 0.88, rng.random(N) < 0.43)
    frame = pd.DataFrame(
        {
            "contract": np.where(month_to_month, "monthly", "yearly"),
            "months": rng.exponential(np.where(left, 12, 35)).round(),
            "complained": np.where(left, rng.random(N) < 0.3, rng.random(N) < 0.03).astype(float),
            "visits": rng.poisson(np.where(left, 1.2, 4.0)).astype(float),
            "city": rng.choice([f"city {n}" for n in range(600)], N),
            "gaps": np.where(rng.random(N) < np.where(left, 0.5, 0.8), rng.normal(size=N), np.nan),
            "last_order_days": rng.exponential(np.where(left, 60, 25)),
        }
    )
    assert column_auc(frame["contract"], left, 7) > 0.7 and column_auc(frame["visits"], left, 7) > 0.8
    assert leaking_columns(frame, left, seed=7).empty


def test_names_alone_speak_only_where_they_are_plain() -> None:
    rng, left = customers()
    frame = pd.DataFrame(
        {name: rng.normal(size=N) for name in ("churn_score", "流失概率", "exit_rate", "closed_tickets")}
    )
    found = leaking_columns(frame, left, seed=7)
    assert found["column"].tolist() == ["churn_score", "流失概率"] and set(found["why"]) == {"name"}


def test_where_all_are_of_one_kind_nothing_is_found() -> None:
    frame = pd.DataFrame({"x": np.arange(50.0), "y": ["a"] * 50})
    for left in (np.zeros(50, dtype=bool), np.ones(50, dtype=bool)):
        assert leaking_columns(frame, left, seed=7).empty


def stays(seed: int = 3) -> tuple[np.random.Generator, pd.Series, pd.Series, np.ndarray]:
    """Joining over two years, twice as many in the second; leaving at a constant hazard; last day 2024-12-31."""
    rng = np.random.default_rng(seed)
    first = pd.Timestamp("2023-01-01")
    entered = first + pd.to_timedelta(np.sqrt(rng.random(N)) * 700, "D")
    ended = entered + pd.to_timedelta(rng.exponential(400, N) + 30, "D")
    gone = np.asarray(ended <= pd.Timestamp("2024-12-31"))
    return rng, pd.Series(entered), pd.Series(ended).where(gone), gone


def test_each_quarter_s_leavers_are_judged_by_themselves() -> None:
    """A code of the quarter of leaving lies among the codes of those who stay: only quarter by quarter it stands out."""
    rng, entered, ended, gone = stays()
    quarter = ended.dt.quarter.fillna(0) + 10 * ended.dt.year.fillna(0)
    codes = np.where(gone, quarter, rng.choice(np.unique(quarter[gone]) + 0.5, N))
    found = leaking_columns(pd.DataFrame({"batch": codes}), gone, 7, ended, entered)
    assert found["column"].tolist() == ["batch"] and found["why"].tolist() == ["auc"]


def test_the_month_of_joining_is_honest_in_a_growing_programme() -> None:
    _, entered, ended, gone = stays()
    months = entered.dt.year * 12 + entered.dt.month
    assert leaking_columns(pd.DataFrame({"join_month": months}), gone, 7, ended, entered).empty


def test_dates_after_leaving_are_known_after_leaving() -> None:
    rng, entered, ended, gone = stays()
    touched = ended.fillna(pd.Timestamp("2024-12-31")) + pd.to_timedelta(rng.integers(-20, 20, N), "D")
    found = leaking_columns(pd.DataFrame({"touched": touched, "joined": entered}), gone, 7, ended, entered)
    assert found[["column", "why"]].values.tolist() == [["touched", "time"]]


def test_auc_by_hand() -> None:
    left = np.array([True, True, False, False, False])
    assert auc(np.array([3.0, 1.0, 2.0, 0.0, 1.0]), left) == pytest.approx(4.5 / 6)
    assert auc(-np.array([3.0, 1.0, 2.0, 0.0, 1.0]), left) == pytest.approx(4.5 / 6)
    assert auc(np.zeros(5), np.zeros(5, dtype=bool)) == 0.5
