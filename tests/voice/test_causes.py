"""Causes by words: what each says of texts written by hand, and what must not be heard."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.voice.causes import lexicon_classifier
from whychurn.voice.causes.lexicon import FILE, load_lexicon
from whychurn.voice.causes.lexicon_classifier import (
    P_COLUMNS,
    cause_probabilities,
    concept_scores,
    leading_cause,
)

# written for this test, in words of our own
SAID = {
    "product_service": ["The zipper broke after two washes", "Nobody answered my ticket for weeks", "东西用了三天就坏了", "客服态度恶劣，问题一直没解决"],
    "price": ["Your yearly fee went up again, I can't afford it", "Way overpriced these days", "会员费又涨价了", "性价比太低，不划算"],
    "personalization": ["I keep getting spam about golf, please unsubscribe me", "推荐的全跟我没关系", "天天发营销短信，烦"],
    "engagement": ["My points expired and there are no events any more", "积分清零了都没人提醒", "办卡之后从来没人联系过，也没什么活动"],
    "competition": ["I switched to another provider", "Found it cheaper elsewhere", "楼下新开了一家，我换到那边去了", "别家更便宜"],
    "natural": ["We are moving to another city", "I graduated and no longer need it", "孩子上大学了，用不着了", "膝盖受伤，医生建议别练了"],
}  # fmt: skip
CASES = [(cause, text) for cause, texts in SAID.items() for text in texts]


@pytest.mark.parametrize(("cause", "text"), CASES)
def test_a_cause_is_heard(cause: str, text: str) -> None:
    said = cause_probabilities([text])
    assert leading_cause(said).iloc[0] == cause
    assert said[f"p_{cause}"].iloc[0] > 0.5


@pytest.mark.parametrize(
    ("denied", "meant", "cause"),
    [
        ("It is not expensive", "It is expensive", "price"),
        ("一点都不贵", "一点都贵", "price"),
        ("没有涨价", "又要涨价", "price"),
        ("The waiter was not rude", "The waiter was rude", "product_service"),
        ("I am not moving to another city", "I am moving to another city", "natural"),
    ],
)
def test_a_denial_is_no_complaint(denied: str, meant: str, cause: str) -> None:
    said = cause_probabilities([denied, meant])[f"p_{cause}"]
    assert said[1] > 0.4 and said[0] < said[1] / 2


def test_a_denied_service_is_one() -> None:
    refused, given = cause_probabilities(["They gave me no refund", "They gave me a refund"])[
        "p_product_service"
    ]
    assert refused > given
    refused, given = cause_probabilities(["不退款", "退款"])["p_product_service"]
    assert refused > given


def test_praise_of_a_subject_is_no_complaint() -> None:
    praise, blame = cause_probabilities(["The food is wonderful", "The food is awful"])["p_product_service"]
    assert praise < 0.2 < 0.4 < blame
    praise, blame = cause_probabilities(["质量非常好，很满意", "质量太糟糕了，失望"])["p_product_service"]
    assert praise < 0.2 < 0.4 < blame


def test_the_longer_word_wins() -> None:
    said = cause_probabilities(["It is cheaper elsewhere"]).iloc[0]
    assert said["p_competition"] > 10 * said["p_price"]


def test_rows_sum_to_one_and_empty_texts_say_nothing() -> None:
    texts = pd.Series(
        ["too late", "", None, "   ", "😀😀", "<b>贵</b>", "锟斤拷锟斤拷", "x" * 50_000],
        index=list("abcdefgh"),
    )
    said = cause_probabilities(texts)
    assert list(said.columns) == list(P_COLUMNS) and list(said.index) == list(texts.index)
    assert said.loc[["b", "c", "d"]].isna().all().all()
    rest = said.drop(["b", "c", "d"])
    assert np.allclose(rest.sum(axis=1), 1) and (rest >= 0).all().all()
    assert leading_cause(said).loc[["b", "e"]].tolist() == [None, "none"]
    assert leading_cause(said)["f"] == "price"
    assert cause_probabilities([]).empty


def test_traditional_characters_and_case_read_the_same() -> None:
    said = cause_probabilities(["價格太貴", "价格太贵", "TOO EXPENSIVE", "too expensive"]).to_numpy()
    assert np.allclose(said[0], said[1]) and np.allclose(said[2], said[3])


def test_one_text_many_times_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    plain = lexicon_classifier.normalise
    monkeypatch.setattr(
        lexicon_classifier, "normalise", lambda text, limit: read.append(text) or plain(text, limit)
    )
    scores = concept_scores(pd.Series(["客服不回复，太贵了"]).repeat(10_000))
    assert len(read) == 1 and len(scores) == 10_000
    assert scores["price_level"].nunique() == 1


@pytest.mark.parametrize("words", ["nobody answers, too late, price ", "客服没人理，太贵了"])
def test_a_long_text_costs_no_more_than_its_length(growth, words: str) -> None:
    assert growth(lambda size: cause_probabilities([words * size]), 500) < 10


def test_the_lexicon_is_bilingual_and_has_concepts_for_every_cause() -> None:
    lexicon = load_lexicon()
    assert set(lexicon.concepts["cause"]) == set(CAUSES)
    assert lexicon.concepts["concept"].is_unique
    assert lexicon.concepts["zh"].str.contains(r"[\u4e00-\u9fff]").all()
    assert not lexicon.concepts["en"].str.contains(r"[\u4e00-\u9fff]").any()


def edited(tmp_path, change):
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    change(content)
    file = tmp_path / "lexicon.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return file


def test_a_word_that_a_company_adds_is_heard(tmp_path) -> None:
    file = edited(tmp_path, lambda c: c["price"]["fees"]["en"].append({"robe rental": 3}))
    assert leading_cause(cause_probabilities(["They want a robe rental now"])).iloc[0] == "none"
    assert (
        leading_cause(cause_probabilities(["They want a robe rental now"], load_lexicon(file))).iloc[0]
        == "price"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("natural"), "natural"),
        (lambda c: c.update(weather={}), "weather"),
        (lambda c: c["price"]["fees"].pop("name"), "fees"),
        (lambda c: c["price"]["fees"]["en"].append(False), "False is no word"),
        (lambda c: c["price"]["fees"]["en"].append({"fee": "much"}), "fee"),
    ],
)
def test_a_broken_lexicon_is_named(tmp_path, change, message) -> None:
    with pytest.raises(WhychurnError, match=message) as caught:
        load_lexicon(edited(tmp_path, change))
    assert "lexicon.yaml" in str(caught.value)
