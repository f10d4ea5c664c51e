"""Words of the cause lexicon in each member's own texts: what a keyword count sees."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.causes.evidence.gather import Evidence
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.voice.causes.lexicon import load_lexicon
from whychurn.voice.causes.lexicon_classifier import concept_scores


def word_weights(evidence: Evidence, feedback: pd.DataFrame, text_days: int) -> Array:
    """Weight of each cause's words in the texts of the last `text_days` before each anchor; (rows, 6)."""
    found = np.zeros((len(evidence.anchors), len(CAUSES)))
    texts = feedback.dropna(subset=["text"])[["member_id", "created_at", "text"]]
    if texts.empty:
        return found
    rows = evidence.anchors[["member_id", "anchor_on"]].assign(row=np.arange(len(evidence.anchors)))
    both = texts.assign(member_id=texts["member_id"].astype("string")).merge(rows, on="member_id")
    age = (both["anchor_on"] - both["created_at"].dt.normalize()).dt.days
    both = both[(age >= 0) & (age <= text_days)]
    lexicon = load_lexicon()
    scores = concept_scores(both["text"], lexicon).fillna(0.0)
    cause_of = dict(zip(lexicon.concepts["concept"], lexicon.concepts["cause"], strict=True))
    for number, cause in enumerate(CAUSES):
        mine = [name for name in scores if cause_of.get(str(name)) == cause]
        if mine:
            found[:, number] = np.bincount(both["row"], scores[mine].sum(axis=1), len(found))
    return found
