"""Spells as rows, curves, tests and hazards: against hand counts, libraries, and programmes whose truth is known."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from scipy import stats

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.survival.nonparametric.kaplan_meier import (
    crossing,
    kaplan_meier,
    kaplan_meier_tables,
    restricted_mean,
)
from whychurn.survival.nonparametric.kernel_hazard import kernel_hazard
from whychurn.survival.nonparametric.logrank import log_rank, logrank_by_stratum
from whychurn.survival.numbers_at_risk import (
    DaySpan,
    at_risk,
    events_by_day,
    restrict_to_span,
    supported_span,
    written_days,
)
from whychurn.survival.spell_strata import CHANGING, strata_rows, whole_members
from whychurn.survival.spells import Window, alternative_spells, profiled_members, stay_rows, with_features

SHARED = Path(os.environ.get("WHYCHURN_SHARED_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
WINDOW = Window(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31"), 60)  # followed until 2024-11-01
PARAMS = load_params(StudyPaths(PROJECT))


def spells(rows: list[tuple[str, int, str, str, str, bool]]) -> pd.DataFrame:
    names = ["member_id", "spell_no", "started_on", "entered_on", "last_active_on", "churned"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in names[2:5]})


def rows(entry: object, exit_: object, event: object, **more: object) -> pd.DataFrame:
    exit_ = np.asarray(exit_)
    frame = {"member_id": [f"m{n}" for n in range(len(exit_))], "spell_no": 1}
    return pd.DataFrame({**frame, "entry": entry, "exit": exit_, "event": event, **more})


def drawn(n: int, rate: float, last: int, late: bool, seed: int) -> pd.DataFrame:
    """Geometric stays, followed for up to `last` days; with `late` half of the members are seen from some later day on."""
    rng = np.random.default_rng(seed)
    stay = rng.geometric(rate, n)
    entry = np.where(late & (rng.random(n) < 0.5), rng.integers(1, last, n), 0)
    until = rng.integers(last // 4, last + 1, n) + entry * (entry > 0)
    kept = stay > entry
    return rows(entry[kept], np.minimum(stay, until)[kept], (stay <= until)[kept])


class TestRows:
    def test_each_kind_of_stay_by_hand(self) -> None:
        found = stay_rows(
            spells(
                [
                    ("joined", 1, "2024-03-01", "2024-03-01", "2024-03-10", True),
                    ("once", 1, "2024-03-01", "2024-03-01", "2024-03-01", True),  # never seen after joining
                    ("before", 1, "2023-10-01", "2024-01-05", "2024-02-10", True),
                    (
                        "glimpsed",
                        1,
                        "2023-10-01",
                        "2024-01-05",
                        "2024-01-05",
                        True,
                    ),  # seen on one day: truncated
                    ("gone", 1, "2023-12-20", "2023-12-20", "2023-12-20", True),  # over before the data begin
                    ("here", 1, "2024-03-01", "2024-03-01", "2024-12-30", False),
                    (
                        "quiet",
                        1,
                        "2024-03-01",
                        "2024-03-01",
                        "2024-11-20",
                        False,
                    ),  # active after the last day
                    ("back", 1, "2024-02-01", "2024-02-01", "2024-03-01", True),
                    ("back", 2, "2024-07-01", "2024-07-01", "2024-08-01", True),
                    (
                        "new",
                        1,
                        "2024-11-20",
                        "2024-11-20",
                        "2024-11-25",
                        False,
                    ),  # joined too late to be followed
                ]
            ),
            WINDOW,
        ).set_index(["member_id", "spell_no"])[["entry", "exit", "event"]]
        expected = {
            ("joined", 1): (0, 10, True),
            ("once", 1): (0, 1, True),
            ("before", 1): (97, 133, True),
            ("here", 1): (0, 246, False),
            ("quiet", 1): (0, 246, False),
            ("back", 1): (0, 30, True),
            ("back", 2): (0, 32, True),
        }
        assert {key: tuple(value) for key, value in found.iterrows()} == expected

    def test_a_stay_that_began_before_the_data_is_at_risk_from_their_first_day(self) -> None:
        term = spells([("t", 1, "2023-12-02", "2023-12-02", "2024-06-01", True)])
        assert stay_rows(term, WINDOW)[["entry", "exit"]].to_numpy().tolist() == [[30, 183]]

    def test_definitions_are_put_together_from_their_leavings(self) -> None:
        """Spells found from activity days directly, under another wait."""
        rng = np.random.default_rng(4)
        first, last = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")
        found: dict[int, list[tuple[str, int, str, str, str, bool]]] = {30: [], 60: []}
        lapses = []
        for number in range(60):
            days = np.unique(rng.integers(0, 366, 14))
            for wait, target in found.items():
                parts = np.split(days, np.flatnonzero(np.diff(days) > wait) + 1)
                for place, part in enumerate(parts):
                    start, end = (
                        first + pd.Timedelta(days=int(part[0])),
                        first + pd.Timedelta(days=int(part[-1])),
                    )
                    left = end + pd.Timedelta(days=wait) <= last
                    target.append((f"m{number}", place + 1, str(start), str(start), str(end), left))
                    if left:
                        back = parts[place + 1][0] if place + 1 < len(parts) else None
                        lapses.append((f"m{number}", f"inactivity_{wait}d", place + 1, end, back))
        churners = pd.DataFrame(
            lapses, columns=["member_id", "definition", "spell_no", "last_active_on", "returned_on"]
        )
        churners["returned_on"] = first + pd.to_timedelta(churners["returned_on"].astype(float), unit="D")
        for wait in found:
            window = Window(first, last, wait)
            direct = stay_rows(spells(found[wait]), window).sort_values(
                ["member_id", "spell_no"], ignore_index=True
            )
            built = stay_rows(alternative_spells(spells(found[60]), churners, f"inactivity_{wait}d"), window)
            pd.testing.assert_frame_equal(built, direct, check_dtype=False)

    def test_pieces_cover_the_stay_from_its_first_snapshot_and_know_only_the_past(self) -> None:
        stays = stay_rows(spells([("a", 1, "2024-03-10", "2024-03-10", "2024-05-20", True)]), WINDOW)
        snapshots = pd.to_datetime(["2024-04-01", "2024-05-01", "2024-06-01", "2024-07-01"])
        panel = pd.DataFrame({"member_id": "a", "spell_no": 1, "as_of": snapshots, "tier": list("wxyz")})
        found = with_features(stays, panel, ["tier"])
        assert found[["entry", "exit", "event", "tier"]].to_numpy().tolist() == [
            [22, 52, False, "w"],  # 31 March is day 22, so the value of 1 April holds from day 23 on
            [52, 72, True, "x"],
        ]

    def test_a_stay_is_cut_only_where_its_stratum_changes(self) -> None:
        stays = stay_rows(spells([("a", 1, "2024-03-10", "2024-03-10", "2024-07-20", True)]), WINDOW)
        snapshots = pd.date_range("2024-04-01", "2024-08-01", freq="MS")
        panel = pd.DataFrame(
            {"member_id": "a", "spell_no": 1, "as_of": snapshots, "plan": None, "age_band": None}
        )
        panel["spend_tier"] = ["w", "w", None, "w", "x"]
        people = pd.DataFrame(
            {"member_id": ["a", "b"], "joined_on": pd.Timestamp("2024-03-10"), "channel": "c"}
        )
        people = people.assign(profiling_consent=True, region="r")
        other = stays.assign(member_id="b")
        panel = pd.concat([panel, panel.assign(member_id="b", spend_tier="y")], ignore_index=True)
        found = strata_rows(pd.concat([stays, other]), people, panel, WINDOW, 6)["spend_tier"]
        rows = found[found["member_id"] == "a"]
        assert rows[["entry", "exit", "event", "stratum"]].to_numpy().tolist() == [
            [22, 83, False, "w"],  # April and May; nothing is known in June
            [113, 133, True, "w"],
        ]
        assert found[found["member_id"] == "b"][["entry", "exit", "event"]].to_numpy().tolist() == [
            [22, 133, True]
        ]

    def test_a_panel_is_joined_in_parts_of_whole_members(self) -> None:
        sizes = [3, 1, 4, 2, 5]
        panel = pd.DataFrame({"member_id": np.repeat(list("abcde"), sizes), "row": range(15)})
        parts = list(whole_members(panel, 4))
        assert len(parts) > 2 and max(map(len, parts)) <= 8
        assert all(not set(one["member_id"]) & set(other["member_id"]) for one, other in pairwise(parts))
        pd.testing.assert_frame_equal(pd.concat(parts), panel)
        assert len(list(whole_members(panel.sort_values("row", key=lambda row: row % 3), 4))) == 1, (
            "rows lie apart"
        )

    def test_one_two_and_seven_blocks_give_the_same_strata(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rng, ids = np.random.default_rng(4), [f"m{number}" for number in range(7)]
        stays = stay_rows(
            spells([(one, 1, "2024-03-10", "2024-03-10", "2024-07-20", True) for one in ids]), WINDOW
        )
        snapshots = pd.date_range("2024-04-01", "2024-08-01", freq="MS")
        panel = pd.DataFrame({"member_id": np.repeat(ids, 5), "spell_no": 1, "as_of": np.tile(snapshots, 7)})
        panel = panel.assign(**{name: rng.choice(["x", "y"], 35) for name in CHANGING})
        people = pd.DataFrame({"member_id": ids, "joined_on": pd.Timestamp("2024-03-10"), "channel": "c"})
        people = people.assign(profiling_consent=True, region="r")
        whole = strata_rows(stays, people, panel, WINDOW, 6)
        assert set(CHANGING) <= set(whole) and len(whole["plan"]) > 10
        for blocks in (2, 7):
            monkeypatch.setattr("whychurn.survival.spell_strata.AT_ONCE", 35 // blocks)
            parted = strata_rows(stays, people, panel, WINDOW, 6)
            for kind in whole:
                pd.testing.assert_frame_equal(parted[kind], whole[kind], check_exact=True)

    def test_a_tier_that_takes_long_to_reach_does_not_seem_to_protect(self) -> None:
        """Everybody leaves at one rate; half move to gold after 300 days. Immortal time would make gold look better."""
        rng = np.random.default_rng(1)
        n, started = 1500, pd.Timestamp("2024-01-01")
        stay = np.minimum(rng.geometric(1 / 200, n), 700)
        window = Window(started, started + pd.Timedelta(days=760), 60)
        stays = stay_rows(
            spells(
                [
                    (
                        f"m{i:04d}",
                        1,
                        str(started),
                        str(started),
                        str(started + pd.Timedelta(days=int(s) - 1)),
                        True,
                    )
                    for i, s in enumerate(stay)
                ]
            ),
            window,
        )
        days = pd.date_range(started, periods=25, freq="MS")
        panel = stays[["member_id", "spell_no"]].merge(pd.DataFrame({"as_of": days}), how="cross")
        gold = panel["member_id"].str[-1].astype(int).lt(5) & (panel["as_of"] >= days[10])
        panel = panel.assign(spend_tier=np.where(gold, "gold", "regular"), plan=None, age_band=None)
        members = pd.DataFrame({"member_id": stays["member_id"].unique(), "joined_on": started})
        members = members.assign(profiling_consent=True, channel="a", region="b")
        strata = strata_rows(stays, members, panel, window, 6)
        assert set(strata) == {"all", "spend_tier"}, "kinds with one stratum, or none known, are left out"
        tests = logrank_by_stratum(strata, 0.05, 10)
        assert tests["p_value"].min() > 0.01
        ever = stays["member_id"].isin(
            panel.loc[
                gold
                & (
                    panel["as_of"]
                    <= panel["member_id"]
                    .map(stays.set_index("member_id")["exit"])
                    .map(lambda days: started + pd.Timedelta(days=days))
                ),
                "member_id",
            ]
        )
        naive = log_rank(
            *(stays[c].to_numpy() for c in ("entry", "exit", "event")), ever.astype(str).to_numpy()
        )
        assert naive.p < 1e-6, "the trap is there"


class TestCurve:
    def test_without_late_entries_it_is_the_library_s(self) -> None:
        data = drawn(300, 1 / 80, 200, late=False, seed=1)
        curve = kaplan_meier(data, 1, 0.95)
        assert curve is not None
        fit = KaplanMeierFitter().fit(data["exit"], data["event"])
        expected = fit.survival_function_at_times(curve.days).to_numpy()
        assert np.allclose(curve.estimate, expected, atol=1e-12)

    def test_late_entries_by_hand(self) -> None:
        """Who enters on a day is not at risk on it: at day 5 two are at risk, at day 9 two."""
        data = rows([0, 0, 5, 0], [5, 9, 9, 7], [True, True, False, False])
        curve = kaplan_meier(data, 1, 0.95)
        assert curve is not None
        assert curve.estimate[[4, 5, 8, 9]] == pytest.approx([1, 2 / 3, 2 / 3, 1 / 3])
        assert at_risk(data["entry"].to_numpy(), data["exit"].to_numpy())[[1, 5, 6, 9]].tolist() == [
            3,
            3,
            3,
            2,
        ]

    def test_truncation_is_corrected_where_ignoring_it_misleads(self) -> None:
        data = drawn(6000, 1 / 150, 400, late=True, seed=3)
        curve = kaplan_meier(data, 30, 0.95)
        assert curve is not None
        true = (1 - 1 / 150) ** 180
        at = int(np.flatnonzero(curve.days == 180)[0])
        assert abs(curve.estimate[at] - true) < 0.02
        ignored = KaplanMeierFitter().fit(data["exit"], data["event"]).predict(180)
        assert ignored > true + 0.05

    def test_interval_covers_at_its_level_and_the_mean_s_does(self) -> None:
        true = (1 - 1 / 60) ** np.arange(101)
        inside = np.zeros((2, 300))
        for seed in range(300):
            data = drawn(120, 1 / 60, 120, late=True, seed=seed)
            curve = kaplan_meier(data, 5, 0.9)
            assert curve is not None
            zero = curve.span.first - 1  # conditional on having stayed until the curve begins
            at = 50 - zero
            inside[0, seed] = curve.low[at] <= true[50] / true[zero] <= curve.high[at]
            until = min(80, curve.span.last)
            _, low, high = restricted_mean(data, curve, until, 0.9)
            inside[1, seed] = low <= zero + true[zero:until].sum() / true[zero] <= high
        assert np.all(np.abs(inside.mean(axis=1) - 0.9) < 0.05)

    def test_mean_is_the_area_and_the_median_the_crossing(self) -> None:
        data = rows(0, [1, 2, 3, 4], True)
        curve = kaplan_meier(data, 1, 0.95)
        assert curve is not None
        assert restricted_mean(data, curve, 4, 0.95)[0] == pytest.approx(2.5)
        assert crossing(curve, 0.5)[0] == 2
        assert np.isnan(crossing(kaplan_meier(rows(0, [9, 9, 9], False), 1, 0.95), 0.5)[0])  # type: ignore[arg-type]

    def test_a_curve_begins_and_ends_with_enough_at_risk(self) -> None:
        """One early member leaves at once: without the bound the curve would stand at zero from day 2 on."""
        entry = np.r_[0, np.full(50, 20)]
        data = rows(entry, np.r_[2, np.arange(21, 71)], True)
        span = supported_span(data["entry"].to_numpy(), data["exit"].to_numpy(), 20)
        assert span == DaySpan(21, 51)
        curve = kaplan_meier(data, 20, 0.95)
        assert curve is not None and curve.estimate[0] == 1 and curve.estimate[-1] == pytest.approx(19 / 50)
        assert restrict_to_span(data, span)["exit"].max() == 51
        _, means = kaplan_meier_tables(
            {"all": data.assign(stratum="all")},
            load_params(StudyPaths(PROJECT), {"survival": {"min_at_risk": 20}}),
            10,
        )
        assert means["mean_days"].isna().all(), "no mean of a stay whose beginning nobody saw"


class TestComparison:
    def test_without_late_entries_it_is_the_library_s(self) -> None:
        data = drawn(400, 1 / 50, 120, late=False, seed=5)
        group = np.random.default_rng(0).choice(["a", "b", "c"], len(data))
        mine = log_rank(data["entry"].to_numpy(), data["exit"].to_numpy(), data["event"].to_numpy(), group)
        library = multivariate_logrank_test(data["exit"], group, data["event"])
        assert (mine.chi2, mine.p) == pytest.approx((library.test_statistic, library.p_value), rel=1e-9)

    def test_with_late_entries_it_is_the_score_test_of_a_cox_model(self) -> None:
        rng = np.random.default_rng(2)
        n = 250
        entry, group = 2 * rng.integers(0, 4000, n), rng.integers(0, 2, n)
        exit_ = entry + 1 + 2 * rng.permutation(n * 20)[:n]
        _, first = np.unique(exit_, return_index=True)  # no ties, where both statistics are the same
        entry, exit_, group = entry[first], exit_[first], group[first]
        event = rng.random(len(first)) < 0.7
        model = sm.PHReg(
            exit_.astype(float), group[:, None].astype(float), status=event, entry=entry.astype(float)
        )
        zero = np.zeros(1)
        score = model.score(zero)[0] ** 2 / -model.hessian(zero)[0, 0]
        assert log_rank(entry, exit_, event, group.astype(str)).chi2 == pytest.approx(score, rel=1e-6)

    def test_equal_groups_are_found_different_at_the_nominal_rate(self) -> None:
        p = []
        for seed in range(300):
            data = drawn(150, 1 / 50, 120, late=True, seed=seed)
            group = np.random.default_rng(seed).choice(["a", "b"], len(data))
            p.append(log_rank(*(data[c].to_numpy() for c in ("entry", "exit", "event")), group).p)
        assert stats.binomtest(int((np.array(p) < 0.05).sum()), 300, 0.05).pvalue > 0.001
        assert stats.kstest(p, "uniform").pvalue > 0.001

    def test_a_stratum_with_one_member_is_left_out_and_a_difference_is_found(self) -> None:
        one, other = drawn(300, 1 / 40, 120, False, 1), drawn(300, 1 / 80, 120, False, 2)
        lone = rows(0, [3], True)
        parts = [one.assign(stratum="one"), other.assign(stratum="other"), lone.assign(stratum="lone")]
        data = pd.concat(parts, ignore_index=True)
        data["member_id"] = [f"m{number}" for number in range(len(data))]
        table = logrank_by_stratum({"region": data}, 0.05, 10).set_index("stratum")
        assert set(table.index) == {"all", "one", "other"}
        assert table["notable"].all() and table.loc["one", "ratio"] > 1 > table.loc["other", "ratio"]
        assert table.loc["all", "df"] == 1

    def test_values_are_adjusted_within_each_family(self) -> None:
        data = drawn(900, 1 / 90, 300, late=False, seed=9)
        data["stratum"] = np.arange(len(data)) % 3
        table = logrank_by_stratum({"region": data.astype({"stratum": str})}, 0.05, 10).set_index("stratum")
        assert table.loc["all", "p_adjusted"] == table.loc["all", "p_value"], "the only test of its family"
        single = table.drop("all").sort_values("p_value")
        adjusted = np.minimum.accumulate((single["p_value"] * 3 / [1, 2, 3]).to_numpy()[::-1])[::-1]
        assert single["p_adjusted"].to_numpy() == pytest.approx(adjusted)


def test_events_and_written_days_by_hand() -> None:
    days, weights = np.array([1, 3, 3, 9]), np.array([1.0, 0.5, 1, 1])
    assert events_by_day(days, weights, 4).tolist() == [0, 1, 0, 1.5, 0], "day 9 is beyond"
    params = PARAMS.survival.model_copy(update={"curve_step_days": 4, "stay_days": [5, 90]})
    assert written_days(np.arange(2, 11), params).tolist() == [0, 2, 3, 6, 8], "days 2, 4, 5, 8 and 10"


def test_only_members_who_consented_are_profiled() -> None:
    members = pd.DataFrame({"member_id": list("abc"), "profiling_consent": [True, False, None]})
    consent = profiled_members(members.astype({"profiling_consent": "boolean"}))
    assert consent["member_id"].tolist() == ["a"]


class TestHazard:
    def test_a_constant_hazard_is_found_constant_from_the_first_day_on(self) -> None:
        data = drawn(20000, 1 / 100, 300, late=True, seed=7)
        found = kernel_hazard(data, 10, 30, 0.95, bandwidth=20)
        near = found[found["day"] < 250]
        assert np.abs(near["hazard"] - 0.01).max() < 0.0015
        assert ((near["low"] < 0.01) & (near["high"] > 0.01)).mean() > 0.85

    def test_without_leavers_it_is_zero(self) -> None:
        found = kernel_hazard(rows(0, np.full(50, 100), False), 10, 30, 0.95, bandwidth=20)
        assert found["hazard"].eq(0).all()


@pytest.mark.parametrize(
    ("data", "leavers"),
    [
        (rows(0, np.full(40, 90), False), 0),
        (rows(0, np.full(40, 90), np.arange(40) == 0), 1),
        (rows(0, np.full(40, 90), True), 40),
        (rows(np.full(3, 400), np.full(3, 420), True), 3),
        (rows([], [], []).astype({"entry": int, "exit": int, "event": bool}), 0),
    ],
    ids=["nobody leaves", "one leaves", "all leave on one day", "too few", "nobody"],
)
def test_odd_data_give_a_guarded_result(data: pd.DataFrame, leavers: int) -> None:
    curves, means = kaplan_meier_tables({"all": data.assign(stratum="all")}, PARAMS, 10)
    assert not curves["estimate"].isna().any() and curves["estimate"].between(0, 1).all()
    assert means["churn_events"].sum() == leavers
    assert logrank_by_stratum({"all": data.assign(stratum="all")}, 0.05, 10).empty
    kernel_hazard(data, 10, 30, 0.95, bandwidth=20)
    if len(curves):
        assert (curves["low"] <= curves["estimate"]).all() and (curves["estimate"] <= curves["high"]).all()


@pytest.mark.shared_data
def test_telco_by_contract_agrees_with_the_library() -> None:
    path = SHARED / "telco_ibm_basic" / "telco_basic.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here: public data are not part of the project")
    table = pd.read_csv(path)
    table = table[table["tenure"] > 0]
    data = rows(0, table["tenure"].to_numpy(), (table["Churn"] == "Yes").to_numpy())
    for contract, mine in data.groupby(table["Contract"].to_numpy()):
        curve = kaplan_meier(mine, 1, 0.95)
        assert curve is not None
        fit = KaplanMeierFitter().fit(mine["exit"], mine["event"])
        assert np.allclose(curve.estimate, fit.survival_function_at_times(curve.days), atol=1e-4), contract
    mine = log_rank(*(data[c].to_numpy() for c in ("entry", "exit", "event")), table["Contract"].to_numpy())
    library = multivariate_logrank_test(data["exit"], table["Contract"].to_numpy(), data["event"])
    assert mine.chi2 == pytest.approx(library.test_statistic, rel=1e-4)
