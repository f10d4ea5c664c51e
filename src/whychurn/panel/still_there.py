"""Who is still there on a day, as far as that day knows: not silent for longer than usual, term running, no notice."""

from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np

from whychurn.panel.churn_definition import NEVER, Definition, waiting_days
from whychurn.panel.covered_terms import covered_until_sql
from whychurn.panel.features.windows import running_sql

USUAL: Final = 0.8  # share of a member's own gaps that are no longer than the usual one
MIN_USUAL_DAYS: Final = 7  # whoever was there within a week is there
PRIOR_GAPS: Final = 2  # the programme's mean gap counts as so many gaps of a member
MIN_GAPS: Final = 5  # of members whose gaps tell how regular they are
SAMPLED_MEMBERS: Final = 20_000


@dataclass(frozen=True)
class UsualGaps:
    """What a programme's gaps between own acts look like; part of the definition of churn, the same for all days.

    Parameters
    ----------
    mean_days
        Mean over members of their mean gap; with terms the days from one covered day to the next within which
        `USUAL` of the renewals lie.
    factor
        The `USUAL` quantile of a gap as a multiple of the member's mean gap; 1 with terms.
    """

    mean_days: float
    factor: float


def find_usual_gaps(connection: duckdb.DuckDBPyConnection, main: Definition) -> UsualGaps:
    """Programme's gaps (``act``) that end no stay.

    A programme without a gap gets the definition's own days, and the factor of a memoryless rhythm.
    """
    if main.kind == "terms":
        late = connection.execute(
            f"SELECT QUANTILE_DISC(GREATEST(gap, 1), {USUAL}) FROM act WHERE gap <= {main.gap}"
        ).fetchall()
        return UsualGaps(float(late[0][0] or 1), 1.0)
    mean, factor = connection.execute(f"""
        WITH sampled AS (
            SELECT m, gap, AVG(gap) OVER (PARTITION BY m) AS own, COUNT(*) OVER (PARTITION BY m) AS gaps
            FROM act WHERE gap <= {main.gap}
            AND m % (SELECT GREATEST(1, COUNT(*) // {SAMPLED_MEMBERS}) FROM member) = 0)
        SELECT SUM(own / gaps) / COUNT(DISTINCT m),
               QUANTILE_DISC(ROUND(gap / own, 6), {USUAL}) FILTER (WHERE gaps >= {MIN_GAPS}) FROM sampled
        """).fetchall()[0]
    memoryless = -float(np.log(1 - USUAL))
    return UsualGaps(round(float(mean or main.days / memoryless), 2), float(factor or memoryless))


def still_there_sql(main: Definition, usual: UsualGaps, stop_on_cancelling: bool) -> str:
    """Columns (r, days_silent, usual_gap_days, still_there) of ``risk``, from what was known before the day.

    Without terms a member is still there while the days since the last own act (or joining) are no more than
    the usual gap, which four of five gaps of the member do not exceed: the programme's `UsualGaps.factor` times
    the mean of the member's gaps so far, shrunk towards the programme's mean with the weight of `PRIOR_GAPS`
    gaps, at least `MIN_USUAL_DAYS` and at most the days after which anybody counts as gone. Gaps that ended a
    stay are not counted. With terms a member is still there while the last known term covers the day, or
    renewals as late as usual can still follow, and no notice was given.

    Notes
    -----
    Silence is read against the member's own rate as in models of buying till death (Fader, Hardie & Lee 2005,
    Marketing Science 24); that members differ in regularity and that recency must be read against it is the
    point of Platzer & Reutterer (2016, Marketing Science 35). Here one factor stands for the regularity of all.
    """
    return _by_terms_sql(usual, stop_on_cancelling) if main.kind == "terms" else _by_acts_sql(main, usual)


def _by_acts_sql(main: Definition, usual: UsualGaps) -> str:
    run = running_sql(
        "act",
        {
            "last_act": ("MAX", "day"),
            "gap_days": ("SUM", f"CASE WHEN gap <= {main.gap} THEN gap END"),
            "gaps": ("SUM", f"CASE WHEN gap <= {main.gap} THEN 1 END"),
        },
    )
    mean = (
        f"""(COALESCE(gap_days, 0) + {PRIOR_GAPS * usual.mean_days}e0) / (COALESCE(gaps, 0) + {PRIOR_GAPS})"""
    )
    bounded = f"LEAST(GREATEST({usual.factor}e0 * {mean}, {MIN_USUAL_DAYS}), {waiting_days(main.days)})"
    return f"""
        SELECT r, days_silent, usual_gap_days, days_silent <= usual_gap_days AS still_there
        FROM (SELECT r, CAST(d - GREATEST(COALESCE(last_act, entered), entered) AS INTEGER) AS days_silent,
                     ROUND({bounded}, 1) AS usual_gap_days
              FROM ({run}) run JOIN risk USING (r))"""


def _by_terms_sql(usual: UsualGaps, stop_on_cancelling: bool) -> str:
    return f"""
        WITH begun AS (
            SELECT r, d, day, term_id, ends, CASE WHEN cancelled < d THEN cancelled END AS cancelled,
                   CASE WHEN paused_from < d THEN paused_from END AS paused_from,
                   CASE WHEN paused_from < d THEN paused_until END AS paused_until
            FROM risk LEFT JOIN term ON term.m = risk.m AND day < d),
        known AS (
            SELECT r, d, cancelled,
                   GREATEST(COALESCE({covered_until_sql(stop_on_cancelling)}, {NEVER}), CASE
                       WHEN paused_from IS NOT NULL
                       THEN LEAST(COALESCE(paused_until, {NEVER}), COALESCE(cancelled, {NEVER})) END) AS until,
                   ROW_NUMBER() OVER (PARTITION BY r ORDER BY day DESC, ends DESC, term_id DESC) AS place
            FROM begun)
        SELECT r, CAST(GREATEST(MIN(d - until), 0) AS INTEGER) AS days_silent,
               {usual.mean_days}e0 AS usual_gap_days,
               GREATEST(MIN(d - until), 0) <= {usual.mean_days}
                   AND MAX(CASE WHEN place = 1 THEN cancelled END) IS NULL AS still_there
        FROM known GROUP BY r"""


def notice_sql(kind: str) -> str:
    """Day (``notice``) on which the last term of each spell (m, spell_no) was cancelled; null without terms."""
    if kind != "terms":
        return "SELECT m, spell_no, NULL AS notice FROM spell"
    return """
        SELECT m, spell_no, cancelled AS notice
        FROM (SELECT spell.m, spell_no, cancelled, ROW_NUMBER() OVER (
                  PARTITION BY spell.m, spell_no ORDER BY day DESC, ends DESC, term_id DESC) AS place
              FROM spell JOIN term ON term.m = spell.m AND day BETWEEN entered AND last)
        WHERE place = 1"""
