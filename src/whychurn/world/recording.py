"""What a company's records leave out or call by other names, as the mechanism says."""

from collections.abc import Collection
from typing import Final

import pandas as pd

from whychurn.world.setting.mechanism import Mechanism

_EVENTS: Final = {  # event types of which nothing is recorded
    "moves": ("address_changed",),
    "greetings": ("greeting",),
    "points": ("points_earned", "points_spent"),
}
_BARE: Final = {  # all that is left where there is no evidence: ids, days and amounts
    "members": ["member_id", "joined_on"],
    "orders": ["order_id", "member_id", "ordered_at", "amount"],
    "memberships": ["membership_id", "member_id", "plan", "starts_on", "ends_on", "price_paid"],
}


def recorded(
    tables: dict[str, pd.DataFrame], mechanism: Mechanism, missing: Collection[str], visit: str
) -> dict[str, pd.DataFrame]:
    """Tables as the company keeps them.

    Parameters
    ----------
    missing
        Tables that it does not keep at all.
    visit
        Event type of coming by, all that remains of the events of an app without evidence.
    """
    kept = {name: table for name, table in tables.items() if name not in missing}
    if mechanism.bare:
        bare = {name: kept[name][columns] for name, columns in _BARE.items() if name in kept}
        if "orders" in bare or "memberships" in bare:
            return bare
        visits = kept["events"][kept["events"]["event_type"] == visit]
        return bare | {"events": visits[["member_id", "occurred_at", "event_type"]].reset_index(drop=True)}
    if "events" in kept:
        kept["events"] = _events(kept["events"], mechanism)
    return kept


def _events(events: pd.DataFrame, mechanism: Mechanism) -> pd.DataFrame:
    lost = [kind for name in mechanism.unrecorded for kind in _EVENTS.get(name, ())]
    if lost:
        events = events[~events["event_type"].isin(lost)].reset_index(drop=True)
    if "campaign_ids" in mechanism.unrecorded:
        events = events.drop(columns="campaign_id")
    if mechanism.event_names:
        names = events["event_type"].cat.rename_categories(mechanism.event_names)
        events = events.assign(event_type=names)
    return events
