"""Stage voice: what members say."""

from __future__ import annotations

import logging

import pandas as pd

from whychurn.contract.files import read_json, read_table, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import Study
from whychurn.voice.prepare import build_corpus, fit_until, gather_texts
from whychurn.voice.reading import read_corpus
from whychurn.voice.said import feedback_topics
from whychurn.voice.triangulation import triangulate

log = logging.getLogger(__name__)


def run(study: Study, params: Params) -> None:
    """Read intake's redacted texts, write what each says."""
    interim = {
        name: read_table(study.interim / f"{name}.parquet") for name in ("members", "feedback", "surveys")
    }
    corpus = build_corpus(gather_texts(interim["feedback"], interim["surveys"]), params.voice)
    log.info("voice: %d texts, %d distinct", len(corpus.texts), len(corpus.folds))
    observed_until = pd.Timestamp(read_json(study.interim / "intake.json")["observed_until"])
    reading = read_corpus(corpus, fit_until(params, observed_until), params.voice)
    said = feedback_topics(corpus, reading.folds, interim["members"])
    found = {
        "feedback_topics": said,
        **reading.checks,
        "triangulation": triangulate(said, interim["surveys"], params.privacy.min_cell, params.voice),
    }
    for name, table in found.items():
        write_table(table, study.results / f"{name}.parquet")
