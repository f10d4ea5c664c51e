"""Who is next."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from whychurn.contract.params.section import Count, Days, Money, Section, Share


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
