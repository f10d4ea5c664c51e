"""Polarity and urgency by words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.voice.sentiment.polarity import sentiment, urgency


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("A lovely place, thank you", "A horrible place, never again"),
        ("I am happy with it", "I am not happy with it"),
        ("It was not bad at all", "It was really bad"),
        ("质量很好，非常满意", "质量很差，非常失望"),
        ("很满意", "不是很满意"),
        ("不错，会回购", "一点都不好，不会再买"),
        (
            "The food was slow but the taste was great",
            "The taste was great but the food was slow and cold, awful",
        ),
        ("有点慢，但是服务真的很好", "服务真的很好，但是太慢了，垃圾"),
        ("服務很好", "服務很差"),
    ],
)
def test_praise_is_above_zero_and_blame_below(good: str, bad: str) -> None:
    values = sentiment([good, bad])
    assert values[0] > 0 > values[1]


def test_degree_counts() -> None:
    plain, very, little = sentiment(["good", "very good", "a bit disappointing"])
    assert very > plain
    assert sentiment(["extremely disappointing"])[0] < little < 0
    assert sentiment(["非常差"])[0] < sentiment(["有点差"])[0] < 0


def test_words_that_only_look_like_praise_are_neutral() -> None:
    assert np.allclose(sentiment(["好像是星期三", "I would like to know", "你好", "正好三点"]), 0)


def test_bounds_nulls_and_odd_texts() -> None:
    texts = pd.Series(
        ["", None, "😡😡😡", "差" * 50_000, "<p>great</p>", "ok 1234"], index=[5, 6, 7, 8, 9, 10]
    )
    values = sentiment(texts)
    assert list(values.index) == list(texts.index)
    assert values[[5, 6]].isna().all()
    assert values.dropna().between(-1, 1).all()
    assert values[7] < 0 < values[9]
    assert sentiment([]).empty


def test_urgency_is_in_bounds_and_hears_threats() -> None:
    calm, pressing, threat, empty = urgency(
        ["nice shop", "please help immediately", "再不处理我就投诉到消协，找律师起诉", ""]
    )
    assert calm == 0 and np.isnan(empty)
    assert 0.5 < pressing < 1 and 0.9 < threat < 1
