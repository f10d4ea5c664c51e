"""Texts before any model: normal forms, languages, words, negation, weeks, the writer's stratum."""

from __future__ import annotations

import marshal
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import VoiceParams, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.voice.breakdowns.by_group import strata_of_texts
from whychurn.voice.breakdowns.over_time import weekly_counts
from whychurn.voice.causes.lexicon import load_lexicon
from whychurn.voice.causes.lexicon_classifier import is_denied, leading_concept
from whychurn.voice.causes.survey_trained_classifier import classifier_probabilities
from whychurn.voice.sentiment.polarity import load_polarity, word_values
from whychurn.voice.text.corpus import consenting
from whychurn.voice.text.deduplicate import describe_distinct
from whychurn.voice.text.language import detect_language, dominant_language
from whychurn.voice.text.ngrams import text_grams
from whychurn.voice.text.normalise import is_unreadable, normalise, text_key
from whychurn.voice.text.phrase_matcher import compile_phrases
from whychurn.voice.text.tokens import _cutter, stop_words, tokenize
from whychurn.voice.topics.clustering import smallest_topic, topic_words
from whychurn.voice.topics.language_topics import dominant_concept, draw_sample, hash_order, merge_closest


@pytest.fixture(scope="module")
def voice() -> VoiceParams:
    return load_params(StudyPaths.at()).voice


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>Too&nbsp;LATE</p>", "too late"),
        ("客服態度很差", "客服态度很差"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("sooooooo slow", "sooo slow"),
        ("see https://example.org/x?y=1 now", "see now"),
    ],
)
def test_normal_form(text: str, plain: str) -> None:
    assert normalise(text, 100) == plain


def test_a_long_text_is_cut() -> None:
    assert len(normalise("a b " * 100, 10)) <= 10


def test_texts_that_say_the_same_share_a_key() -> None:
    assert text_key("waited 12 days!!") == text_key("waited 3 days")
    assert text_key("good 🙂") != text_key("good 🙁") and text_key("...") == "..."
    assert is_unreadable("锟斤拷锟斤拷") and not is_unreadable("很好") and not is_unreadable("")


