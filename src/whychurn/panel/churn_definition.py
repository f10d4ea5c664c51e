"""Churn definition: terms not renewed, or inactivity; the threshold from the data's own gaps."""

import logging
from dataclasses import dataclass
from typing import Final, Literal

import duckdb
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import PanelParams
from whychurn.contract.tables import INTERACTIONS
from whychurn.panel.covered_terms import covered_until_sql
from whychurn.panel.duckdb_tables import Observed

log = logging.getLogger(__name__)
Kind = Literal["terms", "inactivity"]
Activity = Literal["any", "orders", "events", "memberships"]
ACTS = ", ".join(f"'{kind}'" for kind in INTERACTIONS)
ROWS = {"memberships": "term", "orders": "purchase", "events": f"event WHERE kind IN ({ACTS})"}
MIN_LAPSES: Final = 30  # a candidate threshold with fewer followed lapses is passed over
ASKED_BEFORE: Final = 14  # days before the cancelling from which on an exit survey is about it
ASKED_BEFORE_END: Final = 400  # days before the last paid one: a term of a year and its notice
NEVER: Final = 10**9  # day number of an end that does not come
ASKED_BEFORE_LAST_ACT: Final = 30  # days; without terms nothing else tells that a member was about to leave
MAX_SHARE: Final = 0.25  # of the observed time: a longer threshold leaves too little to see anybody leave


@dataclass(frozen=True)
class Definition:
    """One definition of churn.

    Parameters
    ----------
    kind
        ``inactivity``: no activity for more than `days` days after the last one.
        ``terms``: not renewed within `days` days after the last covered day.
    """

    kind: Kind
    days: int

    @property
    def name(self) -> str:
        """Such as ``inactivity_90d``."""
        return f"{self.kind}_{self.days}d"

    @property
    def gap(self) -> int:
        """`allowed_gap` of its days."""
        return allowed_gap(self.days)


def allowed_gap(days: int) -> int:
    """Days from one covered day to the next that end no stay; with 0 as with 1, the very next day."""
    return max(days, 1)


def waiting_days(days: int) -> int:
    """Days from the last active or covered day to the day on which a member counts as gone.

    That is the last day of the allowed gap, but never the first uncovered day: on its morning it is not known
    who comes back in the course of it.
    """
    return max(days, 2)


def definition_days(definition: str) -> int:
    """Days in the name of a definition: 90 for ``inactivity_90d``, 30 for ``terms_30d``."""
    return int(definition.rpartition("_")[2].removesuffix("d"))


def dated_on(churn_events: pd.DataFrame, kind: str) -> pd.Series:
    """Day by which tables by month count each churn event: the last on which the member still was one.

    Terms: the last covered day, so that a month holds the terms that ended in it for good. Inactivity: the day
    before the waiting time ran out; while it ran, nobody could know.

    Parameters
    ----------
    churn_events
        last_active_on, left_on.
    kind
        ``terms`` or ``inactivity``.
    """
    if kind == "terms":
        return churn_events["last_active_on"]
    return churn_events["left_on"] - pd.Timedelta(days=1)


def choose_activity(connection: duckdb.DuckDBPyConnection, panel: PanelParams) -> tuple[Kind, Activity]:
    """Kind of definition, and the rows that show a member's presence.

    Orders and the member's own interactions (``any``) where both are there: who still opens the app has not
    churned.

    Raises
    ------
    WhychurnError
        If the table that the parameters ask for holds nothing.
    """
    rows = {table: _count(connection, source) for table, source in ROWS.items()}
    if panel.churn == "terms" or (panel.churn == "auto" and rows["memberships"]):
        return "terms", _filled("memberships", rows["memberships"])
    if panel.activity == "any" or (panel.activity == "auto" and rows["orders"] and rows["events"]):
        return "inactivity", _filled("any", rows["orders"] + rows["events"])
    if panel.activity == "orders" or (panel.activity == "auto" and rows["orders"]):
        return "inactivity", _filled("orders", rows["orders"])
    return "inactivity", _filled("events", rows["events"])


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    return int(connection.execute(f"SELECT COUNT(*) FROM {source}").fetchall()[0][0])


def _filled(table: Activity, rows: int) -> Activity:
    if rows:
        return table
    whose = f" of the member's own acts ({', '.join(INTERACTIONS)})" if table in ("events", "any") else ""
    raise WhychurnError(
        f"no rows{whose} in the table that shows who is still there",
        file="orders, events" if table == "any" else table,
        remedy="supply orders, memberships or events; map event codes in intake.codes; "
        "or set panel.churn and panel.activity to a table that is filled",
    )


