"""The sections of params.yaml as frozen types; every value stands in the file, none here."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Day = Annotated[dt.date, Field(strict=False)]  # a date or its ISO text
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=1)]
Money = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """Frozen; refuses unknown keys and wrong types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class StudyParams(Section):
    """Names shown in reports."""

    name: dict[str, str]
    currency: str


class WorldParams(Section):
    """The simulated programme."""

    program: Literal["shop", "gym", "school"]
    members: Count
    months: Annotated[int, Field(ge=6, le=120)]
    starts_on: Day
    seed: int
    survey_answered: Share
    text_share: Share
    confounding: Share
    mechanism: Literal["additive", "multiplicative", "seventh_cause", "swapped_traces"]


class IntakeParams(Section):
    """Where tables come from and how their columns are named."""

    source: str
    max_quarantined: Share
    observed_until: Day | None
    day_first: bool | None
    complete_members: bool
    fold: list[Literal["orders"]]
    tables: dict[str, str]
    columns: dict[str, str]
    codes: dict[str, dict[str | int | float | bool, str | int | float | bool | None]]


class PrivacyParams(Section):
    """What protects members."""

    pseudonymize: bool
    min_cell: Count
    missing_consent: Literal["allow", "deny"]


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
    seed: int


class PanelParams(Section):
    """Churn definition, snapshots, label window, audit."""

    churn: Literal["auto", "terms", "inactivity"]
    activity: Literal["auto", "any", "orders", "events"]
    threshold_days: Days | Literal["auto"]
    threshold_return_share: Share
    threshold_candidates: list[Days]
    alternative_factors: list[Annotated[float, Field(gt=0)]]
    grace_days: Annotated[int, Field(ge=0)]
    horizon_days: Days
    warmup_days: Days
    member_columns: list[str]
    audit_max_auc: Share
    audit_sample: Count
    threshold_min_lapses: Count
    threshold_max_share: Share
    return_lag_days: Annotated[int, Field(ge=0)]
    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s?(MB|GB)$")]
    seed: int


class RetentionParams(Section):
    """Tiers, stages and windows of the retention answers."""

    tiers: dict[str, Money]
    value_shares: dict[str, Share]
    dormant_days: Days
    loyal_orders: Count
    confidence: Annotated[float, Field(gt=0, lt=1)]
    event_study_weeks: Count
    event_study_controls: Count
    event_study_baseline_weeks: Count
    event_study_churners: Count
    event_study_draws: Count
    at_risk_share: Share
    won_back_days: Days
    nurtured_uses: Count
    loyal_days: Days
    conversion_months: Count
    tenure_days: list[Days]
    node_bin_days: Days
    node_max_days: Days
    node_neighbours: Count
    node_min_ratio: Annotated[float, Field(ge=1)]
    node_outcome_days: list[Days]
    node_members: Count
    false_discovery: Annotated[float, Field(gt=0, lt=1)]
    campaign_days: Days
    complaint_fast_hours: Annotated[float, Field(gt=0)]
    complaint_landmark_days: Days
    complaint_outcome_days: Days
    silent_days: Days
    decline_days: Days
    seed: int


class RiskParams(Section):
    """Split, search, evaluation and explanation of the risk model."""

    seed: int
    calibration_months: Count
    test_months: Count
    min_events: Count
    season_days: Annotated[int, Field(ge=0)]
    trials: Count
    search_seconds: Count
    search_rows: Count
    search_folds: Count
    search_space: dict[str, Annotated[list[int | float], Field(min_length=2, max_length=2)]]
    monotone_loss: Annotated[float, Field(ge=0)] | None
    max_rounds: Count
    early_stopping: Count
    bins: Annotated[int, Field(ge=2)]
    threads: Count
    workers: Count
    logistic_c: Annotated[float, Field(gt=0)]
    tree_depth: Count
    tree_leaf_share: Annotated[float, Field(gt=0, le=0.5)]
    calibration_folds: Annotated[int, Field(ge=2)]
    ece_bins: Count
    lift_shares: list[Annotated[float, Field(gt=0, le=1)]]
    bootstrap: Annotated[int, Field(ge=2)]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    backtest_cutoffs: Count
    backtest_rows: Count
    capacity: Annotated[float, Field(gt=0, le=1)]
    margin_rate: Share
    contact_cost: Money
    saved_share: Share
    value_days: Days
    value_min_days: Days
    high_risk: Share
    shap_rows: Count
    interaction_rows: Count
    interaction_pairs: Count
    beeswarm_features: Count
    beeswarm_points: Count
    dependence_features: Count
    dependence_bins: Annotated[int, Field(ge=2)]
    archetypes: Count
    top_reasons: Count


class DeliveryParams(Section):
    """Reports, registry gates, serving limits."""

    languages: list[Literal["en", "zh"]]
    model_name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    max_ece_increase: Share
    max_auc_decrease: Share
    max_request_rows: Count
    max_request_mb: Count


class Params(Section):
    """All of params.yaml."""

    study: StudyParams
    world: WorldParams
    intake: IntakeParams
    privacy: PrivacyParams
    voice: VoiceParams
    panel: PanelParams
    retention: RetentionParams
    risk: RiskParams
    delivery: DeliveryParams
