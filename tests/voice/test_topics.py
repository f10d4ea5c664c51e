"""Topics: the same each time, whatever the row order, blind to the future, and the same after saving."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from whychurn.contract.errors import WhychurnError
from whychurn.voice.text.corpus import Corpus, build_corpus, gather_texts
from whychurn.voice.topics.across_languages import name_topics
from whychurn.voice.topics.discovery import Discovery, find_topics
from whychurn.voice.topics.topic_model import ARRAYS, FACTS, TopicModel
from whychurn.voice.topics.topics_and_verbatims import topic_table, topic_verbatims

END = pd.Timestamp("2025-06-01")


@pytest.fixture(scope="module")
def texts(texts_of) -> tuple[list[str], list[str]]:
    """Both languages in turn, and the subject of each."""
    zh, en = texts_of(400, "zh"), texts_of(400, "en")
    pairs = list(zip(zh[0] + en[0], zh[1] + en[1], strict=True))
    pairs = [pairs[i] for i in np.random.default_rng(1).permutation(len(pairs))]
    return [text for text, _ in pairs], [subject for _, subject in pairs]


@pytest.fixture(scope="module")
def corpus_of(params, interim) -> Callable[..., Corpus]:
    def build(texts: list[str], order: np.ndarray | None = None) -> Corpus:
        tables = interim(texts)
        feedback = (
            tables["feedback"] if order is None else tables["feedback"].iloc[order].reset_index(drop=True)
        )
        return build_corpus(gather_texts(feedback, tables["surveys"]), params.voice)

    return build


@pytest.fixture(scope="module")
def corpus(corpus_of, texts) -> Corpus:
    return corpus_of(texts[0])


@pytest.fixture(scope="module")
def found(corpus, params) -> Discovery:
    return find_topics(corpus, END, params, 1)


def topics_by_id(corpus: Corpus, found: Discovery) -> pd.Series:
    topics = found.distinct["topic_id"].reindex(corpus.texts["distinct_id"]).to_numpy()
    return pd.Series(topics, index=corpus.texts["feedback_id"].to_numpy()).sort_index()


def test_topics_are_the_subjects(corpus, found, texts) -> None:
    told = topics_by_id(corpus, found)
    subjects = pd.Series(texts[1], index=[f"f{n:06d}" for n in range(len(texts[1]))])
    assert (told >= 0).mean() > 0.85, "at most 15 % without a topic"
    assert adjusted_mutual_info_score(subjects[told.index], told) > 0.5


def test_the_same_rows_in_any_order_give_identical_topics(corpus, found, corpus_of, texts, params) -> None:
    for order in (None, np.random.default_rng(3).permutation(len(texts[0]))):
        again_corpus = corpus_of(texts[0], order)
        again = find_topics(again_corpus, END, params, 1)
        pd.testing.assert_series_equal(
            topics_by_id(again_corpus, again), topics_by_id(corpus, found), check_names=False
        )
        pd.testing.assert_frame_equal(again.model.named, found.model.named)


def test_later_texts_teach_nothing(corpus_of, texts, params) -> None:
    until = pd.Timestamp("2024-09-01")
    early = find_topics(corpus_of(texts[0]), until, params, 1)
    changed = [
        text if n < 0.7 * len(texts[0]) else f"the swimming pool water is cold and the towels number {n}"
        for n, text in enumerate(texts[0])
    ]
    other = find_topics(corpus_of(changed), until, params, 1)
    pd.testing.assert_frame_equal(other.model.named, early.model.named)
    for language, topics in early.model.languages.items():
        np.testing.assert_array_equal(other.model.languages[language].weights, topics.weights)


def test_a_saved_model_gives_the_same_topics(corpus, found, tmp_path) -> None:
    found.model.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([ARRAYS, FACTS]), "no pickle"
    again = TopicModel.load(tmp_path)
    pd.testing.assert_frame_equal(again.assign(corpus.distinct), found.distinct)
    pd.testing.assert_frame_equal(again.named, found.model.named)


def test_new_texts_get_a_topic_of_a_loaded_model_or_none(corpus_of, found, tmp_path, texts_of) -> None:
    found.model.save(tmp_path)
    again = TopicModel.load(tmp_path)
    fresh = corpus_of([*texts_of(100, "en", seed=99)[0], *["swimming pool towels chlorine sauna"] * 2])
    given = again.assign(fresh.distinct)
    assert (
        given.loc[fresh.distinct["plain"].ne("swimming pool towels chlorine sauna"), "topic_id"] >= 0
    ).mean() > 0.85
    assert (
        given.loc[fresh.distinct["plain"].eq("swimming pool towels chlorine sauna"), "topic_id"] == -1
    ).all()


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        (ARRAYS, b"not a tensor file", "damaged"),
        (FACTS, b'{"format": 99}', "another version"),
        (FACTS, None, "missing"),
        (ARRAYS, None, "damaged"),
    ],
)
def test_a_damaged_model_is_refused(
    found, tmp_path: Path, file: str, content: bytes | None, says: str
) -> None:
    found.model.save(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(WhychurnError, match=says):
        TopicModel.load(tmp_path)


def test_a_sample_stands_for_all(corpus, found, params) -> None:
    fewer = params.voice.model_copy(update={"fit_sample": 200})
    small = find_topics(corpus, END, params.model_copy(update={"voice": fewer}), 1)
    assert all(len(sample) == 200 for sample in small.samples.values())
    told, whole = topics_by_id(corpus, small), topics_by_id(corpus, found)
    assert (told >= 0).mean() > 0.85
    assert adjusted_rand_score(told, whole) > 0.5


def test_a_word_that_few_members_use_is_not_shown(corpus_of, texts_of, params) -> None:
    texts = [f"{text} zhangsan" if n % 200 < 3 else text for n, text in enumerate(texts_of(400, "en")[0])]
    corpus = corpus_of(texts)
    hidden, shown = (find_topics(corpus, END, params, cell).model.named for cell in (5, 1))
    assert shown["words_en"].str.contains("zhangsan").any(), "it would have been among the best words"
    assert not hidden["words_en"].str.contains("zhangsan").any()
    assert not hidden["label_en"].str.contains("zhangsan").any()


def test_verbatims_lead_to_texts_of_members_who_agreed(corpus, found, texts, params, interim) -> None:
    members = interim(texts[0])["members"]
    members["profiling_consent"] = members["member_id"].isin([f"m{n}" for n in range(100)])
    said = found.distinct.assign(sentiment=0.0, urgency=0.0, p_none=1.0)
    said = said.assign(**{f"p_{cause}": 0.0 for cause in ("product_service", "price", "personalization")})
    said = said.assign(**{f"p_{cause}": 0.0 for cause in ("engagement", "competition", "natural")})
    table = topic_table(found.model.named, corpus, said, 5)
    shown = topic_verbatims(table, corpus, members, found.distinct, params.voice)
    by_id = corpus.texts.set_index("feedback_id")
    assert (
        len(shown) and (by_id.loc[shown["feedback_id"], "text"].to_numpy() == shown["text"].to_numpy()).all()
    )
    assert set(by_id.loc[shown["feedback_id"], "member_id"]) <= {f"m{n}" for n in range(100)}
    few = topic_table(found.model.named, corpus, said, 10_000)
    assert few["suppressed"].all() and few["words"].eq("").all()
    assert topic_verbatims(few, corpus, members, found.distinct, params.voice).empty


def test_no_two_topics_share_a_name_and_a_name_is_no_list_of_words() -> None:
    concepts = ["quality", "quality", None, None]
    topics = pd.DataFrame(
        {"topic_id": range(4), "concept": concepts, "concept_share": 0.9, "fitted_zh": 5, "fitted_en": 5}
    )
    words = {"zh": {0: ["质量", "坏"], 1: ["质量", "掉色"], 2: ["手机", "打字"]}, "en": {0: ["broke"]}}
    named = name_topics(topics, words)
    assert named["label_zh"].tolist() == ["产品质量", "产品质量（掉色）", "谈到“手机”、“打字”", "主题 4"]
    assert named["label_en"].tolist() == [
        "Quality of the product", "Quality of the product (in Chinese)", "Topic 3, in Chinese", "Topic 4"
    ]  # fmt: skip
