"""What is done about drifts, bends and collinear covariates: against libraries and planted truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, CoxTimeVaryingFitter
from lifelines.datasets import load_rossi
from lifelines.statistics import proportional_hazard_test
from statsmodels.stats.outliers_influence import variance_inflation_factor

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.newton import Newton
from whychurn.survival.cox.regression import fit_cox
from whychurn.survival.cox.schoenfeld import joint_schoenfeld_p, non_proportional, schoenfeld_test
from whychurn.survival.cox.splines import improves_bic, spline_basis, spline_knots
from whychurn.survival.cox.time_varying_effects import add_tenure_terms, split_at_bands, tenure_clock
from whychurn.survival.hazard_ratios.collinearity import (
    condition_number,
    correlations,
    drop_collinear,
    variance_inflation,
)
from whychurn.survival.hazard_ratios.covariates import Term

COX = load_params(StudyPaths(PROJECT)).survival.cox
HOW = Newton(COX.ridge, COX.tolerance, COX.max_steps, COX.threads)
QUANTILES = (0.1, 0.9)


def rossi() -> tuple[pd.DataFrame, StartStop]:
    frame = load_rossi()
    terms = [name for name in frame if name not in ("week", "arrest")]
    data = StartStop(
        tuple(terms), frame[terms].to_numpy(float), np.zeros(len(frame)), frame["week"].to_numpy(float),
        frame["arrest"].to_numpy(float),
    )  # fmt: skip
    return frame, data


def drifting(n: int, slope: float, seed: int) -> StartStop:
    """Log hazard of x: 0.5 + slope * log(day / 100), drawn day by day in steps of ten; z holds for the whole stay."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=n), rng.normal(size=n)
    stop, event, alive = np.full(n, 400.0), np.zeros(n), np.ones(n, bool)
    for day in range(10, 401, 10):
        hazard = 0.03 * np.exp((0.5 + slope * np.log(day / 100)) * x + 0.4 * z)
        gone = alive & (rng.random(n) < 1 - np.exp(-hazard))
        stop[gone], event[gone], alive = day, 1.0, alive & ~gone
    return StartStop(("x", "z"), np.column_stack([x, z]), np.zeros(n), stop, event, cluster=np.arange(n))


class TestProportionality:
    def test_equals_lifelines(self) -> None:
        frame, data = rossi()
        theirs = proportional_hazard_test(
            CoxPHFitter().fit(frame, "week", "arrest"), frame, time_transform="log"
        )
        found = schoenfeld_test(fit_cox(data, HOW), QUANTILES).set_index("term")
        summary = theirs.summary.reindex(found.index)
        assert found["statistic"].to_numpy() == pytest.approx(summary["test_statistic"].to_numpy(), abs=1e-4)
        assert found["p_value"].to_numpy() == pytest.approx(summary["p"].to_numpy(), abs=1e-4)

    def test_a_planted_drift_is_found_and_its_size_is_told(self) -> None:
        data = drifting(6000, -0.4, 1)
        table = schoenfeld_test(fit_cox(data, HOW), QUANTILES).set_index("term")
        ratio = table.loc["x", "late_day"] / table.loc["x", "early_day"]
        assert table.loc["x", "p_value"] < 1e-4 < table.loc["z", "p_value"]
        assert np.log(table.loc["x", "change"]) == pytest.approx(-0.4 * np.log(ratio), rel=0.25)

    def test_no_drift_rejects_at_the_nominal_rate(self) -> None:
        p = [
            schoenfeld_test(fit_cox(drifting(300, 0.0, seed), HOW), QUANTILES)["p_value"]
            for seed in range(100)
        ]
        assert 1 <= (np.concatenate(p) < 0.05).sum() <= 22  # of 200; 99.9 % of what chance gives

    def test_joint_test_of_one_term_is_its_own(self) -> None:
        fit = fit_cox(rossi()[1], HOW)
        alone = schoenfeld_test(fit, QUANTILES).set_index("term")["p_value"]
        assert joint_schoenfeld_p(fit, ["age"]) == pytest.approx(alone["age"])

    def test_a_small_change_is_no_failure_however_significant(self) -> None:
        table = pd.DataFrame({"change": [1.1, 1.6, 0.6, 1.6]})
        failed = non_proportional(table, np.array([1e-9, 1e-9, 1e-9, 0.4]), 0.05, 1.25)
        assert failed.tolist() == [False, True, True, False]


