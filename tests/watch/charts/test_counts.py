"""Counts and figures of few members, by hand."""

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.watch.charts.alarms import chart_alarms, still_open
from whychurn.watch.charts.calendar import Calendar, study_calendar
from whychurn.watch.charts.closed_windows import area_under_curve
from whychurn.watch.charts.counts import (
    BANDS,
    Block,
    add_counts,
    count_block,
    group_names,
    risk_bands,
    sampled_rows,
    sampled_share,
)
from whychurn.watch.charts.figures import Chart, inputs_chart, leavings_chart, mix_chart, silence_chart
from whychurn.watch.charts.judged import Judged, chart_rows, find_states, judged_chart, on_scale
from whychurn.watch.leavings import P, with_causes
from whychurn.watch.limits.cusum import Run
from whychurn.watch.limits.standard import Figures, Limit

SNAPSHOTS = pd.date_range("2024-01-01", periods=5, freq="MS")


def _panel(members: int = 4) -> pd.DataFrame:
    at = np.repeat(np.arange(5), members)
    names = [f"m{one}" for one in np.tile(np.arange(members), 5)]
    return pd.DataFrame(
        {
            "member_id": pd.array(names, dtype="string"),
            "spell_no": 1,
            "as_of": SNAPSHOTS[at],
            "still_there": True,
            "days_silent": np.where(np.array(names) == "m0", 30, 3),
            "usual_gap_days": 10.0,
            "spend_tier": "gold",
            "churned_in_horizon": pd.array([False] * len(at), dtype="boolean"),
        }
    )


@pytest.fixture
def calendar() -> Calendar:
    return study_calendar(_panel(), 90, pd.Timestamp("2024-05-20"))


def _block(panel: pd.DataFrame, left: list[str]) -> Block:
    days = pd.to_datetime(["2024-04-12"] * len(left))
    causes = {f"p_{cause}": 1.0 if cause == CAUSES[0] else 0.0 for cause in CAUSES}
    leavings = pd.DataFrame({"member_id": left, "spell_no": 1, "left_on": days}).assign(**causes)
    effects = pd.DataFrame({"as_of": panel["as_of"], "visits": 0.1})
    return Block(panel, np.full(len(panel), 0.1), leavings, effects)


def test_a_leaving_is_forecast_before_its_silence_began(calendar: Calendar) -> None:
    assert calendar.lag == 3 and list(calendar.months) == list(pd.to_datetime(["2024-04-01", "2024-05-01"]))
    assert calendar.over.tolist() == [True, False]
    assert calendar.told_on[0] == pd.Timestamp("2023-12-01")


def test_counts_of_blocks_add_up_to_what_happened(calendar: Calendar) -> None:
    panel, groups = _panel(), ["all", "tier:gold"]
    whole = count_block(_block(panel, ["m1", "m2"]), calendar, groups, ["visits"], 7)
    half = panel["member_id"].isin(["m0", "m1"])
    parts = [_block(panel[half], ["m1"]), _block(panel[~half], ["m2"])]
    one, two = (count_block(part, calendar, groups, ["visits"], 7) for part in parts)
    summed = add_counts(one, two)
    assert all(np.array_equal(whole[name], summed[name]) for name in whole)
    assert whole["left"][0].sum(axis=2).tolist() == [[2, 2], [0, 0]]
    assert whole["rows"][0].sum(axis=2).tolist() == [[4, 4], [4, 4]]
    assert whole["silent"][0].tolist() == [1] * 5 and whole["present"][0].tolist() == [4] * 5
    expected = np.full((len(whole["rows"]), 2, 2), 1.0)
    assert leavings_chart(whole, expected, 0, "all").observed[:, 0].tolist() == [2, 0]
    assert mix_chart(whole, tuple(CAUSES)).observed[0].tolist() == [1, 0, 0, 0, 0, 0]
    assert silence_chart(whole).observed[:, 0].tolist() == [0.25] * 5
    reference = np.array([True, True, True, False, False])
    assert np.allclose(inputs_chart(whole, ("visits",), reference).observed, 0)


def test_bands_are_quarters_of_log_odds_and_apart_for_the_silent() -> None:
    p = np.array([0.5, 0.9999, 1e-9, np.nan, 0.5])
    bands = risk_bands(p, np.array([True, True, True, True, False]))
    assert bands.tolist() == [BANDS, BANDS, 1, 1, 0]


