"""Stage voice: what members say."""

from __future__ import annotations

import logging
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Final

import pandas as pd

from whychurn.contract.files import read_json, read_table, write_table
from whychurn.contract.fit_records import write_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.system.processes import leave_interrupts
from whychurn.voice.results import voice_results
from whychurn.voice.text.corpus import build_corpus, fit_until, gather_texts

log = logging.getLogger(__name__)
# columns that are read of each table; None: all
READ: Final[dict[str, list[str] | None]] = {
    "members": None,
    "feedback": None,
    "surveys": None,
    "orders": ["member_id", "ordered_at", "amount", "category"],
    "memberships": ["member_id", "starts_on", "plan"],
}


def run(study: StudyPaths, params: Params) -> None:
    """Read intake's redacted texts, write what each says and which topics they are about."""
    interim = {name: read_table(study.interim / f"{name}.parquet", columns) for name, columns in READ.items()}
    corpus = build_corpus(gather_texts(interim["feedback"], interim["surveys"]), params.voice)
    log.info("voice: %d texts, %d distinct", len(corpus.texts), len(corpus.distinct))
    observed_until = pd.Timestamp(read_json(study.interim / "intake.json")["observed_until"])
    until = fit_until(params, observed_until)
    # workers are forked from a server that has run nothing: no copied threads
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(params.run.workers, context, leave_interrupts) as pool:
        answers = voice_results(corpus, interim, until, params, pool)
    for name, table in answers.tables.items():
        write_table(table, study.results / f"{name}.parquet")
    answers.model.save(study.processed / "voice_model")
    log.info("voice: %d topics", len(answers.model.named))
    write_fits(study, "voice", answers.fits)
