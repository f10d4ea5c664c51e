"""Table of topics: name, cause, size, tone, by all texts; and texts that show each, with their ids."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import VoiceParams
from whychurn.contract.results import columns_of
from whychurn.contract.suppression import suppress_small_cells
from whychurn.voice.causes.lexicon_classifier import concept_scores
from whychurn.voice.text.corpus import Corpus, consenting
from whychurn.voice.topics.across_languages import HINT_SHARE, LANGUAGES

TOPIC_COLUMNS: Final = columns_of("topics")
VERBATIM_COLUMNS: Final = columns_of("topic_verbatims")
MOST_ALIKE: Final = 0.5  # verbatims of one topic share at most this of their words
STRONG: Final = 2.0  # weight of a concept's words above which more of them say nothing more
CANDIDATES: Final = 200  # most central texts looked at, of a topic and language


def topic_table(named: pd.DataFrame, corpus: Corpus, scores: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """One row a topic, over all texts of all members.

    Parameters
    ----------
    named
        `TopicModel.named`.
    scores
        One row a distinct text: topic_id, sentiment, urgency, p_<cause>, p_none.
    min_cell
        Figures and words of a topic with fewer members are blank (`suppressed`).

    Returns
    -------
    `TOPIC_COLUMNS`: ``cause`` is the most probable of the six on average, ``none`` where the texts more
    likely name none than any; cause_share its mean probability; share is of all texts with a topic.
    """
    texts = corpus.texts[["member_id", "distinct_id", "known_on"]].join(
        corpus.distinct["space"].rename("spoken"), on="distinct_id"
    )
    texts = texts.join(scores.drop(columns=["probability", "similarity"], errors="ignore"), on="distinct_id")
    grouped = texts[texts["topic_id"].ge(0)].groupby("topic_id")
    table = grouped.agg(
        size=("distinct_id", "size"),
        members=("member_id", "nunique"),
        sentiment=("sentiment", "mean"),
        urgency=("urgency", "mean"),
        **{
            f"size_{name}": ("spoken", lambda spoken, name=name: int(spoken.eq(name).sum()))
            for name in LANGUAGES
        },
    )
    causes = grouped[[f"p_{cause}" for cause in CAUSES]].mean()
    names = np.asarray(CAUSES, dtype=object)[causes.to_numpy().argmax(axis=1)] if len(causes) else []
    table["cause"] = np.where(causes.sum(axis=1) > 0.5, names, "none")
    table["cause_share"] = causes.max(axis=1)
    table = named.join(table, on="topic_id") if len(table) else named.reindex(columns=[*named, *table])
    sizes = ["size", "members", *(f"size_{name}" for name in LANGUAGES)]
    table[sizes] = table[sizes].fillna(0).astype("int64")
    table["share"] = table["size"] / max(1, int(table["size"].sum()))
    both = table["words_zh"] + "; " + table["words_en"]
    table["words"] = both.str.strip("; ")
    hidden = ["size", "size_zh", "size_en", "share", "sentiment", "urgency", "cause_share", "concept_share"]
    shown = suppress_small_cells(table, "members", hidden, min_cell)
    for name in ("words", "words_zh", "words_en"):
        shown[name] = shown[name].mask(shown["suppressed"], "")
    return shown[list(TOPIC_COLUMNS)]


def topic_verbatims(
    topics: pd.DataFrame, corpus: Corpus, members: pd.DataFrame, given: pd.DataFrame, voice: VoiceParams
) -> pd.DataFrame:
    """Texts nearest to the centre of each topic, unlike each other, of members who may be profiled.

    Where a topic is named after a concept of the lexicon, those that name it come first.

    Parameters
    ----------
    topics
        Table of `topic_table`; a suppressed topic shows none.
    given
        One row a distinct text: topic_id, similarity.

    Returns
    -------
    `VERBATIM_COLUMNS`: feedback_id leads to the text in feedback or surveys; text is redacted.
    """
    open_topics = topics.loc[~topics["suppressed"] & topics["members"].gt(0), "topic_id"]
    texts = corpus.texts[consenting(corpus.texts, members)].drop_duplicates("distinct_id")
    texts = (
        texts[texts["distinct_id"].ge(0)]
        .join(given, on="distinct_id")
        .join(corpus.distinct[["space", "tokens", "plain"]], on="distinct_id")
    )
    texts = texts[texts["topic_id"].isin(set(open_topics))]
    texts = texts.sort_values(
        ["topic_id", "space", "similarity", "feedback_id"], ascending=[True, True, False, True]
    )
    concept = topics.loc[topics["concept_share"].ge(HINT_SHARE)].set_index("topic_id")["concept"].to_dict()
    rows = []
    for (topic, language), part in texts.groupby(["topic_id", "space"], sort=True):
        near = part.head(CANDIDATES)
        if topic in concept:
            named = concept_scores(near["plain"])[concept[topic]].clip(upper=STRONG)
            near = near.assign(fit=near["similarity"] * named).sort_values(
                "fit", ascending=False, kind="stable"
            )
        for rank, place in enumerate(_unlike(near["tokens"], voice.verbatims), start=1):
            text = near.iloc[place]
            fields = [text[name] for name in ("feedback_id", "known_on", "source", "text")]
            rows.append((topic, language, rank, *fields))
    return pd.DataFrame(rows, columns=list(VERBATIM_COLUMNS))


def _unlike(tokens: pd.Series, number: int) -> list[int]:
    """Positions of the first `number` texts that share few words with those before them."""
    chosen: list[int] = []
    words = [set(text.split()) for text in tokens]
    for place, word_set in enumerate(words):
        alike = [len(word_set & words[other]) / max(1, len(word_set | words[other])) for other in chosen]
        if max(alike, default=0.0) <= MOST_ALIKE:
            chosen.append(place)
        if len(chosen) == number:
            break
    return chosen
