"""How good topics are: coherence on held-out texts, diversity, outliers, agreement, stability."""

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

TOP_WORDS: Final = 10


def npmi_coherence(topics: Sequence[Sequence[str]], tokens: pd.Series) -> float:
    """Mean normalised pointwise mutual information of the top words of topics, by documents.

    For each pair of a topic's first ten words, ``log(p(a,b) / p(a)p(b)) / -log p(a,b)``; a pair that
    never meets counts -1 (Bouma 2009; Lau, Newman & Baldwin 2014).

    Parameters
    ----------
    topics
        Words of each topic, best first.
    tokens
        Held-out texts, tokens separated by spaces.

    Returns
    -------
    Mean over pairs, then topics; between -1 and 1, nan without topics or texts.
    """
    words = sorted({word for topic in topics for word in topic[:TOP_WORDS]})
    if not words or not len(tokens):
        return float("nan")
    counter = CountVectorizer(analyzer=str.split, vocabulary=words, binary=True)
    held = sp.csc_matrix(counter.transform(tokens), dtype="float64")
    together = (held.T @ held).toarray() / held.shape[0]
    place = {word: position for position, word in enumerate(words)}
    scores = [_topic_npmi([place[word] for word in topic[:TOP_WORDS]], together) for topic in topics]
    finite = [score for score in scores if not np.isnan(score)]
    return float(np.mean(finite)) if finite else float("nan")


def _topic_npmi(places: list[int], together: np.ndarray) -> float:
    scores = []
    for a, b in combinations(places, 2):
        single = together[a, a] * together[b, b]
        if single == 0:
            continue  # NPMI is undefined for a word that does not occur
        both = together[a, b]
        if both == 0:
            scores.append(-1.0)
        elif both < 1:
            scores.append(float(np.log(both / single) / -np.log(both)))
        else:
            scores.append(1.0)
    return float(np.mean(scores)) if scores else float("nan")


def topic_diversity(topics: Sequence[Sequence[str]]) -> float:
    """Share of distinct words among the first ten of all topics (Dieng, Ruiz & Blei 2020)."""
    words = [word for topic in topics for word in topic[:TOP_WORDS]]
    return len(set(words)) / len(words) if words else float("nan")


def label_agreement(labels: Sequence[int], truth: pd.Series) -> float:
    """Adjusted mutual information of topics with human labels; outliers (-1) count as one topic."""
    return float(adjusted_mutual_info_score(pd.factorize(truth)[0], list(labels)))


def mean_pairwise_ari(runs: Sequence[np.ndarray]) -> float:
    """Mean adjusted Rand index over all pairs of runs, each the topics of the same texts."""
    pairs = [adjusted_rand_score(a, b) for a, b in combinations(runs, 2)]
    return float(np.mean(pairs)) if pairs else float("nan")


def word_overlap(runs: Sequence[Sequence[Sequence[str]]]) -> float:
    """Mean Jaccard overlap of top words over pairs of runs, each topic with its best match."""
    scores = []
    for one, other in combinations(runs, 2):
        for here, there in ((one, other), (other, one)):
            scores += [max((_jaccard(topic, match) for match in there), default=0.0) for topic in here]
    return float(np.mean(scores)) if scores else float("nan")


def _jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    a, b = set(one[:TOP_WORDS]), set(other[:TOP_WORDS])
    return len(a & b) / len(a | b) if a | b else 0.0
