"""Days that a term covers: to its end, to the day of cancelling, or on; pauses are covered."""

from typing import Final

import duckdb
import numpy as np
import pandas as pd

from whychurn.contract.tables import running

DATES: Final = {
    "ends": "ends_on",
    "cancelled": "cancelled_on",
    "paused_from": "paused_from",
    "paused_until": "paused_until",
}


def covered_until_sql(stop_on_cancelling: bool = False) -> str:
    """Last covered day of a term (day number; null: it runs on), from the columns that `DATES` names.

    Without a written end a term runs to the day of cancelling, and on where there is none. With one it covers
    to that end though it is cancelled before, unless `stop_on_cancelling`. A pause that begins by the day
    after the end carries the term to its own last day; one that has no last day carries it on.
    """
    stopped = "WHEN cancelled < ends THEN cancelled" if stop_on_cancelling else ""
    paused = "paused_from <= ends + 1 AND cancelled IS NULL"
    return f"""CASE WHEN ends IS NULL THEN cancelled
                    {stopped}
                    WHEN {paused} AND paused_until IS NULL THEN NULL
                    WHEN {paused} THEN GREATEST(ends, paused_until)
                    ELSE ends END"""


def covered_terms(memberships: pd.DataFrame, stop_on_cancelling: bool = False) -> pd.DataFrame:
    """Terms that make somebody a member, with ``covered_until`` (null: it runs on); trials are left out.

    ``ends_on`` becomes null where it stands for no end.

    Parameters
    ----------
    memberships
        Interim table; columns that it lacks count as empty.
    """
    rows = memberships.reindex(columns=list(dict.fromkeys([*memberships.columns, *DATES.values(), "trial"])))
    for name in DATES.values():
        rows[name] = pd.to_datetime(rows[name])
    rows["ends_on"] = rows["ends_on"].mask(running(rows))
    days = pd.DataFrame(
        {name: (rows[column] - pd.Timestamp(0)).dt.days.astype("Int64") for name, column in DATES.items()}
    )
    with duckdb.connect() as connection:
        connection.register("term", days.reset_index(drop=True))
        until = connection.execute(f"SELECT {covered_until_sql(stop_on_cancelling)} AS until FROM term").df()
    none = until["until"].isna().to_numpy(dtype=bool)
    covered = until["until"].fillna(0).to_numpy("int64").astype("datetime64[D]").astype("datetime64[ns]")
    covered[none] = np.datetime64("NaT")
    rows = rows.assign(covered_until=covered)
    return rows[~rows["trial"].astype("boolean").fillna(False).to_numpy(dtype=bool)]
