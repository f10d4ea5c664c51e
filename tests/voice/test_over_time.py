"""Change points against trying all, planted changes found, rises and alerts on planted and on real spikes."""

from __future__ import annotations

import os
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import xlogy

from whychurn.contract.codes import ALL_TEXTS
from whychurn.voice.breakdowns.emerging_topics import alert_days, daily_alerts, log_odds, rising
from whychurn.voice.breakdowns.over_time import change_points, topic_changes, topics_by_month

DATA = Path(os.environ.get("WHYCHURN_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def cost(events: float, risk: float) -> float:
    return float(events - xlogy(events, events / risk))


def best_cuts(counts: np.ndarray, exposure: np.ndarray, least: int, penalty: float) -> list[int]:
    """The same, by trying every segmentation."""
    n, best = len(counts), (np.inf, [])
    for number in range(n // least):
        for cuts in combinations(range(least, n - least + 1), number):
            edges = [0, *cuts, n]
            if min(np.diff(edges)) >= least:
                total = penalty * number + sum(
                    cost(counts[a:b].sum(), exposure[a:b].sum()) for a, b in pairwise(edges)
                )
                best = min(best, (total, list(cuts)))
    return best[1]


def test_change_points_are_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    for _ in range(15):
        exposure = rng.integers(5, 60, 14).astype(float)
        counts = rng.poisson(exposure * np.repeat(rng.uniform(0.05, 0.9, 2), 7)).astype(float)
        for penalty in (0.5, 2.0, 6.0):
            assert change_points(counts, exposure, 2, penalty) == best_cuts(counts, exposure, 2, penalty)


def weekly_texts(shares: np.ndarray, a_week: int, seed: int) -> pd.DataFrame:
    """Texts of two topics; the share of topic 0 by week."""
    rng = np.random.default_rng(seed)
    weeks = np.repeat(np.arange(len(shares)), a_week)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(7 * weeks + rng.integers(0, 7, len(weeks)), unit="D")
    topic = np.where(rng.random(len(weeks)) < shares[weeks], 0, 1)
    return pd.DataFrame(
        {"known_on": day, "topic_id": topic, "member_id": rng.integers(0, 500, len(weeks)).astype(str)}
    )


def test_a_planted_change_is_found_in_its_week_and_nothing_where_there_is_none(params) -> None:
    change = topic_changes(weekly_texts(np.repeat([0.2, 0.4], 26), 100, 0), params, 5)
    first = change[change["topic_id"] == 0].iloc[0]
    assert abs(first["week"] - pd.Timestamp("2024-07-01")) <= pd.Timedelta(weeks=1)
    assert first["low"] < 2 < first["high"] and first["share_before"] == pytest.approx(0.2, abs=0.03)
    quiet = [len(topic_changes(weekly_texts(np.full(52, 0.3), 100, seed), params, 5)) for seed in range(20)]
    assert np.mean(np.array(quiet) > 0) <= 0.05


def test_months_add_up_and_small_ones_are_blank() -> None:
    texts = weekly_texts(np.full(20, 0.02), 60, 1)
    table = topics_by_month(texts, 1)
    assert table["texts"].sum() == len(texts)
    assert table.groupby("month")["share"].sum().to_numpy() == pytest.approx(1.0)
    hidden = topics_by_month(texts, 10)
    assert hidden.loc[hidden["members"].lt(10) & hidden["members"].gt(0), "share"].isna().all()


def test_log_odds_are_those_of_the_paper() -> None:
    recent, before = pd.Series({"a": 30.0, "b": 70.0}), pd.Series({"a": 20.0, "b": 180.0, "c": 5.0})
    found = log_odds(recent, before, 10.0)
    prior = 10 * (recent.add(before, fill_value=0)) / 305
    new, old = 30 + prior["a"], 20 + prior["a"]
    odds = np.log(new / (110 - new)) - np.log(old / (215 - old))
    assert found.loc["a", "log_odds"] == pytest.approx(odds)
    assert found.loc["a", "z"] == pytest.approx(odds / np.sqrt(1 / new + 1 / old))


def spoken(number: int, days: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    words = np.array([f"w{n}" for n in range(60)])
    return pd.DataFrame(
        {
            "known_on": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, days, number), unit="D"),
            "member_id": rng.integers(0, 400, number).astype(str),
            "topic_id": rng.integers(0, 8, number),
            "tokens": [" ".join(rng.choice(words, 6, replace=False)) for _ in range(number)],
        }
    )


def test_a_word_that_comes_up_rises_and_rarely_one_that_does_not(params) -> None:
    texts = spoken(4000, 365, 0)
    recent = texts["known_on"] > texts["known_on"].max() - pd.Timedelta(weeks=params.voice.recent_weeks)
    marked = recent & (np.arange(len(texts)) % 12 == 0)
    texts["tokens"] = texts["tokens"].where(~marked, texts["tokens"] + " outage")
    found = rising(texts, params, 5)
    assert found.loc[found["rising"], "name"].tolist()[0] == "outage"
    false = [rising(spoken(3000, 365, seed), params, 5)["rising"].any() for seed in range(1, 21)]
    assert np.mean(false) <= 0.15, "about one study in twenty and kind"


def test_quiet_series_raise_few_alarms_and_a_spike_raises_one(params) -> None:
    rng = np.random.default_rng(0)
    quiet = [rng.negative_binomial(5, 5 / (5 + 20), 400).astype(float) for _ in range(20)]
    rate = sum(len(alert_days(series, params.voice)) for series in quiet) / (20 * 372)
    assert rate < 5 * params.voice.alert_false_alarms
    series = quiet[0].copy()
    series[300:303] = 140
    assert 300 in alert_days(series, params.voice)["place"].tolist(), "on its first day"


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not here (WHYCHURN_SHARED_DATA)")
def test_the_surge_of_complaints_in_june_2015_is_flagged_and_little_else(params) -> None:
    complaints = pd.read_csv(DATA / "comcast_complaints" / "comcast_complaints.csv.gz", parse_dates=["date"])
    texts = pd.DataFrame({"known_on": complaints["date"], "topic_id": -1})
    alerts = daily_alerts(texts, params.voice)
    alerts = alerts[alerts["topic_id"] == ALL_TEXTS].set_index("day")
    surge = pd.date_range("2015-06-23", "2015-06-24")
    assert alerts.index.isin(surge).any(), "within a day"
    before = alerts[alerts.index < "2015-06-12"]  # a slow rise begins about then
    eighty = alerts[
        (alerts.index >= pd.Timestamp("2015-06-23") - pd.Timedelta(days=80)) & (alerts.index < "2015-06-23")
    ]
    assert len(before) <= 2 and eighty["first"].sum() <= 2
