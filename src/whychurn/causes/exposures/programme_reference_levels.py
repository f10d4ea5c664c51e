"""Reference levels of the programme, estimated once from the training members: every block is held against
the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.causes.exposures.activity_rate import activity_quantiles, activity_rate_so_far
from whychurn.causes.exposures.message_relevance import Campaigns, fit_campaigns
from whychurn.causes.exposures.preferred_category import (
    CategoryMixture,
    fit_category_mixture,
)
from whychurn.causes.member_weeks.weekly_counts import discount_shares, joining_weeks, member_activity
from whychurn.causes.member_weeks.weekly_records import WeeklyRecords
from whychurn.contract.arrays import Array
from whychurn.contract.params import ExposureParams


@dataclass(frozen=True)
class ReferenceLevels:
    """What exposures are measured against.

    Parameters
    ----------
    activity_rate
        Activities a week of all members together.
    event_types
        Types of events that occur.
    coupon_use
        Share of received coupons that is used.
    discount_share
        Share that is taken off an order, on average.
    campaigns
        What campaigns are about; None where that cannot be estimated.
    category_mixture
        Which categories members buy.
    activity_quantiles
        Borders between the activity strata.
    """

    activity_rate: float
    event_types: frozenset[str]
    coupon_use: float
    discount_share: float
    campaigns: Campaigns | None
    category_mixture: CategoryMixture
    activity_quantiles: Array


def estimate_reference_levels(
    records: WeeklyRecords, activity_rate: float, params: ExposureParams
) -> ReferenceLevels:
    """Levels among the members of `records`; the `activity_rate` is that of all members."""
    events = records.tables.get("events")
    counts = {} if events is None else events["event_type"].value_counts().to_dict()
    received = counts.get("coupon_received", 0)
    discounts = discount_shares(records)
    mixture = fit_category_mixture(records)
    activity = member_activity(records)
    rate, observed = activity_rate_so_far(activity, joining_weeks(records), activity_rate, params.quiet_weeks)
    return ReferenceLevels(
        activity_rate=activity_rate,
        event_types=frozenset(str(name) for name, number in counts.items() if number),
        coupon_use=counts.get("coupon_used", 0) / received if received else 0.0,
        discount_share=float(np.nanmean(discounts)) if np.isfinite(discounts).any() else 0.0,
        campaigns=fit_campaigns(records),
        category_mixture=mixture,
        activity_quantiles=activity_quantiles(rate, observed),
    )
