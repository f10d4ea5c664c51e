"""One row a text: its topic, its sentiment, the probability that it speaks of each cause (feedback_topics)."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.results import columns_of
from whychurn.voice.text.corpus import Corpus

PROBABILITIES: Final = tuple(f"p_{cause}" for cause in (*CAUSES, "none"))
SAID_COLUMNS: Final = columns_of("feedback_topics")


def feedback_topics(corpus: Corpus, said: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """What each text says, for members who may be profiled.

    Parameters
    ----------
    corpus
        Texts and folds.
    said
        One row a fold: any of topic_id, probability, sentiment, p_<cause>, p_none, urgency.
    members
        member_id, profiling_consent. Texts of members without consent count in topics and are not listed here.

    Returns
    -------
    `SAID_COLUMNS`, sorted by known_on and feedback_id. An empty text has topic -1, and nulls otherwise.
    """
    whole = said.reindex(columns=["topic_id", "probability", "sentiment", *PROBABILITIES, "urgency"])
    rows = whole.reindex(corpus.texts["fold"].to_numpy()).set_index(corpus.texts.index)
    rows["topic_id"] = rows["topic_id"].fillna(-1).astype("int64")
    table = corpus.texts.join(rows)
    return table.loc[consenting(corpus.texts, members), list(SAID_COLUMNS)].reset_index(drop=True)


def consenting(texts: pd.DataFrame, members: pd.DataFrame) -> np.ndarray:
    """Mask of texts whose writer may be profiled."""
    agreed = members.loc[members["profiling_consent"].fillna(False).astype(bool), "member_id"]
    return texts["member_id"].isin(agreed).to_numpy()
