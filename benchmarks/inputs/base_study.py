"""One small study of known content, as text."""

from __future__ import annotations

import numpy as np
import pandas as pd

Tables = dict[str, pd.DataFrame]
MEMBERS, ORDERS, VISITS = 60, 500, 600


def base_study() -> Tables:
    """Members, orders, terms, visits, complaints and exit answers; all cells text in the plainest form."""
    rng = np.random.default_rng(11)
    ids = np.array([f"{n:07d}" for n in rng.permutation(np.arange(300, 300 + 7 * MEMBERS, 7))])
    joined = pd.Timestamp("2022-03-01") + pd.to_timedelta(rng.integers(0, 250, MEMBERS), unit="D")

    def days(n: int) -> tuple[np.ndarray, pd.DatetimeIndex]:
        who = rng.integers(0, MEMBERS, n)
        late = rng.integers(1, 480, n) * 1440 + rng.integers(480, 1320, n)
        return who, pd.DatetimeIndex(joined[who] + pd.to_timedelta(late, unit="min"))

    buyers, bought = days(ORDERS)
    guests, seen = days(VISITS)
    cross, wrote = days(80)
    left, asked = days(70)
    term_of = np.repeat(np.arange(MEMBERS), 8)  # two years of quarters
    starts = joined[term_of] + pd.to_timedelta(np.tile(np.arange(8), MEMBERS) * 91, unit="D")
    return {
        "members": pd.DataFrame(
            {
                "member_id": ids,
                "joined_on": joined.strftime("%Y-%m-%d"),
                "region": rng.choice(["Lyra", "Vega", "Altair"], MEMBERS),
                "profiling_consent": rng.choice(["true", "false"], MEMBERS, p=[0.7, 0.3]),
            }
        ),
        "orders": pd.DataFrame(
            {
                "order_id": [f"{n:06d}" for n in range(1, ORDERS + 1)],
                "member_id": ids[buyers],
                "ordered_at": bought.strftime("%Y-%m-%d %H:%M:%S"),
                "amount": [f"{cents / 100:.2f}" for cents in rng.integers(200_000, 9_000_000, ORDERS)],
                "returned": rng.choice(["true", "false"], ORDERS, p=[0.1, 0.9]),
            }
        ),
        "memberships": pd.DataFrame(
            {
                "membership_id": [f"t{n}" for n in range(len(term_of))],
                "member_id": ids[term_of],
                "plan": rng.choice(["basic", "plus"], MEMBERS)[term_of],
                "starts_on": starts.strftime("%Y-%m-%d"),
                "ends_on": (starts + pd.Timedelta(days=90)).strftime("%Y-%m-%d"),
                "price_paid": [f"{price:.2f}" for price in rng.uniform(1100, 4000, len(starts))],
            }
        ),
        "events": pd.DataFrame(
            {
                "event_id": [f"e{n}" for n in range(VISITS)],
                "member_id": ids[guests],
                "occurred_at": seen.strftime("%Y-%m-%d %H:%M:%S"),
                "event_type": rng.choice(["visit", "checkin"], VISITS),
            }
        ),
        "feedback": pd.DataFrame(
            {
                "feedback_id": [f"f{n}" for n in range(80)],
                "member_id": ids[cross],
                "created_at": wrote.strftime("%Y-%m-%d %H:%M:%S"),
                "text": rng.choice(["The queue is long", "客服回复慢", "Prices rose, again"], 80),
                "source": "complaint",
            }
        ),
        "surveys": pd.DataFrame(
            {
                "survey_id": [f"s{n}" for n in range(70)],
                "member_id": ids[left],
                "kind": "exit",
                "sent_at": asked.strftime("%Y-%m-%d %H:%M:%S"),
                "answered_at": (asked + pd.Timedelta(hours=5)).strftime("%Y-%m-%d %H:%M:%S"),
                "reason": rng.choice(["price", "competition", "natural"], 70),
            }
        ),
    }
