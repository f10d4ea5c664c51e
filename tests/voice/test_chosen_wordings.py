"""Complaints chosen from a list of a form: few wordings, each of many members, are topics all the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.voice.results import compare_topics
from whychurn.voice.text.corpus import Corpus, build_corpus, gather_texts
from whychurn.voice.text.deduplicate import chosen_from_list
from whychurn.voice.topics.discovery import find_topics

PARAMS = load_params(StudyPaths(PROJECT))
UNTIL = pd.Timestamp("2030-01-01")
FREE = [
    f"The {what} {how} and I {did} {long}"
    for what in ("trainer was", "locker stayed", "pool felt", "shower ran")
    for how in ("rude", "dirty", "cold", "broken", "late")
    for did in ("waited", "complained", "paid")
    for long in ("two days", "three weeks", "for nothing")
]
LISTS = {
    "zh": ["价格太贵", "客服态度差", "课程约不上", "搬家了", "没有时间", "设备老旧"] * 20,
    "one_word_zh": ["价格", "服务", "距离", "时间", "设备", "教练"] * 25,
    "one_word_en": ["Price", "Service", "Equipment", "Distance"] * 20,
    "two_options": ["Too expensive", "Poor service"] * 40,
    "two_languages": ["Too expensive", "价格太贵", "Poor service", "服务差"] * 15,
    "many_options": [f"Option {name} was bad" for name in ["pool", "sauna", "bike", "mat", "bench", "rope", "ball", "lamp"]] * 12,
}  # fmt: skip


def corpus(texts: list[str]) -> Corpus:
    n = len(texts)
    feedback = pd.DataFrame(
        {
            "feedback_id": [f"f{i}" for i in range(n)],
            "member_id": [f"m{i % 300}" for i in range(n)],
            "created_at": pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(n) % 300, unit="D"),
            "source": "complaint",
            "text": texts,
            "rating": np.nan,
            "responded_at": pd.NaT,
            "resolved": pd.NA,
        }
    )
    surveys = pd.DataFrame(
        {"survey_id": [], "member_id": [], "kind": [], "sent_at": pd.to_datetime([]), "comment": []}
    )
    return build_corpus(gather_texts(feedback, surveys), PARAMS.voice)


def with_topic(found: Corpus) -> tuple[float, pd.Series]:
    """Share of the texts that have a topic, and the topic of each."""
    discovery = find_topics(found, UNTIL, PARAMS, 10)
    topic = discovery.distinct["topic_id"].reindex(found.texts["distinct_id"]).set_axis(found.texts.index)
    assert not list(compare_topics(discovery, found, UNTIL, PARAMS)) or len(found.distinct) > 60
    return float(topic.ge(0).mean()), topic


@pytest.mark.parametrize("kind", sorted(LISTS))
def test_wordings_of_a_list_have_topics_however_few_they_are(kind: str) -> None:
    found = corpus(LISTS[kind])
    assert found.distinct["chosen"].all() and found.distinct["count"].sum() == len(LISTS[kind])
    share, topic = with_topic(found)
    assert share >= 0.75
    assert (topic.groupby(found.texts["text"]).nunique() == 1).all(), "one wording, one topic"


def test_half_a_list_half_in_own_words() -> None:
    options = ["Too expensive", "Moved away", "Bad opening hours"]
    share, topic = with_topic(corpus(options * 60 + FREE))
    assert share >= 0.6 and topic.nunique() > 3


def test_own_words_are_no_list_though_some_repeat() -> None:
    found = corpus(FREE + ["All good here"] * 12)
    assert not found.distinct["chosen"].any()


def test_few_own_words_have_no_topics() -> None:
    assert with_topic(corpus(FREE[:40]))[0] == 0


@pytest.mark.parametrize(
    ("counts", "chosen"),
    [
        ([12, 10, 8], [True, True, False]),  # 22 of 30
        ([10, 9, 9], [False] * 3),  # one wording alone is no list
        ([9, 9, 9], [False] * 3),
        ([15, 15, *[1] * 70], [True, True, *[False] * 70]),  # 30 of 100
        ([15, 15, *[1] * 71], [False] * 73),  # 30 of 101
    ],
)
def test_a_list_is_several_wordings_often_and_much_of_a_language(
    counts: list[int], chosen: list[bool]
) -> None:
    free = pd.DataFrame({"space": "en", "count": [40, *[1] * 200]})  # another language, in own words
    distinct = pd.concat([pd.DataFrame({"space": "zh", "count": counts}), free], ignore_index=True)
    found = chosen_from_list(distinct)
    assert found[distinct["space"] == "zh"].tolist() == chosen
    assert not found[distinct["space"] == "en"].any()
