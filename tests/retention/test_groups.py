"""Segments, strata, regions: hand-worked frames, consent and small cells."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params
from whychurn.retention.lifecycle.segments import member_segments, segment_table, spend_tier
from whychurn.retention.rates.churn_by_stratum import churn_by_stratum, stratify, with_tenure_band
from whychurn.retention.rates.definition_sensitivity import definition_sensitivity
from whychurn.retention.rates.rates_by_period import retention_rates
from whychurn.retention.rates.spend_by_region import spend_by_region

YEAR = ("2024-01-01", "2024-12-31")


class TestSegments:
    def test_spend_tiers_begin_at_their_bound(self) -> None:
        tiers = {"gold": 3000.0, "silver": 1000.0}
        assert spend_tier(np.array([0, 999.9, 1000, 2999, 3000]), tiers).tolist() == [
            "regular",
            "regular",
            "silver",
            "silver",
            "gold",
        ]

    def test_value_and_activity_of_ten_members(
        self, make_programme: Callable[..., Any], order_rows: Callable[..., Any], params: Params
    ) -> None:
        people = {f"m{n}": "2024-01-01" for n in range(10)}
        orders = []
        for number, member in enumerate(people):  # m9 buys most, latest and most often
            days = pd.date_range(
                end=pd.Timestamp("2024-12-30") - pd.Timedelta(days=9 * (9 - number)), periods=number + 1
            )
            orders += order_rows(member, [str(day.date()) for day in days], 100.0)
        history = make_programme(people, YEAR, [], orders=orders).history
        frame = member_segments(history, params.retention, history.observed_until + 1).set_index("member_id")
        assert frame["value_tier"].value_counts().to_dict() == {"high": 2, "potential": 3, "ordinary": 5}
        assert frame.loc[["m9", "m8"], "value_tier"].eq("high").all()
        assert frame["days_since_purchase"].tolist() == [2 + 9 * (9 - n) for n in range(10)]
        # dormant_days 60: active below 30, at risk to 60, dormant above
        assert frame["activity_class"].value_counts().to_dict() == {"active": 4, "at_risk": 3, "dormant": 3}
        assert frame.loc["m9", ["r", "f", "m"]].tolist() == [5, 5, 5]

    def test_no_consent_no_profile_and_the_gone_are_gone(
        self, make_programme: Callable[..., Any], order_rows: Callable[..., Any], params: Params
    ) -> None:
        people = dict.fromkeys("abc", "2024-01-01")
        orders = [row for name in people for row in order_rows(name, ["2024-02-01"])]
        gaps = [("c", "2024-02-01", "2024-05-01", None)]
        history = make_programme(people, YEAR, gaps, no_consent=("b",), orders=orders).history
        frame = member_segments(history, params.retention, history.observed_until + 1)
        assert frame["member_id"].tolist() == ["a"]

    def test_small_segments_are_blank(self, random_shop: Callable[..., Any], params: Params) -> None:
        table = segment_table(random_shop(60, 1, 0.03).history, params, min_cell=10)
        assert table["members"].dropna().ge(10).all()
        assert table.loc[table["members"].isna(), ["mean_spend", "member_share"]].isna().all(axis=None)


class TestStrata:
    def test_rates_and_difference_by_hand(self) -> None:
        members = pd.DataFrame(
            {
                "region": ["n"] * 50 + ["s"] * 150,
                "left": [True] * 20 + [False] * 30 + [True] * 30 + [False] * 120,
                "spend_365d": 2.0,
            }
        )
        table = stratify(members, 0.95).set_index("stratum")
        assert table.loc["n", "rate"] == pytest.approx(0.4)
        assert table.loc["n", "difference"] == pytest.approx(0.4 - 0.2)
        assert table.loc["n", "spend_lost"] == 40
        z = 0.2 / math.sqrt(0.25 * 0.75 * (1 / 50 + 1 / 150))
        assert table.loc["n", "p_value"] == pytest.approx(math.erfc(z / math.sqrt(2)))

    def test_tenure_bands_hold_their_lower_bound(self) -> None:
        panel = pd.DataFrame({"tenure_days": [0, 89, 90, 179, 400, 1000]})
        bands = with_tenure_band(panel, [90, 180, 365, 730])["tenure_band"].tolist()
        assert bands == ["0-89 d", "0-89 d", "90-179 d", "90-179 d", "365-729 d", "730+ d"]

    def test_random_groups_are_not_called_notable(self, random_shop: Callable[..., Any]) -> None:
        programme = random_shop(900, 3, 0.03)
        panel = snapshot(programme, np.random.default_rng(1).integers(0, 8, 900).astype(str))
        table = churn_by_stratum(programme.history, panel, [90, 365], 0.95, 0.05, 10)
        assert len(table) >= 8
        assert table["notable"].sum() <= 1

    def test_a_group_that_leaves_more_is_found(self, random_shop: Callable[..., Any]) -> None:
        programme = random_shop(900, 3, 0.03)
        gone = set(programme.churners["member_id"])
        leave = programme.spells["member_id"].isin(gone).to_numpy()
        lean = np.random.default_rng(2).random(900) < np.where(leave, 0.5, 0.2)
        panel = snapshot(programme, np.where(lean, "leaky", "other"))
        table = churn_by_stratum(programme.history, panel, [90, 365], 0.95, 0.05, 10).set_index("stratum")
        assert table.loc["leaky", "notable"]
        assert table.loc["leaky", "difference"] > 0

    def test_other_definitions_are_ranked_beside(self, random_shop: Callable[..., Any]) -> None:
        programme = random_shop(600, 4, 0.03)
        longer = programme.churners.assign(definition="inactivity_90d", is_main=False)
        longer["left_on"] += pd.Timedelta(days=30)
        longer = longer[longer["left_on"] <= "2025-12-30"]
        programme.churners = pd.concat([programme.churners, longer])
        history = programme.history
        rates = retention_rates(history, 0.95, 10)
        panel = snapshot(programme, np.random.default_rng(1).integers(0, 5, 600).astype(str))
        table = definition_sensitivity(history, rates, panel, 0.95, 10).set_index("definition")
        assert table.loc["inactivity_60d", "is_main"]
        assert table.loc["inactivity_60d", "rank_agreement"] == 1
        assert table.loc["inactivity_60d", "rate"] != table.loc["inactivity_90d", "rate"]
        assert table["top_strata"].str.contains("region=").all()


class TestRegions:
    def frame(self, rows: list[tuple[str, str, str, float]]) -> pd.DataFrame:
        orders = pd.DataFrame(rows, columns=["member_id", "ordered_at", "category", "amount"])
        return orders.assign(ordered_at=pd.to_datetime(orders["ordered_at"]))

    def test_change_against_the_year_before(self) -> None:
        members = pd.DataFrame({"member_id": ["a", "b"], "region": ["n", "n"]})
        orders = self.frame(
            [
                ("a", "2025-12-20", "tea", 30.0),
                ("b", "2025-12-20", "tea", 10.0),
                ("a", "2024-12-20", "tea", 40.0),
                ("b", "2024-12-20", "tea", 40.0),
                ("a", "2025-06-01", "tea", 999.0),  # in neither period
            ]
        )
        market = pd.DataFrame(
            {
                "week_start": pd.to_datetime(["2025-12-15", "2024-12-16"]),
                "region": ["n", "n"],
                "category": ["tea", "tea"],
                "own_price_index": [1.1, 1.0],
                "competitor_price_index": [1.0, 1.0],
                "competitor_activity": [0.8, 0.2],
            }
        )
        row = spend_by_region(orders, members, market, ("2024-01-01", "2025-12-31"), 90, 0.95, 1).iloc[0]
        assert row["compared_with"] == "a_year_before"
        assert (row["spend"], row["spend_before"], row["change"]) == (40, 80, -0.5)
        error = math.sqrt((30 / 40 - 40 / 80) ** 2 + (10 / 40 - 40 / 80) ** 2)
        assert row["high"] == pytest.approx(0.5 * math.exp(1.959964 * error) - 1, abs=1e-5)
        assert row["competitor_price_gap"] == pytest.approx(0.1)
        assert row["competitor_activity_before"] == pytest.approx(0.2)

    def test_short_data_use_the_days_before_and_hide_the_few(self) -> None:
        members = pd.DataFrame({"member_id": [f"m{n}" for n in range(12)], "region": "n"})
        rows = [(f"m{n}", "2025-12-20", "tea", 1.0) for n in range(12)]
        rows += [(f"m{n}", "2025-09-20", "tea", 2.0) for n in range(3)]
        market = pd.DataFrame(
            columns=["week_start", "region", "category", "own_price_index", "competitor_price_index"]
        ).assign(competitor_activity=None)
        market = market.astype({"week_start": "datetime64[ns]"})
        market = market.astype(
            dict.fromkeys(["own_price_index", "competitor_price_index", "competitor_activity"], float)
        )
        row = spend_by_region(
            self.frame(rows), members, market, ("2025-07-01", "2025-12-31"), 90, 0.95, 10
        ).iloc[0]
        assert row["compared_with"] == "the_days_before"
        assert row["buyers"] == 12
        assert pd.isna(row["buyers_before"])
        assert pd.isna(row["change"])
        assert row["suppressed"]


def snapshot(programme: Any, region: np.ndarray) -> pd.DataFrame:
    """Panel rows on 1 December 2024 of all who are members then."""
    history = programme.history
    day = pd.Timestamp("2024-12-01")
    spells = programme.spells.assign(region=region)
    gone = programme.churners[(programme.churners["left_on"] <= day) & programme.churners["is_main"]]
    gone = gone[gone["returned_on"].isna() | (gone["returned_on"] >= day)]
    rows = spells[~spells["member_id"].isin(gone["member_id"])]
    assert len(rows) < len(history.ids)
    tenure = (day - rows["started_on"]).dt.days
    return pd.DataFrame(
        {
            "member_id": rows["member_id"],
            "as_of": day,
            "region": rows["region"],
            "tenure_days": tenure,
            "spend_365d": 1.0,
        }
    )
