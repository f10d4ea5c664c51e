"""Keywords of the cause lexicon in each member's own texts (dictionary-based text analysis)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.causes.evidence.noisy_labels import TEXT_DAYS
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.voice.causes.lexicon import load_lexicon
from whychurn.voice.causes.lexicon_classifier import concept_scores


def keyword_weights(evidence: Evidence, feedback: pd.DataFrame, days: int = TEXT_DAYS) -> Array:
    """Weight of each cause's keywords in the texts of the last `days` before each index date; (rows, 6).

    Parameters
    ----------
    feedback
        member_id, created_at, text.
    """
    weights = np.zeros((len(evidence.index_dates), len(CAUSES)))
    texts = feedback.dropna(subset=["text"])[["member_id", "created_at", "text"]]
    if texts.empty:
        return weights
    rows = evidence.index_dates[["member_id", "anchor_on"]].assign(row=np.arange(len(weights)))
    texts = texts.assign(member_id=texts["member_id"].astype("string")).merge(rows, on="member_id")
    age = (texts["anchor_on"] - texts["created_at"].dt.normalize()).dt.days
    texts = texts[(age >= 0) & (age <= days)]
    lexicon = load_lexicon()
    scores = concept_scores(texts["text"], lexicon).fillna(0.0)
    cause_of = dict(zip(lexicon.concepts["concept"], lexicon.concepts["cause"], strict=True))
    for number, cause in enumerate(CAUSES):
        concepts = [name for name in scores if cause_of.get(str(name)) == cause]
        if concepts:
            weights[:, number] = np.bincount(texts["row"], scores[concepts].sum(axis=1), len(weights))
    return weights
