"""The tree of topics: one concern first, one cause next, in whichever language."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.voice.causes.lexicon import load_lexicon
from whychurn.voice.topics.hierarchy import TREE_COLUMNS, topic_tree


def fitted(named: dict[str, list[str | None]]) -> tuple[dict[str, object], dict[str, list[int]]]:
    """Language to fits of clusters in which all twenty texts name one concept; topics in the order given."""
    fits, topic_of, first = {}, {}, 0
    for language, concepts in named.items():
        clusters = np.repeat(np.arange(len(concepts)), 20)
        texts = pd.Series(np.repeat(np.array(concepts, dtype=object), 20), dtype=object)
        fits[language] = SimpleNamespace(clusters=clusters, concepts=texts)
        topic_of[language] = list(range(first, first + len(concepts)))
        first += len(concepts)
    return fits, topic_of


@pytest.fixture(scope="module")
def concepts() -> dict[str, list[str]]:
    return load_lexicon().concepts.groupby("cause")["concept"].agg(list).to_dict()


def test_one_concept_meets_first_and_one_cause_next(concepts) -> None:
    price, service = concepts["price"], concepts["product_service"]
    fits, topic_of = fitted({"zh": [price[0], service[0], price[1]], "en": [price[0], service[1], None]})
    tree = topic_tree(fits, topic_of, 6, 3)
    assert list(tree.columns) == TREE_COLUMNS
    leaf = tree.dropna(subset=["topic_id"]).set_index("topic_id")
    joins = tree[tree["topic_id"].isna()].set_index("node")["distance"]
    assert leaf.loc[0, "parent"] == leaf.loc[3, "parent"], "two languages, one concern"
    assert joins[leaf.loc[0, "parent"]] == pytest.approx(0) and joins.is_monotonic_increasing
    assert leaf.loc[1, "parent"] == leaf.loc[4, "parent"]
    groups = leaf["group_id"]
    assert groups[0] == groups[2] == groups[3] and groups[1] == groups[4] and groups.nunique() == 3
    assert pd.isna(leaf.loc[5, "parent"]), "a topic that names nothing joins nothing"
    assert tree["parent"].isna().sum() == 2, "one root, and that topic"
    assert "Price" in leaf.loc[0, "group_en"] and "价格" in leaf.loc[0, "group_zh"]


def test_few_topics_and_none_have_a_tree(concepts) -> None:
    assert topic_tree({}, {}, 0, 8).empty
    lone = topic_tree(*fitted({"en": [concepts["price"][0]]}), 1, 8)
    assert lone["group_id"].tolist() == [0] and lone["parent"].isna().all()
    silent = topic_tree(*fitted({"en": [None, None]}), 2, 8)
    assert silent["group_id"].nunique() == 1
    many = [name for names in concepts.values() for name in names]
    assert topic_tree(*fitted({"zh": many}), len(many), 5)["group_id"].nunique() <= 5
