"""Under a constant hazard nothing stands out, whatever the rhythm of orders or the lengths of terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params
from whychurn.retention.before_churn.chances_to_leave import Chances, chances_to_leave
from whychurn.retention.before_churn.hazard_peaks import hazard_peaks
from whychurn.retention.rates.rates_by_period import retention_rates
from whychurn.stats.constant_hazard import expected_leavings

START, DAYS, WAIT = pd.Timestamp("2023-01-01"), 730, 60
SPAN = ("2023-01-01", "2024-12-30")


def at(day: float) -> str:
    return f"{START + pd.Timedelta(days=int(day)):%Y-%m-%d}"


def orders_every(
    seed: int, low: float, high: float, leap: float = 0.0
) -> tuple[dict[str, str], list[Any], list[Any]]:
    """Members who order every `low` to `high` days and leave at a constant rate; `leap`: share that leaves on day 180."""
    rng = np.random.default_rng(seed)
    people, orders, gaps = {}, [], []
    for number in range(500):
        member, joined = f"m{number:04d}", int(rng.integers(0, 400))
        until = joined + rng.exponential(250)
        if rng.random() < leap:
            until = min(until, joined + 180)
        people[member], day = at(joined), float(joined)
        while day <= min(until, DAYS - 1):
            orders.append(
                {"order_id": f"{member}-{day}", "member_id": member, "ordered_at": at(day), "amount": 10.0}
            )
            last, day = int(day), day + rng.uniform(low, high)
        if last + WAIT <= DAYS - 1:
            gaps.append((member, at(last), at(last + WAIT), None))
    return people, orders, gaps


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("low", "high"), [(30, 30.01), (26, 30), (2, 24)])
def test_no_node_from_the_rhythm_of_orders(
    seed: int, low: float, high: float, make_programme: Callable[..., Any], params: Params
) -> None:
    people, orders, gaps = orders_every(seed, low, high)
    history = make_programme(people, SPAN, gaps, definition=f"inactivity_{WAIT}d", orders=orders).history
    nodes = hazard_peaks(history, {}, params, 5)
    assert not nodes["is_node"].any()


def test_a_moment_at_which_many_leave_is_found(make_programme: Callable[..., Any], params: Params) -> None:
    people, orders, gaps = orders_every(1, 2, 24, leap=0.4)
    history = make_programme(people, SPAN, gaps, definition=f"inactivity_{WAIT}d", orders=orders).history
    nodes = hazard_peaks(history, {}, params, 5)
    found = nodes[nodes["is_node"] & nodes["clock"].eq("tenure")]
    assert len(found) and found["bin_start"].between(150, 185).all()


def terms_of(lengths: list[int], seed: int) -> tuple[dict[str, str], list[Any], list[Any]]:
    rng = np.random.default_rng(seed)
    people, terms, gaps = {}, [], []
    for number in range(600):
        member, joined, length = f"m{number:04d}", int(rng.integers(0, 300)), lengths[number % len(lengths)]
        until, day = joined + rng.exponential(250), joined
        people[member] = at(joined)
        while day <= min(until, DAYS - 1):
            terms.append({"membership_id": f"{member}-{day}", "member_id": member, "plan": f"{length}", "starts_on": at(day), "ends_on": at(day + length - 1)})  # fmt: skip
            day += length
        if day - 1 + 30 <= DAYS - 1:
            gaps.append((member, at(day - 1), at(day + 29), None))
    return people, terms, gaps


@pytest.mark.parametrize("lengths", [[30], [365], [30, 90, 365]])
@pytest.mark.parametrize("seed", range(2))
def test_days_on_which_terms_fall_due_are_no_nodes(
    lengths: list[int], seed: int, make_programme: Callable[..., Any], params: Params
) -> None:
    people, terms, gaps = terms_of(lengths, seed)
    history = make_programme(
        people, SPAN, gaps, definition="terms_30d", activity="memberships", memberships=terms
    ).history
    assert not hazard_peaks(history, {}, params, 5)["is_node"].any()
    found = chances_to_leave(history)
    assert found is not None and found.expected.sum() == pytest.approx(found.taken.sum())


def test_expected_leavings_follow_the_length() -> None:
    length = np.array([30.0] * 100 + [365.0] * 100)
    taken = np.zeros(200, bool)
    taken[:10] = taken[100:160] = True
    chance = expected_leavings(length, taken)
    assert chance.sum() == pytest.approx(70) and chance[150] > 5 * chance[0]
    assert expected_leavings(length, np.zeros(200, bool)).sum() == 0
    assert expected_leavings(length, np.ones(200, bool)).sum() == 200


def test_a_leaving_on_terms_counts_in_the_month_in_which_the_term_ended(
    make_programme: Callable[..., Any],
) -> None:
    ends = {"a": "2024-05-31", "b": "2024-05-02", "c": "2024-06-01", "d": "2024-12-31"}
    terms = [
        {"membership_id": m, "member_id": m, "plan": "p", "starts_on": "2024-01-01", "ends_on": end}
        for m, end in ends.items()
    ]
    gaps = [
        (m, end, f"{pd.Timestamp(end) + pd.Timedelta(days=30):%Y-%m-%d}", None)
        for m, end in ends.items()
        if m != "d"
    ]
    people = dict.fromkeys(ends, "2024-01-01")
    programme = make_programme(people, ("2024-01-01", "2024-12-31"), gaps, definition="terms_30d", activity="memberships", memberships=terms)  # fmt: skip
    rates = retention_rates(programme.history, 0.95, min_cell=1)
    months = rates[
        (rates["measure"] == "churn") & (rates["basis"] == "members") & (rates["period_kind"] == "month")
    ]
    counts = months.set_index("period")["numerator"]
    assert (
        counts["2024-05-01"] == 2
        and counts["2024-06-01"] == 1
        and counts.drop(["2024-05-01", "2024-06-01"]).sum() == 0
    )
    last = months.set_index("period")["partial"]
    assert last["2024-12-01"] and not last["2024-10-01"]  # in December the days of grace are not over


def test_who_never_held_a_term_is_no_member(make_programme: Callable[..., Any]) -> None:
    terms = [
        {"membership_id": "1", "member_id": "a", "plan": "p", "starts_on": "2024-01-01", "ends_on": None}
    ]
    programme = make_programme({"a": "2024-01-01", "b": "2024-01-01"}, ("2024-01-01", "2024-12-31"), [], definition="terms_30d", activity="memberships", memberships=terms)  # fmt: skip
    programme.spells = programme.spells[programme.spells["member_id"] == "a"]
    rates = retention_rates(programme.history, 0.95, min_cell=1)
    assert set(rates.loc[rates["measure"] == "churn", "members"]) == {1}
    assert not (rates["measure"] == "renewal").any()  # a running term does not fall due


def test_the_chances_of_terms_by_hand(make_programme: Callable[..., Any]) -> None:
    """Of two terms of 30 days whose outcome is known one ended a stay: a half each; days of grace of the others run."""
    spans = [
        ("a", "2024-01-01", "2024-01-30"),
        ("b", "2024-02-01", "2024-03-01"),
        ("b", "2024-03-02", "2024-12-31"),
        ("c", "2024-12-01", "2024-12-30"),
    ]
    terms = [
        {"membership_id": str(n), "member_id": m, "plan": "p", "starts_on": first, "ends_on": last}
        for n, (m, first, last) in enumerate(spans)
    ]
    programme = make_programme(
        dict.fromkeys("abc", "2024-01-01"), ("2024-01-01", "2024-12-31"), [("a", "2024-01-30", "2024-02-29", None)],
        definition="terms_30d", activity="memberships", memberships=terms,
    )  # fmt: skip
    found = chances_to_leave(programme.history)
    ends = np.array(["2024-01-30", "2024-03-01"], "datetime64[D]").astype(int)
    right = Chances(np.array([0, 1]), ends, np.array([True, False]), np.array([0.5, 0.5]))
    assert found is not None
    for name, values in vars(right).items():
        assert getattr(found, name) == pytest.approx(values), name


def test_where_terms_have_no_end_a_stay_could_end_on_any_day(make_programme: Callable[..., Any]) -> None:
    terms = [
        {"membership_id": m, "member_id": m, "plan": "p", "starts_on": "2024-01-01", "ends_on": end}
        for m, end in (("a", None), ("b", None), ("c", "2024-05-31"))
    ]
    programme = make_programme(
        dict.fromkeys("abc", "2024-01-01"), ("2024-01-01", "2024-12-31"), [],
        definition="terms_30d", activity="memberships", memberships=terms,
    )  # fmt: skip
    assert chances_to_leave(programme.history) is None
