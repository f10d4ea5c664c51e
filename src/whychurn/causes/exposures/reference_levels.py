"""What is usual, learned once from the members that teach the hazard: every block of members is held against the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.causes.exposures.activity_rate import known_rate, pace_borders
from whychurn.causes.exposures.incidents import Trouble, learn_trouble
from whychurn.causes.exposures.message_relevance import Campaigns, learn_campaigns
from whychurn.causes.exposures.preferred_category import Tastes, learn_tastes, main_chances
from whychurn.causes.member_weeks.counts import discount_shares, first_weeks, own_acts
from whychurn.causes.member_weeks.records import Records
from whychurn.contract.arrays import Array
from whychurn.contract.params import CausesParams


@dataclass(frozen=True)
class Usual:
    """What exposures are measured against.

    Parameters
    ----------
    pace
        Own acts a week of all members together.
    kinds
        Types of events that occur.
    coupons
        Coupons used of those received.
    discount
        Share that is taken off an order, on average.
    campaigns
        What campaigns are about; None where that cannot be told.
    tastes
        What members mostly buy.
    trouble
        Times of more requests, and later answers, than usual.
    paces
        Borders between groups of members by how busy they are.
    """

    pace: float
    kinds: frozenset[str]
    coupons: float
    discount: float
    campaigns: Campaigns | None
    tastes: Tastes
    trouble: Trouble
    paces: Array


def learn_usual(records: Records, pace: float, params: CausesParams) -> Usual:
    """What is usual among the members of `records`; the `pace` is that of all."""
    events = records.tables.get("events")
    counts = {} if events is None else events["event_type"].value_counts().to_dict()
    received = counts.get("coupon_received", 0)
    own = params.exposures
    off = discount_shares(records)
    tastes = learn_tastes(records)
    acts = own_acts(records)
    rate, seen = known_rate(acts, first_weeks(records), pace, own.quiet_weeks, params.pace)
    return Usual(
        pace=pace,
        kinds=frozenset(str(kind) for kind, number in counts.items() if number),
        coupons=counts.get("coupon_used", 0) / received if received else 0.0,
        discount=float(np.nanmean(off)) if np.isfinite(off).any() else 0.0,
        campaigns=learn_campaigns(records),
        tastes=tastes,
        trouble=learn_trouble(records, acts, main_chances(records, tastes), own),
        paces=pace_borders(rate, seen, params.pace),
    )
