"""Topics of one language: fitted on a sample of distinct texts, assigned to others by a linear model."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from whychurn.contract.params import Params, VoiceParams
from whychurn.voice.causes.lexicon_classifier import leading_concept
from whychurn.voice.topics.clustering import fit_bertopic, fit_nmf
from whychurn.voice.topics.embedding import Space, embed, fit_space
from whychurn.voice.topics.external_encoders import load_encoder

FAR: Final = 2.0  # largest cosine distance
SIMILARITY_SHARE: Final = 0.02  # texts of a topic that may lie farther from its centre than the limit
ASSIGN_C: Final = 10.0  # inverse regularisation; weak, as the model repeats clusters that are given
MIN_SIMILARITY: Final = 0.15  # a text less similar to the centre of its topic has none
MERGE_SHARE: Final = 0.5  # of a cluster's texts must name a concept before clusters are merged by it


@dataclass(frozen=True)
class LanguageTopics:
    """Topics of one language, in plain arrays.

    Parameters
    ----------
    space
        The embedding.
    weights, bias
        (topics, dimensions) and (topics,), of a multinomial logistic model that repeats the clusters.
    centres
        (topics, dimensions), unit vectors.
    limits
        (topics,): a text less similar to its topic's centre is an outlier.
    encoder
        Name of an external embedding model, or None.
    """

    space: Space
    weights: np.ndarray
    bias: np.ndarray
    centres: np.ndarray
    limits: np.ndarray
    encoder: str | None = None

    @property
    def number(self) -> int:
        """Number of topics."""
        return len(self.bias)

    def vectors(self, distinct: pd.DataFrame) -> np.ndarray:
        """Embedding of texts, (n, dimensions)."""
        return embed_texts(distinct, self.space, self.encoder)

    def assign(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Topic (-1: outlier), its probability, and the cosine with its centre, for each row of `vectors`."""
        if not self.number:
            return np.full(len(vectors), -1), np.zeros(len(vectors)), np.zeros(len(vectors))
        logits = vectors @ self.weights.T + self.bias
        scores = np.exp(logits - logits.max(axis=1, keepdims=True))
        chosen = scores.argmax(axis=1)
        near = np.einsum("ij,ij->i", vectors, self.centres[chosen])
        probability = scores.max(axis=1) / scores.sum(axis=1)
        return np.where(near >= self.limits[chosen], chosen, -1), probability, near


@dataclass(frozen=True)
class LanguageFit:
    """Topics of a language with the texts they were fitted on: positions, clusters, concepts, figures."""

    topics: LanguageTopics
    rows: np.ndarray
    clusters: np.ndarray
    concepts: pd.Series
    facts: dict[str, Any]


def draw_sample(distinct: pd.DataFrame, most: int) -> np.ndarray:
    """Positions of at most `most` texts, chosen by a hash of their key: row order does not matter."""
    order = hash_order(distinct)
    if "chosen" in distinct:  # what members chose from a list is never left out
        order = order[np.argsort(~distinct["chosen"].to_numpy(dtype=bool)[order], kind="stable")]
    return np.sort(order[:most])


def hash_order(distinct: pd.DataFrame) -> np.ndarray:
    """Positions of texts, ordered by a hash of what they say."""
    return np.argsort(pd.util.hash_array(distinct["key"].to_numpy(dtype=object)), kind="stable")


def fit_language(distinct: pd.DataFrame, language: str, params: Params) -> LanguageFit:
    """Fit topics on distinct texts of one language.

    Parameters
    ----------
    distinct
        key, plain, tokens; sorted by key, all in state ``ok`` and known in the fit period.
    """
    # matrices are small: threads cost more than they give, and change the last digit
    with threadpool_limits(1):
        return _fit(distinct, language, params)


def _fit(distinct: pd.DataFrame, language: str, params: Params) -> LanguageFit:
    voice = params.voice
    encoder = None if voice.embedding == "tfidf" else voice.embedding
    rows = draw_sample(distinct, voice.fit_sample)
    sample = distinct.iloc[rows].reset_index(drop=True)
    chosen = sample["chosen"].to_numpy(dtype=bool)
    often = np.where(chosen, 2 * voice.min_texts_of_word, 1)  # the words of an option are never rare
    space = fit_space(sample.loc[sample.index.repeat(often)], language, params)
    vectors = embed_texts(sample, space, encoder)
    raw = _clusters(sample["tokens"], vectors, chosen, voice, params.run.seed)
    concepts = leading_concept(sample["plain"])
    clusters = merge_closest(raw, vectors, concepts, voice)
    topics = learn_assignment(space, vectors, clusters, encoder)
    again, _, _ = topics.assign(vectors)
    inside = clusters >= 0
    facts = {
        "distinct_texts": len(distinct),
        "fitted_on": len(rows),
        "chosen_from_list": int(chosen.sum()),
        "clusters": int(raw.max(initial=-1) + 1),
        "topics": topics.number,
        "outliers_clustering": float(np.mean(~inside)) if len(inside) else 0.0,
        "assignment_agreement": float(np.mean(again[inside] == clusters[inside]))
        if inside.any()
        else float("nan"),
    }
    return LanguageFit(topics, rows, clusters, concepts, facts)


