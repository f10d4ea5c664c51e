"""Rates, cohorts and intervals against numbers worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params
from whychurn.retention.lifecycle.stages_by_month import stage_matrix, stage_sizes
from whychurn.retention.member_history import History, of_members
from whychurn.retention.rates.campaigns import around_campaigns
from whychurn.retention.rates.cohorts import cohort_triangle, season_comparison
from whychurn.retention.rates.rates_by_period import retention_rates
from whychurn.stats.intervals import clustered_number, effective_number, rate_ratio, wilson
from whychurn.stats.multiple_testing import benjamini_hochberg

YEAR = ("2024-01-01", "2024-12-31")


def rate(
    frame: pd.DataFrame, measure: str, period: str, basis: str = "members", kind: str = "month"
) -> pd.Series:
    rows = frame[
        (frame["measure"] == measure)
        & (frame["period"] == period)
        & (frame["basis"] == basis)
        & (frame["period_kind"] == kind)
    ]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.fixture
def shop(make_programme: Callable[..., Any], order_rows: Callable[..., Any]) -> Any:
    """Four members from January on. a stays; b leaves in June for good; c leaves in June and is back in August;
    d joins in May."""
    orders = [
        *order_rows("a", ["2024-01-10", "2024-02-10", "2024-02-20", "2024-12-01"], 100.0),
        *order_rows("b", ["2024-01-10", "2024-03-03"], 300.0),
        *order_rows("c", ["2024-01-10", "2024-03-10", "2024-08-15"], 50.0),
        *order_rows("d", ["2024-05-05"], 10.0),
    ]
    gaps = [
        ("b", "2024-03-03", "2024-06-01", None),
        ("c", "2024-03-10", "2024-06-08", "2024-08-15"),
    ]
    people = {"a": "2024-01-05", "b": "2024-01-05", "c": "2024-01-06", "d": "2024-05-05"}
    return make_programme(people, YEAR, gaps, orders=orders)


class TestRates:
    def test_churn_counts_who_was_there_on_the_first_day(self, shop: Any) -> None:
        frame = retention_rates(shop.history, 0.95, min_cell=1)
        # b left on 1 June: the day belongs to the month that ends with it, as in the panel's (start, stop].
        may = rate(frame, "churn", "2024-05-01")
        assert (may["numerator"], may["denominator"]) == (1, 3)
        june = rate(frame, "churn", "2024-06-01")
        assert (june["numerator"], june["denominator"]) == (1, 3)  # a, c, d there; c leaves on the 8th
        assert rate(frame, "retention", "2024-06-01")["rate"] == pytest.approx(2 / 3)

    def test_revenue_weighs_by_what_was_paid_before(self, shop: Any) -> None:
        frame = retention_rates(shop.history, 0.95, min_cell=1)
        may = rate(frame, "churn", "2024-05-01", "revenue")
        assert may["numerator"] == 600  # b: two orders of 300
        assert may["denominator"] == 300 + 600 + 100
        june = rate(frame, "churn", "2024-06-01", "revenue")
        assert (june["numerator"], june["denominator"]) == (100, 300 + 100 + 10)

    def test_reactivation_is_of_those_who_were_gone(self, shop: Any) -> None:
        frame = retention_rates(shop.history, 0.95, min_cell=1)
        august = rate(frame, "reactivation", "2024-08-01")
        assert (august["numerator"], august["denominator"]) == (1, 2)
        assert rate(frame, "reactivation", "2024-08-01", "revenue")["rate"] == pytest.approx(100 / 700)
        september = rate(frame, "reactivation", "2024-09-01")
        assert (september["numerator"], september["denominator"]) == (0, 1)

    def test_repurchase_needs_two_days_in_the_period(self, shop: Any) -> None:
        frame = retention_rates(shop.history, 0.95, min_cell=1)
        february = rate(frame, "repurchase", "2024-02-01")
        assert (february["numerator"], february["denominator"]) == (1, 1)
        year = rate(frame, "repurchase", "2024-01-01", kind="year")
        assert (year["numerator"], year["denominator"]) == (3, 4)
        money = rate(frame, "repurchase", "2024-01-01", "revenue", kind="year")
        assert money["rate"] == pytest.approx((400 + 600 + 150) / (400 + 600 + 150 + 10))

    def test_months_before_the_waiting_time_are_partial(self, shop: Any) -> None:
        frame = retention_rates(shop.history, 0.95, min_cell=1)
        partial = frame[(frame["measure"] == "churn") & (frame["basis"] == "members")].set_index("period")[
            "partial"
        ]
        assert partial["2024-03-01"].all()  # 1 March is less than 90 days after 1 January
        assert not partial["2024-04-01"].any()
        assert pd.Timestamp("2024-01-01") not in partial.index  # nobody had been seen before that day

    def test_small_cells_are_blank(self, shop: Any) -> None:
        frame = retention_rates(shop.history, 0.95, min_cell=10)
        assert frame["suppressed"].all()
        assert frame[["members", "numerator", "rate", "low", "high"]].isna().all(axis=None)

    def test_members_without_consent_count_in_totals(
        self, make_programme: Callable[..., Any], order_rows: Callable[..., Any]
    ) -> None:
        people = {"a": "2024-01-05", "b": "2024-01-05"}
        orders = [*order_rows("a", ["2024-01-10"]), *order_rows("b", ["2024-01-10"])]
        programme = make_programme(people, YEAR, [], no_consent=("b",), orders=orders)
        frame = retention_rates(programme.history, 0.95, min_cell=1)
        assert rate(frame, "churn", "2024-06-01")["denominator"] == 2

    def test_renewal_counts_terms_followed_within_the_grace(self, make_programme: Callable[..., Any]) -> None:
        def term(number: int, member: str, starts: str, ends: str, price: float) -> dict[str, Any]:
            row = {"membership_id": str(number), "member_id": member, "plan": "x", "starts_on": starts}
            return row | {"ends_on": ends, "price_paid": price}

        terms = [
            term(1, "a", "2024-01-01", "2024-03-31", 90.0),
            term(2, "a", "2024-04-20", "2024-07-19", 90.0),  # 20 days later: within 30 days of grace
            term(3, "b", "2024-01-01", "2024-03-31", 30.0),
            term(4, "b", "2024-06-01", "2024-08-31", 30.0),  # too late
            term(5, "c", "2024-03-01", "2024-12-15", 10.0),  # its grace ends after the data
        ]
        people = {"a": "2024-01-01", "b": "2024-01-01", "c": "2024-03-01"}
        gaps = [
            ("a", "2024-07-19", "2024-08-18", None),
            ("b", "2024-03-31", "2024-04-30", "2024-06-01"),
            ("b", "2024-08-31", "2024-09-30", None),
        ]
        programme = make_programme(people, YEAR, gaps, definition="terms_30d", memberships=terms)
        frame = retention_rates(programme.history, 0.95, min_cell=1)
        march = rate(frame, "renewal", "2024-03-01")
        assert (march["numerator"], march["denominator"]) == (1, 2)
        assert rate(frame, "renewal", "2024-03-01", "revenue")["rate"] == pytest.approx(90 / 120)
        renewals = frame[frame["measure"] == "renewal"]
        assert renewals.loc[renewals["period_kind"] == "month", "period"].max() < pd.Timestamp("2024-12-01")
        assert renewals.loc[renewals["period_kind"] == "year", "partial"].all()
        assert "repurchase" not in set(frame["measure"])


class TestCohorts:
    def test_triangle_cells(self, shop: Any) -> None:
        frame = cohort_triangle(shop.history, 0.95, min_cell=1)
        january = frame[frame["cohort"] == "2024-01-01"].set_index("age_months")
        assert list(january["size"].unique()) == [3]
        assert january["present"].tolist() == [3, 3, 3, 3, 2, 1, 1, 2, 2, 2, 2, 2]
        assert january["active"].tolist() == [3, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
        assert january["revenue"].tolist()[:3] == [450, 200, 350]
        assert january.loc[2, "revenue_rate"] == pytest.approx(350 / 450)
        assert len(frame[frame["cohort"] == "2024-05-01"]) == 8

    def test_last_month_is_partial_where_the_data_stop_in_it(
        self, make_programme: Callable[..., Any], order_rows: Callable[..., Any]
    ) -> None:
        programme = make_programme(
            {"a": "2024-01-05"}, ("2024-01-01", "2024-03-15"), [], orders=order_rows("a", ["2024-01-06"])
        )
        frame = cohort_triangle(programme.history, 0.95, min_cell=1)
        assert frame["partial"].tolist() == [False, False, True]

    def test_season_compares_the_same_month(self) -> None:
        base = {
            "definition": "x",
            "period_kind": "month",
            "basis": "members",
            "measure": "churn",
            "partial": False,
        }
        rates = pd.DataFrame(
            [
                base | {"period": pd.Timestamp("2024-03-01"), "rate": 0.10, "denominator": 400.0},
                base | {"period": pd.Timestamp("2025-03-01"), "rate": 0.20, "denominator": 400.0},
            ]
        )
        row = season_comparison(rates, "x", 0.95).iloc[0]
        error = math.sqrt(0.1 * 0.9 / 400 + 0.2 * 0.8 / 400)
        assert row["difference"] == pytest.approx(0.10)
        assert row["low"] == pytest.approx(0.10 - 1.959964 * error, abs=1e-6)
        assert row["notable"]

    def test_campaign_windows(
        self, make_programme: Callable[..., Any], order_rows: Callable[..., Any]
    ) -> None:
        people = dict.fromkeys("ab", "2024-01-01")
        orders = [
            *order_rows("a", ["2024-02-25", "2024-03-10"], 10.0),
            *order_rows("b", ["2024-03-01"], 30.0),
        ]
        touches = [
            {
                "touch_id": n,
                "member_id": n,
                "campaign_id": "k",
                "sent_at": "2024-03-01 09:00",
                "action": "coupon",
            }
            for n in "ab"
        ]
        programme = make_programme(people, YEAR, [], orders=orders, touches=touches)
        history, tables = programme.history, programme.tables
        row = around_campaigns(history, tables["touches"], tables["events"], 28, 0.95, 1).iloc[0]
        # before: a 10, b 0; after (the day of the message included): a 10, b 30
        assert (row["spend_before"], row["spend_after"], row["difference"]) == (5, 20, 15)
        assert (row["active_before"], row["active_after"]) == (0.5, 1.0)


class TestIntervals:
    @pytest.mark.parametrize(("hits", "trials"), [(0, 12), (3, 10), (50, 60)])
    def test_wilson_is_the_formula(self, hits: int, trials: int) -> None:
        z, share = 1.959963984540054, hits / trials
        centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
        half = z / (1 + z**2 / trials) * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
        low, high = wilson(np.array([hits]), np.array([trials]), 0.95)
        assert low[0] == pytest.approx(centre - half, abs=1e-12)
        assert high[0] == pytest.approx(centre + half, abs=1e-12)

    def test_no_trials_no_interval(self) -> None:
        low, high = wilson(np.array([0.0]), np.array([0.0]), 0.95)
        assert np.isnan(low[0])
        assert np.isnan(high[0])

    def test_benjamini_hochberg_by_hand(self) -> None:
        # sorted: .01 * 4/1 = .04, .02 * 4/2 = .04, .03 * 4/3 = .04, .5 * 4/4 = .5
        q = benjamini_hochberg(np.array([0.02, 0.5, np.nan, 0.01, 0.03]))
        assert q[[0, 1, 3, 4]] == pytest.approx([0.04, 0.5, 0.04, 0.04])
        assert np.isnan(q[2])

    def test_effective_numbers(self) -> None:
        assert effective_number(np.ones(8)) == pytest.approx(8)
        assert effective_number(np.array([1.0, 0.0])) == pytest.approx(1)
        # every member repeats the same answer five times: five trials carry as much as one
        hits, trials = np.array([5.0] * 10 + [0.0] * 10), np.full(20, 5.0)
        assert clustered_number(hits, trials) == pytest.approx(20)

    def test_rate_ratio_covers_and_is_symmetric(self) -> None:
        row = rate_ratio(np.array([20]), np.array([100.0]), np.array([10]), np.array([100.0]), 0.95).iloc[0]
        assert row["ratio"] == pytest.approx(2)
        # exact conditional interval of 20 against 10, from the Clopper-Pearson bounds of 20/30
        assert row["ratio_low"] == pytest.approx(0.8929, abs=2e-3)
        assert row["ratio_high"] == pytest.approx(4.786, abs=5e-2)


@pytest.mark.parametrize("blocks", [1, 2, 7])
def test_counts_of_blocks_of_members_add_up_to_those_of_all(
    random_shop: Callable[..., Any], params: Params, blocks: int
) -> None:
    history = random_shop(140, seed=3, leave=0.04).history
    parts = [of_members(history, kept) for kept in np.array_split(np.arange(140), blocks)]
    settings = params.retention

    def counted(some: History) -> list[pd.DataFrame]:
        rates = retention_rates(some, 0.95, 0).query("basis == 'members'")
        sizes = stage_sizes(some, stage_matrix(some, settings), 0)
        triangle = cohort_triangle(some, 0.95, 0)
        return [
            rates.groupby(["measure", "period_kind", "period"])[["numerator", "denominator"]].sum(),
            triangle.groupby(["cohort", "age_months"])[["size", "present", "active"]].sum(),
            sizes.groupby(["on", "stage"])[["members"]].sum(),
        ]

    whole = counted(history)
    assert all(len(table) > 20 and table.to_numpy().sum() > 100 for table in whole)
    for table, *others in zip(whole, *map(counted, parts), strict=True):
        summed = pd.concat(others).groupby(level=[0, *range(1, table.index.nlevels)]).sum()
        pd.testing.assert_frame_equal(summed, table, check_exact=True)
