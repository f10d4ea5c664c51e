"""Who left."""

from typing import Annotated

from pydantic import Field

from whychurn.contract.params.section_base import Count, Days, Money, Positive, Section, Share


class RetentionParams(Section):
    """Tiers, stages and windows of the retention answers."""

    tiers: dict[str, Money] = {"silver": 1000.0, "gold": 3000.0, "platinum": 8000.0}
    """Spend of the last 365 days, from this amount on."""
    value_shares: dict[str, Share] = {"high": 0.2, "potential": 0.3}
    """Shares of members by value; the rest are ordinary."""
    dormant_days: Days = 60
    """Active below half of this, at risk up to it, dormant above."""
    loyal_orders: Count = 6
    """Orders of the last 365 days that make a member loyal."""
    event_study_weeks: Count = 26
    """Weeks before leaving that the event study looks at."""
    event_study_controls: Count = 3
    """Matched stayers per churner."""
    event_study_baseline_weeks: Count = 6
    """The earliest weeks of the window: what "usual" was."""
    at_risk_share: Share = 0.67
    """Inactivity: quiet for longer than this share of the threshold is "at risk"."""
    won_back_days: Days = 90
    """A member who came back counts as won back for this long."""
    nurtured_uses: Count = 2
    """Days of contact after the first purchase that make a member nurtured."""
    loyal_days: Days = 365
    """Terms: covered this long, and renewed, makes a member loyal."""
    conversion_months: Count = 6
    """How long a member has to move on to the next stage."""
    tenure_days: list[Days] = [90, 180, 365, 730]
    """Bounds of the tenure bands."""
    node_min_ratio: Annotated[float, Field(ge=1)] = 1.15
    """Key nodes: smallest elevation that is called a node."""
    node_outcome_days: list[Days] = [30, 60, 90]
    """Days after a complaint or an expired offer by which one asks who was gone."""
    campaign_days: Days = 28
    """Days before and after a member's first touch by a campaign."""
    complaint_fast_hours: Positive = 48.0
    """A complaint solved within so many hours was handled fast."""
    complaint_landmark_days: Days = 14
    """How a complaint was handled is read this long after it."""
    complaint_outcome_days: Days = 90
    """Days after the landmark by which one asks who was gone."""
    silent_days: Days = 180
    """No feedback and no answered survey for this long: silent."""
    decline_days: Days = 90
    """Region x category: this many last days against a year earlier."""
