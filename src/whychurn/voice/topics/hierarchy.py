"""Topics of both languages as a tree, by the concepts and causes that their texts name."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage

from whychurn.contract.causes import CAUSES
from whychurn.contract.results import columns_of
from whychurn.labels import both, say
from whychurn.voice.causes.lexicon import load_lexicon
from whychurn.voice.topics.across_languages import HINT_SHARE, LANGUAGES
from whychurn.voice.topics.language_topics import LanguageFit

TREE_COLUMNS: Final = columns_of("topic_tree")
NAMED: Final = 2  # concepts in the name of a group


def topic_tree(
    fitted: Mapping[str, LanguageFit], topic_of: Mapping[str, Sequence[int]], topics: int, groups: int
) -> pd.DataFrame:
    """Average linkage of topics by the cosine distance of what their texts name.

    A topic is the share of its texts that name each concept of the lexicon first, beside the same shares
    by cause, so topics of one concept meet first and topics of one cause next, in whichever language.

    Parameters
    ----------
    fitted, topic_of
        `discovery.Discovery.fitted`, `topic_model.TopicModel.topic_of`.
    topics
        Their number.
    groups
        The tree is cut into at most so many groups. Topics whose texts name too little form a group of
        their own.

    Returns
    -------
    `TREE_COLUMNS`: one row a topic, then one a join (topic_id null), whose distance is that of what it
    joins; parent is null at a root. Groups are numbered by their first topic, and named after a cause and
    its leading concepts.
    """
    concepts = load_lexicon().concepts
    counts, texts = _count_concepts(fitted, topic_of, topics, concepts["concept"].tolist())
    shares = counts / np.maximum(texts, 1)[:, None]
    linked = np.flatnonzero(shares.sum(axis=1) >= HINT_SHARE)
    tree = pd.DataFrame({"node": range(topics), "parent": np.nan, "distance": 0.0, "topic_id": range(topics)})
    group = np.full(topics, -1)
    if len(linked) > 1:
        by_cause = np.column_stack(
            [shares[:, concepts["cause"].eq(c).to_numpy()].sum(axis=1) for c in CAUSES]
        )
        joins = linkage(np.hstack([shares, by_cause])[linked], method="average", metric="cosine")
        group[linked] = fcluster(joins, max(1, groups - int(len(linked) < topics)), "maxclust")
        tree = _add_joins(tree, joins, linked)
    elif len(linked):
        group[linked] = 1
    tree["group_id"] = pd.Series(_renumber(group)).reindex(tree.index).astype("Int64")
    names = {
        int(number): _name(shares[tree["group_id"].eq(number).fillna(False).to_numpy()[:topics]], concepts)
        for number in tree["group_id"].dropna().unique()
    }
    for language in LANGUAGES:
        named = {number: name[language] for number, name in names.items()}
        tree[f"group_{language}"] = tree["group_id"].map(named).astype("string")
    kinds = {"parent": "Int64", "topic_id": "Int64"}
    return tree[list(TREE_COLUMNS)].astype(kinds)


def _count_concepts(
    fitted: Mapping[str, LanguageFit], topic_of: Mapping[str, Sequence[int]], topics: int, concepts: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Texts of each topic by the concept named first, (topics, concepts), and texts of each topic."""
    counts, texts = np.zeros((topics, len(concepts))), np.zeros(topics)
    place = {name: position for position, name in enumerate(concepts)}
    for language, fit in fitted.items():
        topic = np.asarray([*topic_of[language], -1])[fit.clusters]
        np.add.at(texts, topic[topic >= 0], 1)
        named = (topic >= 0) & fit.concepts.notna().to_numpy()
        np.add.at(counts, (topic[named], [place[name] for name in fit.concepts[named]]), 1)
    return counts, texts


def _add_joins(tree: pd.DataFrame, joins: np.ndarray, linked: np.ndarray) -> pd.DataFrame:
    """The tree with a row a join; leaves of the linkage are the topics `linked`."""
    first, nodes = len(tree), len(linked)
    node_of = lambda leaf: int(linked[int(leaf)]) if leaf < nodes else first + int(leaf) - nodes  # noqa: E731
    rows = [{"node": first + step, "distance": float(join[2])} for step, join in enumerate(joins)]
    whole = pd.concat([tree, pd.DataFrame(rows)], ignore_index=True)
    for step, join in enumerate(joins):
        whole.loc[[node_of(join[0]), node_of(join[1])], "parent"] = first + step
    return whole


def _renumber(group: np.ndarray) -> np.ndarray:
    order = {old: new for new, old in enumerate(dict.fromkeys(group.tolist()))}
    return np.array([order[old] for old in group.tolist()], dtype="int64")


def _name(shares: np.ndarray, concepts: pd.DataFrame) -> dict[str, str]:
    """Leading cause of a group's topics and its leading concepts, in both languages."""
    total = shares.sum(axis=0)
    causes = pd.Series(total).groupby(concepts["cause"].to_numpy()).sum()
    if not len(shares) or (shares.sum(axis=1) < HINT_SHARE).all() or causes.max() == 0:
        return both("voice.tree_other")
    cause = str(causes.idxmax())
    leading = concepts.assign(total=total)[concepts["cause"].eq(cause)].nlargest(NAMED, "total")
    leading = leading[leading["total"] > 0]
    words = {language: say("voice.topic_between", language).join(leading[language]) for language in LANGUAGES}
    return both("voice.topic_label", concept=both(f"causes.{cause}"), words=words)