def _clusters(
    tokens: pd.Series, vectors: np.ndarray, chosen: np.ndarray, voice: VoiceParams, seed: int
) -> np.ndarray:
    """Clusters of the texts that members made up, and each wording that they chose as one of its own."""
    raw, free = np.full(len(vectors), -1), np.flatnonzero(~chosen)
    if len(free) >= voice.min_texts:
        raw[free] = find_clusters(
            tokens.iloc[free].reset_index(drop=True),
            vectors[free],
            voice.method,
            voice.max_topics,
            voice,
            seed,
        )
    raw[chosen] = raw.max(initial=-1) + 1 + np.arange(chosen.sum())
    return raw


def embed_texts(distinct: pd.DataFrame, space: Space, encoder: str | None) -> np.ndarray:
    """Unit vectors of texts by an external model, or by `space` where `encoder` is None; (n, dimensions)."""
    return load_encoder(encoder)(distinct["plain"]) if encoder else embed(distinct, space)


def find_clusters(
    tokens: pd.Series, vectors: np.ndarray, method: str, number: int, voice: VoiceParams, seed: int
) -> np.ndarray:
    """Clusters of texts by one method (`clustering.METHODS`); (n,), -1: outlier."""
    number = max(1, min(number, len(vectors) // 2))
    if method == "nmf":
        return fit_nmf(tokens, number, seed)
    if np.allclose(vectors, vectors[:1]):  # all texts are alike
        return np.zeros(len(vectors), dtype="int64")
    return fit_bertopic(tokens, vectors, method, number, voice, seed)[1]


def merge_closest(
    clusters: np.ndarray, vectors: np.ndarray, concepts: pd.Series, voice: VoiceParams
) -> np.ndarray:
    """At most `max_topics` clusters, numbered by size.

    Average linkage of centres by cosine distance; clusters that name one concept of the lexicon are
    joined first, and clusters that name two different ones last (`MERGE_SHARE` of the texts must name it).
    """
    ids = np.unique(clusters[clusters >= 0])
    if len(ids) > 1:
        named = [dominant_concept(concepts[clusters == cluster], MERGE_SHARE) for cluster in ids]
        has_concept = np.array([name is not None for name in named])
        alike = np.array([[one == other for other in named] for one in named])
        apart = squareform(pdist(_centres(clusters, vectors), "cosine"))
        both = np.outer(has_concept, has_concept)
        apart = np.where(both & alike, 0.0, np.where(both, FAR, apart))
        tree = linkage(squareform(apart, checks=False), method="average")
        joined = fcluster(tree, voice.max_topics, "maxclust") if len(ids) > voice.max_topics else ids
        group = dict(zip(ids.tolist(), joined.tolist(), strict=True))
        clusters = np.array([group.get(int(c), -1) for c in clusters])
    sizes = pd.Series(clusters[clusters >= 0]).value_counts().reset_index()
    sizes.columns = pd.Index(["cluster", "size"])
    order = sizes.sort_values(["size", "cluster"], ascending=[False, True])["cluster"].tolist()
    number = {cluster: rank for rank, cluster in enumerate(order)}
    return np.array([number.get(c, -1) for c in clusters.tolist()], dtype="int64")


def dominant_concept(concepts: pd.Series, share: float) -> str | None:
    """Concept that at least `share` of the texts of a cluster name first; None if there is none."""
    counts = concepts.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return str(counts.index[0]) if len(counts) and counts.iloc[0] >= share * len(concepts) else None


def learn_assignment(
    space: Space, vectors: np.ndarray, clusters: np.ndarray, encoder: str | None
) -> LanguageTopics:
    """The linear model that gives topics to texts the clustering has not seen, and its outlier limits.

    It agreed with HDBSCAN's own `approximate_predict` on 89-98 % of held-out texts (nearest centre: 85-96 %).
    """
    inside = clusters >= 0
    if not inside.any():
        none = np.zeros((0, vectors.shape[1]), "float32")
        return LanguageTopics(space, none, none[:, 0], none, none[:, 0], encoder)
    X, y, number = vectors[inside], clusters[inside], int(clusters.max()) + 1
    centres = _centres(clusters, vectors)
    weights, bias = np.zeros((number, X.shape[1])), np.zeros(number)
    if number > 1:
        model = LogisticRegression(C=ASSIGN_C, max_iter=500).fit(X, y)
        weights, bias = model.coef_, model.intercept_
        if number == 2:  # the model has one row of weights for two classes
            weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    near = np.einsum("ij,ij->i", X, centres[y])
    limits = [
        max(MIN_SIMILARITY, float(np.quantile(near[y == k], SIMILARITY_SHARE)) / 2) for k in range(number)
    ]
    w, b, c, limit = (np.asarray(a, "float32") for a in (weights, bias, centres, np.asarray(limits)))
    return LanguageTopics(space, w, b, c, limit, encoder)


def _centres(clusters: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    ids = np.unique(clusters[clusters >= 0])
    return normalize(np.vstack([vectors[clusters == k].mean(axis=0) for k in ids]))
