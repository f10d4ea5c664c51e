"""When."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from whychurn.contract.params.section import Count, Days, Section, Share

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
