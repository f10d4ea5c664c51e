"""When."""

from whychurn.contract.params.section_base import (
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
    ridge: NotNegative = 0.0
    """Penalty on standardised coefficients."""
    tolerance: Positive = 1e-09
    """Gain of the log likelihood at which fitting ends."""
    max_steps: Count = 50
    """Most Newton steps of a fit."""
    threads: Count = 2
    """Threads of a fit; the result does not depend on it."""


class ChallengeParams(Section):
    """Survival models against each other, forward in time."""

    horizons: list[Days] = [30, 90, 180, 365]
    """Days ahead that are asked for; tested where the data reach."""
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
    max_rounds: Count = 250
    """Most trees."""
    early_stopping: Count = 15
    """Trees without a gain after which boosting stops."""
    bins: Several = 64
    """Histogram bins a feature."""
    threads: Count = 1
    """Threads of one fit; fixed, so that every machine adds in the same order."""


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
    answer_bands: Count = 4
    """Bands of stay within which answers stand for the silent."""
    answer_min: Count = 30
    """Fewer usable answers: no incidence by cause."""
    said_days: Days = 180
    """Who spoke of a topic within so many days counts as having spoken of it."""
    cox: CoxParams = CoxParams()
    challenge: ChallengeParams = ChallengeParams()
