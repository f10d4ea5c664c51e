"""Scores of texts: sentiment, urgency, probability of each cause; and the results table feedback_topics."""

from dataclasses import dataclass
from typing import Final

import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.voice.causes.survey_trained_classifier import (
    CauseClassifier,
    fit_cause_classifier,
    stated_reason_check,
)
from whychurn.voice.sentiment.from_ratings import fit_sentiment_model, predict_sentiment, rating_check
from whychurn.voice.sentiment.polarity import urgency
from whychurn.voice.text.corpus import Corpus, consenting

PROBABILITIES: Final = tuple(f"p_{cause}" for cause in (*CAUSES, "none"))
TEXT_SCORE_COLUMNS: Final = columns_of("feedback_topics")


@dataclass(frozen=True)
class TextScores:
    """Scores of the distinct texts of a corpus, and how well they agree with labels.

    Parameters
    ----------
    scores
        One row a distinct text of the corpus: sentiment, urgency, p_<cause>, p_none.
    classifier
        Cause classifier behind p_<cause>.
    checks
        Tables ``text_cause_check`` (against stated reasons) and ``sentiment_check`` (against ratings), on
        texts from `until` on, which no fit has used.
    """

    scores: pd.DataFrame
    classifier: CauseClassifier
    checks: dict[str, pd.DataFrame]

    def metrics(self) -> dict[str, float]:
        """Figures for the tracker."""
        causes, ratings = (table[table["language"] == "all"] for table in self.checks.values())
        figures = {"cause_weight_learned": self.classifier.weight}
        for measure in ("kappa", "macro_f1"):
            values = causes.set_index("method")[measure].dropna()
            figures |= {f"cause_{measure}_{method}": float(value) for method, value in values.items()}
        values = ratings.set_index("method")["spearman"].dropna()
        return figures | {f"sentiment_spearman_{method}": float(value) for method, value in values.items()}


def score_texts(corpus: Corpus, until: pd.Timestamp, params: Params) -> TextScores:
    """Score all distinct texts of a corpus; models are fitted on texts known before `until` only."""
    plain = corpus.distinct["plain"]
    classifier = fit_cause_classifier(corpus.texts, until, params.voice)
    rated = fit_sentiment_model(corpus.texts, until, params.voice)
    distinct = classifier.probabilities(plain).assign(
        sentiment=predict_sentiment(rated, plain), urgency=urgency(plain)
    )
    checks = {
        "text_cause_check": stated_reason_check(classifier, corpus.texts, until, params),
        "sentiment_check": rating_check(rated, corpus.texts, until, params),
    }
    return TextScores(distinct, classifier, checks)


def text_scores_table(corpus: Corpus, scores: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Results table feedback_topics: scores of each text of members who may be profiled.

    Parameters
    ----------
    corpus
        Texts and distinct texts.
    scores
        One row a distinct text: any of topic_id, probability, sentiment, p_<cause>, p_none, urgency.
    members
        member_id, profiling_consent. Texts of members without consent count in topics and are not listed
        here.

    Returns
    -------
    `TEXT_SCORE_COLUMNS`, sorted by known_on and feedback_id. An empty text has topic -1, and nulls otherwise.
    """
    whole = scores.reindex(columns=["topic_id", "probability", "sentiment", *PROBABILITIES, "urgency"])
    rows = whole.reindex(corpus.texts["distinct_id"].to_numpy()).set_index(corpus.texts.index)
    rows["topic_id"] = rows["topic_id"].fillna(-1).astype("int64")
    table = corpus.texts.join(rows)
    return table.loc[consenting(corpus.texts, members), list(TEXT_SCORE_COLUMNS)].reset_index(drop=True)