def test_sampled_members_are_sampled_in_every_snapshot() -> None:
    panel = _panel(400)
    assert sampled_share(panel) == 1.0
    rows = sampled_rows(panel, 0.25, 7)
    assert set(rows.groupby("as_of")["member_id"].nunique()) == {rows["member_id"].nunique()}
    assert 60 < rows["member_id"].nunique() < 140


def test_area_under_curve_counts_pairs() -> None:
    assert area_under_curve(np.array([0, 1, 1]), np.array([1, 1, 0])) == pytest.approx((1 + 0.5 + 2) / 4)
    assert np.isnan(area_under_curve(np.array([0, 0]), np.array([1, 1])))


def test_states_of_months() -> None:
    months = pd.date_range("2024-01-01", periods=16, freq="MS")
    over, enough = np.arange(16) < 15, np.arange(16) != 0
    states = find_states(months, over, enough, {months[3]: "events"})
    assert states[[0, 1, 3, 13, 14, 15]].tolist() == [
        "shown",
        "reference",
        "silenced",
        "reference",
        "judged",
        "open",
    ]
    assert (find_states(months[:5], over[:5], enough[:5], {}) == "shown").all()
    late = find_states(months, over, enough, {}, "2024-06")
    assert late.tolist() == ["shown"] * 5 + ["reference"] * 10 + ["open"]


def test_rows_and_alarm_of_a_chart_whose_limit_is_known() -> None:
    months = pd.date_range("2024-01-01", periods=14, freq="MS")
    value = np.log(np.where(np.arange(14) < 12, 1.0, 2.0))[:, None]
    people = np.where(np.arange(14) < 12, 50.0, 100.0)[:, None]
    figures = Figures(value, value[None], np.full(14, 50.0), 0.05)
    chart = Chart("leavings", ("all",), figures, people, np.full((14, 1), 50.0), people)
    states = find_states(months, np.ones(14, bool), np.ones(14, bool), {})
    judged = judged_chart(chart, months, states, 7)
    assert isinstance(judged, Judged) and isinstance(judged.limit, Limit) and isinstance(judged.run, Run)
    assert judged.limit.spread == pytest.approx(np.full((14, 1), 0.05))
    assert np.allclose(on_scale(chart, np.log(2.0) * np.ones((14, 1))), 100)
    rows = chart_rows(judged, 10)
    assert rows["state"].tolist() == ["reference"] * 12 + ["judged"] * 2
    assert rows["observed"].iloc[-1] == 100 and rows["expected"].iloc[-1] == pytest.approx(50)
    assert chart_rows(judged, 60)["observed"].isna().sum() == 12
    (alarm,) = chart_alarms(judged, 10.0, 0.95, 10)
    assert alarm["month"] == alarm["since"] == months[12]
    assert (
        alarm["size"] == pytest.approx(2)
        and alarm["members"] == pytest.approx(50)
        and alarm["cost"] == pytest.approx(500)
    )


def test_groups_are_tiers_and_plans_that_are_there():
    panel = pd.DataFrame(
        {"spend_tier": ["low", "gold", None], "plan": pd.array(["b", None, "a"], dtype="string")}
    )
    assert group_names(panel) == ["all", "tier:gold", "tier:low", "plan:a", "plan:b"]
    assert group_names(panel[["plan"]]) == ["all", "plan:a", "plan:b"]


def test_one_open_alarm_a_chart_and_group_is_told_the_last():
    alarms = pd.DataFrame(
        {
            "chart": ["leavings", "leavings", "mix", "silent"],
            "group": ["all", "all", "price", "all"],
            "month": pd.date_range("2025-01-01", periods=4, freq="MS"),
            "open": [True, True, True, False],
        }
    )
    assert still_open(alarms)["month"].dt.month.tolist() == [2, 3]


def test_leavings_without_a_told_cause_have_none():
    leavings = pd.DataFrame({"member_id": ["a", "b"], "spell_no": [1, 2]})
    told = pd.DataFrame({"member_id": ["a", "b"], "spell_no": [1, 2], "status": ["churned", "at_risk"]})
    found = with_causes(leavings, told.assign(**dict.fromkeys(P, 1 / 6)))
    assert found[P[0]].round(3).fillna(-1).tolist() == [0.167, -1]
    assert with_causes(leavings, pd.DataFrame())[P].isna().all(axis=None)
