"""Measures of topics against counting by hand; methods held against each other on planted subjects."""

from __future__ import annotations

from itertools import combinations, permutations
from math import log

import numpy as np
import pandas as pd
import pytest

from whychurn.report.voice.sentences.topic_methods import MEASURES, leading, method_lines, method_table
from whychurn.report.words import LANGUAGES, say
from whychurn.voice.text.deduplicate import deduplicate
from whychurn.voice.topics.clustering import METHODS
from whychurn.voice.topics.method_comparison import METHOD_COLUMNS, compare_methods
from whychurn.voice.topics.topic_quality import (
    mean_pairwise_ari,
    npmi_coherence,
    topic_diversity,
    word_overlap,
)


def npmi_by_hand(topics: list[list[str]], texts: list[str]) -> float:
    sets = [set(text.split()) for text in texts]
    share = lambda *words: sum(all(w in one for w in words) for one in sets) / len(sets)  # noqa: E731
    scores = []
    for topic in topics:
        pairs = []
        for a, b in combinations(topic[:10], 2):
            if share(a) * share(b):
                both = share(a, b)
                pairs.append(-1.0 if not both else log(both / share(a) / share(b)) / -log(both))
        scores.append(np.mean(pairs))
    return float(np.mean(scores))


def test_coherence_is_what_counting_gives() -> None:
    rng = np.random.default_rng(0)
    vocabulary = list("abcdefghijkl")
    texts = [" ".join(rng.choice(vocabulary, 4, replace=False)) for _ in range(60)]
    topics = [list("abcd"), list("efghz"), list("aijkl")]
    assert npmi_coherence(topics, pd.Series(texts)) == pytest.approx(npmi_by_hand(topics, texts))
    together = pd.Series(["p q", "p q", "r s", "r s"])
    assert npmi_coherence([["p", "q"]], together) == pytest.approx(1.0)
    assert npmi_coherence([["p", "r"]], together) == pytest.approx(-1.0)
    assert np.isnan(npmi_coherence([], together))


def test_diversity_and_overlap_have_their_bounds() -> None:
    assert topic_diversity([["a", "b"], ["c", "d"]]) == 1.0 and topic_diversity([["a", "b"]] * 4) == 0.25
    one, other = [["a", "b"], ["c", "d"]], [["c", "d"], ["a", "b"]]
    assert word_overlap([one, other]) == 1.0, "the order of topics does not matter"
    assert word_overlap([one, [["x", "y"]]]) == 0.0


def test_stability_does_not_see_the_numbering() -> None:
    run = np.array([0, 0, 1, 1, 2, 2])
    for names in permutations(range(3)):
        assert mean_pairwise_ari([run, np.array(names)[run]]) == pytest.approx(1.0)
    rng = np.random.default_rng(0)
    assert abs(mean_pairwise_ari([rng.integers(0, 5, 3000) for _ in range(4)])) < 0.02


@pytest.fixture(scope="module")
def compared(params, texts_of) -> pd.DataFrame:
    texts, subjects = texts_of(500, "en")
    distinct_id, distinct = deduplicate(pd.Series(texts), [], 2000)
    labels = pd.Series(subjects).groupby(distinct_id).first()
    few = {"stability_seeds": 2, "stability_orders": 2, "stability_sample": 300, "max_topics": 8}
    return compare_methods(
        distinct, labels, "en", params.model_copy(update={"voice": params.voice.model_copy(update=few)})
    )


def test_every_method_finds_planted_subjects(compared: pd.DataFrame, params) -> None:
    assert list(compared.columns) == METHOD_COLUMNS and tuple(compared["method"]) == METHODS
    assert compared.loc[compared["used"], "method"].tolist() == [params.voice.method]
    assert (compared["runs"] == 4).all() and (compared["texts"] == 300).all()
    assert (compared["label_agreement"] > 0.4).all() and (compared["outliers_assigned"] < 0.15).all()
    assert compared[["seed_ari", "order_ari"]].gt(0).all(axis=None)
    fixed = compared.set_index("method").loc["nmf"]
    assert fixed["order_ari"] == pytest.approx(1.0), "NMF starts from an SVD: no row order matters"


def test_labels_drawn_by_lot_agree_with_no_method(params, texts_of) -> None:
    texts, _ = texts_of(400, "en")
    _, distinct = deduplicate(pd.Series(texts), [], 2000)
    lots = pd.Series(np.random.default_rng(0).integers(0, 4, len(distinct)))
    few = {"stability_seeds": 1, "stability_orders": 1, "stability_sample": 300, "max_topics": 8}
    table = compare_methods(
        distinct, lots, "en", params.model_copy(update={"voice": params.voice.model_copy(update=few)})
    )
    assert table["label_agreement"].abs().max() < 0.03
    assert table[["seed_ari", "order_ari", "word_overlap"]].isna().all(axis=None), "one run has no stability"


class Page:
    def __init__(self, lang: str) -> None:
        self.lang = lang

    def say(self, key: str, **values: object) -> str:
        return say(key, self.lang, **values)

    def format(self, value: object, _kind: str) -> str:
        return str(value)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_who_leads_is_said_whatever_is_used(compared: pd.DataFrame, lang: str) -> None:
    table = compared.set_index("method")
    table[list(MEASURES)] = 0.5
    table.loc["nmf", "npmi"], table.loc["kmeans", "diversity"] = 0.6, 0.505
    assert leading(table) == {"umap_hdbscan": [], "kmeans": [], "nmf": ["npmi"]}, "level is no lead"
    page = Page(lang)
    line = method_lines(table.reset_index(), page)[0]
    assert page.say("voice.method_nmf") in line and page.say("voice.column_npmi") in line
    shown = method_table(compared.assign(label_agreement=np.nan), page)
    assert "label_agreement" not in shown and len(shown) == 3
