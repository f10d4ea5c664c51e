"""What was known of a member's purchases: frequency, spend, trend, discounts, returns, categories."""

from typing import Final

from whychurn.panel.features.windows import Trailing, running_sql, sum_sql

SUMS = (
    *(Trailing(f"orders_{days}d", "1", days) for days in (30, 90, 180, 365)),
    *(Trailing(f"spend_{days}d", "amount", days) for days in (30, 90, 180, 365)),
    Trailing("cut_90d", "discount", 90),
    Trailing("full_90d", "CASE WHEN discount IS NOT NULL THEN amount + discount END", 90),
    Trailing("cut_before", "discount", 180, 90),
    Trailing("full_before", "CASE WHEN discount IS NOT NULL THEN amount + discount END", 180, 90),
    Trailing("cut_orders", "CASE WHEN discount > 0 THEN 1 END", 90),
    Trailing("known_orders", "CASE WHEN discount IS NOT NULL THEN 1 END", 90),
)
# the longest history wins, then money, then the name, so that the answer never depends on row order
MAIN_CATEGORY = "ROW_NUMBER() OVER (PARTITION BY m, k ORDER BY n_365 DESC, spend DESC, category)"
RETURN_LAG_DAYS: Final = 14  # a returned flag has no time of its own: known this long after the order


def purchases_sql() -> str:
    """Frequency, spend, trends, discounts at the rows of ``risk``."""
    return f"""
        SELECT r, orders_30d, orders_90d, orders_180d, orders_365d,
               spend_30d, spend_90d, spend_180d, spend_365d,
               spend_180d / NULLIF(orders_180d, 0) AS order_value_180d,
               {trend_columns("orders")}, {trend_columns("spend")},
               cut_90d / NULLIF(full_90d, 0) AS discount_depth_90d,
               cut_90d / NULLIF(full_90d, 0) - cut_before / NULLIF(full_before, 0)
                   AS discount_depth_change_90d,
               cut_orders / NULLIF(known_orders, 0) AS discounted_share_90d
        FROM purchase_sums JOIN risk USING (r)"""


def trend_columns(what: str) -> str:
    """Recent rate over the rate of a longer window (1 = steady), and whether the trend itself speeds up.

    Null where the longer window began before the member could be seen.
    """
    short = f"CASE WHEN d - 90 >= known_from THEN 3e0 * {what}_30d / NULLIF({what}_90d, 0) END"
    long = f"CASE WHEN d - 180 >= known_from THEN 2e0 * {what}_90d / NULLIF({what}_180d, 0) END"
    return f"{short} AS {what}_trend_30d, {long} AS {what}_trend_90d, {short} - {long} AS {what}_acceleration"


def recency_sql() -> str:
    """Days since the last order, mean gap between order days, and the present gap as a multiple of it."""
    run = running_sql(
        "(SELECT m, day, COUNT(*) AS n FROM purchase GROUP BY m, day)",
        {
            "last_day": ("MAX", "day"),
            "first_day": ("MIN", "day"),
            "days": ("SUM", "1"),
            "orders_so_far": ("SUM", "n"),
        },
    )
    gap = "(last_day - first_day) * 1e0 / NULLIF(days - 1, 0)"
    return f"""
        SELECT r, d - last_day AS days_since_last_order, COALESCE(orders_so_far, 0) AS orders_so_far,
               {gap} AS order_gap_days, (d - last_day) / NULLIF({gap}, 0) AS order_gap_ratio
        FROM ({run}) run JOIN risk USING (r)"""


RETURN_SUMS = (
    Trailing("returns_90d", "CASE WHEN returned THEN 1 END", 90),
    Trailing("back_180d", "CASE WHEN returned THEN 1 END", 180),
    Trailing("known_180d", "1", 180),
)


def known_returns_sql() -> str:
    """Orders with a returned flag, by the day on which it is known.

    The flag has no time of its own: it counts as known `RETURN_LAG_DAYS` after the order.
    """
    return f"""SELECT m, CAST(day + {RETURN_LAG_DAYS} AS INTEGER) AS day, returned
               FROM purchase WHERE returned IS NOT NULL"""


def returns_sql() -> str:
    """Returns known at the rows of ``risk``."""
    return """
        SELECT r, returns_90d, back_180d / NULLIF(known_180d, 0) AS return_share_180d
        FROM return_sums"""


def categories_sql() -> str:
    """Category mix of the last 180 days, its change, and the main category of the last 365 days."""
    surprise = "CASE WHEN n_180 > 0 THEN -n_180 / all_180 * LN(n_180 / all_180) END"
    kept = """CASE WHEN all_late > 0 AND all_early > 0
                   THEN LEAST(n_late / all_late, n_early / all_early) END"""
    return f"""
        WITH c AS (
            SELECT m, k, category, COUNT(*) AS n_365, {sum_sql("amount")} AS spend,
                   COUNT(*) FILTER (WHERE age <= 180) * 1e0 AS n_180,
                   COUNT(*) FILTER (WHERE age <= 90) * 1e0 AS n_late,
                   COUNT(*) FILTER (WHERE age > 90 AND age <= 180) * 1e0 AS n_early
            FROM purchase JOIN near USING (day) WHERE category IS NOT NULL AND age <= 365
            GROUP BY m, k, category),
        s AS (
            SELECT *, {MAIN_CATEGORY} AS place, SUM(n_180) OVER mk AS all_180,
                   SUM(n_late) OVER mk AS all_late,
                   SUM(n_early) OVER mk AS all_early
            FROM c WINDOW mk AS (PARTITION BY m, k)),
        mix AS (
            SELECT m, k, MAX(CASE WHEN place = 1 THEN category END) AS category_main,
                   COUNT(*) FILTER (WHERE n_180 > 0) AS categories_180d,
                   MAX(n_180 / NULLIF(all_180, 0)) AS category_top_share_180d,
                   {sum_sql(surprise)} AS category_entropy_180d, {sum_sql(kept)} AS category_overlap_90d
            FROM s GROUP BY m, k)
        SELECT r, category_main, COALESCE(categories_180d, 0) AS categories_180d,
               category_top_share_180d, category_entropy_180d,
               CASE WHEN d - 180 >= known_from THEN category_overlap_90d END AS category_overlap_90d
        FROM risk LEFT JOIN mix ON mix.m = risk.m AND mix.k = risk.k"""
