"""Sentiment from ratings, triangulation, and one reading of a corpus."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.voice.sentiment.from_ratings import (
    fit_sentiment_model,
    predict_sentiment,
    rate_scale,
    rating_check,
)
from whychurn.voice.sentiment.polarity import sentiment
from whychurn.voice.text.corpus import build_corpus, gather_texts
from whychurn.voice.text_scores import score_texts
from whychurn.voice.triangulation import TRIANGULATION_COLUMNS, add_behaviour, triangulate

UNTIL = pd.Timestamp("2024-10-01")


@pytest.fixture(scope="module")
def params():
    return load_params(StudyPaths.at())


def rated(number: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    good = rng.random(number) < 0.5
    return pd.DataFrame(
        {
            "text": [f"{'plib' if g else 'dront'} {n % 7} thing" for n, g in enumerate(good)],
            "rating": np.where(good, 5.0, 1.0),
            "known_on": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(number) % 364, unit="D"),
            "language": "en",
        }
    )


def test_ratings_scale() -> None:
    assert rate_scale(pd.Series([1.0, 3.0, 5.0])).tolist() == [-1, 0, 1]
    assert rate_scale(pd.Series([0.0, 5.0, 10.0])).tolist() == [-1, 0, 1]


def test_sentiment_of_a_studys_own_ratings_is_asked_for(params) -> None:
    texts = rated(3000)
    assert fit_sentiment_model(texts, UNTIL, params.voice) is None, "words are the default"
    asked = params.voice.model_copy(update={"sentiment_from": "ratings"})
    assert fit_sentiment_model(texts.head(100), UNTIL, asked) is None, "too few"
    model = fit_sentiment_model(texts, UNTIL, asked)
    values = predict_sentiment(model, pd.Series(["plib", "dront", None]))
    assert values[0] > 0.5 and values[1] < -0.5 and np.isnan(values[2])
    check = rating_check(model, texts, UNTIL, params).set_index(["language", "method"])
    assert check.loc[("all", "ratings"), "low"] > 0.9


def test_correlation_is_that_of_scipy(params) -> None:
    texts = rated(300).assign(text=lambda t: np.where(t["rating"] > 3, "good thing", "bad thing"))
    texts.loc[::3, "text"] = "a thing"
    later = texts[texts["known_on"] >= UNTIL]
    found = rating_check(None, texts, UNTIL, params).set_index("language")
    assert np.isclose(
        found.loc["all", "spearman"], spearmanr(sentiment(later["text"]), later["rating"]).statistic
    )
    assert found.loc["all", "low"] < found.loc["all", "spearman"] < found.loc["all", "high"]
    assert rating_check(None, texts.assign(rating=np.nan), UNTIL, params).empty


def topics(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    """(member, origin, source, cause) to feedback_topics."""
    frame = pd.DataFrame(rows, columns=["member_id", "origin", "source", "cause"])
    for cause in CAUSES:
        frame[f"p_{cause}"] = np.where(frame["cause"] == cause, 0.8, 0.0)
    return frame.assign(p_none=0.2)


def surveys(reasons: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {"member_id": [f"s{n}" for n in range(len(reasons))], "kind": "exit", "reason": reasons}
    )


def test_sources_that_say_the_same_agree_and_others_do_not(params) -> None:
    rows = [(f"m{n}", "feedback", "complaint", "price" if n % 2 else "natural") for n in range(200)]
    rows += [(f"i{n}", "feedback", "interview", "price" if n % 2 else "engagement") for n in range(40)]
    table = triangulate(topics(rows), surveys(["price", "natural"] * 100 + [None, "other"]), 5, params)
    assert list(table.columns) == list(TRIANGULATION_COLUMNS)
    shares = table.set_index(["source", "cause"])["share"]
    assert np.allclose(shares[["texts", "interviews", "survey_reasons"]].groupby("source").sum(), 1)
    assert np.allclose([shares["texts", "price"], shares["survey_reasons", "price"]], 0.5)
    verdicts = table.groupby("cause")["verdict"].first()
    assert (
        verdicts["price"] == "agree"
        and verdicts["engagement"] == "partly"
        and verdicts["natural"] == "partly"
    )
    assert table.set_index(["source", "cause"])["n"]["interviews", "price"] == 40


def test_small_and_absent_sources_are_not_shown(params) -> None:
    rows = [("a", "feedback", "interview", "price"), ("b", "feedback", "interview", "price")]
    table = triangulate(topics(rows), surveys([]), 5, params)
    assert table["share"].isna().all() and set(table["verdict"]) == {"alone"}
    assert table.loc[table["source"] == "interviews", "suppressed"].all()
    nothing = triangulate(topics([]), surveys([]), 5, params)
    assert len(nothing) == len(table) and nothing["n"].fillna(0).eq(0).all()


def test_behaviour_joins_and_is_judged(params) -> None:
    rows = [(f"m{n}", "feedback", "complaint", "price") for n in range(50)]
    table = triangulate(topics(rows), surveys([]), 5, params)
    cause_shares = pd.DataFrame({"cause": [*CAUSES, "unknown"], "share": 1 / 7, "low": 0.1, "high": 0.2})
    joined = add_behaviour(table, cause_shares, 1000)
    assert (joined["source"] == "behaviour").sum() == len(CAUSES)
    assert joined.groupby("cause")["verdict"].first()["price"] == "differ"
    assert len(add_behaviour(joined, cause_shares, 1000)) == len(joined), "adding again replaces"


def feedback(texts: list[str | None]) -> pd.DataFrame:
    number = len(texts)
    return pd.DataFrame(
        {
            "feedback_id": [f"f{n}" for n in range(number)], "member_id": [f"m{n % 9}" for n in range(number)],
            "created_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(range(number), unit="D"),
            "text": pd.array(texts, dtype="string"), "source": "complaint", "rating": np.nan,
            "responded_at": pd.NaT, "resolved": pd.array([None] * number, dtype="boolean"),
        }
    )  # fmt: skip


NO_SURVEYS = pd.DataFrame(
    {name: pd.Series(dtype="object") for name in ("survey_id", "member_id", "kind", "reason", "comment")}
    | {name: pd.Series(dtype="datetime64[ns]") for name in ("sent_at", "answered_at")}
)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [None, "", "  "],
        ["太贵了"] * 10,
        ["😀", "🙃🙃"],
        ["<div onclick='x'>too late</div><script>alert('price')</script>"],
        ["ÐŸÑ€Ð¸Ð²ÐµÑ‚", "锟斤拷", "å¤ªè´µäº†"],
        ["price " * 10_000],
        ["客服不回复"] * 5_000,
        ["此用户没有填写评价。"] * 3,
    ],
    ids=["no_feedback", "empty", "ten", "emoji", "html", "mojibake", "long", "copies", "boilerplate"],
)
def test_odd_texts_are_read_or_counted(params, texts) -> None:
    corpus = build_corpus(gather_texts(feedback(texts), NO_SURVEYS), params.voice)
    reading = score_texts(corpus, UNTIL, params)
    assert len(reading.scores) == len(corpus.distinct)
    causes = reading.scores.filter(like="p_")
    assert np.allclose(causes.sum(axis=1), 1)
    assert reading.scores["sentiment"].between(-1, 1).all() and reading.scores["urgency"].between(0, 1).all()
    assert reading.metrics()["cause_weight_learned"] == 0
