"""Texts that no programme wants to have: each run ends with whole tables, and says what could not be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.results import documented
from whychurn.report.voice.sentences import text_causes as said_story
from whychurn.report.voice.sentences import topics as topic_story
from whychurn.report.words import LANGUAGES, say
from whychurn.voice.causes.lexicon_classifier import cause_probabilities
from whychurn.voice.results import VoiceResults, voice_results
from whychurn.voice.text.corpus import Corpus, build_corpus, gather_texts
from whychurn.voice.text.normalise import normalise

UNTIL = pd.Timestamp("2024-12-01")
DOCUMENTED = documented()["voice"]


class Page:
    """What the sentences need of a report page."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def say(self, key: str, **values: object) -> str:
        return say(key, self.lang, **values)

    def format(self, value: Any, _kind: str) -> str:
        return str(value)


@pytest.fixture
def read(params, interim) -> Callable[..., tuple[Corpus, VoiceResults]]:
    def run(texts: list[Any], **settings: Any) -> tuple[Corpus, VoiceResults]:
        tables = interim(texts, **settings)
        corpus = build_corpus(gather_texts(tables["feedback"], tables["surveys"]), params.voice)
        found = voice_results(corpus, tables, UNTIL, params)
        check_tables(found, len(texts))
        check_sentences(found, params.voice.recent_weeks)
        return corpus, found

    return run


def check_tables(found: VoiceResults, texts: int) -> None:
    """Documented columns, one row a text, probabilities that sum to one."""
    for name, table in found.tables.items():
        assert list(table.columns) == list(DOCUMENTED[name]), name
    said = found.tables["feedback_topics"]
    assert len(said) == texts and said["feedback_id"].is_unique
    total = said[[c for c in said if c.startswith("p_")]].sum(axis=1, min_count=1).dropna()
    assert np.allclose(total.astype(float), 1.0)
    assert set(said["topic_id"]) <= {-1, *found.tables["topics"]["topic_id"]}


def check_sentences(found: VoiceResults, weeks: int) -> None:
    """Each language says something whole."""
    own = found.tables
    for page in map(Page, LANGUAGES):
        lines = [
            *topic_story.topic_lines(own["topics"], page),
            *topic_story.change_lines(own["topic_changes"], own["topics"], page),
            *topic_story.rising_lines(own["topic_rising"], own["topics"], weeks, page),
            *said_story.triangulation_lines(own["triangulation"], page),
            *said_story.agreement_lines(own["text_cause_check"], page),
            *said_story.sentiment_lines(own["sentiment_check"], page),
        ]
        assert lines and all(line and "{" not in line and "nan" not in line for line in lines)


def states(corpus: Corpus) -> dict[str, int]:
    return corpus.texts["state"].value_counts().to_dict()


@pytest.mark.parametrize("texts", [[], [None, "", "  "] * 30], ids=["no feedback", "blank feedback"])
def test_nothing_said_is_said_to_be_nothing(read, texts: list[Any]) -> None:
    corpus, found = read(texts)
    assert not len(corpus.distinct) and found.tables["topics"].empty
    assert found.tables["feedback_topics"]["p_none"].isna().all()
    assert topic_story.topic_lines(found.tables["topics"], Page("en")) == [say("voice.topic_none", "en")]


def test_ten_texts_have_causes_and_no_topics(read) -> None:
    _, found = read(["the parcel was late again and nobody answered my call"] * 5 + ["价格太贵，涨价了"] * 5)
    assert found.tables["topics"].empty
    said = found.tables["feedback_topics"].groupby("language")[["p_product_service", "p_price"]].first()
    assert said.loc["en", "p_product_service"] > 0.5 and said.loc["zh", "p_price"] > 0.5


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_language_alone_has_topics_named_in_both(read, texts_of, language: str) -> None:
    texts, subjects = texts_of(400, language)
    _, found = read(texts)
    topics, said = found.tables["topics"], found.tables["feedback_topics"]
    assert len(topics) >= 4 and topics["label_zh"].str.len().gt(0).all()
    assert topics["label_en"].str.len().gt(0).all()
    other = "zh" if language == "en" else "en"
    assert topics[f"size_{other}"].fillna(0).eq(0).all() and topics[f"words_{other}"].eq("").all()
    told = pd.DataFrame({"subject": subjects, "topic": said["topic_id"]})
    told = told[told["topic"] >= 0]
    assert len(told) > 0.9 * len(texts)
    purest = told.groupby("topic")["subject"].agg(
        lambda subject: subject.value_counts(normalize=True).iloc[0]
    )
    assert purest.min() > 0.8, "no topic mixes the four subjects"


