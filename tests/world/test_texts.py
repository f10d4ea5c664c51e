"""Texts: many different sentences in two languages, with noise, and with fake contact data to redact."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.world.setting.programme import load_programme
from whychurn.world.tables.texts import NEUTRAL, PRAISE, TextWriter, grammar

PROGRAMMES = ("shop", "gym", "school", "app")


def write(topic: str, language: int, n: int, programme: str = "shop", seed: int = 1) -> list[str]:
    topics_of = {name: list(cause.excess) for name, cause in load_programme(programme).causes.items()}
    writer = TextWriter(programme, topics_of)
    none = np.full(n, None, dtype=object)
    return writer.texts(np.full(n, topic, object), none, np.full(n, language), np.random.default_rng(seed))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_topic_has_phrases_and_every_slot_has_words(language: str) -> None:
    words = grammar(language)
    wanted = {sub for name in PROGRAMMES for c in load_programme(name).causes.values() for sub in c.excess}
    assert wanted | {PRAISE, NEUTRAL} <= set(words["topics"])
    for phrases in words["topics"].values():
        assert min(len(phrases["problem"]), len(phrases["short"])) >= 4 and len(phrases["consequence"]) >= 4
    slots = set(re.findall(r"\{(\w+)\}", str(words))) - {"n", "nn", "pct", "digits"}
    assert slots <= set(words["slots"])
    for choices in words["slots"].values():
        assert not isinstance(choices, dict) or set(choices) == set(PROGRAMMES)


def test_thousands_of_distinct_sentences() -> None:
    drawn = [text for cause in CAUSES for language in (0, 1) for text in write(cause, language, 600)]
    assert len(set(drawn)) > 5000
    bare = {re.sub(r"\d+", "0", text) for text in drawn}
    assert len(bare) > 4500, "distinct beyond their numbers"
    assert not [text for text in drawn if "{" in text or "}" in text]


def test_languages_are_kept_apart_and_mixed_writers_use_both() -> None:
    def is_chinese(text: str) -> bool:
        return bool(re.search(r"[\u4e00-\u9fff]", text))

    assert all(map(is_chinese, write("price", 0, 200)))
    assert not any(map(is_chinese, write("price", 1, 200)))
    assert 40 < sum(map(is_chinese, write("price", 2, 200))) < 160


def test_programmes_speak_of_their_own_things() -> None:
    assert any("教练" in text or "前台" in text for text in write("slow_response", 0, 100, "gym"))
    assert not any("教练" in text for text in write("slow_response", 0, 100, "shop"))


def test_same_seed_same_words() -> None:
    assert write("defect", 0, 50, seed=4) == write("defect", 0, 50, seed=4)
    assert write("defect", 0, 50, seed=4) != write("defect", 0, 50, seed=5)


def test_texts_of_a_world(blocks: Callable) -> None:
    feedback = blocks(members=4000).tables["feedback"]
    texts = feedback["text"].dropna()
    assert texts.nunique() > 2500
    assert set(feedback["source"]) == {"complaint", "review", "ticket", "social", "interview"}
    phones = texts.str.contains(r"1380000|138 0000|138-0000|1390000").sum()
    mails = texts.str.contains("@example.com").sum()
    assert phones > 5 and mails > 2
    assert not texts.str.contains(r"@(?!example\.com)").any(), "only reserved addresses"
    assert (texts.str.len() < 8).mean() > 0.02, "some texts are short"


def test_text_share_is_the_share_who_write(blocks: Callable) -> None:
    counts = {
        share: blocks(members=1500, text_share=share)
        .tables["feedback"]
        .query("source == 'complaint'")["member_id"]
        for share in (0.0, 0.1, 0.5)
    }
    assert len(counts[0.0]) == 0
    assert 2 < counts[0.5].nunique() / counts[0.1].nunique() < 12
