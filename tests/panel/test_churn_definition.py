"""Churn definitions: worked by hand, and against a day-by-day walk through random tables."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from whychurn.contract.errors import WhychurnError
from whychurn.contract.tables import INTERACTIONS
from whychurn.panel.churn_definition import choose_threshold

DAY = pd.Timedelta(days=1)
START, END = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")


def order(member, day):
    return {
        "order_id": f"{member}{day}",
        "member_id": member,
        "ordered_at": f"2024-{day} 15:30",
        "amount": 10.0,
    }


def term(member, starts, ends, **more):
    key = f"{member}{starts}"
    return {
        "membership_id": key,
        "member_id": member,
        "plan": "p",
        "starts_on": starts,
        "ends_on": ends,
        **more,
    }


def days(frame, *columns):
    return [
        tuple(None if pd.isna(v) else str(v)[:10] for v in row) for row in frame[list(columns)].to_numpy()
    ]


def test_inactivity_with_a_return(tables_of, params_with, panel_of):
    tables = tables_of(
        members=[{"member_id": "a", "joined_on": "2024-01-10"}],
        orders=[order("a", day) for day in ("01-10", "02-09", "05-01", "12-20")],
    )
    made = panel_of(tables, params_with(churn="inactivity", activity="orders", threshold_days=60))
    # 9 Feb + 60 = 9 Apr; 1 May + 60 = 30 June; 20 Dec + 60 lies after the data
    assert days(made.churn.spells, "started_on", "last_active_on", "ended_on", "returned_on") == [
        ("2024-01-10", "2024-02-09", "2024-04-09", "2024-05-01"),
        ("2024-05-01", "2024-05-01", "2024-06-30", "2024-12-20"),
        ("2024-12-20", "2024-12-20", None, None),
    ]
    main = made.churn.churners[made.churn.churners["is_main"]]
    assert days(main, "left_on", "returned_on") == [
        ("2024-04-09", "2024-05-01"),
        ("2024-06-30", "2024-12-20"),
    ]
    # 82 days of silence are no leaving at 90 days, 233 are
    longer = made.churn.churners[made.churn.churners["definition"] == "inactivity_90d"]
    assert days(longer, "left_on", "last_active_on") == [("2024-07-30", "2024-05-01")]


def test_a_silence_of_exactly_the_threshold_is_no_leaving(tables_of, params_with, panel_of):
    tables = tables_of(
        members=[{"member_id": m, "joined_on": "2024-03-01"} for m in "ab"],
        orders=[order("a", "03-01"), order("a", "03-31"), order("b", "03-01"), order("b", "04-01")],
    )
    made = panel_of(tables, params_with(churn="inactivity", activity="orders", threshold_days=30))
    first = made.churn.churners.query("is_main").groupby("member_id")["left_on"].min()
    assert first["a"] == pd.Timestamp("2024-04-30")  # 31 March + 30
    assert first["b"] == pd.Timestamp("2024-03-31")  # came a day too late


def test_terms_with_grace_gap_and_overlap(tables_of, params_with, panel_of):
    tables = tables_of(
        members=[{"member_id": m, "joined_on": "2024-01-01"} for m in "abcd"],
        memberships=[
            term(
                "a", "2024-01-01", "2024-03-31", cancelled_on="2024-02-01"
            ),  # cancelling ends nothing before its day
            term("a", "2024-04-30", "2024-06-30"),  # renewed on the last day of grace
            term("b", "2024-01-01", "2024-03-31"),
            term("b", "2024-05-01", "2025-04-30"),  # a day too late: gone, and back
            term("c", "2024-01-01", "2024-12-31"),  # the longer of two overlapping terms counts
            term("c", "2024-02-01", "2024-02-28"),
        ],
    )
    made = panel_of(tables, params_with(churn="auto", grace_days=30))
    assert made.churn.main.name == "terms_30d"
    main = made.churn.churners[made.churn.churners["is_main"]]
    assert days(main, "member_id", "left_on", "returned_on") == [
        ("a", "2024-07-30", None),
        ("b", "2024-04-30", "2024-05-01"),
    ]
    assert set(made.churn.spells["member_id"]) == {
        "a",
        "b",
        "c",
    }  # who never had a term cannot fail to renew it


def test_without_grace_contiguous_terms_are_one_stay(tables_of, params_with, panel_of):
    tables = tables_of(
        members=[{"member_id": "a", "joined_on": "2024-01-01"}],
        memberships=[term("a", "2024-01-01", "2024-01-31"), term("a", "2024-02-01", "2024-02-29")],
    )
    made = panel_of(tables, params_with(grace_days=0))
    assert days(made.churn.spells, "last_active_on", "ended_on") == [
        ("2024-02-29", "2024-03-02")
    ]  # on the morning of 1 March a renewal could still come


def test_members_from_before_the_data_enter_when_first_seen(tables_of, params_with, panel_of):
    tables = tables_of(
        members=[{"member_id": m, "joined_on": "2023-06-01"} for m in "ab"], orders=[order("a", "02-20")]
    )
    made = panel_of(tables, params_with(activity="orders", churn="inactivity", threshold_days=60))
    a, b = (made.churn.spells.set_index("member_id").loc[m] for m in "ab")
    assert (a["started_on"], a["entered_on"]) == (pd.Timestamp("2023-06-01"), pd.Timestamp("2024-02-20"))
    assert b["ended_on"] == pd.Timestamp("2023-07-31")  # never active: the clock runs from joining
    assert set(made.panel["member_id"]) == {"a"}


def walk(present: set[pd.Timestamp], wait: int) -> list[tuple]:
    """(entered, last, left, returned) of each stay, one day at a time."""
    stays: list[list] = []
    last, gone = None, True
    day = min(present)
    while day <= END:
        if day in present:
            if gone:
                if stays:
                    stays[-1][3] = day
                stays.append([day, day, None, None])
                gone = False
            last = day
            stays[-1][1] = day
        elif not gone and day == last + wait * DAY:
            stays[-1][2], gone = day, True
        day += DAY
    return [tuple(stay) for stay in stays]


@settings(
    max_examples=4,
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(["terms", "inactivity"]))
def test_definitions_agree_with_a_day_by_day_walk(seed, kind, random_tables, params_with, panel_of):
    tables = random_tables(seed, members=12, absent=0)
    made = panel_of(tables, params_with(churn=kind, activity="any", threshold_days=45, grace_days=30))
    names = {"inactivity": (45, 30, 68), "terms": (30, 20, 45)}[kind]
    found = made.churn.churners
    for member in tables["members"].to_dict("records"):
        present = days_present(tables, member, kind)
        for wait in names:
            expected = walk(present, wait) if present else []
            mine = found[
                (found["member_id"] == member["member_id"]) & (found["definition"] == f"{kind}_{wait}d")
            ]
            columns = ["last_active_on", "left_on", "returned_on"]
            got = [
                tuple(None if pd.isna(v) else pd.Timestamp(v) for v in row)
                for row in mine[columns].to_numpy()
            ]
            assert got == [stay[1:] for stay in expected if stay[2] is not None], member["member_id"]


def days_present(tables, member, kind):
    def mine(table):
        return tables[table][tables[table]["member_id"] == member["member_id"]]

    if kind == "terms":
        terms = mine("memberships")
        spans = zip(terms["starts_on"], terms["ends_on"], strict=True)
        return {day for a, b in spans for day in pd.date_range(a, max(a, b)) if day <= END}
    acts = set(mine("orders")["ordered_at"].dt.normalize())
    events = mine("events")
    acts |= set(events.loc[events["event_type"].isin(INTERACTIONS), "occurred_at"].dt.normalize())
    if not acts or member["joined_on"] >= START:
        acts.add(member["joined_on"])
    return acts


def test_the_threshold_comes_from_the_data(tables_of, params_with, panel_of):
    # 40 members buy every 50 days all year, 40 others stop for good after three orders 20 days apart
    steady = [f"s{n}" for n in range(40)]
    gone = [f"g{n}" for n in range(40)]
    orders = [order(m, f"{START + k * 50 * DAY:%m-%d}") for m in steady for k in range(8)]
    orders += [order(m, f"{START + k * 20 * DAY:%m-%d}") for m in gone for k in range(3)]
    tables = tables_of(members=[{"member_id": m, "joined_on": START} for m in steady + gone], orders=orders)
    made = panel_of(tables, params_with(churn="inactivity", activity="orders", threshold_days="auto"))
    curve = made.churn.curve.set_index("threshold_days")
    # at 30 days: each of the steady lapses after 7 orders and is back 20 days later; the 40 gone never come
    assert curve.loc[30, "returned"] == 40 * 7 and curve.loc[30, "followed"] == 40 * 7 + 40
    assert curve.loc[60, "return_share"] == 0
    assert made.churn.main.name == "inactivity_60d" and list(curve.index[curve["chosen"]]) == [60]


def test_a_threshold_judged_by_too_few_is_passed_over():
    curve = pd.DataFrame(
        {"threshold_days": [30, 60, 90], "followed": [100, 100, 3], "return_share": [0.4, 0.2, 0.0]}
    )
    assert choose_threshold(curve, 0.1, 30, 730) == 60  # none is safe: the longest that can be judged
    assert choose_threshold(curve, 0.3, 30, 730) == 60
    assert choose_threshold(curve, 0.1, 1000, 730) == 30
    assert choose_threshold(curve, 0.1, 30, 59) == 30  # a short history leaves no time for a long wait


def test_rare_buyers_are_not_called_gone_after_the_shortest_silence():
    """Shares as in a shop whose customers buy twice a year: 30 days look best, and everybody would be gone."""
    shares = {30: 0.17, 60: 0.19, 90: 0.20, 120: 0.19, 180: 0.17}
    curve = pd.DataFrame({"threshold_days": shares.keys(), "followed": 1000, "return_share": shares.values()})
    assert choose_threshold(curve, 0.1, 30, 136) == 120


def test_a_table_that_is_asked_for_must_hold_something(tables_of, params_with, panel_of):
    tables = tables_of(members=[{"member_id": "a", "joined_on": "2024-01-10"}], orders=[order("a", "02-01")])
    with pytest.raises(WhychurnError, match="memberships"):
        panel_of(tables, params_with(churn="terms"))
    with pytest.raises(WhychurnError, match="events"):
        panel_of(tables, params_with(activity="events"))


def test_who_comes_back_as_the_wait_runs_out_is_not_at_risk_on_that_day(tables_of, params_with, panel_of):
    """1 August is 60 days after 2 June; on that morning the one who returns looks like the one who does not."""
    tables = tables_of(
        members=[{"member_id": m, "joined_on": "2024-03-01"} for m in "abc"],
        orders=[
            *(order(m, day) for m in "abc" for day in ("03-01", "04-20", "06-02")),
            order("a", "08-01"), order("c", "07-31"),
        ],
    )  # fmt: skip
    made = panel_of(
        tables, params_with(churn="inactivity", activity="orders", threshold_days=60, warmup_days=60)
    )
    left = made.churn.churners.query("is_main").set_index("member_id")["left_on"]
    assert left["b"] == pd.Timestamp("2024-08-01") and left["a"] == pd.Timestamp("2024-09-30")
    august = made.panel[made.panel["as_of"] == "2024-08-01"]
    assert august["member_id"].tolist() == ["c"]
    september = made.panel[made.panel["as_of"] == "2024-09-01"].set_index("member_id")
    assert september.index.tolist() == ["a", "c"] and september.loc["a", "spell_no"] == 1


def test_contiguous_terms_without_grace_keep_everybody_at_risk(tables_of, params_with, panel_of):
    terms = [
        {"membership_id": str(n), "member_id": "a", "plan": "p", "starts_on": start, "ends_on": end}
        for n, (start, end) in enumerate([("2024-01-01", "2024-04-30"), ("2024-05-01", "2024-08-31")])
    ]
    tables = tables_of(members=[{"member_id": "a", "joined_on": "2024-01-01"}], memberships=terms)
    made = panel_of(tables, params_with(churn="terms", grace_days=0, warmup_days=60))
    assert "2024-05-01" in set(made.panel["as_of"].dt.strftime("%Y-%m-%d"))
