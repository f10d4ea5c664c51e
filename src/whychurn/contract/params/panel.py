"""Churn definition, snapshots, label window, audit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from whychurn.contract.params.section import Count, Days, Section, Share


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
