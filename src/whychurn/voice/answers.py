"""All that the stage voice finds: tables, the topic model, and records for the tracker."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from whychurn.contract.fits import FitRecord
from whychurn.contract.sections import Params
from whychurn.voice.discover import Discovery, find_topics
from whychurn.voice.prepare import Corpus
from whychurn.voice.reading import read_corpus
from whychurn.voice.said import feedback_topics
from whychurn.voice.topic_facts import topic_table, topic_verbatims
from whychurn.voice.topic_model import TopicModel
from whychurn.voice.triangulation import triangulate

MODEL: str = "data/processed/voice_model"


@dataclass(frozen=True)
class VoiceAnswers:
    """Tables by the name of their results file, the topic model, fits for the tracker."""

    tables: dict[str, pd.DataFrame]
    model: TopicModel
    fits: list[FitRecord]


def voice_answers(
    corpus: Corpus, members: pd.DataFrame, surveys: pd.DataFrame, until: pd.Timestamp, params: Params
) -> VoiceAnswers:
    """Read the texts of a corpus, find their topics, compare sources.

    Parameters
    ----------
    members, surveys
        Tables of data/interim.
    until
        First day whose texts must teach nothing (`prepare.fit_until`).
    """
    floor = params.privacy.min_cell
    reading = read_corpus(corpus, until, params.voice)
    found = find_topics(corpus, until, params.voice, floor)
    folds = reading.folds.join(found.folds)
    said = feedback_topics(corpus, folds, members)
    topics = topic_table(found.model.named, corpus, folds, floor)
    tables = {
        "feedback_topics": said,
        "topics": topics,
        "topic_verbatims": topic_verbatims(topics, corpus, members, found.folds, params.voice),
        **reading.checks,
        "triangulation": triangulate(said, surveys, floor, params.voice),
    }
    fits = [
        FitRecord("causes_of_texts", {"draws": params.voice.draws}, reading.metrics(), list(reading.checks)),
        *topic_fits(found, corpus, params),
    ]
    return VoiceAnswers(tables, found.model, fits)


def topic_fits(found: Discovery, corpus: Corpus, params: Params) -> list[FitRecord]:
    """One record a language with topics."""
    voice, records = params.voice, []
    for language, fit in found.fitted.items():
        own = corpus.folds["space"].eq(language) & corpus.folds["state"].eq("ok")
        none = found.folds.loc[own, "topic_id"].lt(0)
        figures = {key: float(value) for key, value in fit.facts.items() if value == value}
        figures["outliers"] = float(none.mean()) if len(none) else 0.0
        settings: dict[str, str | int | float | bool | None] = {
            "method": voice.method,
            "embedding": voice.embedding,
            "language": language,
            "seed": voice.seed,
        }
        records.append(FitRecord(f"topics_{language}", settings, figures, ["topics"], [MODEL]))
    return records
