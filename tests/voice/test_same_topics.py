"""Same texts, same topics: in each process, whatever its hashes, its memory and its seed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.files import write_table
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.voice.results import voice_results
from whychurn.voice.text.corpus import build_corpus, gather_texts
from whychurn.voice.topics.discovery import texts_before
from whychurn.voice.topics.language_topics import fit_language

UNTIL = pd.Timestamp("2024-12-01")
FEW = {"draws": 20, "stability_seeds": 1, "stability_orders": 1}


def write_answers(source: Path, folder: Path) -> None:
    """All tables and the topic model of the tables in `source`, as the stage writes them."""
    tables = {path.stem: pd.read_parquet(path) for path in sorted(source.glob("*.parquet"))}
    whole = load_params(StudyPaths.at())
    params = whole.model_copy(update={"voice": whole.voice.model_copy(update=FEW)})
    corpus = build_corpus(gather_texts(tables["feedback"], tables["surveys"]), params.voice)
    found = voice_results(corpus, tables, UNTIL, params)
    for name, table in found.tables.items():
        write_table(table, folder / f"{name}.parquet")
    found.model.save(folder / "voice_model")


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_fresh_processes_write_the_same_bytes(interim, texts_of, tmp_path: Path) -> None:
    given = tmp_path / "interim"
    for name, table in interim(texts_of(400, "en")[0]).items():
        write_table(table, given / f"{name}.parquet")
    processes = []
    for number in (1, 2):
        # other hashes order sets and dicts otherwise; a longer environment moves everything in memory
        other = {"PYTHONHASHSEED": str(number), "WHYCHURN_PADDING": "x" * 977 * number}
        command = [sys.executable, "-W", "ignore", __file__, str(given), str(tmp_path / str(number))]
        processes.append(subprocess.Popen(command, env=os.environ | other))
    assert [process.wait() for process in processes] == [0, 0]
    write_answers(given, tmp_path / "here")
    here = digests(tmp_path / "here")
    assert {"topics.parquet", "feedback_topics.parquet", "voice_model/topics.safetensors"} <= set(here)
    assert here == digests(tmp_path / "1") == digests(tmp_path / "2")


@pytest.mark.parametrize("seed", range(1, 9))
def test_no_seed_mixes_subjects(interim, texts_of, params: Params, seed: int) -> None:
    """Texts of two subjects share no neighbour, so no cluster may hold both."""
    texts, subjects = texts_of(400, "en", seed)
    own = params.model_copy(update={"run": params.run.model_copy(update={"seed": seed})})
    tables = interim(texts)
    corpus = build_corpus(gather_texts(tables["feedback"], tables["surveys"]), own.voice)
    distinct, places = texts_before(corpus, "en", UNTIL)
    fit = fit_language(distinct, "en", own)
    subject = corpus.texts["text"].map(dict(zip(texts, subjects, strict=True)))
    told = subject.groupby(corpus.texts["distinct_id"]).first().loc[places[fit.rows]].to_numpy()
    inside = fit.clusters >= 0
    shares = pd.crosstab(fit.clusters[inside], told[inside], normalize="index")
    assert fit.topics.number >= 4 and shares.max(axis=1).min() > 0.95


if __name__ == "__main__":
    write_answers(Path(sys.argv[1]), Path(sys.argv[2]))
