"""What is usual, learned once from the members that teach the hazard: every block of members is held against the same."""

from __future__ import annotations

from dataclasses import dataclass

from whychurn.causes.fitting import Campaigns, learn_campaigns
from whychurn.causes.records import Records


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
    campaigns
        What campaigns are about; None where that cannot be told.
    """

    pace: float
    kinds: frozenset[str]
    coupons: float
    campaigns: Campaigns | None


def learn_usual(records: Records, pace: float) -> Usual:
    """What is usual among the members of `records`; the `pace` is that of all."""
    events = records.tables.get("events")
    counts = {} if events is None else events["event_type"].value_counts().to_dict()
    received = counts.get("coupon_received", 0)
    return Usual(
        pace=pace,
        kinds=frozenset(str(kind) for kind, number in counts.items() if number),
        coupons=counts.get("coupon_used", 0) / received if received else 0.0,
        campaigns=learn_campaigns(records),
    )
