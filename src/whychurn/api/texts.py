"""What members say: language, sentiment, urgency, causes and topics of Chinese and English texts."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final, Literal

import pandas as pd

from whychurn.api.html import html_table
from whychurn.api.settings import settings
from whychurn.api.tables import Tables
from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params, VoiceParams
from whychurn.voice.text.corpus import Corpus, build_corpus, fit_until, gather_texts
from whychurn.voice.text_scores import PROBABILITIES, TEXT_SCORE_COLUMNS, score_texts, text_scores_table
from whychurn.voice.topics.discovery import find_topics
from whychurn.voice.topics.topic_model import TopicModel as Clusters
from whychurn.voice.topics.topics_and_verbatims import topic_table

ALL: Final = pd.Timestamp("2200-01-01")  # later than every text
SCORES: Final = ["language", "sentiment", *PROBABILITIES, "urgency"]
OF_TABLES: Final = [name for name in TEXT_SCORE_COLUMNS if name not in ("topic_id", "probability")]
Texts = pd.Series | pd.DataFrame | Tables


def read_texts(texts: Texts, *, stated: pd.Series | None = None, horizon_days: int = 90) -> pd.DataFrame:
    """Language, sentiment, urgency and the probability that each text speaks of each cause.

    Parameters
    ----------
    texts
        A Series of texts; a DataFrame with a column ``text`` (and, where known, member_id, known_on, rating, reason); or
        what `load` returns: feedback and survey comments of members who may be profiled.
    stated
        Cause that the writer of each text ticked, null where none, same index as `texts`. A few hundred teach words
        that go with each cause; without them a lexicon reads alone.
    horizon_days
        For tables only: the label window of the panel. Texts of the period on which a risk model is tested teach nothing.

    Returns
    -------
    DataFrame
        For a Series or DataFrame its index, and language, sentiment (-1 to 1), p_<cause> and p_none (sum to one; null for an
        empty text) and urgency (0 to 1). For tables one row a text: feedback_id, member_id, known_on, origin, source and the same.

    Raises
    ------
    WhychurnError
        If there is no column ``text``, or `stated` names none of the six causes.

    Examples
    --------
    >>> import pandas as pd
    >>> import whychurn
    >>> said = whychurn.read_texts(pd.Series(["The parcel came broken again", "隔壁的会员便宜多了"]))
    >>> said["language"].tolist()
    ['en', 'zh']
    >>> said.filter(like="p_").idxmax(axis=1).tolist()
    ['p_product_service', 'p_competition']
    """
    params = settings({"panel": {"horizon_days": horizon_days}})
    if isinstance(texts, Tables):
        corpus = build_corpus(gather_texts(texts["feedback"], texts["surveys"]), params.voice)
        reading = score_texts(corpus, fit_until(params, texts.observed_until), params)
        return text_scores_table(corpus, reading.scores, texts["members"])[OF_TABLES]
    frame, index = _as_frame(texts, stated)
    corpus = build_corpus(frame, params.voice)
    distinct = score_texts(corpus, ALL, params).scores
    rows = distinct.reindex(corpus.texts["distinct_id"].to_numpy()).set_index(corpus.texts.index)
    return corpus.texts[["language"]].join(rows)[SCORES].set_index(index)


@dataclass(frozen=True, eq=False)
class TopicModel:
    """Topics that texts were found to be about.

    Parameters
    ----------
    table
        One row a topic: topic_id, label_en, label_zh, words, cause, size, members, share, sentiment, urgency, … Figures of a topic
        that few members speak of are blank.
    clusters
        Gives topics to further texts; can be saved without pickle (`whychurn.voice.topics.topic_model`).
    """

    table: pd.DataFrame
    clusters: Clusters = field(repr=False)
    _voice: VoiceParams = field(repr=False)

    def of(self, texts: pd.Series | pd.DataFrame) -> pd.DataFrame:
        """Topic of each text: topic_id (-1: none), probability, similarity to the topic's centre, label_en, label_zh."""
        frame, index = _as_frame(texts, None)
        corpus = build_corpus(frame, self._voice)
        found = self.clusters.assign(corpus.distinct).reindex(corpus.texts["distinct_id"].to_numpy())
        found["topic_id"] = found["topic_id"].fillna(-1).astype("int64")
        labels = self.table.set_index("topic_id")[["label_en", "label_zh"]]
        return found.join(labels, on="topic_id").set_index(index)

    def _repr_html_(self) -> str:
        shown = ["topic_id", "label_en", "label_zh", "cause", "size", "share", "sentiment"]
        return html_table("Topics", self.table[shown])


