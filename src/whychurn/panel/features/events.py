"""What was known of a member's contacts: messages, visits, community, points, coupons, greetings."""

from whychurn.contract.tables import INTERACTIONS
from whychurn.panel.features.orders import trend_columns
from whychurn.panel.features.windows import Trailing, running_sql


def _one(*kinds: str) -> str:
    return f"CASE WHEN kind IN ({', '.join(repr(kind) for kind in kinds)}) THEN 1 END"


SUMS = (
    *(Trailing(f"interactions_{days}d", _one(*INTERACTIONS), days) for days in (30, 90, 180)),
    Trailing("push_sent_30d", _one("push_sent"), 30),
    Trailing("push_sent_90d", _one("push_sent"), 90),
    Trailing("push_opened_90d", _one("push_opened"), 90),
    Trailing("push_dismissed_90d", _one("push_dismissed"), 90),
    Trailing("coupons_received_90d", _one("coupon_received"), 90),
    Trailing("coupons_used_90d", _one("coupon_used"), 90),
    Trailing("visits_30d", _one("visit", "checkin"), 30),
    Trailing("visits_90d", _one("visit", "checkin"), 90),
    Trailing("checkins_90d", _one("checkin"), 90),
    Trailing("community_90d", _one("community", "activity_joined"), 90),
    Trailing("greetings_180d", _one("greeting"), 180),
    Trailing("offers_expired_90d", _one("offer_expired"), 90),
    Trailing("app_faults_90d", _one("app_fault"), 90),
    Trailing("moves_180d", _one("address_changed"), 180),
)
COUNTS = tuple(s.name for s in SUMS if s.name != "moves_180d")

# points spent are recorded with either sign
POINTS = "CASE WHEN kind = 'points_earned' THEN ABS(value) WHEN kind = 'points_spent' THEN -ABS(value) END"


def contacts_sql() -> str:
    """Counts, rates and trends of events at the rows of ``risk``."""
    return f"""
        SELECT r, {", ".join(COUNTS)}, {trend_columns("interactions")},
               push_opened_90d / NULLIF(push_sent_90d, 0) AS push_open_rate_90d,
               push_dismissed_90d / NULLIF(push_sent_90d, 0) AS push_dismiss_rate_90d,
               coupons_used_90d / NULLIF(coupons_received_90d, 0) AS coupon_use_rate_90d,
               moves_180d > 0 AS moved_180d
        FROM event_sums JOIN risk USING (r)"""


def last_contacts_sql() -> str:
    """Points balance and days since the last event of a kind."""
    acts = ", ".join(repr(kind) for kind in INTERACTIONS)

    def last(*kinds: str) -> tuple[str, str]:
        return "MAX", f"CASE WHEN kind IN ({', '.join(repr(kind) for kind in kinds)}) THEN day END"

    run = running_sql(
        "event",
        {
            "last_act": ("MAX", f"CASE WHEN kind IN ({acts}) THEN day END"),
            "earned_day": last("points_earned"),
            "spent_day": last("points_spent"),
            "greeted_day": last("greeting"),
            "expired_day": last("offer_expired"),
            "opted_day": last("opt_out"),
            "balance": ("SUM", POINTS),
        },
    )
    return f"""
        SELECT r, last_act, COALESCE(balance, 0) AS points_balance,
               d - earned_day AS days_since_points_earned, d - spent_day AS days_since_points_spent,
               d - greeted_day AS days_since_greeting, d - expired_day AS days_since_offer_expired,
               opted_day IS NOT NULL AS opted_out
        FROM ({run}) run JOIN risk USING (r)"""


def interaction_sql() -> str:
    """Days since the last order or act of the member's own, whichever came later."""
    return """
        SELECT r, d - GREATEST(last_act, d - days_since_last_order) AS days_since_last_interaction
        FROM risk JOIN last_contacts USING (r) JOIN recency USING (r)"""


# campaign touches received; held-out members (action "control") received nothing
TOUCH_SUMS = (Trailing("touches_90d", "CASE WHEN action <> 'control' THEN 1 END", 90),)
