"""What was known of the market: own price level and the rivals, in the member's region and main category.

A week's figures are known when the week is over. A cell is a region and category, a region, a category, or
everything ('' stands for all); a member is given the narrowest cell that the market table has.
"""

from whychurn.panel.features.windows import mean_sql

WEEK = 7
MONTH = 28


def cells_sql() -> str:
    """Weekly figures by cell: region, category, known (first day after the week), own, gap, activity."""

    def level(region: str, category: str, condition: str) -> str:
        return f"""
            SELECT {region} AS region, {category} AS category, week + {WEEK} AS known,
                   {mean_sql("own")} AS own,
                   {mean_sql("own / NULLIF(rival, 0) - 1")} AS gap, {mean_sql("activity")} AS activity
            FROM market_week WHERE {condition} GROUP BY ALL"""

    return " UNION ALL ".join(
        [
            level("region", "category", "region IS NOT NULL AND category IS NOT NULL"),
            level("region", "''", "region IS NOT NULL"),
            level("''", "category", "category IS NOT NULL"),
            level("''", "''", "TRUE"),
        ]
    )


def market_sql() -> str:
    """Own price rise since joining, price gap and rivals' activity at the rows of ``risk``.

    "Now" is the mean of the weeks that ended in the last 28 days. "At joining" is the same on the day of
    joining; where the market table starts later, its first 28 days (once they are over).
    """
    now = f"known <= d AND known > d - {MONTH}"
    before = f"known <= d - 90 AND known > d - 90 - {MONTH}"
    then = f"known <= j.joined AND known > j.joined - {MONTH}"
    return f"""
        WITH cell AS (SELECT region, category, MIN(known) AS first_known FROM market_cell GROUP BY 1, 2),
        placed AS (
            SELECT r AS row, risk.k, risk.d, risk.joined, p.region AS r, c.category_main AS c
            FROM risk JOIN member p ON p.m = risk.m
            LEFT JOIN categories c USING (r)),
        chosen AS (
            SELECT row, k, d, joined,
                   CASE WHEN exact.region IS NOT NULL OR regional.region IS NOT NULL THEN r ELSE '' END
                       AS region,
                   CASE WHEN exact.region IS NOT NULL THEN c WHEN regional.region IS NOT NULL THEN ''
                        WHEN general.region IS NOT NULL THEN c ELSE '' END AS category
            FROM placed
            LEFT JOIN cell exact ON exact.region = r AND exact.category = c
            LEFT JOIN cell regional ON regional.region = r AND regional.category = ''
            LEFT JOIN cell general ON general.region = '' AND general.category = c),
        today AS (
            SELECT region, category, k, {mean_sql("own", now)} AS own, {mean_sql("gap", now)} AS gap,
                   {mean_sql("activity", now)} AS activity, {mean_sql("own", before)} AS own_before,
                   {mean_sql("gap", before)} AS gap_before
            FROM market_cell JOIN snapshot ON known <= d AND known > d - 90 - {MONTH}
            GROUP BY region, category, k),
        joining AS (
            SELECT region, category, j.joined, {mean_sql("own")} AS own
            FROM (SELECT DISTINCT joined FROM risk) j JOIN market_cell ON {then}
            GROUP BY region, category, j.joined),
        early AS (
            SELECT region, category, first_known + {MONTH} - {WEEK} AS usable, {mean_sql("own")} AS own
            FROM market_cell JOIN cell USING (region, category)
            WHERE known < first_known + {MONTH} GROUP BY region, category, first_known)
        SELECT row AS r, today.own / NULLIF(COALESCE(joining.own, early.own), 0) - 1 AS market_price_rise,
               today.own / NULLIF(own_before, 0) - 1 AS own_price_change_90d,
               gap AS competitor_price_gap, gap - gap_before AS competitor_price_gap_change_90d,
               activity AS competitor_activity_30d
        FROM chosen
        LEFT JOIN today USING (region, category, k)
        LEFT JOIN joining USING (region, category, joined)
        LEFT JOIN early ON early.region = chosen.region AND early.category = chosen.category
             AND usable <= d AND chosen.joined < usable"""