class TestTenure:
    def test_splitting_changes_nothing_without_tenure_terms(self) -> None:
        data = drifting(400, 0.0, 2)
        clock = tenure_clock(data.stop[data.event > 0], np.ones(int(data.event.sum())), 100, [50, 100, 200])
        split, source = split_at_bands(data, clock)
        assert (split.stop - split.entry).sum() == pytest.approx((data.stop - data.entry).sum())
        assert split.event.sum() == data.event.sum() and len(source) > len(data.stop)
        assert np.isin(split.entry[split.entry > 0], clock.bounds).all()
        assert fit_cox(split, HOW).coefficients == pytest.approx(fit_cox(data, HOW).coefficients, abs=1e-7)

    def test_the_moving_term_is_an_exact_cox_model(self) -> None:
        data = drifting(500, -0.4, 3)
        wide = add_tenure_terms(
            data,
            ["x"],
            tenure_clock(data.stop[data.event > 0], np.ones(int(data.event.sum())), 100, [50, 100, 200]),
        )
        frame = pd.DataFrame(wide.X, columns=list(wide.terms)).assign(
            id=wide.cluster, start=wide.entry, stop=wide.stop, event=wide.event
        )
        theirs = CoxTimeVaryingFitter().fit(
            frame, id_col="id", event_col="event", start_col="start", stop_col="stop"
        )
        fit = fit_cox(wide, HOW)
        assert fit.coefficients == pytest.approx(theirs.params_[list(wide.terms)].to_numpy(), abs=1e-4)

    def test_planted_slope_is_recovered_and_nothing_is_left_to_find(self) -> None:
        data = drifting(8000, -0.4, 4)
        fit = fit_cox(
            add_tenure_terms(
                data,
                ["x"],
                tenure_clock(data.stop[data.event > 0], np.ones(int(data.event.sum())), 100),
            ),
            HOW,
        )
        found = dict(zip(fit.terms, fit.coefficients, strict=True))
        assert found["x:tenure"] == pytest.approx(-0.4, abs=0.06)
        assert found["x"] == pytest.approx(0.5, abs=0.05)
        after = schoenfeld_test(fit, QUANTILES).set_index("term")
        assert after.loc["x", "p_value"] > 0.01 and abs(np.log(after.loc["x", "change"])) < 0.2

    def test_clock_by_hand(self) -> None:
        clock = tenure_clock(
            np.array([5.0, 10.0, 300.0, 400.0]), np.array([1.0, 3.0, 1.0, 1.0]), 20, [10, 100, 1000]
        )
        assert clock.bounds.tolist() == [10, 100]
        middle = (np.log(10) + np.log(100)) / 2  # nobody left between day 10 and day 100
        expected = [(np.log(5) + 3 * np.log(10)) / 4, middle, (np.log(300) + np.log(400)) / 2]
        assert clock.values == pytest.approx(np.array(expected) - np.log(20))
        assert clock.at(np.array([10, 11, 100, 101])) == pytest.approx(clock.values[[0, 1, 1, 2]])


