"""From a corpus to topics: fitted on texts known before the test period, given to all."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import pandas as pd

from whychurn.contract.params import Params
from whychurn.voice.text.corpus import Corpus
from whychurn.voice.topics.across_languages import (
    LANGUAGES,
    merge_across_languages,
    name_topics,
    words_of_topics,
)
from whychurn.voice.topics.language_topics import LanguageFit, fit_language
from whychurn.voice.topics.topic_model import TopicModel


@dataclass(frozen=True)
class Discovery:
    """Topics found in a corpus.

    Parameters
    ----------
    model
        Gives topics to further texts.
    distinct
        One row a distinct text: topic_id, probability, similarity.
    fitted
        Language to its fit; a language with too few texts is missing.
    samples
        Language to the distinct texts that it was fitted on.
    """

    model: TopicModel
    distinct: pd.DataFrame
    fitted: Mapping[str, LanguageFit]
    samples: Mapping[str, pd.DataFrame]


def find_topics(
    corpus: Corpus, until: pd.Timestamp, params: Params, min_cell: int, pool: Executor | None = None
) -> Discovery:
    """Find topics in texts known before `until`, and give each text of the corpus its topic.

    A language with fewer than ``min_texts`` distinct texts has no topics, but for wordings that members chose
    from a list; its texts are counted.

    Parameters
    ----------
    until
        First day whose texts are not used for fitting (`corpus.fit_until`).
    min_cell
        A word is shown where at least so many members use it.
    pool
        Workers for languages in parallel; one after the other if not given.
    """
    texts = {language: texts_before(corpus, language, until)[0] for language in LANGUAGES}
    texts = {
        language: distinct
        for language, distinct in texts.items()
        if len(distinct) >= params.voice.min_texts or distinct["chosen"].any()
    }
    each = map if pool is None else pool.map
    fits = list(each(fit_language, texts.values(), texts, repeat(params)))
    fitted: dict[str, LanguageFit] = dict(zip(texts, fits, strict=True))
    samples = {
        language: texts[language].iloc[fit.rows].reset_index(drop=True) for language, fit in fitted.items()
    }
    topic_of, topics = merge_across_languages(fitted)
    chosen = {
        language: np.asarray([*topic_of[language], -1])[fit.clusters] for language, fit in fitted.items()
    }
    tokens = {language: sample["tokens"] for language, sample in samples.items()}
    words = words_of_topics(tokens, chosen, common_words(corpus, until, min_cell)) if fitted else {}
    model = TopicModel(
        {name: fit.topics for name, fit in fitted.items()}, topic_of, name_topics(topics, words)
    )
    return Discovery(model, model.assign(corpus.distinct), fitted, samples)


def texts_before(corpus: Corpus, language: str, until: pd.Timestamp) -> tuple[pd.DataFrame, np.ndarray]:
    """Distinct texts of a language in state ``ok`` known before `until`, sorted by key; their positions."""
    texts = corpus.texts
    usable = texts.loc[texts["known_on"].lt(until) & texts["state"].eq("ok"), "distinct_id"].unique()
    positions = np.sort(usable)
    positions = positions[corpus.distinct["space"].iloc[positions].eq(language).to_numpy()]
    return corpus.distinct.iloc[positions].reset_index(drop=True), positions


def common_words(corpus: Corpus, until: pd.Timestamp, min_cell: int) -> frozenset[str]:
    """Words that at least `min_cell` members wrote before `until`."""
    texts = corpus.texts[corpus.texts["known_on"].lt(until) & corpus.texts["state"].eq("ok")]
    written = pd.DataFrame(
        {
            "member_id": texts["member_id"].to_numpy(),
            "word": corpus.distinct["tokens"].reindex(texts["distinct_id"]).str.split().to_numpy(),
        }
    )
    counts = written.explode("word").drop_duplicates().groupby("word").size()
    return frozenset(counts.index[counts >= min_cell])
