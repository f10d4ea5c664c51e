"""Events by type: few are held, the many others are read from their file a piece at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import pandas as pd

from whychurn.action.contact_consent import OPT_OUT
from whychurn.action.inputs import ActionInputs
from whychurn.contract.files import table_pieces

COLUMNS: Final = ["member_id", "occurred_at", "event_type", "campaign_id"]
POINTS_EXPIRING: Final = "points_expiring"  # a notice that points will expire
HELD: Final = (OPT_OUT, POINTS_EXPIRING)  # types of which questions read each row


def event_pieces(inputs: ActionInputs, types: Collection[str]) -> Iterator[pd.DataFrame]:
    """Events of some types (`COLUMNS`), a piece of the table at a time."""
    pieces = (
        [inputs.tables["events"]] if inputs.events_file is None else table_pieces(inputs.events_file, COLUMNS)
    )
    for events in pieces:
        yield events[events["event_type"].isin(types).to_numpy(bool)]
