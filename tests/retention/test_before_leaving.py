"""Event study and key nodes: silent on noise, loud on what was planted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params
from whychurn.retention.before_churn.after_triggers import trigger_logs, trigger_outcomes
from whychurn.retention.before_churn.event_study import behaviour_logs, event_study, weekly_sums
from whychurn.retention.before_churn.hazard_peaks import hazard_peaks
from whychurn.retention.before_churn.matched_controls import MatchedSets, match_controls
from whychurn.retention.member_history import log_of, of_members
from whychurn.retention.member_logs import day_numbers, log_of_members


def study(programme: Any, params: Params) -> tuple[pd.DataFrame, pd.DataFrame]:
    history = programme.history
    matched = match_controls(history, params)
    return event_study(history, behaviour_logs(history, programme.tables), matched, params, 10)


def test_the_history_of_some_is_as_if_there_were_no_others(random_shop: Callable[..., Any]) -> None:
    programme = random_shop(60, 5, 0.03)
    whole = programme.history
    kept = np.arange(0, 60, 3)
    some = set(whole.ids[kept])
    inside = {
        name: table[table["member_id"].isin(some)]
        for name, table in programme.tables.items()
        if "member_id" in table
    }
    alone = replace(
        programme,
        tables={**programme.tables, **inside},
        spells=programme.spells[programme.spells["member_id"].isin(some)],
        churners=programme.churners[programme.churners["member_id"].isin(some)],
    ).history
    found = of_members(whole, kept)
    assert list(found.ids) == list(alone.ids)
    for name in ("started", "entered", "consent"):
        np.testing.assert_array_equal(getattr(found, name), getattr(alone, name))
    for name in ("acts", "buys", "uses", "payments"):
        for part in ("member", "day", "amount"):
            np.testing.assert_array_equal(
                getattr(getattr(found, name), part), getattr(getattr(alone, name), part)
            )
    for part in ("member", "last", "left", "returned"):
        np.testing.assert_array_equal(
            getattr(found.absences[found.main], part), getattr(alone.absences[alone.main], part)
        )
    pd.testing.assert_frame_equal(found.terms, alone.terms)


def test_ids_held_once_give_the_same_log(random_shop: Callable[..., Any]) -> None:
    programme = random_shop(40, 5, 0.03)
    orders = programme.tables["orders"].assign(
        member_id=lambda rows: rows["member_id"].mask(rows.index % 7 == 0)
    )
    plain = log_of(programme.history, orders, "ordered_at")
    once = log_of(
        programme.history, orders.assign(member_id=orders["member_id"].astype("category")), "ordered_at"
    )
    assert len(plain.day) < len(orders)
    for part in ("member", "day", "amount"):
        np.testing.assert_array_equal(getattr(plain, part), getattr(once, part))
    assert set(log_of_members(plain, np.array([3, 8])).member) <= {0, 1}


class TestMatching:
    def test_controls_are_like_their_leaver(self, random_shop: Callable[..., Any], params: Params) -> None:
        history = random_shop(500, 1, 0.03).history
        matched = match_controls(history, params)
        case = pd.DataFrame({"group": matched.group, "member": matched.member, "anchor": matched.anchor})
        pairs = case[matched.is_case].merge(case[~matched.is_case], on="group", suffixes=("", "_control"))
        assert len(pairs) > 500
        assert (pairs["member"] != pairs["member_control"]).all()
        week = [(pairs[name] + 3) // 7 for name in ("anchor", "anchor_control")]
        assert (week[0] == week[1]).all()
        per_set = pairs.groupby("group").size()
        assert per_set.max() == params.retention.event_study_controls
        assert not case[~matched.is_case].duplicated(["group", "member"]).any()
        acts = set(zip(history.acts.member, history.acts.day, strict=True))
        assert all(pair in acts for pair in zip(matched.member, matched.anchor, strict=True))

    def test_controls_stay_at_least_the_waiting_time(
        self, random_shop: Callable[..., Any], params: Params
    ) -> None:
        history = random_shop(400, 2, 0.03).history
        matched = match_controls(history, params)
        gaps = history.absences[history.main]
        last = {}
        for member, day in zip(gaps.member, gaps.last, strict=True):
            last.setdefault(int(member), []).append(int(day))
        for member, anchor, is_case in zip(matched.member, matched.anchor, matched.is_case, strict=True):
            soon = [day for day in last.get(int(member), []) if anchor <= day <= anchor + gaps.threshold]
            assert bool(soon) == bool(is_case)

    def test_who_did_not_consent_is_on_neither_side(
        self, random_shop: Callable[..., Any], params: Params
    ) -> None:
        history = random_shop(300, 3, 0.03).history
        consent = np.arange(len(history.ids)) % 2 == 0
        matched = match_controls(replace(history, consent=consent), params)
        assert len(matched.member)
        assert consent[matched.member].all()


class TestEventStudy:
    def test_noise_covers_zero_about_as_often_as_it_should(
        self, random_shop: Callable[..., Any], params: Params
    ) -> None:
        """Leaving falls on members at random: nothing precedes it."""
        covered, alarms = [], 0
        for seed in range(8):
            frame, signs = study(random_shop(400, 100 + seed, 0.03), params)
            frame = frame[frame["measure"] == "purchases"]
            covered += ((frame["low"] <= 0) & (frame["high"] >= 0)).tolist()
            alarms += len(signs)
        assert 0.88 <= np.mean(covered) <= 0.99
        assert alarms <= 2  # two measures (purchases, spend) in eight worlds, 5 % each

    def test_a_planted_drop_is_found_with_its_lead(
        self, random_shop: Callable[..., Any], params: Params
    ) -> None:
        """Purchases thin out 42 days before the last one: six weeks."""
        _, signs = study(random_shop(1200, 5, 0.03, fade_days=42), params)
        row = signs.set_index("measure").loc["purchases"]
        assert row["lead_weeks"] in (5, 6)
        assert row["direction"] == "down"
        assert row["relative_change"] == pytest.approx(-0.6, abs=0.15)  # 40 % of the purchases are left

    def test_a_complaint_before_leaving_is_found(
        self, random_shop: Callable[..., Any], params: Params
    ) -> None:
        programme = random_shop(900, 6, 0.03)
        gone = programme.churners.iloc[::2]
        rows = [
            {
                "feedback_id": str(n),
                "member_id": m,
                "created_at": day - pd.Timedelta(days=5),
                "source": "complaint",
            }
            for n, (m, day) in enumerate(zip(gone["member_id"], gone["last_active_on"], strict=True))
        ]
        programme.tables["feedback"] = pd.concat([programme.tables["feedback"], pd.DataFrame(rows)])
        _, signs = study(programme, params)
        row = signs.set_index("measure").loc["complaints"]
        assert (row["lead_weeks"], row["direction"]) == (1, "up")
        assert row["effect"] == pytest.approx(0.5, abs=0.1)

    def test_weeks_are_counted_back_from_the_anchor(self, make_programme: Any, order_rows: Any) -> None:
        days = ["2024-03-01", "2024-03-07", "2024-03-08", "2024-03-14", "2024-03-15"]
        history = make_programme(
            {"a": "2024-01-01"}, ("2024-01-01", "2024-12-31"), [], orders=order_rows("a", days)
        ).history
        anchor = day_numbers(pd.Series(pd.to_datetime(["2024-03-15"])))
        matched = MatchedSets(np.array([0]), anchor, np.array([0]), np.array([True]))
        # week -1: 8 to 14 March (two); week -2: 1 to 7 March (two); the anchor day itself is left out
        assert weekly_sums(history.buys, matched, np.array([-2, -1])).tolist() == [[2.0, 2.0]]


class TestKeyNodes:
    def test_constant_risk_has_few_nodes(self, random_shop: Callable[..., Any], params: Params) -> None:
        programme = random_shop(800, 8, 0.03)
        nodes = hazard_peaks(programme.history, {}, params, 10)
        days = nodes[nodes["unit"] == "days"]
        assert len(days) > 100
        assert days["is_node"].sum() <= 3

    def test_exposure_agrees_with_a_slow_count(self, random_shop: Callable[..., Any], params: Params) -> None:
        programme = random_shop(40, 9, 0.03)
        history = programme.history
        nodes = hazard_peaks(history, {}, params, 1)
        tenure = nodes[nodes["clock"] == "tenure"].set_index("bin_start")
        gaps, exposure, events = history.absences[history.main], {}, {}
        for member in range(len(history.ids)):
            mine = sorted(
                (int(last), int(back))
                for who, last, back in zip(gaps.member, gaps.last, gaps.returned, strict=True)
                if who == member
            )
            start = int(history.entered[member])
            for last, back in [*mine, (None, None)]:
                end = last if last is not None else history.observed_until - gaps.threshold
                for day in range(start, end + 1):
                    age = day - int(history.started[member])
                    if age > 0 and start < 10**6:
                        exposure[age // 7 * 7] = exposure.get(age // 7 * 7, 0) + 1
                        events[age // 7 * 7] = events.get(age // 7 * 7, 0) + (day == last)
                start = back if back is not None else start
        for low in (0, 7, 70, 140):
            assert tenure.loc[low, "exposure"] == exposure[low]
            assert tenure.loc[low, "events"] == events[low]

    def test_a_planted_week_stands_out(self, random_shop: Callable[..., Any], params: Params) -> None:
        programme = random_shop(900, 10, 0.01)
        orders = programme.tables["orders"]
        joined = programme.tables["members"].set_index("member_id")["joined_on"]
        chosen = set(joined.index[::5])  # a fifth leaves in the eleventh week (days 70 to 76)
        age = (orders["ordered_at"] - orders["member_id"].map(joined)).dt.days
        kept = ~(orders["member_id"].isin(chosen) & (age > 73))
        orders = orders[kept]
        last = orders[orders["member_id"].isin(chosen)].groupby("member_id")["ordered_at"].max()
        gone = pd.DataFrame({"member_id": last.index, "last_active_on": last.to_numpy()})
        gone = gone.assign(left_on=gone["last_active_on"] + pd.Timedelta(days=60), returned_on=pd.NaT)
        gone = gone.assign(definition="inactivity_60d", is_main=True, spell_no=1)
        others = programme.churners[~programme.churners["member_id"].isin(chosen)]
        programme.tables["orders"], programme.churners = orders, pd.concat([others, gone])
        nodes = hazard_peaks(programme.history, {}, params, 10)
        tenure = nodes[(nodes["clock"] == "tenure") & nodes["is_node"]]
        assert 70 in tenure["bin_start"].tolist()
        assert tenure["bin_start"].between(56, 77).all()

    def test_triggers_that_do_nothing_and_that_do(
        self, random_shop: Callable[..., Any], params: Params
    ) -> None:
        programme = random_shop(900, 11, 0.03)
        generator = np.random.default_rng(0)
        orders = programme.tables["orders"]
        gone = programme.churners.sample(frac=0.5, random_state=1)
        bad = pd.DataFrame(
            {"member_id": gone["member_id"], "at": gone["last_active_on"] + pd.Timedelta(days=3)}
        )
        idle = orders.iloc[generator.choice(len(orders), 1500, replace=False)]
        events = pd.concat(
            [
                pd.DataFrame(
                    {"member_id": bad["member_id"], "occurred_at": bad["at"], "event_type": "offer_expired"}
                ),
                pd.DataFrame(
                    {
                        "member_id": idle["member_id"],
                        "occurred_at": idle["ordered_at"],
                        "event_type": "app_fault",
                    }
                ),
            ]
        )
        programme.tables["events"] = pd.concat([programme.tables["events"], events.assign(campaign_id=None)])
        history = programme.history
        rows = trigger_outcomes(history, trigger_logs(history, programme.tables), params)
        rows = rows.set_index(["clock", "bin_end"])
        assert rows.loc[("offer_expired", 30), "ratio_low"] > 2
        assert rows.loc[("app_fault", 30), "ratio_low"] < 1.1
        assert rows.loc[("app_fault", 30), "ratio_high"] > 0.95
