"""Topic methods compared: coherence, diversity, outliers, agreement with labels, stability."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from whychurn.contract.params import Params, VoiceParams
from whychurn.contract.results import columns_of
from whychurn.voice.causes.lexicon_classifier import leading_concept
from whychurn.voice.topics.clustering import METHODS, topic_words
from whychurn.voice.topics.embedding import fit_space
from whychurn.voice.topics.language_topics import (
    embed_texts,
    find_clusters,
    hash_order,
    learn_assignment,
    merge_closest,
)
from whychurn.voice.topics.topic_quality import (
    label_agreement,
    mean_pairwise_ari,
    npmi_coherence,
    topic_diversity,
    word_overlap,
)

METHOD_COLUMNS: Final = columns_of("topic_methods")
MOST_ASSIGNED: Final = 2000  # held-out texts whose assignment is looked at
LEAST_LABELLED: Final = 50  # fewer labelled texts say nothing of agreement


@dataclass(frozen=True)
class ComparisonTexts:
    """Texts that methods are tried on: one part to fit, one to measure coherence on.

    Parameters
    ----------
    tokens, vectors, concepts
        Of the texts fitted on.
    held_tokens, held_vectors
        Of those held out.
    labels
        Human labels of the fitted texts, null where there are none.
    space
        The embedding.
    """

    tokens: pd.Series
    vectors: np.ndarray
    concepts: pd.Series
    held_tokens: pd.Series
    held_vectors: np.ndarray
    labels: pd.Series
    space: Any


def compare_methods(distinct: pd.DataFrame, labels: pd.Series, language: str, params: Params) -> pd.DataFrame:
    """Each method refitted over seeds and row orders on the same texts and vectors.

    K-means and NMF are asked for as many topics as UMAP with HDBSCAN ends with, so that no measure
    favours a number.

    Parameters
    ----------
    distinct
        key, plain, tokens; sorted by key, all in state ``ok``.
    labels
        Index of `distinct`; null where there is none.
    voice
        ``held_out`` is the share of the texts that coherence is measured on; ``stability_sample`` of the
        others are fitted on, with ``stability_seeds`` seeds times ``stability_orders`` row orders.

    Returns
    -------
    `METHOD_COLUMNS`, one row a method. Means over runs; outliers_assigned, of the held-out texts in the
    first run, is what remains without a topic after the assignment. seed_ari compares runs of one row
    order, order_ari runs of one seed; word_overlap all. Measures that need two runs are null with one.
    """
    voice = params.voice
    with threadpool_limits(1):
        trial = prepare_texts(distinct, labels, language, params)
        seeds = [params.run.seed + step for step in range(voice.stability_seeds)]
        orders = [_order(len(trial.tokens), step, params.run.seed) for step in range(voice.stability_orders)]
        rows, number = [], voice.max_topics
        for method in METHODS:
            runs = {
                (seed, place): _clusters(trial, method, number, order, voice, seed)
                for seed, (place, order) in product(seeds, enumerate(orders))
            }
            if method == METHODS[0]:
                number = max(2, int(runs[seeds[0], 0].max()) + 1)
            rows.append({"language": language, "method": method, **_measure(trial, runs)})
    table = pd.DataFrame(rows).assign(used=lambda t: t["method"].eq(voice.method))
    return table[list(METHOD_COLUMNS)]


def prepare_texts(
    distinct: pd.DataFrame, labels: pd.Series, language: str, params: Params
) -> ComparisonTexts:
    """Sample, split and embed texts; the space is fitted on the part that topics are fitted on."""
    voice = params.voice
    by_chance = hash_order(distinct)
    aside = max(1, round(voice.held_out * len(distinct)))
    places = np.sort(by_chance[:-aside][: voice.stability_sample])
    fitted = distinct.iloc[places].reset_index(drop=True)
    rest = distinct.iloc[np.sort(by_chance[-aside:])].reset_index(drop=True)
    encoder = None if voice.embedding == "tfidf" else voice.embedding
    space = fit_space(fitted, language, params)
    return ComparisonTexts(
        tokens=fitted["tokens"],
        vectors=embed_texts(fitted, space, encoder),
        concepts=leading_concept(fitted["plain"]),
        held_tokens=rest["tokens"],
        held_vectors=embed_texts(rest.head(MOST_ASSIGNED), space, encoder),
        labels=labels.iloc[places].reset_index(drop=True),
        space=space,
    )


def _order(rows: int, step: int, seed: int) -> np.ndarray:
    return np.arange(rows) if step == 0 else np.random.default_rng([seed, step]).permutation(rows)


def _clusters(
    trial: ComparisonTexts, method: str, number: int, order: np.ndarray, voice: VoiceParams, seed: int
) -> np.ndarray:
    """Clusters with the rows in `order`, put back."""
    labels_of_rows = find_clusters(
        trial.tokens.iloc[order].reset_index(drop=True), trial.vectors[order], method, number, voice, seed
    )
    back = np.empty_like(labels_of_rows)
    back[order] = labels_of_rows
    return merge_closest(back, trial.vectors, trial.concepts, voice)


def _measure(trial: ComparisonTexts, runs: Mapping[tuple[int, int], np.ndarray]) -> dict[str, float]:
    words = [
        [[word for word, _ in best] for best in topic_words(trial.tokens, run).values()]
        for run in runs.values()
    ]
    coherence = [npmi_coherence(one, trial.held_tokens) for one in words]
    first = next(iter(runs.values()))
    assigned = learn_assignment(trial.space, trial.vectors, first, None).assign(trial.held_vectors)[0]
    labelled = trial.labels.notna().to_numpy()
    enough = labelled.sum() >= LEAST_LABELLED and trial.labels[labelled].nunique() > 1
    agreed = (
        [label_agreement(run[labelled].tolist(), trial.labels[labelled]) for run in runs.values()]
        if enough
        else []
    )
    seeds, places = sorted({seed for seed, _ in runs}), sorted({place for _, place in runs})
    return {
        "texts": len(trial.tokens),
        "runs": len(runs),
        "topics": float(np.mean([run.max(initial=-1) + 1 for run in runs.values()])),
        "npmi": float(np.mean(coherence)),
        "npmi_sd": float(np.std(coherence, ddof=1)) if len(coherence) > 1 else np.nan,
        "diversity": float(np.mean([topic_diversity(one) for one in words])),
        "outliers": float(np.mean([np.mean(run < 0) for run in runs.values()])),
        "outliers_assigned": float(np.mean(assigned < 0)) if len(assigned) else np.nan,
        "label_agreement": float(np.mean(agreed)) if agreed else np.nan,
        "labelled": int(labelled.sum()),
        "seed_ari": _mean([mean_pairwise_ari([runs[seed, place] for seed in seeds]) for place in places]),
        "order_ari": _mean([mean_pairwise_ari([runs[seed, place] for place in places]) for seed in seeds]),
        "word_overlap": word_overlap(words),
    }


def _mean(values: list[float]) -> float:
    finite = [value for value in values if not np.isnan(value)]
    return float(np.mean(finite)) if finite else float("nan")
