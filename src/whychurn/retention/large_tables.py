"""What is counted of the tables that grow with members and days: of files, few rows are held at once."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.tables import CONTACTS
from whychurn.retention.member_history import History, as_dates
from whychurn.retention.member_logs import RUN
from whychurn.retention.rates.churn_by_stratum import DIMENSIONS, observed_span
from whychurn.retention.rates.rates_by_period import last_year
from whychurn.stats.sources import Source, chosen_rows, names_in, run_of_rows, runs, whole_table

EVENTS: Final = ["member_id", "occurred_at", "event_type", "campaign_id"]
FOLLOWED: Final = ("push_opened", "push_dismissed", "offer_expired", "app_fault")  # counted one by one
OUTCOME: Final = ("as_of", "event", "churned_in_horizon")
PANEL: Final = (
    "member_id", "spell_no", "as_of", "tenure_days", "spend_365d", "event", "stop_on", "churned_in_horizon", *DIMENSIONS,
)  # fmt: skip


def followed_events(events: Source, told: bool) -> pd.DataFrame:
    """Events that are counted one by one, and where there are no touches (`told`) those that campaigns sent."""
    kinds = (*FOLLOWED, *CONTACTS) if told else FOLLOWED
    chosen = [np.zeros(0, dtype=bool)]
    for start, stop in runs(events, RUN):
        kind = run_of_rows(events, start, stop, ["event_type"], texts_as_categories=True)["event_type"]
        chosen.append(kind.isin(kinds).to_numpy(bool))
    return chosen_rows(events, np.concatenate(chosen), EVENTS, texts_as_categories=True)


def counted_snapshots(panel: Source, history: History) -> pd.DataFrame:
    """Rows of the panel that are counted: of the days that strata are read on, of the last day whose outcome is known, and leavings."""
    there = set(names_in(panel))
    rows = whole_table(panel, [name for name in OUTCOME if name in there])
    spans = (observed_span(history, rows), last_year(history))
    days = as_dates(history.edges[[span[0] for span in spans if span is not None]]).tolist()
    chosen = rows["as_of"].isin(days)
    if set(OUTCOME) <= there:
        chosen |= rows["event"] | (
            rows["as_of"] == rows.loc[rows["churned_in_horizon"].notna(), "as_of"].max()
        )
    return chosen_rows(panel, chosen.to_numpy(bool), [name for name in PANEL if name in there])