def topics(
    texts: pd.DataFrame | Tables,
    *,
    method: Literal["umap_hdbscan", "kmeans"] = "umap_hdbscan",
    fit_until: dt.date | None = None,
    seed: int = 7,
) -> TopicModel:
    """Topics of Chinese and English texts.

    Parameters
    ----------
    texts
        member_id, text, and known_on where `fit_until` is given; or what `load` returns.
    method
        How texts are clustered.
    fit_until
        Texts known from this day on teach nothing and get their topics from what was learned before; all teach if not given.
    seed
        Of the clustering.

    Returns
    -------
    TopicModel
        Without topics where a language has fewer than 60 distinct texts.

    Examples
    --------
    >>> import whychurn
    >>> found = whychurn.topics(shop.tables, method="kmeans")
    >>> found.of(shop.tables["feedback"]["text"].dropna().head(3)).columns.tolist()
    ['topic_id', 'probability', 'similarity', 'label_en', 'label_zh']
    """
    params = settings({"voice": {"method": method}, "run": {"seed": seed}})
    if isinstance(texts, Tables):
        frame = gather_texts(texts["feedback"], texts["surveys"])
    else:
        frame, _ = _as_frame(texts, None)
        if "member_id" not in texts or (fit_until and "known_on" not in texts):
            raise WhychurnError(
                "topics need to know who wrote each text, and when",
                column="member_id, known_on",
                remedy="add the columns; known_on is needed only for fit_until",
            )
        frame = frame.sort_values(["known_on", "feedback_id"], ignore_index=True)
    until = ALL if fit_until is None else pd.Timestamp(fit_until)
    return _find(build_corpus(frame, params.voice), until, params)


def _find(corpus: Corpus, until: pd.Timestamp, params: Params) -> TopicModel:
    found = find_topics(corpus, until, params, params.privacy.min_cell)
    distinct = score_texts(corpus, until, params).scores.join(found.distinct)
    table = topic_table(found.model.named, corpus, distinct, params.privacy.min_cell)
    return TopicModel(table, found.model, params.voice)


def _as_frame(texts: pd.Series | pd.DataFrame, stated: pd.Series | None) -> tuple[pd.DataFrame, pd.Index]:
    """Texts in the columns that a corpus is built of, and the index that they came with."""
    if isinstance(texts, pd.Series):
        texts = texts.rename("text").to_frame()
    elif not isinstance(texts, pd.DataFrame) or "text" not in texts:
        raise WhychurnError(
            "no texts", column="text", remedy="give a Series of texts, or a DataFrame with a column text"
        )
    count = len(texts)
    known = texts["known_on"] if "known_on" in texts else pd.Series(pd.Timestamp(0), texts.index)
    columns = {
        "feedback_id": pd.Series([str(place) for place in range(count)], texts.index),
        "member_id": texts.get("member_id", pd.Series("", texts.index)),
        "known_on": pd.to_datetime(known),
        "text": texts["text"],
        "rating": texts.get("rating", pd.Series(float("nan"), texts.index)),
        "reason": _reasons(texts, stated),
    }
    kinds = {
        "feedback_id": "string",
        "member_id": "string",
        "text": "string",
        "rating": "float64",
        "reason": "string",
    }
    return pd.DataFrame(columns).astype(kinds).reset_index(drop=True), texts.index


def _reasons(texts: pd.DataFrame, stated: pd.Series | None) -> pd.Series:
    if stated is None:
        return texts.get("reason", pd.Series(pd.NA, texts.index, dtype="string"))
    reasons = stated.reindex(texts.index)
    if not reasons.isin(CAUSES).any():
        raise WhychurnError(
            "none of the stated reasons is one of the six causes",
            remedy=f"map them to {', '.join(CAUSES)}, under the index of the texts",
        )
    return reasons
