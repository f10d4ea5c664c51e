"""The sections of params.yaml as frozen types; every value stands in the file, none here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from whychurn.contract.cause_sections import CausesParams as CausesParams
from whychurn.contract.cause_sections import CeilingParams as CeilingParams
from whychurn.contract.cause_sections import ExposureParams as ExposureParams
from whychurn.contract.cause_sections import ScoreParams as ScoreParams
from whychurn.contract.section import Count, Day, Days, Money, Section, Share


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
    mechanism: Literal["additive", "multiplicative", "seventh_cause", "swapped_traces", "uneven_bases"]


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
    workers: Count
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


Step = Annotated[float, Field(gt=0)] | Literal["sd"]


class CoxParams(Section):
    """What shortens or lengthens the stay."""

    covariates: dict[str, Step]
    terms_covariates: dict[str, Step]
    strata: list[str]
    min_events: Count
    events_a_term: Annotated[float, Field(ge=0)]
    min_level_events: Count
    max_unknown: Share
    unknown_term: Share
    max_vif: Annotated[float, Field(gt=1)]
    drift_ratio: Annotated[float, Field(ge=1)]
    drift_quantiles: Annotated[list[Share], Field(min_length=2, max_length=2)]
    tenure_bands: list[Days]
    spline_knots: Annotated[int, Field(ge=3, le=5)]
    spline_values: Annotated[int, Field(ge=4)]
    curve_points: Annotated[int, Field(ge=2)]
    min_cause_events: Count
    control_draws: Count
    predict_days: list[Days]
    tail_days: Days
    ridge: Annotated[float, Field(ge=0)]
    guard_ridge: Annotated[float, Field(gt=0)]
    tolerance: Annotated[float, Field(gt=0)]
    max_steps: Count
    max_halvings: Count
    threads: Count


class ChallengeParams(Section):
    """Survival models against each other, forward in time."""

    horizons: list[Days]
    interval_days: list[Days]
    validation_days: Days
    min_events: Count
    rows: Count
    cox_rows: Count
    tail_days: Days
    validation_rows: Count
    test_members: Count
    min_learning_days: Days
    season_days: Annotated[int, Field(ge=0)]
    missing_share: Share
    max_correlation: Annotated[float, Field(gt=0, le=1)]
    ridge: Annotated[float, Field(gt=0)]
    eta: Annotated[float, Field(gt=0, le=1)]
    max_depth: Count
    min_child_weight: Annotated[float, Field(ge=0)]
    subsample: Annotated[float, Field(gt=0, le=1)]
    colsample: Annotated[float, Field(gt=0, le=1)]
    reg_lambda: Annotated[float, Field(ge=0)]
    max_rounds: Count
    early_stopping: Count
    bins: Annotated[int, Field(ge=2)]
    threads: Count
    workers: Count
    grid_days: Days
    groups: Annotated[int, Field(ge=2)]


class LifetimeParams(Section):
    """What a stay is worth."""

    horizon_days: Days
    discount_rate: Annotated[float, Field(ge=0)]
    spend_min_days: Days
    tiers: dict[str, Share]
    holdout_groups: Annotated[int, Field(ge=2)]
    min_repeaters: Count


class SurvivalParams(Section):
    """Curves, incidence by cause, Cox models, challengers, lifetime value."""

    seed: int
    confidence: Annotated[float, Field(gt=0, lt=1)]
    false_discovery: Annotated[float, Field(gt=0, lt=1)]
    cohort_months: Count
    stay_days: list[Days]
    mean_days: Days
    curve_step_days: Days
    min_at_risk: Count
    late_days: Days
    hazard_bandwidth_days: Days
    bootstrap: Annotated[int, Field(ge=2)]
    incidence_strata: list[str]
    answer_features: list[str]
    answer_penalty: Annotated[float, Field(gt=0)]
    answer_max_odds: Annotated[float, Field(gt=0)]
    answer_bands: Count
    answer_min: Count
    said_days: Days
    cox: CoxParams
    challenge: ChallengeParams
    lifetime: LifetimeParams


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
    survival_model_name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    max_ibs_increase: Share
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
    survival: SurvivalParams
    risk: RiskParams
    causes: CausesParams
    score: ScoreParams
    delivery: DeliveryParams