def acts_sql(activity: Activity) -> str:
    """Query (m, day, gap) of days with own acts, and days since the one before; with terms: first days of
    covered time (of ``cover``), and days since the last covered one.
    """
    if activity == "memberships":
        return "SELECT m, a AS day, a - before AS gap FROM cover"
    tables = ("orders", "events") if activity == "any" else (activity,)
    rows = " UNION ALL ".join(f"SELECT m, day FROM {ROWS[table]}" for table in tables)
    return f"""
        SELECT m, day, day - LAG(day) OVER (PARTITION BY m ORDER BY day) AS gap
        FROM (SELECT DISTINCT m, day FROM ({rows}))"""


def cover_sql(activity: Activity, observed: Observed, stop_on_cancelling: bool = False) -> str:
    """Query (m, a, b, before) of days from a to b on which a member was present for sure, and the last such day
    of what began earlier.

    An activity day (of ``act``) covers itself, a term its days (`covered_until_sql`; without an end, up to the
    last observed day), a pause its own. Joining counts as activity, except for members who joined
    before the data start and were active later: what happened in between is not known, so they enter at their
    first observed activity (delayed entry).
    """
    if activity == "memberships":
        until = f"COALESCE({covered_until_sql(stop_on_cancelling)}, {observed.last})"
        paused = f"LEAST(COALESCE(paused_until, {observed.last}), COALESCE(cancelled, {observed.last}))"
        return f"""
            SELECT m, a, b, MAX(b) OVER (PARTITION BY m ORDER BY a, b
                                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
            FROM (SELECT m, day AS a, GREATEST({until}, day) AS b FROM term
                  UNION
                  SELECT m, paused_from AS a, {paused} AS b FROM term
                  WHERE paused_from <= {observed.last} AND {paused} >= paused_from)"""
    return f"""
        WITH joining AS (
            SELECT m, joined FROM member
            WHERE joined <= {observed.last} AND (joined >= {observed.first} OR m NOT IN (SELECT m FROM act)))
        SELECT m, day AS a, day AS b, GREATEST(day - gap, CASE WHEN joined < day THEN joined END) AS before
        FROM act LEFT JOIN joining USING (m)
        UNION ALL
        SELECT m, joined AS a, joined AS b, MAX(CASE WHEN day < joined THEN day END) AS before
        FROM joining LEFT JOIN act USING (m)
        GROUP BY m, joined HAVING COUNT(CASE WHEN day = joined THEN 1 END) = 0"""


def spells_sql(days: int, observed: Observed) -> str:
    """Spells of presence (m, spell_no, started, entered, last, left_day, returned) from ``cover`` and ``seen``
    (m, until: the last covered day).

    A gap of more than `allowed_gap` days ends a spell `waiting_days` after the last covered day, if that day
    was observed. ``entered`` is the first day on which the member is seen; ``started`` may lie before it
    (left truncation).
    """
    wait = waiting_days(days)
    return f"""
        WITH spell AS (
            SELECT m, CAST(ROW_NUMBER() OVER turn AS INTEGER) AS spell_no, a AS entered,
                   COALESCE(LEAD(before) OVER turn, until) AS last, LEAD(a) OVER turn AS returned
            FROM cover JOIN seen USING (m) WHERE COALESCE(a - before > {allowed_gap(days)}, TRUE)
            WINDOW turn AS (PARTITION BY m ORDER BY a))
        SELECT m, spell_no,
               CASE WHEN spell_no = 1 AND joined < {observed.first} AND joined < entered
                    THEN joined ELSE entered END AS started,
               entered, last,
               CASE WHEN last + {wait} <= {observed.last} THEN last + {wait} END AS left_day, returned
        FROM spell JOIN member USING (m)"""


