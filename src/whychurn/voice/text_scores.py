"""Each text read once: its sentiment, its urgency, the causes it names; and what the readings agree with."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from whychurn.contract.params import Params
from whychurn.voice.causes.survey_classifier import CauseReader, learn_causes, stated_reason_check
from whychurn.voice.sentiment.from_ratings import learn_sentiment, rating_check, read_sentiment
from whychurn.voice.sentiment.polarity import urgency
from whychurn.voice.text.corpus import Corpus


@dataclass(frozen=True)
class Reading:
    """What the texts say.

    Parameters
    ----------
    folds
        One row a fold of the corpus: sentiment, urgency, p_<cause>, p_none.
    reader
        How causes were read.
    checks
        Tables ``text_cause_check`` (against stated reasons) and ``sentiment_check`` (against ratings), on texts from
        `until` on, which taught nothing.
    """

    folds: pd.DataFrame
    reader: CauseReader
    checks: dict[str, pd.DataFrame]

    def metrics(self) -> dict[str, float]:
        """Figures for the tracker."""
        causes, ratings = (table[table["language"] == "all"] for table in self.checks.values())
        found = {"cause_weight_learned": self.reader.weight}
        for measure in ("kappa", "macro_f1"):
            values = causes.set_index("method")[measure].dropna()
            found |= {f"cause_{measure}_{method}": float(value) for method, value in values.items()}
        values = ratings.set_index("method")["spearman"].dropna()
        return found | {f"sentiment_spearman_{method}": float(value) for method, value in values.items()}


def read_corpus(corpus: Corpus, until: pd.Timestamp, params: Params) -> Reading:
    """Read all folds of a corpus; learn only from texts known before `until`."""
    plain = corpus.folds["plain"]
    reader = learn_causes(corpus.texts, until, params.voice)
    rated = learn_sentiment(corpus.texts, until, params.voice)
    folds = reader.probabilities(plain).assign(sentiment=read_sentiment(rated, plain), urgency=urgency(plain))
    checks = {
        "text_cause_check": stated_reason_check(reader, corpus.texts, until, params),
        "sentiment_check": rating_check(rated, corpus.texts, until, params),
    }
    return Reading(folds, reader, checks)
