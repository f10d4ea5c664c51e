"""Stages by hand, transitions that add up, losses booked where the silence began."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.codes import LIFECYCLE_STAGES
from whychurn.contract.params import Params
from whychurn.retention.lifecycle.stage_conversion import carry_over, second_purchase, stage_conversion
from whychurn.retention.lifecycle.stages_by_month import NOT_YET, lifecycle_table, stage_matrix, stage_sizes

YEAR = ("2024-01-01", "2024-12-31")


def path(history: Any, params: Params, member: str) -> list[str]:
    """Stages of a member on the first days of the months, February on."""
    row = stage_matrix(history, params.retention)[history.ids.get_loc(member)]
    return ["-" if code == NOT_YET else LIFECYCLE_STAGES[code] for code in row[1:]]


def visits(member: str, days: list[str]) -> list[dict[str, Any]]:
    return [{"member_id": member, "occurred_at": day, "event_type": "visit"} for day in days]


class TestStages:
    def test_a_life_by_orders(
        self, make_programme: Callable[..., Any], order_rows: Callable[..., Any], params: Params
    ) -> None:
        # activity is orders; 90 days, so at risk after 60.3 quiet days
        orders = order_rows("a", ["2024-02-10", "2024-04-05", "2024-11-20"])
        events = visits("a", ["2024-03-05", "2024-03-06"])
        gaps = [("a", "2024-04-05", "2024-07-04", "2024-11-20")]
        programme = make_programme({"a": "2024-01-20"}, YEAR, gaps, orders=orders, events=events)
        expected = [
            "recruited",  # 1 February
            "activated",  # 1 March: bought on 10 February
            "nurtured",  # 1 April: two visits since
            "repeat",  # 1 May: second purchase on 5 April
            "repeat",  # 1 June: 57 days quiet
            "at_risk",  # 1 July: 87 days quiet
            *["lapsed"] * 4,  # August to November
            "won_back",  # 1 December: back since 20 November
            "won_back",
        ]
        assert path(programme.history, params, "a") == expected

    def test_loyal_needs_enough_purchase_days_in_a_year(
        self, make_programme: Callable[..., Any], order_rows: Callable[..., Any], params: Params
    ) -> None:
        days = [f"2024-{month:02d}-15" for month in range(1, 13)]
        orders = [
            *order_rows("a", days),
            *order_rows("a", ["2024-01-15"]),
        ]  # two orders on one day count once
        programme = make_programme({"a": "2024-01-10"}, YEAR, [], orders=orders)
        assert path(programme.history, params, "a") == ["activated", *["repeat"] * 4, *["loyal"] * 7]

    def test_who_joined_before_the_data_has_an_unseen_past(
        self, make_programme: Callable[..., Any], order_rows: Callable[..., Any], params: Params
    ) -> None:
        programme = make_programme({"a": "2022-05-01"}, YEAR, [], orders=order_rows("a", ["2024-01-15"]))
        assert path(programme.history, params, "a")[0] == "repeat"

    def test_a_life_by_terms(self, make_programme: Callable[..., Any], params: Params) -> None:
        terms = [
            {
                "membership_id": "1",
                "member_id": "g",
                "plan": "m",
                "starts_on": "2024-01-15",
                "ends_on": "2024-04-14",
            },
            {
                "membership_id": "2",
                "member_id": "g",
                "plan": "m",
                "starts_on": "2024-04-15",
                "ends_on": "2024-07-14",
            },
        ]
        events = visits(
            "g", ["2024-02-03", "2024-03-03", "2024-04-20", "2024-05-20", "2024-06-20", "2024-07-10"]
        )
        gaps = [("g", "2024-07-14", "2024-08-13", None)]
        programme = make_programme(
            {"g": "2024-01-15"},
            YEAR,
            gaps,
            definition="terms_30d",
            activity="memberships",
            memberships=terms,
            events=events,
        )
        expected = [
            "recruited",  # 1 February
            "activated",  # 1 March: first use
            "nurtured",  # 1 April
            "repeat",  # 1 May: renewed
            "repeat",
            "repeat",
            "at_risk",  # 1 August: the term is over, grace still runs
            *["lapsed"] * 5,
        ]
        assert path(programme.history, params, "g") == expected


class TestMoves:
    def test_transition_shares_sum_to_one(self, random_shop: Callable[..., Any], params: Params) -> None:
        history = random_shop(300, 3, 0.05).history
        stages = stage_matrix(history, params.retention)
        frame = lifecycle_table(history, stages, 0.95, min_cell=1)
        key = frame["month"].dt.strftime("%Y-%m").fillna("pooled")
        sums = frame.groupby([key, frame["from_stage"]])["rate"].sum()
        assert len(sums) > 50
        assert sums.to_numpy() == pytest.approx(np.ones(len(sums)))
        months = frame[frame["month"].notna()].groupby("month")["members"].sum()
        for month, members in months.items():
            edge = int(
                np.searchsorted(
                    history.edges, pd.Timestamp(month).to_datetime64().astype("datetime64[D]").astype(int)
                )
            )
            assert members == (stages[:, edge] >= 0).sum()

    def test_every_member_has_one_stage(self, random_shop: Callable[..., Any], params: Params) -> None:
        history = random_shop(200, 4, 0.05).history
        sizes = stage_sizes(history, stage_matrix(history, params.retention), min_cell=1)
        totals = sizes.groupby("on")["share"].sum()
        assert totals.iloc[6:].to_numpy() == pytest.approx(np.ones(len(totals) - 6))

    def test_small_moves_are_blank(self, random_shop: Callable[..., Any], params: Params) -> None:
        history = random_shop(120, 5, 0.05).history
        frame = lifecycle_table(history, stage_matrix(history, params.retention), 0.95, min_cell=10)
        shown = frame["members"].dropna()
        assert shown.ge(10).all()
        assert frame.loc[frame["suppressed"], ["members", "rate", "low", "high"]].isna().all(axis=None)
        assert frame["suppressed"].any()


class TestSteps:
    def test_silence_belongs_to_the_stage_before(self) -> None:
        code = {name: number for number, name in enumerate(LIFECYCLE_STAGES)}
        names = ["recruited", "activated", "at_risk", "at_risk", "lapsed", "won_back", "at_risk"]
        carried = carry_over(np.array([[code[name] for name in names]], dtype=np.int8))[0]
        expected = ["recruited", "activated", "activated", "activated", "lapsed", "won_back", "won_back"]
        assert [LIFECYCLE_STAGES[number] for number in carried] == expected

    def test_losses_and_the_weakest_step(
        self, make_programme: Callable[..., Any], order_rows: Callable[..., Any], params: Params
    ) -> None:
        people = dict.fromkeys("abc", "2024-01-05")
        orders = [
            *order_rows("a", ["2024-01-10"], 20.0),  # lost after one purchase
            *order_rows("b", ["2024-01-10", "2024-02-20"], 100.0),  # lost after two
        ]
        gaps = [
            ("a", "2024-01-10", "2024-04-09", None),
            ("b", "2024-02-20", "2024-05-20", None),
            ("c", "2024-01-05", "2024-04-04", None),  # never bought
        ]
        history = make_programme(people, YEAR, gaps, orders=orders).history
        steps = stage_conversion(history, stage_matrix(history, params.retention), 6, 0.95, min_cell=1)
        steps = steps.set_index("stage")
        assert steps.loc[["recruited", "activated", "repeat"], "members_lost"].tolist() == [1, 1, 1]
        assert steps.loc[["recruited", "activated", "repeat"], "revenue_lost"].tolist() == [0, 20, 200]
        assert steps.index[steps["weakest"]].tolist() == ["repeat"]
        # b was activated on 1 February and moved on in a month; a was activated and lapsed
        assert (steps.loc["activated", "entered"], steps.loc["activated", "advanced"]) == (2, 1)
        assert steps.loc["activated", "lost"] == 1

    def test_second_purchase_agrees_with_a_slow_product_limit(self, random_shop: Callable[..., Any]) -> None:
        programme = random_shop(80, 6, 0.1)
        history = programme.history
        orders = programme.tables["orders"].drop_duplicates(["member_id", "ordered_at"])
        waits = []
        for _, days in orders.groupby("member_id")["ordered_at"]:
            days = sorted(days)
            if len(days) > 1:
                waits.append(((days[1] - days[0]).days, True))
            else:
                waits.append(((pd.Timestamp("2025-12-30") - days[0]).days, False))
        frame = second_purchase(history, min_cell=1, confidence=0.95).set_index("day")
        left = 1.0
        for day in sorted({wait for wait, happened in waits if happened}):
            at_risk = sum(wait >= day for wait, _ in waits)
            left *= 1 - sum(wait == day and happened for wait, happened in waits) / at_risk
            assert frame.loc[day, "share"] == pytest.approx(1 - left)
            assert frame.loc[day, "at_risk"] == at_risk
