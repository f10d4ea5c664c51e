"""Who left."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from whychurn.contract.params.section import Count, Days, Money, Section, Share


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