def test_emoji_are_heard_as_feeling_and_as_nothing_else(read) -> None:
    corpus, found = read(["😀😀", "😡😡😡", "👍"] * 40)
    assert states(corpus) == {"no_words": 120} and found.tables["topics"].empty
    said = found.tables["feedback_topics"]
    assert (said["p_none"] > 0.8).all()
    tone = said["sentiment"].groupby(corpus.texts["text"]).first()
    assert tone["😀😀"] > 0 > tone["😡😡😡"], "a smile and a scowl are two texts"


def test_the_end_of_a_very_long_text_is_not_read(read, params) -> None:
    short = "快递很慢，包裹坏了。"
    many = 50_000 // len(short)
    corpus, found = read([short * many, "the parcel came late. " * 2500, short * many + "太贵了，涨价"])
    assert corpus.distinct["plain"].str.len().max() <= params.voice.max_characters
    said = found.tables["feedback_topics"]
    assert (said["p_product_service"] > 0.5).all() and (said["p_price"] < 0.1).all()


@pytest.mark.parametrize("piece", ["<", "&lt;", "a", "<script>", "<!--", "不", "不是没有", "not no "])
def test_a_hostile_text_costs_no_more_than_others(read, growth, params, piece: str) -> None:
    """All but the normal form see the first letters only."""
    most = params.voice.max_characters
    assert growth(lambda size: normalise(piece * (size // len(piece)), most), 50_000) < 10
    corpus, _ = read([piece * (200_000 // len(piece))])
    assert corpus.distinct["plain"].str.len().max() <= most


def test_markup_is_not_what_members_say(read, texts_of) -> None:
    plain, _ = texts_of(200, "en")
    marked = [
        f"<div class='x'><p>{text}</p><script>steal('delivery')</script>&nbsp;<br/></div>" for text in plain
    ]
    corpus, found = read(marked)
    clean, _ = read(plain)
    assert sorted(corpus.distinct["key"]) == sorted(clean.distinct["key"])
    shown = " ".join(found.tables["topics"]["words"])
    assert not {"div", "script", "nbsp", "steal", "br"} & set(shown.replace(",", " ").split())


def test_damaged_encodings_are_mended_or_counted(read, texts_of) -> None:
    plain, _ = texts_of(200, "zh")
    damaged = [text.encode("utf-8").decode("latin-1") for text in plain[:100]]
    damaged += [text.encode("gbk").decode("latin-1") for text in plain[100:]]
    corpus, _ = read([*damaged, *["锟斤拷锟斤拷，锟斤拷"] * 30, *["\ufffd\ufffd\ufffd ab"] * 10])
    clean, _ = read(plain)
    assert states(corpus) == {"ok": 200, "unreadable": 40}
    mended = set(corpus.distinct.loc[corpus.distinct["state"].eq("ok"), "key"])
    assert mended == set(clean.distinct["key"])


def test_one_text_very_many_times_is_one_text(read, texts_of) -> None:
    texts, _ = texts_of(300, "zh")
    corpus, found = read([*texts, *["物流太慢，客服不理人"] * 20_000], members=5000)
    repeated = corpus.distinct.loc[corpus.distinct["count"].idxmax()]
    assert repeated["count"] == 20_000 and len(corpus.distinct) <= 301
    topics = found.tables["topics"]
    assert len(topics) >= 4, "the other texts still have topics of their own"
    assert topics["size"].max() >= 20_000 or found.tables["feedback_topics"]["topic_id"].eq(-1).any()


def test_only_one_text_very_many_times(read) -> None:
    corpus, found = read(["物流太慢，客服不理人"] * 20_000, members=5000)
    assert len(corpus.distinct) == 1 and found.tables["topics"].empty
    assert found.tables["feedback_topics"]["p_product_service"].min() > 0.5


def test_system_texts_and_other_languages_are_counted_apart(read) -> None:
    corpus, found = read(
        [
            *["此用户没有填写评价。", "系统默认好评!"] * 10,
            *["Das ist nicht gut und sehr teuer für mich"] * 5,
            *["慢"] * 5,
        ]
    )
    assert states(corpus) == {"boilerplate": 20, "other_language": 5, "one_word": 5}
    assert found.tables["topics"].empty
    counts = corpus.counts().set_index(["language", "state"])["texts"]
    assert counts.sum() == 30 and counts[("zh", "boilerplate")] == 20


def test_numbers_marks_and_control_characters_name_no_cause() -> None:
    odd = pd.Series(["12345", "!!!", "a\x00b", "\u200b慢死了", None], dtype=object)
    found = cause_probabilities(odd)
    assert (found["p_none"][:3] > 0.8).all() and found.loc[4].isna().all()
    assert found.loc[3, "p_product_service"] > found.loc[3, "p_none"]
