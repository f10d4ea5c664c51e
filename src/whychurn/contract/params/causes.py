"""Why."""

from typing import Annotated, Literal

from pydantic import Field

from whychurn.contract.params.section_base import (
    Count,
    Fraction,
    Level,
    Natural,
    Positive,
    Section,
    Several,
    Share,
)


class ExposureParams(Section):
    """What counts as an exposure to a cause."""

    quiet_weeks: Natural = 6
    """A member's own activity counts so much later: members who have decided do less, which is no cause."""


class ServedCausesParams(Section):
    """The chosen method as a regression that a request can be answered with."""

    rows: Count = 8000
    """Members that it is trained on, drawn by seed."""
    min_rows: Annotated[int, Field(ge=10)] = 200
    """Fewer members: requests are answered without causes."""
    held_out: Level = 0.25
    """Share of the members on which it is measured how far the regression stays from the method."""
    c: Positive = 0.05
    """Inverse strength of the ridge."""
    max_steps: Count = 200
    """Most steps of fitting."""


class PaceParams(Section):
    """Groups of members by how active they are."""

    prior: Positive = 20.0
    """Churn events that "members of all groups leave alike" is worth, for each group."""


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
    """The hazard and the classifiers are fitted to at most this many members (drawn by seed); all are
    attributed.
    """
    quiet_share: Fraction = 0.8
    """Share of a member's activity that remains shortly before leaving."""
    excess_prior: Positive = 10.0
    """Churn events that "the exposures of each cause do as much as those of any other" is worth, for each cause."""
    resamples: Several = 24
    """Resamples of members, each with a draw of the assumptions, behind the intervals and members' chances."""
    reasons: Count = 4
    """Sentences of evidence for a member, at most."""
    stories: Count = 3
    """Stories of members, for each cause."""
    stability_drops: list[Literal["survey", "text", "market"]] = ["survey", "text", "market"]
    """Sources that are left out, one at a time, to see what changes."""
    silence_factor: Annotated[float, Field(ge=1)] = 1.3
    """How far the chance to answer an interview may differ between the causes, as a factor to the mean."""
    name_from: Share = 0.45
    """A cause is assigned from this probability on; below, it is "unknown"."""
    max_steps: Count = 1500
    """Most steps of fitting."""
    tolerance: Positive = 0.0001
    """Fitting ends when no share of a cause moves by more in a long step."""
    served: ServedCausesParams = ServedCausesParams()
