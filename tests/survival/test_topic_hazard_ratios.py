"""Hazard ratios of what members spoke of: planted ratios found, nothing read from later, exit surveys left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.survival.hazard_ratios.model_building import CoxModels, build_cox_models
from whychurn.survival.hazard_ratios.topic_hazard_ratios import (
    COLUMNS,
    exposed_within,
    text_exposures,
    topic_hazard_fits,
    topic_hazard_ratios,
)

PARAMS = load_params(StudyPaths(PROJECT))
START, MONTH, MONTHS = pd.Timestamp("2024-01-01"), 30, 12
DAYS_MONTH = 180 // MONTH


def said_rows(texts: list[tuple[str, pd.Timestamp, int, str]]) -> pd.DataFrame:
    """feedback_topics with one text a tuple of member, day, topic, source; topic 0 names price, 1 nothing."""
    table = pd.DataFrame(texts, columns=["member_id", "known_on", "topic_id", "source"])
    for cause in CAUSES:
        table[f"p_{cause}"] = 0.02
    table["p_none"] = np.where(table["topic_id"] == 0, 0.1, 0.88)
    table["p_price"] = np.where(table["topic_id"] == 0, 0.8, 0.02)
    return table


def programme(ratio: float, members: int, seed: int) -> tuple[CoxModels, pd.DataFrame, pd.DataFrame]:
    """Members seen monthly; who wrote of topic 0 within 180 days leaves `ratio` times as fast; topic 1 is idle talk."""
    rng = np.random.default_rng(seed)
    rows, texts = [], []
    for number in range(members):
        member, since, age = f"m{number}", -999, rng.normal(40, 10)
        for month in range(MONTHS):
            exposed = month - since <= DAYS_MONTH and since >= 0
            gone = rng.exponential(1 / (0.0012 * (ratio if exposed else 1.0) * np.exp(0.02 * (age - 40))))
            stop = min(MONTH, np.ceil(gone))
            rows.append((member, 1, month * MONTH, month * MONTH + stop, gone <= MONTH, age))
            if gone <= MONTH:
                texts.append(
                    (member, START + pd.Timedelta(days=month * MONTH + int(stop) + 5), 0, "survey_exit")
                )
                break
            for topic in (0, 1):  # written late in the month, in force from the next row on
                if rng.random() < 0.04:
                    texts.append((member, START + pd.Timedelta(days=month * MONTH + 29), topic, "complaint"))
                    since = month + 1 if topic == 0 else since
    frame = pd.DataFrame(rows, columns=["member_id", "spell_no", "entry", "exit", "event", "age_years"])
    frame = frame.astype({"entry": float, "exit": float})
    stays = frame[["member_id", "spell_no"]].drop_duplicates().assign(started_on=START)
    return build_cox_models(frame, load_catalogue(), "inactivity", PARAMS, []), stays, said_rows(texts)


def table_of(ratio: float, members: int = 1500, seed: int = 0) -> pd.DataFrame:
    study, stays, said = programme(ratio, members, seed)
    return topic_hazard_ratios(study, stays, said, load_catalogue(), PARAMS).set_index(["kind", "name"])


def test_a_planted_ratio_is_found_and_idle_talk_has_none() -> None:
    found = table_of(3.0)
    planted, idle = found.loc[("topic", "0")], found.loc[("topic", "1")]
    assert planted["low"] < 3 < planted["high"] and planted["p_adjusted"] < 0.01
    assert idle["low"] < 1 < idle["high"]
    assert found.loc[("cause", "price"), "hazard_ratio"] == pytest.approx(planted["hazard_ratio"])
    assert 1 < found.loc[("any", "any"), "hazard_ratio"] < planted["hazard_ratio"]


def test_intervals_hold_and_chance_stays_chance() -> None:
    tables = [table_of(1.0, 500, seed) for seed in range(1, 21)]
    rows = pd.concat([table.loc["topic"] for table in tables]).dropna(subset=["low"])
    covered = ((rows["low"].astype(float) < 1) & (rows["high"].astype(float) > 1)).mean()
    assert len(rows) >= 30 and covered >= 0.85


def test_the_day_itself_and_later_are_not_read() -> None:
    texts = pd.DataFrame({"member_id": ["a"], "known_on": [pd.Timestamp("2024-05-10")]})
    days = pd.Series(pd.to_datetime(["2024-05-09", "2024-05-10", "2024-05-11", "2024-11-06", "2024-11-07"]))
    exposed = exposed_within(pd.Series(["a"] * 5), days, texts, 180)
    assert exposed.tolist() == [False, False, True, True, False]
    assert not exposed_within(pd.Series(["b"] * 5), days, texts, 180).any()


def test_exposure_agrees_with_a_slow_count() -> None:
    rng = np.random.default_rng(3)
    names = np.array(list("abcdef"), dtype=object)
    texts = pd.DataFrame(
        {
            "member_id": rng.choice(names[:4], 30),
            "known_on": START + pd.to_timedelta(rng.integers(0, 400, 30), "D"),
        }
    )
    member, day = (
        pd.Series(rng.choice(names, 500)),
        pd.Series(START + pd.to_timedelta(rng.integers(0, 500, 500), "D")),
    )
    slow = [
        any(one == who and 0 < (when - on).days <= 60 for one, on in texts.itertuples(index=False))
        for who, when in zip(member, day, strict=True)
    ]
    assert exposed_within(member, day, texts, 60).tolist() == slow and 50 < sum(slow) < 450


def test_comments_of_exit_surveys_expose_to_nothing() -> None:
    said = said_rows([("a", START, 0, "survey_exit"), ("b", START, 0, "review"), ("b", START, -1, "review")])
    found = text_exposures(said)
    assert set(found["member_id"]) == {"b"}
    assert found[found["kind"] == "topic"]["name"].tolist() == ["0"]
    assert found[found["kind"] == "cause"]["name"].tolist() == ["price"]


def test_few_members_are_not_shown_and_no_model_is_no_table() -> None:
    study, stays, said = programme(2.0, 400, 3)
    lone = said_rows([("m1", START + pd.Timedelta(days=40), 7, "review")])
    found = topic_hazard_ratios(study, stays, pd.concat([said, lone]), load_catalogue(), PARAMS)
    row = found[found["name"] == "7"].iloc[0]
    assert row["suppressed"] and pd.isna(row["hazard_ratio"]) and pd.isna(row["texts"])
    for nothing in (
        topic_hazard_ratios(None, stays, said, load_catalogue(), PARAMS),
        topic_hazard_ratios(study, stays, said.iloc[:0], load_catalogue(), PARAMS),
    ):
        assert nothing.empty and list(nothing.columns) == COLUMNS and topic_hazard_fits(nothing, PARAMS) == []
    assert topic_hazard_fits(found, PARAMS)[0].metrics["exposures"] >= 2
