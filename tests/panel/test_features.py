"""Every feature of random small tables against a slow reference that reads rows one by one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from statistics import mean
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import xgboost as xgb
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from whychurn.contract.causes import CAUSES
from whychurn.contract.tables import INTERACTIONS
from whychurn.panel.feature_encoding import Feature, booster_names
from whychurn.panel.features.catalogue import load_catalogue, quoted
from whychurn.panel.features.compute import in_row_order

DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2024-01-01")
LAG = 14
TIERS = {"silver": 1000.0, "gold": 3000.0, "platinum": 8000.0}
INNER = {  # sources of the catalogue that are not contract columns
    "memberships.price": ["memberships.list_price", "memberships.price_paid"],
    "memberships.cancelled": ["memberships.cancelled_on"],
    "feedback.responded": ["feedback.responded_at"],
    "market.own": ["market.own_price_index"],
    "market.rival": ["market.competitor_price_index"],
    "market.activity": ["market.competitor_activity"],
}


def rows_of(tables: dict[str, pd.DataFrame], table: str, member: str) -> list[dict[str, Any]]:
    return [row for row in plain(tables, table) if row["member_id"] == member]


def plain(tables: dict[str, pd.DataFrame], table: str) -> list[dict[str, Any]]:
    """Rows as dictionaries, missing values as None, kept beside the frame they came from."""
    kept = tables[table].attrs
    if "rows" not in kept:
        kept["rows"] = [
            {k: None if pd.isna(v) else v for k, v in row.items()} for row in tables[table].to_dict("records")
        ]
    return [dict(row) for row in kept["rows"]]


def ratio(a: float, b: float) -> float | None:
    return a / b if b else None


class Reference:
    """What was known of one member just before one day."""

    def __init__(self, tables: dict[str, pd.DataFrame], member: str, as_of: pd.Timestamp) -> None:
        self.tables, self.d = tables, as_of
        self.me = rows_of(tables, "members", member)[0]
        times = {
            "orders": "ordered_at", "events": "occurred_at", "feedback": "created_at", "touches": "sent_at",
            "memberships": "starts_on", "feedback_topics": "known_on",
        }  # fmt: skip
        everything = {t: rows_of(tables, t, member) for t in (*times, "surveys")}
        acts = [o["ordered_at"].normalize() for o in everything["orders"]]
        acts += [
            e["occurred_at"].normalize() for e in everything["events"] if e["event_type"] in INTERACTIONS
        ]
        self.joined = min([self.me["joined_on"], *acts])
        self.known = {
            t: sorted((r for r in everything[t] if r[time] < as_of), key=lambda r, time=time: r[time])
            for t, time in times.items()
        }
        for t, time in times.items():
            for row in self.known[t]:
                row["age"] = (as_of - row[time].normalize()) // DAY
        self.surveys = [
            r for r in everything["surveys"] if r["answered_at"] is not None and r["answered_at"] < as_of
        ]

    def within(self, table: str, far: int, near: int = 0) -> list[dict[str, Any]]:
        return [r for r in self.known[table] if near < r["age"] <= far]

    def seen(self, days: int) -> bool:
        """Whether the member could be seen all through the last `days`."""
        return self.d - days * DAY >= max(self.joined, START)

    def events(self, far: int, *kinds: str) -> int:
        return sum(r["event_type"] in kinds for r in self.within("events", far))

    def since(self, *kinds: str) -> int | None:
        ages = [r["age"] for r in self.known["events"] if r["event_type"] in kinds]
        return min(ages) if ages else None

    def trends(self, what: str, amount: Callable[[int], float]) -> dict[str, Any]:
        short = ratio(3 * amount(30), amount(90)) if self.seen(90) else None
        long = ratio(2 * amount(90), amount(180)) if self.seen(180) else None
        both = short is not None and long is not None
        return {
            f"{what}_trend_30d": short, f"{what}_trend_90d": long, f"{what}_acceleration": short - long if both else None,
        }  # fmt: skip

    def all(self) -> dict[str, Any]:
        return {
            **self.orders(), **self.categories(), **self.contacts(), **self.service(), **self.term(), **self.person(),
            **self.market(), **self.texts(),
        }  # fmt: skip

    def orders(self) -> dict[str, Any]:
        count, spend = (
            (lambda n: len(self.within("orders", n))),
            (lambda n: sum(r["amount"] for r in self.within("orders", n))),
        )
        known = self.known["orders"]
        days = sorted({r["ordered_at"].normalize() for r in known})
        gap = ratio((days[-1] - days[0]) / DAY, len(days) - 1) if days else None
        last = min((r["age"] for r in known), default=None)
        told = [r for r in known if r["returned"] is not None and r["age"] > LAG]
        back = [r for r in told if r["returned"]]
        depth = [self._discount(90, 0), self._discount(180, 90)]
        late = [r for r in self.within("orders", 90) if r["discount"] is not None]
        acts = [r["age"] for r in self.known["events"] if r["event_type"] in INTERACTIONS]
        return {
            **{f"orders_{n}d": count(n) for n in (30, 90, 180, 365)},
            **{f"spend_{n}d": spend(n) for n in (30, 90, 180, 365)},
            **self.trends("orders", count), **self.trends("spend", spend),
            "order_value_180d": ratio(spend(180), count(180)), "days_since_last_order": last,
            "days_since_last_interaction": min([*acts, *([last] if last else [])], default=None),
            "orders_so_far": len(known), "order_gap_days": gap, "order_gap_ratio": ratio(last, gap) if gap else None,
            "discount_depth_90d": depth[0],
            "discount_depth_change_90d": None if None in depth else depth[0] - depth[1],
            "discounted_share_90d": ratio(sum(r["discount"] > 0 for r in late), len(late)),
            "returns_90d": sum(r["age"] <= 90 + LAG for r in back),
            "return_share_180d": ratio(
                sum(r["age"] <= 180 + LAG for r in back), sum(r["age"] <= 180 + LAG for r in told)
            ),
        }  # fmt: skip

    def _discount(self, far: int, near: int) -> float | None:
        rows = [r for r in self.within("orders", far, near) if r["discount"] is not None]
        return ratio(sum(r["discount"] for r in rows), sum(r["amount"] + r["discount"] for r in rows))

    def categories(self) -> dict[str, Any]:
        def shares(far: int, near: int = 0) -> dict[str, float]:
            found = Counter(r["category"] for r in self.within("orders", far, near) if r["category"])
            return {c: n / sum(found.values()) for c, n in found.items()}

        year = [r for r in self.within("orders", 365) if r["category"]]
        money = {
            c: sum(r["amount"] for r in year if r["category"] == c) for c in {r["category"] for r in year}
        }
        order = sorted(money, key=lambda c: (-sum(r["category"] == c for r in year), -money[c], c))
        half, late, early = shares(180), shares(90), shares(180, 90)
        overlap = sum(min(late[c], early[c]) for c in late if c in early) if late and early else None
        return {
            "category_main": order[0] if order else None, "categories_180d": len(half),
            "category_top_share_180d": max(half.values(), default=None),
            "category_entropy_180d": -sum(p * math.log(p) for p in half.values()) if half else None,
            "category_overlap_90d": overlap if self.seen(180) else None,
        }  # fmt: skip

    def contacts(self) -> dict[str, Any]:
        n = self.events
        points = 0.0
        for row in self.known["events"]:
            sign = {"points_earned": 1, "points_spent": -1}.get(row["event_type"], 0)
            points += sign * abs(row["value"] or 0)
        sent, opened, shut = n(90, "push_sent"), n(90, "push_opened"), n(90, "push_dismissed")
        got, used = n(90, "coupon_received"), n(90, "coupon_used")
        return {
            **{f"interactions_{d}d": n(d, *INTERACTIONS) for d in (30, 90, 180)},
            **self.trends("interactions", lambda d: n(d, *INTERACTIONS)),
            "push_sent_30d": n(30, "push_sent"), "push_sent_90d": sent, "push_opened_90d": opened,
            "push_dismissed_90d": shut, "push_open_rate_90d": ratio(opened, sent), "push_dismiss_rate_90d": ratio(shut, sent),
            "opted_out": self.since("opt_out") is not None, "coupons_received_90d": got, "coupons_used_90d": used,
            "coupon_use_rate_90d": ratio(used, got), "visits_30d": n(30, "visit", "checkin"),
            "visits_90d": n(90, "visit", "checkin"), "checkins_90d": n(90, "checkin"),
            "community_90d": n(90, "community", "activity_joined"), "greetings_180d": n(180, "greeting"),
            "days_since_greeting": self.since("greeting"), "points_balance": points,
            "days_since_points_earned": self.since("points_earned"), "days_since_points_spent": self.since("points_spent"),
            "offers_expired_90d": n(90, "offer_expired"), "days_since_offer_expired": self.since("offer_expired"),
            "app_faults_90d": n(90, "app_fault"), "moved_180d": n(180, "address_changed") > 0,
            "touches_90d": sum(r["action"] != "control" for r in self.within("touches", 90)),
        }  # fmt: skip

    def service(self) -> dict[str, Any]:
        def tickets(far: int) -> list[dict[str, Any]]:
            return [r for r in self.within("feedback", far) if r["source"] in (None, "ticket", "complaint")]

        def answered(row: dict[str, Any]) -> bool:
            return row["responded_at"] is not None and row["responded_at"] < self.d

        def score(kind: str) -> float | None:
            rows = [r for r in self.surveys if r["kind"] == kind and r["score"] is not None]
            rows.sort(key=lambda r: (r["answered_at"].normalize(), r["survey_id"]))
            return rows[-1]["score"] if rows else None

        hours = [
            (r["responded_at"] - r["created_at"]) / pd.Timedelta(hours=1) for r in tickets(180) if answered(r)
        ]
        ratings = [r["rating"] for r in self.within("feedback", 365) if r["rating"] is not None]
        return {
            **{f"tickets_{n}d": len(tickets(n)) for n in (30, 90, 180)},
            "complaints_90d": sum(r["source"] == "complaint" for r in self.within("feedback", 90)),
            "response_hours_180d": mean(hours) if hours else None,
            "unresolved_180d": sum(not (answered(r) and r["resolved"] in (None, True)) for r in tickets(180)),
            "rating_mean_365d": mean(ratings) if ratings else None,
            "satisfaction_score": score("satisfaction"), "nps_score": score("nps"),
        }  # fmt: skip

    def texts(self) -> dict[str, Any]:
        def spoken(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [
                r for r in rows if r["p_none"] is not None and r["source"] not in ("survey_exit", "interview")
            ]

        half = spoken(self.within("feedback_topics", 180))
        ever = sorted(spoken(self.known["feedback_topics"]), key=lambda r: (r["known_on"], r["feedback_id"]))
        return {
            "texts_180d": len(half), "sentiment_mean_180d": mean(r["sentiment"] for r in half) if half else None,
            "sentiment_last": ever[-1]["sentiment"] if ever else None,
            "days_since_complaint_text": min((r["age"] for r in ever if r["sentiment"] < -0.2), default=None),
            **{f"says_{cause}_180d": sum(r[f"p_{cause}"] for r in half) for cause in CAUSES},
        }  # fmt: skip

    def term(self) -> dict[str, Any]:
        begun = sorted(
            self.known["memberships"], key=lambda r: (r["starts_on"], r["ends_on"], r["membership_id"])
        )
        now = begun[-1] if begun else {}
        firsts = [
            r["list_price"] for r in begun if r["plan"] == now.get("plan") and r["list_price"] is not None
        ]
        listed = now.get("list_price")
        self.term_rise = listed / firsts[0] - 1 if listed is not None else None
        ends = max((r["ends_on"] for r in begun), default=None)
        return {
            "days_to_term_end": (ends - self.d) // DAY if begun else None, "auto_renews": now.get("auto_renew"),
            "cancelled_term": now.get("cancelled_on") is not None and now["cancelled_on"] < self.d,
            "renewals_so_far": len(begun) - 1 if begun else None, "plan": now.get("plan"),
            "plan_price": listed if listed is not None else now.get("price_paid"),
        }  # fmt: skip

    def person(self) -> dict[str, Any]:
        age = self.d.year - self.me["birth_year"] if self.me["birth_year"] else None
        spend = sum(r["amount"] for r in self.within("orders", 365))
        bands = [
            (18, "<18"),
            (25, "18-24"),
            (35, "25-34"),
            (45, "35-44"),
            (55, "45-54"),
            (65, "55-64"),
            (999, "65+"),
        ]
        return {
            "tenure_days": (self.d - self.joined) // DAY, "age_years": age, "month_of_year": self.d.month,
            "age_band": next(band for top, band in bands if age < top) if age is not None else None,
            "spend_tier": ["regular", *(t for t, floor in TIERS.items() if round(spend, 2) >= floor)][-1],
            **{name: self.me[name] for name in ("gender", "region", "channel", "marketing_consent")},
        }  # fmt: skip

    def market(self) -> dict[str, Any]:
        weeks = plain(self.tables, "market")
        region, category = self.me["region"], self.categories()["category_main"]
        for narrow in (
            lambda w: region and category and w["region"] == region and w["category"] == category,
            lambda w: region and w["region"] == region,
            lambda w: category and w["category"] == category,
            lambda _: True,
        ):
            cell = [w for w in weeks if narrow(w)]
            if cell:
                break
        over = sorted({w["week_start"] + 7 * DAY for w in cell})

        def level(value: Callable[[dict[str, Any]], float | None], days: list[pd.Timestamp]) -> float | None:
            found = []
            for day in days:
                here = [value(w) for w in cell if w["week_start"] + 7 * DAY == day]
                here = [v for v in here if v is not None]
                found += [mean(here)] if here else []
            return mean(found) if found else None

        def at(day: pd.Timestamp) -> list[pd.Timestamp]:
            return [w for w in over if day - 28 * DAY < w <= day]

        own, busy = (lambda w: w["own_price_index"]), (lambda w: w["competitor_activity"])

        def gap(week: dict[str, Any]) -> float | None:
            rival = week["competitor_price_index"]
            return week["own_price_index"] / rival - 1 if rival else None

        now, before = at(self.d), at(self.d - 90 * DAY)
        base = level(own, at(self.joined))
        if base is None and over and self.joined < over[0] + 21 * DAY <= self.d:
            base = level(own, [w for w in over if w < over[0] + 28 * DAY])
        values = {
            "own": level(own, now),
            "own_before": level(own, before),
            "gap": level(gap, now),
            "gap_before": level(gap, before),
        }
        rise = values["own"] / base - 1 if values["own"] is not None and base is not None else None
        has = {k: v is not None for k, v in values.items()}
        return {
            "price_rise_since_joining": self.term_rise if self.term_rise is not None else rise,
            "own_price_change_90d": values["own"] / values["own_before"] - 1 if has["own"] and has["own_before"] else None,
            "competitor_price_gap": values["gap"],
            "competitor_price_gap_change_90d": values["gap"] - values["gap_before"] if has["gap"] and has["gap_before"] else None,
            "competitor_activity_30d": level(busy, now),
        }  # fmt: skip


def filled(tables: dict[str, pd.DataFrame], source: str) -> bool:
    table, _, column = source.partition(".")
    frame = tables[table]
    if table == "surveys":
        frame = frame[frame["answered_at"].notna()]
    if table == "members" or not column:
        return bool(len(frame)) or table == "members"
    return any(frame[name.partition(".")[2]].notna().any() for name in INNER.get(source, [source]))


@settings(
    max_examples=5,
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10**6))
def test_every_feature_agrees_with_reading_rows_one_by_one(seed, random_tables, params_with, panel_of):
    tables = random_tables(seed)
    made = panel_of(
        tables, params_with(churn="inactivity", activity="any", threshold_days=60, warmup_days=60)
    )
    catalogue = load_catalogue()
    spells = made.churn.spells
    assert len(made.panel)
    absent = {
        entry["name"]
        for entry in catalogue.to_dict("records")
        if not any(filled(tables, source) for source in entry["source"].split("|"))
    }
    assert set(made.without) == absent
    for row in made.panel.to_dict("records"):
        expected = Reference(tables, row["member_id"], row["as_of"]).all()
        began = spells[(spells["member_id"] == row["member_id"]) & (spells["entered_on"] < row["as_of"])]
        expected |= {"spell_no": len(began), "returned_before": len(began) > 1}
        assert set(expected) == set(catalogue["name"]), "every feature has a reference"
        for name, value in expected.items():
            value = None if name in absent else value
            where = f"{name} of {row['member_id']} on {row['as_of']:%Y-%m-%d}"
            if value is None:
                assert pd.isna(row[name]), f"{where}: {row[name]}"
            elif isinstance(value, str | bool):
                assert row[name] == value, f"{where}: {row[name]} is not {value}"
            else:
                assert np.isclose(row[name], value, rtol=2e-6, atol=2e-6), (
                    f"{where}: {row[name]} is not {value}"
                )


def test_the_catalogue_is_complete_and_bilingual():
    catalogue = load_catalogue()
    assert catalogue["name"].is_unique and catalogue["en"].is_unique and catalogue["zh"].is_unique
    assert catalogue["kind"].isin(["number", "flag", "category"]).all()
    assert catalogue["monotone"].isin([-1, 0, 1]).all()
    assert catalogue["zh"].str.contains(r"[\u4e00-\u9fff]").all()
    needed = """tenure_days days_since_last_order days_since_last_interaction orders_30d orders_90d orders_180d spend_30d
        spend_90d spend_180d spend_365d discount_depth_90d returns_90d tickets_90d response_hours_180d push_sent_90d
        push_opened_90d push_dismissed_90d points_balance price_rise_since_joining competitor_price_gap
        competitor_activity_30d days_to_term_end age_years month_of_year"""
    assert set(needed.split()) <= set(catalogue["name"])


@given(st.text(min_size=1, max_size=12).filter(lambda name: "\x00" not in name))
def test_any_name_is_one_name_to_sql(name) -> None:
    relation = duckdb.connect().execute(f"SELECT 1 AS {quoted(name)}")
    assert [column[0] for column in relation.description] == [name]


def test_models_take_names_that_companies_give() -> None:
    names = ["Spend [EUR]", "age<30", 'a "b"', "消费[元]", "$x$ {0} %s"]
    features = [Feature(name, "number", "profile", None, "", 0, name, name) for name in names]
    data = xgb.DMatrix(np.zeros((2, 5)), feature_names=booster_names(features))
    assert data.feature_names[:2] == ["Spend (EUR)", "age(30"]


def test_columns_stand_in_the_order_of_the_rows_at_risk() -> None:
    with duckdb.connect() as connection:
        for r in ((2, 0, 1), (0, 1, 2)):
            query = f"SELECT r, r * 1e0 AS n, CAST(r AS VARCHAR) AS t FROM (SELECT UNNEST({list(r)}) AS r)"
            found = in_row_order(connection, query)
            assert {name: list(one) for name, one in found.items()} == {"n": [0, 1, 2], "t": ["0", "1", "2"]}
