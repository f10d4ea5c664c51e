"""Attributions against planted causes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from whychurn.contract.params.section import Count, Days, Section, Share


class CeilingParams(Section):
    """The classifier that learns from the true causes."""

    min_leavings: Count
    folds: Annotated[int, Field(ge=2)]
    logistic_c: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)]
    tree_depths: Annotated[list[Count], Field(min_length=1)]
    rounds: Annotated[list[Count], Field(min_length=1)]
    eta: Annotated[float, Field(gt=0, le=1)]
    min_child_weight: Annotated[float, Field(ge=0)]
    subsample: Annotated[float, Field(gt=0, le=1)]
    colsample: Annotated[float, Field(gt=0, le=1)]
    tree_bins: Annotated[int, Field(ge=2)]
    weights: Annotated[list[Share], Field(min_length=1)]
    workers: Count


class ScoreParams(Section):
    """Methods that attribute causes, against planted ones."""

    seed: int
    match_days: Days
    floor: Annotated[float, Field(gt=0, lt=0.1)]
    bins: Annotated[int, Field(ge=2)]
    bootstrap: Annotated[int, Field(ge=2)]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    ceiling: CeilingParams
