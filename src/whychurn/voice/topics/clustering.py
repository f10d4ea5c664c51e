"""Clusters of texts: BERTopic over UMAP + HDBSCAN or over K-means, and NMF as the plain baseline."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.metrics.pairwise import cosine_distances

from whychurn.contract.params import VoiceParams

if TYPE_CHECKING:
    from bertopic import BERTopic

METHODS: Final = ("umap_hdbscan", "kmeans", "nmf")
MOST_EXACT: Final = 4000  # texts whose distances are all computed; above, UMAP's approximate neighbours
WORDS: Final = 20  # kept of each topic
# of UMAP; at its default 1.0, parts that share no neighbour overlap in the embedding
STEP: Final = 0.1
NEIGHBOURS: Final = 15  # of a text, in UMAP; its default
UMAP_DIMENSIONS: Final = 5  # left for HDBSCAN, whose densities thin out in more (BERTopic's default)
UMAP_EPOCHS: Final = 200  # UMAP's default for large tables


def smallest_topic(texts: int, voice: VoiceParams) -> int:
    """Fewest distinct texts that make a topic, among `texts`."""
    return max(2, min(voice.min_topic_texts, texts // 4), round(voice.min_topic_share * texts))


def fit_bertopic(
    tokens: pd.Series, vectors: np.ndarray, method: str, number: int, voice: VoiceParams, seed: int
) -> tuple[BERTopic, np.ndarray]:
    """BERTopic (Grootendorst 2022) with precomputed embeddings.

    Parameters
    ----------
    tokens
        Words of each text, separated by spaces; (n,).
    vectors
        (n, dimensions); see `embedding.embed`.
    method
        ``umap_hdbscan`` (finds its own number of topics) or ``kmeans`` (`number` of them, on the vectors
        themselves).

    Returns
    -------
    The fitted model, and the topic of each text (-1: outlier).
    """
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from bertopic.dimensionality import BaseDimensionalityReduction
    from bertopic.vectorizers import ClassTfidfTransformer

    reduce, cluster = (
        _umap_hdbscan(len(vectors), vectors.shape[1], voice, seed)
        if method == "umap_hdbscan"
        else (BaseDimensionalityReduction(), KMeans(number, n_init=3, random_state=seed))
    )
    model = BERTopic(
        language="multilingual",  # "english" would strip Chinese letters and the marks of negation
        embedding_model=BaseEmbedder(),  # vectors are given; None would ask a hub for a model
        umap_model=reduce,
        hdbscan_model=cluster,
        vectorizer_model=CountVectorizer(analyzer=str.split),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
        top_n_words=WORDS,
        calculate_probabilities=False,
        verbose=False,
    )
    topics, _ = model.fit_transform(tokens.tolist(), embeddings=vectors)
    return model, np.asarray(topics, dtype="int64")


def fit_nmf(tokens: pd.Series, number: int, seed: int) -> np.ndarray:
    """Topic of each text by non-negative matrix factorisation of TF-IDF (Lee & Seung 1999): the baseline."""
    terms = TfidfVectorizer(analyzer=str.split, min_df=2 if len(tokens) > 50 else 1, sublinear_tf=True)
    weights = terms.fit_transform(tokens)
    number = max(1, min(number, *weights.shape))
    loadings = NMF(number, init="nndsvda", random_state=seed, max_iter=300, tol=1e-3).fit_transform(weights)
    return np.asarray(loadings.argmax(axis=1), dtype="int64")


def topic_words(tokens: pd.Series, topics: np.ndarray) -> dict[int, list[tuple[str, float]]]:
    """Best words of each topic by class-based TF-IDF.

    ``tf(w, topic) * log(1 + A / f(w))``, A the mean number of words of a topic, f the frequency over all topics.
    """
    inside = topics >= 0
    if not inside.any():
        return {}
    ids, place = np.unique(topics[inside], return_inverse=True)
    counter = CountVectorizer(analyzer=str.split)
    counts = counter.fit_transform(tokens[inside])
    sums = np.vstack([np.asarray(counts[place == i].sum(axis=0)).ravel() for i in range(len(ids))]).astype(
        float
    )
    total = sums.sum(axis=1, keepdims=True)
    scores = (sums / np.maximum(total, 1)) * np.log1p(total.mean() / sums.sum(axis=0))
    names = counter.get_feature_names_out()
    best = np.argsort(-scores, axis=1, kind="stable")[:, :WORDS]
    return {
        int(topic): [(str(names[j]), float(scores[i, j])) for j in best[i] if scores[i, j] > 0]
        for i, topic in enumerate(ids)
    }


class ExactNeighbours:
    """UMAP over exact neighbours, for BERTopic: compiling UMAP's own search would take longer."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def fit(self, vectors: np.ndarray, y: Any = None) -> ExactNeighbours:
        """Reduce `vectors`, to places near each other where `y` (labels, None here) is the same."""
        from umap import UMAP

        apart = cosine_distances(vectors)
        near = np.argsort(apart, axis=1, kind="stable")[:, : self.settings["n_neighbors"]]
        neighbours = (near, np.take_along_axis(apart, near, axis=1), None)  # no index: no new text is placed
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="precomputed_knn", category=UserWarning)
            model = UMAP(metric="cosine", precomputed_knn=neighbours, **self.settings)
            self.places = np.asarray(model.fit(vectors, y).embedding_)
        return self

    def transform(self, vectors: np.ndarray) -> np.ndarray:
        """Places of the vectors that were fitted; BERTopic asks for no others."""
        if len(vectors) != len(self.places):
            raise ValueError("only the fitted vectors have places")
        return self.places


def _umap_hdbscan(texts: int, dimensions: int, voice: VoiceParams, seed: int) -> tuple[Any, Any]:
    """UMAP and HDBSCAN for `texts` vectors of `dimensions`.

    UMAP's usual start, eigenvectors of the graph of neighbours, draws numbers from a generator that
    nobody seeds where the graph falls into small parts (scipy's ARPACK restarts), so topics differed from
    run to run. Principal components are the same each time, and what lies far apart starts far apart
    (Kobak & Linderman 2021).
    """
    from hdbscan import HDBSCAN
    from umap import UMAP

    settings = {
        "n_neighbors": min(NEIGHBOURS, texts - 1),
        "n_components": min(UMAP_DIMENSIONS, texts - 2, dimensions),
        "n_epochs": UMAP_EPOCHS,
        "min_dist": 0.0,
        "random_state": seed,  # one thread, and the same result each time
        "n_jobs": 1,
        "init": "pca",
        "learning_rate": STEP,
    }
    small = texts <= MOST_EXACT
    reduce = ExactNeighbours(**settings) if small else UMAP(metric="cosine", **settings)
    least = smallest_topic(texts, voice)
    return reduce, HDBSCAN(min_cluster_size=least, min_samples=min(5, least), core_dist_n_jobs=1)