@pytest.mark.parametrize(
    ("text", "language"),
    [("物流太慢了", "zh"), ("delivery is slow", "en"), ("app 闪退 again and again", "mixed"), ("Очень плохо", "other"), ("123 !!", "none")],
)  # fmt: skip
def test_language(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_which_language_says_more() -> None:
    assert dominant_language("app 闪退了很多次") == "zh" and dominant_language("the app crashes 差") == "en"


def test_words_and_grams() -> None:
    assert text_grams("Too late, 太慢") == ["太", "慢", "太慢", "too", "late", "too late"]
    assert "the" in stop_words() and "not" not in stop_words() and "不" not in stop_words()
    assert {"delivery", "late"} <= set(tokenize("the delivery was late"))


def test_phrases_are_found_whole_with_any_ending_and_over_a_gap() -> None:
    phrases = compile_phrases("en", {"late": 1, "refund*": 2, "never…arrived": 3})
    found = [meaning for _, _, meaning in phrases.find("later: late refunds, it never even arrived")]
    assert sorted(found) == [1, 2, 3]
    start, end, _ = next(iter(phrases.find("so late")))
    assert (start, end) == (3, 7)


def test_a_negation_shortly_before_denies() -> None:
    lexicon = load_lexicon()
    for text, word, language, denied in (
        ("it is not expensive", "expensive", "en", True),
        ("it is expensive", "expensive", "en", False),
        ("not good, expensive", "expensive", "en", False),
        ("不贵", "贵", "zh", True),
        ("太贵", "贵", "zh", False),
    ):
        assert is_denied(text, text.index(word), language, lexicon) is denied, text


def test_the_leading_concept_is_one_of_the_lexicon() -> None:
    found = leading_concept(pd.Series(["too expensive", "hello"]))
    concepts = load_lexicon().concepts.set_index("concept")["cause"]
    assert concepts[found[0]] == "price" and pd.isna(found[1])


def test_polar_words_are_turned_by_negators() -> None:
    polarity = load_polarity()
    values = {
        text: sum(value for *_, value in word_values(text, polarity))
        for text in ("good", "not good", "very good")
    }
    assert values["not good"] < 0 < values["good"] < values["very good"]


def test_a_text_without_a_known_word_names_nothing() -> None:
    class Model:
        """Sure of the price for the first text, even for the others."""

        classes_ = np.array(CAUSES)

        def predict_proba(self, texts: list[str]) -> np.ndarray:
            even = np.full((len(texts), len(CAUSES)), 1 / len(CAUSES))
            even[0] = np.eye(len(CAUSES))[CAUSES.index("price")]
            return even

    found = classifier_probabilities(Model(), pd.Series(["dear", "huh", "  "]))
    assert found["p_price"][0] > 0.9 and found["p_none"][1] == pytest.approx(1)
    assert found.iloc[:2].sum(axis=1).tolist() == pytest.approx([1, 1]) and found.iloc[2].isna().all()


def test_states_of_distinct_texts() -> None:
    plain = ["the delivery was late", "late", "很好用的应用程序", "очень плохо", "!!", "默认好评"]
    distinct = pd.DataFrame(
        {"plain": plain, "key": [text_key(one) for one in plain], "count": 1, "unreadable": [False] * 6}
    )
    found = describe_distinct(distinct, boilerplate=["默认好评"])
    assert found["state"].tolist() == ["ok", "one_word", "ok", "other_language", "no_words", "boilerplate"]
    assert found["language"].tolist()[:4] == ["en", "en", "zh", "other"]


def test_whole_weeks_only() -> None:
    """2024-01-01 is a Monday."""
    texts = pd.DataFrame(
        {"topic_id": [0, 0, 1, -1, 0], "known_on": pd.to_datetime(["2024-01-01", "2024-01-07", "2024-01-03", "2024-01-04", "2024-01-22"])}
    )  # fmt: skip
    counts = weekly_counts(texts)
    assert counts.index[0] == pd.Timestamp("2024-01-01") and counts.loc["2024-01-01"].tolist() == [2, 1]
    assert counts.sum().sum() <= 4 and weekly_counts(texts[texts["topic_id"] < 0]).empty


def test_a_writer_is_placed_by_what_was_known_before_the_text() -> None:
    """a had spent 100 by May; the order of June, and that of two years ago, do not count."""
    orders = pd.DataFrame(
        {
            "member_id": ["a"] * 3, "ordered_at": pd.to_datetime(["2022-01-01", "2024-04-01", "2024-06-01"]),
            "amount": [900.0, 100, 5000], "category": ["tea", "toys", "books"],
        }
    )  # fmt: skip
    tables = {
        "members": pd.DataFrame({"member_id": ["a", "b"], "region": ["north", None]}),
        "orders": orders, "memberships": pd.DataFrame({"member_id": ["b"], "starts_on": pd.to_datetime(["2024-01-01"]), "plan": ["year"]}),
    }  # fmt: skip
    texts = pd.DataFrame({"member_id": ["a", "b"], "known_on": pd.to_datetime(["2024-05-01"] * 2)})
    found = strata_of_texts(texts, tables, {"gold": 1000.0, "silver": 100.0})
    assert found.loc[0, ["region", "spend_tier", "category"]].tolist() == ["north", "silver", "toys"]
    assert (
        found.loc[1, "spend_tier"] == "regular"
        and found.loc[1, "plan"] == "year"
        and pd.isna(found.loc[0, "plan"])
    )


def test_who_may_be_profiled() -> None:
    members = pd.DataFrame(
        {"member_id": list("abc"), "profiling_consent": pd.array([True, False, None], dtype="boolean")}
    )
    assert consenting(pd.DataFrame({"member_id": list("cbaa")}), members).tolist() == [
        False,
        False,
        True,
        True,
    ]


def test_samples_do_not_depend_on_the_order_of_rows() -> None:
    distinct = pd.DataFrame({"key": [f"text {number}" for number in range(40)]})
    order = hash_order(distinct)
    assert sorted(order) == list(range(40)) and order.tolist() != list(range(40))
    turned = distinct.iloc[::-1].reset_index(drop=True)
    assert set(distinct["key"][draw_sample(distinct, 10)]) == set(turned["key"][draw_sample(turned, 10)])


def test_topics_need_so_many_texts(voice: VoiceParams) -> None:
    own = voice.model_copy(update={"min_topic_texts": 20, "min_topic_share": 0.01})
    assert [smallest_topic(texts, own) for texts in (4, 40, 1000, 5000)] == [2, 10, 20, 50]


def test_words_that_set_a_topic_apart_come_first() -> None:
    tokens = pd.Series(["late parcel the"] * 5 + ["dear price the"] * 5 + ["nothing"])
    words = topic_words(tokens, np.array([0] * 5 + [1] * 5 + [-1]))
    assert {word for word, _ in words[0][:2]} == {"late", "parcel"} and words[1][-1][0] == "the"
    assert topic_words(tokens, np.full(11, -1)) == {}


def test_concepts_and_clusters(voice: VoiceParams) -> None:
    assert dominant_concept(pd.Series(["a", "a", "b", None]), 0.5) == "a"
    assert dominant_concept(pd.Series(["a", None, None]), 0.5) is None
    vectors = np.array([[1.0, 0], [1, 0.1], [0.9, 0.1], [0, 1], [0, 1], [0.1, 1], [0, 1]])
    clusters, none = np.array([5, 5, 7, 2, 2, 2, -1]), pd.Series([None] * 7, dtype=object)
    assert merge_closest(clusters, vectors, none, voice).tolist() == [1, 1, 2, 0, 0, 0, -1], (
        "numbered by size"
    )
    two = merge_closest(clusters, vectors, none, voice.model_copy(update={"max_topics": 2}))
    assert two[0] == two[2] != two[3] and two[6] == -1, "the closest are joined"


def test_a_cache_in_the_common_temporary_folder_is_neither_read_nor_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tokenize("客服态度很差，会员价格涨了")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    planted = dict.fromkeys("客服态度很差会员价格涨了", 1)
    (tmp_path / "jieba.cache").write_bytes(marshal.dumps((planted, len(planted))))
    _cutter.cache_clear()
    assert tokenize("客服态度很差，会员价格涨了") == words == ["客服", "态度", "很差", "会员", "价格", "涨"]
    assert [path.name for path in tmp_path.iterdir()] == ["jieba.cache"]
