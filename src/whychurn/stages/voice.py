"""Stage voice: what members say."""

from __future__ import annotations

import logging

import pandas as pd

from whychurn.contract.files import read_table, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import Study
from whychurn.voice.prepare import build_corpus, gather_texts
from whychurn.voice.said import feedback_topics

log = logging.getLogger(__name__)


def run(study: Study, params: Params) -> None:
    """Read intake's redacted texts, write what each says."""
    interim = {
        name: read_table(study.interim / f"{name}.parquet") for name in ("members", "feedback", "surveys")
    }
    corpus = build_corpus(gather_texts(interim["feedback"], interim["surveys"]), params.voice)
    log.info("voice: %d texts, %d distinct", len(corpus.texts), len(corpus.folds))
    said = pd.DataFrame(index=corpus.folds.index)
    write_table(feedback_topics(corpus, said, interim["members"]), study.results / "feedback_topics.parquet")
