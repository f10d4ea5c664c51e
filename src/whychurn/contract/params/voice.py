"""What members say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from whychurn.contract.params.section import Count, Day, Days, Section, Share


class VoiceParams(Section):
    """Preparation of texts, topics, causes, early signals."""

    max_characters: Count
    boilerplate: list[str]
    learn_min_comments: Count
    learn_c: Annotated[float, Field(gt=0)]
    learn_held_out: Annotated[float, Field(gt=0, lt=1)]
    learn_weights: Annotated[list[Share], Field(min_length=1)]
    learn_min_ratings: Count
    sentiment_from: Literal["words", "ratings"]
    draws: Annotated[int, Field(ge=2)]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    fit_until: Day | Literal["auto"]
    embedding: str
    dimensions: Count
    min_texts_of_word: Count
    char_weight: Annotated[float, Field(ge=0)]
    max_char_ngrams: Count
    concept_weight: Annotated[float, Field(ge=0)]
    method: Literal["umap_hdbscan", "kmeans"]
    fit_sample: Count
    min_texts: Count
    min_topic_share: Share
    min_topic_texts: Count
    max_topics: Count
    neighbours: Annotated[int, Field(ge=2)]
    umap_dimensions: Count
    umap_epochs: Count
    assign_c: Annotated[float, Field(gt=0)]
    min_similarity: Annotated[float, Field(ge=-1, le=1)]
    merge_share: Share
    verbatims: Count
    held_out: Annotated[float, Field(gt=0, lt=1)]
    stability_seeds: Count
    stability_orders: Count
    stability_sample: Count
    groups: Count
    min_change_weeks: Count
    change_penalty: Annotated[float, Field(gt=0)]
    recent_weeks: Count
    prior_words: Annotated[float, Field(gt=0)]
    min_recent_texts: Count
    alert_base_days: Days
    alert_gap_days: Annotated[int, Field(ge=0)]
    alert_false_alarms: Annotated[float, Field(gt=0, lt=1)]
    false_discovery: Annotated[float, Field(gt=0, lt=1)]
    workers: Count
    seed: int
