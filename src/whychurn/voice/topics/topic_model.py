"""The topics of all languages as one model that assigns topics to texts; safetensors and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, write_json, write_whole
from whychurn.voice.topics.across_languages import NAMED_COLUMNS
from whychurn.voice.topics.embedding import Space
from whychurn.voice.topics.language_topics import LanguageTopics

ARRAYS: Final = "topics.safetensors"
FACTS: Final = "topics.json"
FORMAT: Final = 1
_OF_SPACE: Final = ("idf", "char_idf", "components")
_OF_TOPICS: Final = ("weights", "bias", "centres", "limits")
CHUNK: Final = 20_000  # texts embedded at a time


@dataclass(frozen=True)
class TopicModel:
    """Topics by language, and what each cluster became.

    Parameters
    ----------
    languages
        Language to its clusters.
    topic_of
        Language to the topic of each of its clusters.
    named
        `across_languages.NAMED_COLUMNS`, one row a topic.
    """

    languages: Mapping[str, LanguageTopics]
    topic_of: Mapping[str, list[int]]
    named: pd.DataFrame

    def assign(self, distinct: pd.DataFrame) -> pd.DataFrame:
        """Topic of each text.

        Parameters
        ----------
        distinct
            plain, tokens, space, state (`distinct_id.deduplicate`); only texts in state ``ok`` get a topic.

        Returns
        -------
        Index of `distinct`: topic_id (-1: none), probability (null where not modelled), similarity to the centre.
        """
        assigned = pd.DataFrame(
            {"topic_id": -1, "probability": np.nan, "similarity": np.nan}, index=distinct.index
        )
        for language, topics in self.languages.items():
            rows = np.flatnonzero((distinct["space"].eq(language) & distinct["state"].eq("ok")).to_numpy())
            number = np.asarray([*self.topic_of[language], -1], dtype="int64")
            for start in range(0, len(rows), CHUNK):
                part = rows[start : start + CHUNK]
                clusters, probability, near = topics.assign(topics.vectors(distinct.iloc[part]))
                assigned.iloc[part] = np.column_stack([number[clusters], probability, near])
        return assigned.astype({"topic_id": "int64"})

    def save(self, folder: Path) -> None:
        """Write `ARRAYS` and `FACTS` to `folder`: no pickle, nothing that runs when read."""
        from safetensors.numpy import save_file

        arrays: dict[str, np.ndarray] = {}
        facts: dict[str, dict[str, object]] = {}
        for language, topics in self.languages.items():
            space = topics.space
            arrays |= {f"{language}.{name}": np.ascontiguousarray(getattr(space, name)) for name in _OF_SPACE}
            arrays |= {
                f"{language}.{name}": np.ascontiguousarray(getattr(topics, name)) for name in _OF_TOPICS
            }
            facts[language] = {
                "words": space.words,
                "chars": space.chars,
                "char_weight": space.char_weight,
                "concept_weight": space.concept_weight,
                "encoder": topics.encoder,
                "topic_of": self.topic_of[language],
            }
        with write_whole(folder / ARRAYS) as temporary:
            save_file(arrays, temporary)
        named = json.loads(self.named.to_json(orient="records", force_ascii=False, double_precision=15))
        write_json({"format": FORMAT, "languages": facts, "topics": named}, folder / FACTS)

    @classmethod
    def load(cls, folder: Path) -> TopicModel:
        """Read what `save` wrote.

        Raises
        ------
        WhychurnError
            If the files are missing, damaged, or of another format.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        facts = read_json(folder / FACTS)
        if facts.get("format") != FORMAT:
            raise WhychurnError(
                "a topic model of another version", file=folder, remedy="run the stage voice again"
            )
        try:
            arrays = load_file(folder / ARRAYS)
            languages = {name: _language(name, entry, arrays) for name, entry in facts["languages"].items()}
        except (OSError, SafetensorError, KeyError) as error:
            raise WhychurnError(
                f"the topic model is damaged: {error}", file=folder, remedy="run the stage voice again"
            ) from error
        topic_of = {name: entry["topic_of"] for name, entry in facts["languages"].items()}
        return cls(languages, topic_of, pd.DataFrame(facts["topics"], columns=list(NAMED_COLUMNS)))


def _language(name: str, entry: dict[str, Any], arrays: dict[str, np.ndarray]) -> LanguageTopics:
    vocabulary: dict[str, Any] = {
        key: entry[key] for key in ("words", "chars", "char_weight", "concept_weight")
    }
    vocabulary |= {key: arrays[f"{name}.{key}"] for key in _OF_SPACE}
    parts = {key: arrays[f"{name}.{key}"] for key in _OF_TOPICS}
    return LanguageTopics(space=Space(language=name, **vocabulary), **parts, encoder=entry["encoder"])
