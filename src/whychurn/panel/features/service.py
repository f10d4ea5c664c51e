"""What was known of complaints and answers: tickets, response times, ratings, survey scores."""

from whychurn.panel.features.windows import Trailing, mean_sql

# feedback without a source counts as a ticket: somebody wrote to the company
TICKET = "(source IS NULL OR source IN ('ticket', 'complaint'))"


_ONE = f"CASE WHEN {TICKET} THEN 1 END"
SUMS = (
    *(Trailing(f"tickets_{days}d", _ONE, days) for days in (30, 90, 180)),
    Trailing("complaints_90d", "CASE WHEN source = 'complaint' THEN 1 END", 90),
    Trailing("rating_sum", "rating", 365),
    Trailing("rated", "CASE WHEN rating IS NOT NULL THEN 1 END", 365),
)


def tickets_sql() -> str:
    """Tickets, complaints, ratings and response at the rows of ``risk``; an answer counts once given."""
    hours = mean_sql("(responded - created) * 24e0", "responded < d")
    return f"""
        WITH answer AS (
            SELECT m, k, {hours} AS response_hours_180d,
                   COUNT(*) FILTER (WHERE NOT COALESCE(responded < d AND COALESCE(resolved, TRUE), FALSE))
                       AS unresolved_180d
            FROM ticket JOIN near USING (day) JOIN snapshot USING (k)
            WHERE age <= 180 AND {TICKET} GROUP BY m, k)
        SELECT r, tickets_30d, tickets_90d, tickets_180d, complaints_90d,
               rating_sum / NULLIF(rated, 0) AS rating_mean_365d,
               response_hours_180d, COALESCE(unresolved_180d, 0) AS unresolved_180d
        FROM ticket_sums JOIN risk USING (r) LEFT JOIN answer USING (m, k)"""


def surveys_sql() -> str:
    """Last satisfaction and recommendation score before the day; exit surveys are never a feature."""

    def last(kind: str) -> str:
        return f"""
            SELECT r, score FROM (
                SELECT r, score, ROW_NUMBER() OVER (PARTITION BY r ORDER BY day DESC, survey_id DESC) AS place
                FROM risk JOIN survey ON survey.m = risk.m AND day < d
                WHERE kind = '{kind}' AND score IS NOT NULL)
            WHERE place = 1"""

    return f"""
        SELECT risk.r, s.score AS satisfaction_score, n.score AS nps_score
        FROM risk LEFT JOIN ({last("satisfaction")}) s ON s.r = risk.r
             LEFT JOIN ({last("nps")}) n ON n.r = risk.r"""
