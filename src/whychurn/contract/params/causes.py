"""Why."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from whychurn.contract.params.section import (
    Count,
    Days,
    Fraction,
    Level,
    Natural,
    NotNegative,
    Positive,
    Section,
    Several,
    Share,
)


class ExposureParams(Section):
    """What counts as an exposure to a cause."""

    half_lives: Annotated[list[Positive], Field(min_length=1)] = [5.0, 18.0]
    """Half-lives of an exposure, in weeks; the data choose between them."""
    bends: list[Positive] = [1.0]
    """What happens more often than so much may weigh more."""
    quiet_weeks: Natural = 6
    """Own acts count so much later: who has decided acts less, which is no cause."""
    silent_weeks: Annotated[list[Count], Field(min_length=1)] = [8, 16]
    """Weeks without a greeting, an activity, points spent: from here on it counts."""
    late_hours: Positive = 24.0
    """An answer later than this is late."""
    late_cap: Annotated[float, Field(ge=1)] = 4.0
    """A late answer counts at most so many times."""
    flood_factor: Annotated[float, Field(ge=1)] = 1.5
    """Messages are too many beyond so many times the usual number."""
    trouble_weeks: Positive = 2.0
    """Half-life of the level of requests and late answers at a place."""
    trouble_prior: Positive = 500.0
    """Weeks of members by which that level is drawn to the mean of all places."""
    trouble_margin: NotNegative = 0.3
    """An excess begins so many times the mean above the usual week."""
    rival_margin: NotNegative = 0.3
    """Activity of rivals counts where it is above their usual level by more than this."""


class ServedCausesParams(Section):
    """The chosen method as a regression that a request can be answered with."""

    rows: Count = 8000
    """Members that teach it, drawn by seed."""
    min_rows: Annotated[int, Field(ge=10)] = 200
    """Fewer members: requests are answered without causes."""
    held_out: Level = 0.25
    """Share of the members on which it is measured how far the regression stays from the method."""
    clip: Annotated[float, Field(ge=0, lt=0.5)] = 0.005
    """Values beyond these tails count as the tail."""
    c: Positive = 0.05
    """Inverse strength of the ridge."""
    max_steps: Count = 200
    """Most steps of fitting."""


class PaceParams(Section):
    """Groups of members by how busy they are."""

    groups: Annotated[int, Field(ge=1, le=100)] = 10
    """Groups of members by how busy they are, of equal size."""
    min_weeks: Count = 8
    """A shorter time says too little of how busy a member is."""
    soft_weeks: Positive = 4.0
    """Weeks that "as busy as usual" is worth."""
    prior: Positive = 20.0
    """Leavings that "all leave at one tempo" is worth, for each group."""


class CausesParams(Section):
    """Why members leave: methods, evidence, attribution."""

    method: str = "additive_hazard"
    """The method whose answers are reported and served."""
    methods: Annotated[list[str], Field(min_length=1)] = [
        "survey",
        "keyword",
        "shap_family",
        "survey_classifier",
        "corrected_classifier",
        "majority_vote",
        "dawid_skene",
        "additive_hazard",
    ]
    """Methods that run side by side."""
    life_years: dict[str, Annotated[list[float], Field(min_length=2, max_length=2)]] = {
        "child_birth_year": [1.5, 5.0]
    }
    """Column of members with a year: ages at which a need may end."""
    exposures: ExposureParams = ExposureParams()
    pace: PaceParams = PaceParams()
    block_members: Count = 5000
    """Members held in memory at once."""
    fit_members: Count = 40000
    """At most this many members teach the hazard and the classifiers (drawn by seed); all are attributed."""
    quiet_share: Fraction = 0.8
    """Share of own acts that remain shortly before leaving."""
    decision_weeks: Count = 6
    """The decision to leave fell at most so long after the last activity."""
    text_days: Days = 120
    """Texts up to this long before the decision count."""
    text_half_life: Positive = 6.0
    """Weeks after which a text has lost half its weight."""
    text_weight: Positive = 0.8
    """Weight of a text as evidence, for texts of one member repeat themselves."""
    text_cap: Positive = 2.0
    """Texts of one member count at most so much."""
    survey_prior: Positive = 100.0
    """Answers that the assumed confusion of stated and true reasons is worth."""
    text_prior: Positive = 200.0
    """Texts that the assumed confusion of what texts are about is worth."""
    answer_spread: Positive = 0.2
    """Sd of the log of the chance to answer the exit survey between causes, as assumed before any answer."""
    untraced: Share = 0.6
    """At most this share of a cause's base is excess that left no trace."""
    base_prior: Positive = 15.0
    """Leavings of each cause that an even split of the bases is worth."""
    excess_prior: Positive = 14.0
    """Leavings that "each exposure does as much as any other" is worth, for each exposure."""
    excess_share: Level = 0.7
    """Share of all leavings that exposures explain beforehand."""
    base_spread: NotNegative = 0.8
    """Sd of the log of the even split of the bases in resamples where no answer tells; less, the more
    answers there are."""
    base_answers: Positive = 200.0
    """Answers that halve the square of that spread."""
    resamples: Several = 24
    """Resamples of members, each with a draw of the assumptions, behind the intervals."""
    resample_steps: Count = 20
    """Steps of fitting in a resample."""
    interval_width: Positive = 0.8
    """Intervals of shares take so many times the spread of resamples and assumptions, and the discrepancy
    on top."""
    avoidable_width: Positive = 1.15
    """The same factor for avoidable churn."""
    discrepancy: NotNegative = 0.065
    """Sd of the log-odds of errors that no number of members removes, times -ln(share of leavers who
    answer); with the two widths set on simulated programmes of seeds 11 to 16, and 11 to 13 with 20 000
    members."""
    reasons: Count = 4
    """Sentences of evidence for a member, at most."""
    stories: Count = 3
    """Stories of members, for each cause."""
    stability_drops: list[Literal["survey", "text", "market"]] = ["survey", "text", "market"]
    """Sources that are left out, one at a time, to see what changes."""
    name_lift: Annotated[float, Field(ge=1)] = 1.5
    """A cause is named from odds so many times those of the cause among all leavers."""
    name_from: Share = 0.45
    """A cause is named from this chance on; below, the cause is "unknown"."""
    min_answers: Count = 30
    """Fewer answered surveys teach no classifier."""
    classifier_c: Positive = 0.02
    """Inverse regularisation of classifiers on surveys."""
    max_steps: Count = 1500
    """Most steps of fitting."""
    tolerance: Positive = 1e-07
    """Relative gain of the log likelihood over ten steps at which fitting ends."""
    served: ServedCausesParams = ServedCausesParams()
