"""When."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from whychurn.contract.params.section import (
    Count,
    Days,
    Fraction,
    NotNegative,
    Positive,
    Section,
    Several,
    Share,
)


class CoxParams(Section):
    """What shortens or lengthens the stay."""

    min_events: Count = 30
    """Fewer leavers: no Cox model."""
    events_a_term: NotNegative = 10.0
    """Fewer leavers for each term: the last covariates are left out."""
    min_level_events: Count = 10
    """A level or flag with fewer leavers has no term of its own."""
    max_unknown: Share = 0.3
    """A feature unknown in a larger share of the rows is left out."""
    unknown_term: Share = 0.05
    """From this share on, "not known" has a term of its own; below, the median stands in."""
    max_vif: Annotated[float, Field(gt=1)] = 5.0
    """Variance inflation above this: the largest gives way, of equals the one that stands last."""
    drift_ratio: Annotated[float, Field(ge=1)] = 1.25
    """A hazard ratio must change by more than this, early to late, to count as not proportional."""
    drift_quantiles: Annotated[list[Share], Field(min_length=2, max_length=2)] = [0.1, 0.9]
    """What early and late mean: quantiles of the days of leaving."""
    tenure_bands: list[Days] = [30, 60, 90, 120, 150, 180, 240, 300, 365, 450, 545, 640, 730, 910, 1095, 1460]
    """Log tenure of an interaction changes at these days."""
    spline_knots: Annotated[int, Field(ge=3, le=5)] = 4
    """Knots of a curve (restricted cubic spline)."""
    spline_values: Annotated[int, Field(ge=4)] = 12
    """Distinct values that a curve needs."""
    curve_points: Several = 40
    """Points at which a curve is written."""
    min_cause_events: Count = 30
    """A cause with fewer (expected) leavers has no model of its own."""
    control_draws: Count = 20
    """Random covariates beside the real ones: about one in twenty seems to matter."""
    ridge: NotNegative = 0.0
    """Penalty on standardised coefficients."""
    guard_ridge: Positive = 1.0
    """The penalty where the plain model has no finite answer; said in the notes."""
    tolerance: Positive = 1e-09
    """Gain of the log likelihood at which fitting ends."""
    max_steps: Count = 50
    """Most Newton steps of a fit."""
    max_halvings: Count = 20
    """Most halvings of a Newton step."""
    threads: Count = 2
    """Threads of a fit; the result does not depend on it."""


class ChallengeParams(Section):
    """Survival models against each other, forward in time."""

    horizons: list[Days] = [30, 90, 180, 365]
    """Days ahead that are asked for; tested where the data reach."""
    interval_days: list[Days] = [30, 60, 90, 120, 150, 180, 240, 300, 365]
    """Ends of the intervals of the discrete hazard."""
    validation_days: Days = 120
    """Last part of the learning period: early stopping, choice between variants."""
    min_events: Count = 50
    """Fewer leavers in the learning or the follow-up period: no challenge."""
    rows: Count = 8000
    """Member-months that the trees learn from, each with all intervals (drawn by seed); half as many
    again: IBS 1 % lower, half the time longer."""
    cox_rows: Count = 20000
    """Member-months that the Cox models learn from."""
    tail_days: Days = 180
    """Beyond the clock's last supported day the mean hazard of so many days is carried on."""
    validation_rows: Count = 4000
    """Member-months of the validation days that are used."""
    test_members: Count = 20000
    """At most this many members in a test (drawn by seed)."""
    min_learning_days: Days = 180
    """A test day with less history before it is not used."""
    missing_share: Share = 0.01
    """Cox: a feature missing for a larger share gets a flag of its own."""
    max_correlation: Fraction = 0.9
    """Cox: of two columns above this, the later one is left out."""
    ridge: Positive = 0.0001
    """Cox: penalty an event, so that separation has a finite answer."""
    eta: Fraction = 0.08
    """Learning rate of the trees."""
    max_depth: Count = 4
    """Depth of a tree."""
    min_child_weight: NotNegative = 20.0
    """Least weight of a leaf."""
    subsample: Fraction = 0.8
    """Share of rows a tree sees."""
    colsample: Fraction = 0.5
    """Share of features a tree sees."""
    reg_lambda: NotNegative = 5.0
    """Ridge on leaf values."""
    max_rounds: Count = 250
    """Most trees."""
    early_stopping: Count = 15
    """Trees without a gain after which boosting stops."""
    bins: Several = 64
    """Histogram bins a feature."""
    threads: Count = 1
    """Threads of one fit; fixed, so that every machine adds in the same order."""
    grid_days: Days = 7
    """Step of the grid on which Brier scores are integrated."""
    groups: Several = 10
    """Groups of the calibration plots and of D-calibration."""


class LifetimeParams(Section):
    """What a stay is worth."""

    holdout_groups: Several = 10
    """Groups of members in which forecast and actual spend are compared."""
    min_repeaters: Count = 50
    """Fewer members with a second order: no BG/NBD."""


class SurvivalParams(Section):
    """Curves, incidence by cause, Cox models, challengers, lifetime value."""

    cohort_months: Count = 6
    """Months of joining that make a cohort."""
    stay_days: list[Days] = [90, 180, 365, 730]
    """Days after joining at which stays are quoted."""
    mean_days: Days = 730
    """Mean stay up to this day, or to where the curve ends."""
    curve_step_days: Days = 7
    """Curves are written every so many days."""
    min_at_risk: Count = 30
    """A curve begins and ends with this many at risk: fewer make it jump."""
    late_days: Days = 14
    """A curve that begins later is conditional on a long stay: no mean, no median."""
    hazard_bandwidth_days: Days = 30
    """Half width of the kernel that smooths the hazard."""
    bootstrap: Several = 200
    """Resamples of members behind the intervals by cause."""
    incidence_strata: list[str] = ["spend_tier", "channel", "region"]
    """Features by whose values incidence by cause is told."""
    cox_strata: list[str] = ["region"]
    """Cox models: a baseline hazard of their own and no ratio, for the market differs by region."""
    value_tiers: dict[str, Share] = {"high": 0.2, "middle": 0.3}
    """Shares of members by expected margin; the rest are low."""
    answer_features: list[str] = [
        "tenure_days",
        "orders_365d",
        "spend_365d",
        "interactions_90d",
        "tickets_180d",
        "push_open_rate_90d",
        "age_years",
        "region",
        "channel",
        "gender",
    ]
    """What is known of leavers when one asks who answers the exit survey."""
    answer_penalty: Positive = 1.0
    """Inverse strength of the ridge in the model of who answers."""
    answer_max_odds: Positive = 10.0
    """An answer stands for at most so many silent leavers."""
    answer_bands: Count = 4
    """Bands of stay within which answers stand for the silent."""
    answer_min: Count = 30
    """Fewer usable answers: no incidence by cause."""
    said_days: Days = 180
    """Who spoke of a topic within so many days counts as having spoken of it."""
    cox: CoxParams = CoxParams()
    challenge: ChallengeParams = ChallengeParams()
    lifetime: LifetimeParams = LifetimeParams()
