"""Clusters of both languages merged into topics, each with a name in Chinese and English."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.labels import join, say
from whychurn.voice.causes.lexicon import load_lexicon
from whychurn.voice.topics.clustering import topic_words
from whychurn.voice.topics.language_topics import MERGE_SHARE, LanguageFit

LANGUAGES: Final = ("zh", "en")
NAMED_COLUMNS: Final = (
    "topic_id", "label_zh", "label_en", "words_zh", "words_en", "concept", "concept_share",
    "fitted_zh", "fitted_en",
)  # fmt: skip
LABEL_WORDS: Final = 2
HINT_SHARE: Final = 0.3  # of a topic's texts that name one concept, from which the label says so


def merge_across_languages(fitted: Mapping[str, LanguageFit]) -> tuple[dict[str, list[int]], pd.DataFrame]:
    """One topic of all clusters, of any language, in which `MERGE_SHARE` of the texts name the same concept.

    Returns
    -------
    Language to the topic of each cluster; and topics by size: topic_id, concept (the leading one, null if
    none), concept_share (texts naming it), fitted_zh, fitted_en (distinct texts).
    """
    rows = []
    for language, fit in fitted.items():
        for cluster in range(fit.topics.number):
            named = fit.concepts[fit.clusters == cluster]
            counts = named.value_counts().sort_index().sort_values(ascending=False, kind="stable")
            concept, count = (counts.index[0], int(counts.iloc[0])) if len(counts) else (None, 0)
            rows.append((language, cluster, len(named), concept, count))
    clusters = pd.DataFrame(rows, columns=["language", "cluster", "size", "concept", "named"])
    dominant = clusters["named"] >= np.maximum(1, MERGE_SHARE * clusters["size"])
    alone = clusters["language"] + clusters["cluster"].astype(str)
    clusters["key"] = ("concept " + clusters["concept"].astype(str)).where(dominant, alone)
    sizes = (
        clusters.groupby("key")["size"]
        .sum()
        .reset_index()
        .sort_values(["size", "key"], ascending=[False, True])
    )
    number = {str(key): rank for rank, key in enumerate(sizes["key"].tolist())}
    clusters["topic_id"] = clusters["key"].map(number)
    of_cluster = {
        language: clusters.loc[clusters["language"] == language, "topic_id"].astype(int).tolist()
        for language in fitted
    }
    return of_cluster, _sum_topics(clusters)


def _sum_topics(clusters: pd.DataFrame) -> pd.DataFrame:
    grouped = clusters.groupby("topic_id")
    topics = grouped.agg(size=("size", "sum"), named=("named", "sum"), concept=("concept", "first"))
    for language in LANGUAGES:
        sizes = clusters[clusters["language"] == language].groupby("topic_id")["size"].sum()
        topics[f"fitted_{language}"] = sizes.reindex(topics.index).fillna(0).astype("int64")
    topics["concept_share"] = topics["named"] / topics["size"].clip(lower=1)
    return topics.drop(columns=["size", "named"]).reset_index()


def name_topics(topics: pd.DataFrame, words: Mapping[str, Mapping[int, Sequence[str]]]) -> pd.DataFrame:
    """Name each topic in both languages: the concept of its texts, told apart by a word; else its best words.

    Parameters
    ----------
    topics
        As `merge_across_languages` returns them.
    words
        Language to topic to its words, best first.

    Returns
    -------
    `NAMED_COLUMNS`; words are separated by commas.
    """
    concepts = load_lexicon().concepts.set_index("concept")
    rows: list[dict[str, Any]] = []
    used: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    for topic in topics.to_dict("records"):
        words_of = {
            language: [_plain(w) for w in words.get(language, {}).get(topic["topic_id"], [])]
            for language in LANGUAGES
        }
        has_concept = topic["concept"] is not None and topic["concept_share"] >= HINT_SHARE
        labels = {}
        for language in LANGUAGES:
            concept = str(concepts.at[topic["concept"], language]) if has_concept else ""
            candidates = _labels(language, concept, words_of, int(topic["topic_id"]))
            label = next(name for name in candidates if name not in used[language])
            used[language].add(label)
            labels[f"label_{language}"] = label
        joined = {f"words_{language}": ", ".join(words_of[language]) for language in LANGUAGES}
        rows.append({str(key): value for key, value in topic.items()} | labels | joined)
    return pd.DataFrame(rows, columns=list(NAMED_COLUMNS))


def words_of_topics(
    tokens: Mapping[str, pd.Series], topics: Mapping[str, np.ndarray], allowed: frozenset[str]
) -> dict[str, dict[int, list[str]]]:
    """Best words of each topic by language, among `allowed` words only.

    Parameters
    ----------
    tokens, topics
        Language to the texts fitted on, and to the topic of each (-1: none).
    allowed
        Words that enough members use; a rarer one might be somebody's name.
    """
    best_words = {}
    for language, texts in tokens.items():
        kept = texts.map(lambda text: " ".join(word for word in text.split() if word in allowed))
        words = topic_words(kept, topics[language]) if kept.str.len().gt(0).any() else {}
        best_words[language] = {topic: [word for word, _ in best] for topic, best in words.items()}
    return best_words


def _labels(language: str, concept: str, words_of: Mapping[str, list[str]], number: int) -> Iterator[str]:
    """Names that a topic may take, the best first: no two topics share one."""
    words = [word for word in words_of[language] if len(word) > 1 and word.lower() not in concept.lower()]
    foreign = not words_of[language] and any(words_of.values())
    if concept:
        hints = words or ([say("voice.topic_other_language", language)] if foreign else [])
        hints = [*hints, say("voice.topic_unnamed", language, number=number + 1)]
        yield concept
        yield from (say("voice.topic_of_concept", language, concept=concept, hint=hint) for hint in hints)
    if words:
        quoted = (say("voice.topic_quoted", language, word=word) for word in words[:LABEL_WORDS])
        yield say("voice.topic_about", language, words=join(quoted, language))
    key = "voice.topic_unnamed_other_language" if foreign else "voice.topic_unnamed"
    yield say(key, language, number=number + 1)


def _plain(word: str) -> str:
    return word.replace("not_", "not ")
