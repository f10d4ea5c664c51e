"""Requests and complaints of members that nobody has closed: they are answered before anything is offered."""

from __future__ import annotations

from typing import Final

import pandas as pd

OPEN_DAYS: Final = 30  # as the early warning waits for an answer
SOURCES: Final = ("complaint", "ticket")
COLUMNS: Final = ("member_id", "opened_on", "source", "answered_on")


def open_requests(feedback: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """The latest open request of each member on the morning of `as_of`.

    Parameters
    ----------
    feedback
        As intake writes it: member_id, created_at, source, responded_at, resolved.

    Returns
    -------
    DataFrame
        member_id, opened_on, source, answered_on (null: nobody answered; else the answer solved nothing), by member.
        Of requests of the last `OPEN_DAYS` days.
    """
    asked = feedback["source"].isna() | feedback["source"].isin(SOURCES)
    age = as_of - feedback["created_at"]
    lately = (age > pd.Timedelta(0)) & (age <= pd.Timedelta(days=OPEN_DAYS))
    waits = ~(feedback["responded_at"] < as_of).fillna(False)
    unsolved = feedback["resolved"].astype("boolean").eq(False).fillna(False)
    rows = feedback[(asked & lately & (waits | unsolved)).to_numpy(bool)].sort_values(
        ["member_id", "created_at"], kind="stable"
    )
    return pd.DataFrame(
        {
            "member_id": rows["member_id"].astype(object),
            "opened_on": rows["created_at"].dt.normalize(),
            "source": rows["source"].astype("string"),
            "answered_on": rows["responded_at"].where(rows["responded_at"] < as_of).dt.normalize(),
        }
    ).drop_duplicates("member_id", keep="last", ignore_index=True)[list(COLUMNS)]
