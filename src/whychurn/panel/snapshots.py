"""Monthly snapshots: which members are at risk when, what follows, and the lookup of days around them."""

import duckdb
import pandas as pd

from whychurn.panel.duckdb_tables import Observed, day_number


def snapshot_days(observed: Observed, warmup_days: int) -> list[int]:
    """Firsts of months on which everything up to the day before is known, after `warmup_days` of data.

    The last one may be the day after the last observed day: it has no follow-up and is there to be scored.
    """
    first, last = (pd.Timestamp(day, unit="D") for day in (observed.first + warmup_days, observed.last + 1))
    return [day_number(day) for day in pd.date_range(first, last, freq="MS")]


def create_snapshots(connection: duckdb.DuckDBPyConnection, days: list[int]) -> None:
    """Table ``snapshot`` (k, d, year, month_of_year, next_d)."""
    dates = pd.to_datetime(pd.Series(days, dtype="int64"), unit="D")
    frame = pd.DataFrame(
        {
            "k": pd.Series(range(len(days)), dtype="int32"),
            "d": pd.Series(days, dtype="int32"),
            "year": dates.dt.year.astype("int32"),
            "month_of_year": dates.dt.month.astype("int32"),
            "next_d": pd.Series(days, dtype="Int32").shift(-1),
        }
    )
    connection.register("snapshot_frame", frame)
    connection.execute("CREATE OR REPLACE TABLE snapshot AS SELECT * FROM snapshot_frame")
    connection.unregister("snapshot_frame")


def create_member_snapshots(connection: duckdb.DuckDBPyConnection, spells: str, observed: Observed) -> None:
    """Table ``risk``: a row a profiled member at risk and snapshot.

    Columns r, m, k, d, spell_no, entered, final_day (last covered one of the spell, hindsight), left_day, joined,
    known_from.

    At risk: seen before the day (``entered < d``), not churned by it (``left_day`` absent or later).
    ``joined`` is the first known day of membership, ``known_from`` the first day from which activity would
    have been seen. Nobody is at risk on a day of ``edge`` (`churn_definition.edge_sql`): whether they stay is
    not known in the morning.

    Parameters
    ----------
    spells
        Table with the columns of `churn_definition.spells_sql`.
    """
    connection.execute(f"""
        CREATE OR REPLACE TABLE risk AS
        WITH first AS (SELECT m, MIN(started) AS started FROM {spells} GROUP BY m)
        SELECT ROW_NUMBER() OVER (ORDER BY s.m, k) - 1 AS r, s.m, k, d, spell_no, s.entered,
               s.last AS final_day, s.left_day,
               LEAST(member.joined, first.started) AS joined,
               GREATEST(LEAST(member.joined, first.started), {observed.first}) AS known_from
        FROM {spells} s JOIN snapshot ON s.entered < d AND (s.left_day IS NULL OR s.left_day > d)
        JOIN member ON member.m = s.m AND member.profiling_consent
        JOIN first ON first.m = s.m
        WHERE NOT EXISTS (SELECT 1 FROM edge WHERE edge.m = s.m AND edge.day = d)
        ORDER BY s.m, k""")


def label_sql(horizon_days: int, waiting: int, observed: Observed) -> str:
    """Start-stop and label columns of ``risk``, beside ``presence`` (`still_there.still_there_sql`).

    Columns r, m, start_day, stop_day, event, churned_in_horizon, still_there, seen_after, days_silent,
    usual_gap_days.

    ``event``: left in (start, stop]. ``churned_in_horizon``: of a member still there, whether the last own act,
    or the last covered day or the notice, comes before d + horizon. It is known when the days that make a
    silence a leaving (`waiting`) are over after that window, and null before, whatever happened (else early
    leavers would be over-counted); it is null for members who are already gone. ``seen_after``: an own act, or a
    covered day, on the day or after it, in hindsight; null while it may still come.

    Parameters
    ----------
    waiting
        `churn_definition.waiting_days`.
    """
    return f"""
        SELECT r, risk.m, d AS start_day,
               GREATEST(d, LEAST(COALESCE(next_d, {observed.last}), COALESCE(left_day, {observed.last}),
                                 {observed.last})) AS stop_day,
               COALESCE(left_day <= COALESCE(next_d, {observed.last}), FALSE) AS event,
               CASE WHEN still_there AND d + {horizon_days + waiting} <= {observed.last}
                    THEN LEAST(final_day, COALESCE(notice, final_day)) < d + {horizon_days} END
                   AS churned_in_horizon,
               still_there,
               CASE WHEN final_day >= d THEN TRUE WHEN left_day IS NOT NULL THEN FALSE END AS seen_after,
               days_silent, usual_gap_days
        FROM risk JOIN snapshot USING (k, d) JOIN presence USING (r)
        LEFT JOIN notice ON notice.m = risk.m AND notice.spell_no = risk.spell_no"""