class TestCurves:
    def test_straight_beyond_the_knots_smooth_inside_and_by_hand(self) -> None:
        knots = np.array([1.0, 2.0, 4.0, 6.0])
        at = np.array([-5.0, 0.0, 1.0, 7.0, 8.0, 9.0])
        bends = spline_basis(at, knots)
        assert (bends[:3] == 0).all()
        assert np.diff(bends[3:], 2, axis=0) == pytest.approx(0.0, abs=1e-12)
        x = 5.0  # ((5-1)³ - (5-4)³ (6-1)/2) / 25 and ((5-2)³ - (5-4)³ (6-2)/2) / 25
        assert spline_basis(np.array([x]), knots)[0] == pytest.approx([(64 - 2.5) / 25, (27 - 2) / 25])
        fine = np.linspace(0, 8, 8001)
        assert np.abs(np.diff(spline_basis(fine, knots), 2, axis=0)).max() < 1e-5  # no kink

    def test_a_planted_bend_earns_its_parameters_and_a_straight_line_does_not(self) -> None:
        rng = np.random.default_rng(5)
        n = 4000
        x = rng.uniform(-2, 2, n)
        for shape, bends in ((x**2, True), (x, False)):
            wait = np.ceil(rng.exponential(1 / (0.01 * np.exp(0.4 * shape))))
            data = StartStop(
                ("x",), x[:, None], np.zeros(n), np.minimum(wait, 80), (wait <= 80).astype(float)
            )
            knots = spline_knots(x)
            assert knots is not None
            more = spline_basis(x, knots)
            wide = replace(data, terms=("x", "b1", "b2"), X=np.column_stack([x, more]))
            line, curve = fit_cox(data, HOW), fit_cox(wide, HOW)
            assert improves_bic(curve.log_likelihood - line.log_likelihood, 2, line.events) == bends
            if bends:
                at = np.array([-1.5, -0.5, 0.5, 1.5])
                effect = np.column_stack([at, spline_basis(at, knots)]) @ curve.coefficients
                assert effect - effect[1] == pytest.approx(0.4 * (at**2 - 0.25), abs=0.15)

    def test_few_values_and_bunched_values_have_no_knots(self) -> None:
        assert spline_knots(np.arange(5.0), 4, 12) is None
        assert spline_knots(np.r_[np.zeros(95), np.arange(20.0)], 4, 12) is None
        skewed = spline_knots(np.r_[np.zeros(40), np.linspace(0.001, 30, 60)], 4, 12)
        assert skewed is None or len(skewed) == 3

    def test_price_of_a_parameter_is_the_log_of_the_events(self) -> None:
        assert not improves_bic(0.99 * np.log(500), 2, 500)
        assert improves_bic(1.01 * np.log(500), 2, 500)


class TestCollinearity:
    def test_factors_equal_statsmodels(self) -> None:
        rng = np.random.default_rng(6)
        a, b = rng.normal(size=(2, 500))
        X = np.column_stack([a, b, a + 0.3 * rng.normal(size=500), rng.normal(size=500)])
        design = np.column_stack([np.ones(500), X])
        theirs = [variance_inflation_factor(design, column) for column in range(1, 5)]
        assert variance_inflation(correlations(X)) == pytest.approx(theirs, rel=1e-6)
        scaled = (X - X.mean(axis=0)) / X.std(axis=0)
        assert condition_number(correlations(X)) == pytest.approx(np.linalg.cond(scaled), rel=1e-6)

    def test_exact_copies_are_infinite_and_constants_have_none(self) -> None:
        a, b = np.random.default_rng(7).normal(size=(2, 100))
        found = variance_inflation(correlations(np.column_stack([a, 2 * a + 1, b, np.ones(100)])))
        assert np.isinf(found[:2]).all() and found[2] < 1.2 and np.isnan(found[3])

    def test_the_most_inflated_gives_way_and_of_a_pair_the_later(self) -> None:
        a, b, d, noise = np.random.default_rng(8).normal(size=(4, 400))
        X = np.column_stack([a, b, a + b + 0.1 * noise, d])
        kept, table = drop_collinear([Term(n, n, "number", "") for n in "abcd"], correlations(X), 5.0)
        assert kept == ["a", "b", "d"]
        assert table.set_index("feature")["action"].to_dict() == {
            "a": "kept",
            "b": "kept",
            "c": "dropped",
            "d": "kept",
        }
        assert table["vif_after"].max() < 1.1
        pair = np.column_stack([a, d, a + 0.1 * noise])
        assert drop_collinear([Term(n, n, "number", "") for n in "abc"], correlations(pair), 5.0)[0] == [
            "a",
            "b",
        ]

    def test_levels_of_one_category_do_not_inflate_each_other(self) -> None:
        levels = np.random.default_rng(9).choice(3, 600, p=[0.02, 0.49, 0.49])
        X = np.column_stack([levels == 1, levels == 2]).astype(float)
        terms = [Term("c=1", "c", "level", "1"), Term("c=2", "c", "level", "2")]
        assert variance_inflation(correlations(X)).max() > 5
        assert drop_collinear(terms, correlations(X), 5.0)[0] == ["c"]
