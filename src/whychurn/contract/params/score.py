"""Attributions against planted causes."""

from typing import Annotated

from pydantic import Field

from whychurn.contract.params.section_base import (
    Count,
    Fraction,
    NotNegative,
    Positive,
    Section,
    Several,
    Share,
)


class CeilingParams(Section):
    """The classifier that learns from the true causes."""

    folds: Several = 5
    """Folds of members: none is judged by a model that saw it."""
    rows: Count = 100_000
    """Churn events that each fold's models learn from, at most (drawn by seed)."""
    logistic_c: Annotated[list[Positive], Field(min_length=1)] = [0.01, 0.05]
    """Inverse strengths of the ridge tried."""
    tree_depths: Annotated[list[Count], Field(min_length=1)] = [3]
    """Depths of trees tried."""
    rounds: Annotated[list[Count], Field(min_length=1)] = [60, 120]
    """Numbers of trees tried."""
    eta: Fraction = 0.12
    """Learning rate of the trees."""
    min_child_weight: NotNegative = 2.0
    """Least weight of a leaf."""
    subsample: Fraction = 0.8
    """Share of rows a tree sees."""
    weights: Annotated[list[Share], Field(min_length=1)] = [0.0, 0.5, 1.0]
    """Weights of the trees tried, beside the logistic regression."""


class ScoreParams(Section):
    """Methods that attribute causes, against planted ones."""

    floor: Annotated[float, Field(gt=0, lt=0.1)] = 0.001
    """Least probability of a cause when losses are taken: none is ever ruled out for good."""
    bins: Several = 10
    """Bins of probability in calibration."""
    bootstrap: Several = 500
    """Resamples of members behind intervals."""
    ceiling: CeilingParams = CeilingParams()
