"""Why."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from whychurn.contract.params.section import Count, Days, Section, Share


class ExposureParams(Section):
    """What counts as an exposure to a cause."""

    half_lives: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)]
    bends: list[Annotated[float, Field(gt=0)]]
    quiet_weeks: Annotated[int, Field(ge=0)]
    silent_weeks: Annotated[list[Count], Field(min_length=1)]
    late_hours: Annotated[float, Field(gt=0)]
    late_cap: Annotated[float, Field(ge=1)]
    flood_factor: Annotated[float, Field(ge=1)]
    trouble_weeks: Annotated[float, Field(gt=0)]
    trouble_prior: Annotated[float, Field(gt=0)]
    trouble_margin: Annotated[float, Field(ge=0)]
    rival_margin: Annotated[float, Field(ge=0)]
    life_years: dict[str, Annotated[list[float], Field(min_length=2, max_length=2)]]


class ServedCausesParams(Section):
    """The chosen method as a regression that a request can be answered with."""

    rows: Count
    min_rows: Annotated[int, Field(ge=10)]
    held_out: Annotated[float, Field(gt=0, lt=1)]
    clip: Annotated[float, Field(ge=0, lt=0.5)]
    c: Annotated[float, Field(gt=0)]
    max_steps: Count


class PaceParams(Section):
    """Groups of members by how busy they are."""

    groups: Annotated[int, Field(ge=1, le=100)]
    min_weeks: Count
    soft_weeks: Annotated[float, Field(gt=0)]
    prior: Annotated[float, Field(gt=0)]


class CausesParams(Section):
    """Why members leave: methods, evidence, attribution."""

    method: str
    methods: Annotated[list[str], Field(min_length=1)]
    seed: int
    exposures: ExposureParams
    pace: PaceParams
    block_members: Count
    workers: Count
    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s?(MB|GB)$")]
    fit_members: Count
    quiet_share: Annotated[float, Field(gt=0, le=1)]
    decision_weeks: Count
    text_days: Days
    text_half_life: Annotated[float, Field(gt=0)]
    text_weight: Annotated[float, Field(gt=0)]
    text_cap: Annotated[float, Field(gt=0)]
    survey_prior: Annotated[float, Field(gt=0)]
    text_prior: Annotated[float, Field(gt=0)]
    answer_spread: Annotated[float, Field(gt=0)]
    untraced: Share
    base_prior: Annotated[float, Field(gt=0)]
    excess_prior: Annotated[float, Field(gt=0)]
    excess_share: Annotated[float, Field(gt=0, lt=1)]
    base_spread: Annotated[float, Field(ge=0)]
    base_answers: Annotated[float, Field(gt=0)]
    resamples: Annotated[int, Field(ge=2)]
    resample_steps: Count
    interval_width: Annotated[float, Field(gt=0)]
    avoidable_width: Annotated[float, Field(gt=0)]
    discrepancy: Annotated[float, Field(ge=0)]
    reasons: Count
    stories: Count
    stability_drops: list[Literal["survey", "text", "market"]]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    name_lift: Annotated[float, Field(ge=1)]
    name_from: Share
    min_answers: Count
    classifier_c: Annotated[float, Field(gt=0)]
    max_steps: Count
    tolerance: Annotated[float, Field(gt=0)]
    served: ServedCausesParams
