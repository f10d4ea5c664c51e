"""Churn definition, snapshots, label window, audit."""

from typing import Literal

from whychurn.contract.params.section_base import Count, Days, Natural, Positive, Section, Share


class PanelParams(Section):
    """Churn definition, snapshots, label window, audit."""

    churn: Literal["auto", "terms", "inactivity"] = "auto"
    """When a member counts as gone; auto: terms where memberships exist."""
    activity: Literal["auto", "any", "orders", "events"] = "auto"
    """Inactivity: what counts as present, orders, events (the member's own) or any of both; auto:
    whichever there are."""
    threshold_days: Days | Literal["auto"] = "auto"
    """Inactivity: so many days of silence; auto: chosen from the data's own gaps."""
    threshold_return_share: Share = 0.1
    """Auto threshold: at most this share of the lapsed comes back."""
    threshold_candidates: list[Days] = [30, 45, 60, 90, 120, 180, 270]
    """Auto threshold: days that are tried."""
    alternative_factors: list[Positive] = [0.67, 1.0, 1.5]
    """The definition is recomputed at these multiples."""
    grace_days: Natural = 30
    """Terms: the next one must begin within so many days of the last covered day; with 0 or 1, on the day
    after it."""
    cancelled_terms: Literal["run_out", "stop"] = "run_out"
    """Terms that are cancelled before their written end: cover to that end (run_out), or to the day of
    cancelling (stop). A term without an end always stops on it."""
    horizon_days: Days = 90
    """Label window after a snapshot."""
    warmup_days: Days = 90
    """The first snapshot is this long after the data start."""
    member_columns: list[str] = []
    """Further columns of members, stated to be known at joining."""
    keep: list[str] = []
    """Those of member_columns that stay whatever the tests of columns written at leaving say."""
    audit_sample: Count = 500
    """Members in the test that shifts the future."""