def asked_sql(kind: Kind) -> str:
    """First day (``asked_from``) from which on an exit survey is about the end of each spell (m, spell_no).

    It lies within the stay. Without terms it is `ASKED_BEFORE_LAST_ACT` days before the last activity. With
    terms members are asked when they cancel, up to `ASKED_BEFORE_END` days before the last paid day, but not
    before they were back: a term that follows a gap, or one that was cancelled, is a return, unless it was
    cancelled by then itself (notice). Where the last term was cancelled, members who renewed after the survey
    cancelled anew: it is about this leaving from the first day of the term that ran when they cancelled, or
    from `ASKED_BEFORE` days before the cancelling.
    """
    if kind != "terms":
        return (
            f"SELECT m, spell_no, GREATEST(entered, last - {ASKED_BEFORE_LAST_ACT}) AS asked_from FROM spell"
        )
    return f"""
        WITH own AS (
            SELECT spell.m, spell_no, entered, last, day, cancelled,
                   LAST_VALUE(cancelled) OVER stay AS left_by,
                   MAX(COALESCE({covered_until_sql()}, {NEVER})) OVER before AS covered,
                   LAG(cancelled IS NOT NULL) OVER in_turn AS withdrawn
            FROM spell JOIN term ON term.m = spell.m AND day BETWEEN entered AND last
            WINDOW in_turn AS (PARTITION BY spell.m, spell_no ORDER BY day, ends),
                   stay AS (in_turn ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING),
                   before AS (in_turn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
        SELECT m, spell_no, LEAST(last, GREATEST(
            entered, last - {ASKED_BEFORE_END},
            COALESCE(MAX(day) FILTER (NOT COALESCE(cancelled <= day, FALSE)
                                      AND (withdrawn OR day > covered + 1)), entered),
            COALESCE(LEAST(MAX(day) FILTER (day <= left_by), MIN(left_by) - {ASKED_BEFORE}), entered)
        )) AS asked_from
        FROM own GROUP BY m, spell_no, entered, last"""


def edge_sql(days: int) -> str:
    """Table ``edge`` (m, day): returns on the very day on which the wait runs out, so that no spell ends.

    In the morning of that day they look like those who are about to churn.
    """
    return f"""
        SELECT DISTINCT m, a AS day FROM cover
        WHERE a - before = {waiting_days(days)} AND a - before <= {allowed_gap(days)}"""


def threshold_curve(
    connection: duckdb.DuckDBPyConnection, candidates: list[int], observed: Observed
) -> pd.DataFrame:
    """How many of those who would count as churned come back, by threshold.

    Returns
    -------
    DataFrame
        threshold_days; members; lapsed (lapses); followed (lapses after which another threshold of days was
        observed); returned (of the followed, those who came back within it); return_share; churn_share
        (members with a lapse, of all members seen).
    """
    rows = []
    for days in sorted(set(candidates)):
        counts = connection.execute(f"""
            WITH spell AS ({spells_sql(days, observed)})
            SELECT COUNT(DISTINCT m), COUNT(left_day),
                   COUNT(DISTINCT CASE WHEN left_day IS NOT NULL THEN m END),
                   COUNT(*) FILTER (WHERE left_day + {days} <= {observed.last}),
                   COUNT(*) FILTER (WHERE left_day + {days} <= {observed.last}
                                    AND returned <= left_day + {days})
            FROM spell""").fetchall()[0]
        members, lapsed, leavers, followed, returned = map(int, counts)
        rows.append(
            {
                "threshold_days": days,
                "members": members,
                "lapsed": lapsed,
                "followed": followed,
                "returned": returned,
                "return_share": returned / followed if followed else float("nan"),
                "churn_share": leavers / members if members else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def choose_threshold(curve: pd.DataFrame, return_share: float, min_lapses: int, longest_days: float) -> int:
    """Smallest threshold at which at most `return_share` of the followed lapses come back.

    Where none up to `longest_days` is that safe, the longest of them: it counts the fewest as churned who
    were only quiet, and a still longer wait would leave too little time to see anybody leave. (The shares
    are no guide there: each is counted over another wait of its own length.) Where too few lapses were
    followed to judge any, the smallest candidate.
    """
    judged = curve[(curve["followed"] >= min_lapses) & (curve["threshold_days"] <= longest_days)]
    if judged.empty:
        log.warning("too few lapses to choose a threshold from the data; taking the smallest candidate")
        return int(curve["threshold_days"].min())
    safe = judged[judged["return_share"] <= return_share]
    if safe.empty:
        log.warning("at every candidate threshold more than %.0f %% come back", 100 * return_share)
        return int(judged["threshold_days"].astype(int).max())
    return int(safe["threshold_days"].astype(int).min())


def alternatives(main: Definition, factors: list[float]) -> list[Definition]:
    """Definitions at `factors` times the main one's days, without the main one itself."""
    days = {max(1, round(main.days * factor)) for factor in factors}
    others = [Definition(main.kind, number) for number in sorted(days)]
    return [one for one in others if one.gap != main.gap]
