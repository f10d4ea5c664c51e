"""The Cox solver: against lifelines, statsmodels, published figures, a jackknife and planted effects; bad input."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, CoxTimeVaryingFitter
from lifelines.datasets import load_rossi, load_stanford_heart_transplants
from statsmodels.duration.hazard_regression import PHReg

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.survival.cox.counting_process import BLOCK, StartStop, prepare_rows
from whychurn.survival.cox.newton import Newton
from whychurn.survival.cox.partial_likelihood import sum_risks
from whychurn.survival.cox.regression import CoxFit, fit_cox, hazard_ratio_table, joint_p
from whychurn.survival.cox.splines import spline_basis, spline_knots

SHARED = Path(os.environ.get("WHYCHURN_SHARED_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
COX = load_params(StudyPaths(PROJECT)).survival.cox
HOW = Newton(COX.ridge, COX.tolerance, COX.max_steps, COX.threads)


def months(members: int, seed: int, effect: tuple[float, ...] = (0.5, -0.3), day: float = 1.0) -> StartStop:
    """Monthly start-stop rows with changing covariates, late entry, and days rounded to `day` (0: no ties)."""
    rng = np.random.default_rng(seed)
    parts = []
    for member in range(members):
        begin = float(rng.integers(0, 200)) if day else rng.uniform(0, 200)
        for month in range(rng.integers(1, 12)):
            x = rng.normal(size=len(effect))
            wait = rng.exponential(1 / (0.004 * np.exp(x @ np.array(effect))))
            wait = max(np.ceil(wait / day) * day, day) if day else wait
            entry, stop = begin + 30 * month, begin + 30 * month + min(wait, 30)
            parts.append((member, entry, stop, float(wait <= 30), *x))
            if wait <= 30:
                break
    table = np.array(parts)
    terms = tuple(f"x{j}" for j in range(len(effect)))
    return StartStop(
        terms, table[:, 4:], table[:, 1], table[:, 2], table[:, 3], cluster=table[:, 0].astype(int)
    )


def time_varying(data: StartStop, strata: bool = False) -> CoxTimeVaryingFitter:
    frame = pd.DataFrame(data.X, columns=list(data.terms)).assign(
        id=data.cluster, start=data.entry, stop=data.stop, event=data.event
    )
    more = {}
    if strata:
        frame["stratum"], more = data.stratum, {"strata": ["stratum"]}
    return CoxTimeVaryingFitter().fit(
        frame, id_col="id", event_col="event", start_col="start", stop_col="stop", **more
    )


def errors(fit: CoxFit, robust: bool = False) -> np.ndarray:
    return np.sqrt(np.diag(fit.covariance if robust else fit.model_covariance))


def by_hand(X: np.ndarray, data: StartStop, beta: np.ndarray) -> float:
    """Efron's log partial likelihood, one risk set after the other."""
    score, total = X @ beta, 0.0
    for day in np.unique(data.stop[data.event > 0]):
        at_risk = (data.entry < day) & (day <= data.stop)
        gone = at_risk & (data.stop == day) & (data.event > 0)
        top = score[at_risk].max()
        for place in range(gone.sum()):
            left = place / gone.sum() * np.exp(score[gone] - top).sum()
            total -= top + np.log(np.exp(score[at_risk] - top).sum() - left)
        total += score[gone].sum()
    return total


class TestAgainstLibraries:
    def test_rossi_equals_lifelines_and_the_published_figures(self) -> None:
        rossi = load_rossi()
        terms = [name for name in rossi if name not in ("week", "arrest")]
        data = StartStop(
            tuple(terms), rossi[terms].to_numpy(float), np.zeros(len(rossi)), rossi["week"].to_numpy(float),
            rossi["arrest"].to_numpy(float),
        )  # fmt: skip
        fit, theirs = fit_cox(data, HOW), CoxPHFitter().fit(rossi, "week", "arrest")
        assert fit.coefficients == pytest.approx(theirs.params_[terms].to_numpy(), abs=1e-4)
        assert errors(fit) == pytest.approx(theirs.standard_errors_[terms].to_numpy(), abs=1e-4)
        assert fit.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-4)
        ratio = 2 * (fit.log_likelihood - fit.log_likelihood_null)
        assert ratio == pytest.approx(theirs.log_likelihood_ratio_test().test_statistic, abs=1e-3)
        published = {
            "fin": -0.37942,
            "age": -0.05744,
            "race": 0.31390,
            "prio": 0.09150,
        }  # Fox & Weisberg 2011
        found = dict(zip(fit.terms, fit.coefficients, strict=True))
        assert {name: found[name] for name in published} == pytest.approx(published, abs=1e-4)

    def test_stanford_heart_equals_lifelines_and_the_published_figures(self) -> None:
        heart = load_stanford_heart_transplants()
        terms = ["age", "year", "surgery", "transplant"]
        data = StartStop(
            tuple(terms), heart[terms].to_numpy(float), heart["start"].to_numpy(float), heart["stop"].to_numpy(float),
            heart["event"].to_numpy(float), cluster=heart["id"].to_numpy(),
        )  # fmt: skip
        fit, theirs = fit_cox(data, HOW), time_varying(data)
        assert fit.coefficients == pytest.approx(theirs.params_[terms].to_numpy(), abs=1e-4)
        assert errors(fit) == pytest.approx(theirs.standard_errors_[terms].to_numpy(), abs=1e-4)
        published = [0.02717, -0.14635, -0.63721, -0.01025]  # survival::coxph on heart, Efron
        assert fit.coefficients == pytest.approx(published, abs=1e-4)

    def test_late_entry_ties_and_strata_equal_lifelines_and_statsmodels(self) -> None:
        data = months(250, 1)
        data = replace(data, stratum=np.asarray(data.cluster) % 3)
        fit, theirs = fit_cox(data, HOW), time_varying(data, strata=True)
        assert fit.coefficients == pytest.approx(theirs.params_.to_numpy(), abs=1e-4)
        assert errors(fit) == pytest.approx(theirs.standard_errors_.to_numpy(), abs=1e-4)
        after = data.entry + 1e-6  # statsmodels counts the day of entry as at risk
        other = PHReg(data.stop, data.X, data.event, entry=after, strata=data.stratum, ties="efron").fit(
            disp=0
        )
        assert fit.coefficients == pytest.approx(other.params, abs=1e-4)
        assert errors(fit) == pytest.approx(other.bse, abs=1e-4)

    @pytest.mark.shared_data
    @pytest.mark.skipif(
        not SHARED.is_dir(), reason="the public data sets are not here (WHYCHURN_SHARED_DATA)"
    )
    def test_telco_equals_lifelines(self) -> None:
        telco = pd.read_csv(SHARED / "telco_ibm_basic" / "telco_basic.csv.gz")
        telco = telco[telco["tenure"] > 0]
        X = pd.DataFrame(
            {
                "senior": telco["SeniorCitizen"].astype(float),
                "partner": (telco["Partner"] == "Yes").astype(float),
                "charges": telco["MonthlyCharges"] / 10,
                "one_year": (telco["Contract"] == "One year").astype(float),
                "two_year": (telco["Contract"] == "Two year").astype(float),
                "paperless": (telco["PaperlessBilling"] == "Yes").astype(float),
            }
        )
        event = (telco["Churn"] == "Yes").to_numpy(float)
        data = StartStop(tuple(X), X.to_numpy(), np.zeros(len(X)), telco["tenure"].to_numpy(float), event)
        fit = fit_cox(data, HOW)
        theirs = CoxPHFitter().fit(X.assign(tenure=telco["tenure"], churn=event), "tenure", "churn")
        assert fit.coefficients == pytest.approx(theirs.params_.to_numpy(), abs=1e-4)
        assert errors(fit) == pytest.approx(theirs.standard_errors_.to_numpy(), abs=1e-4)


class TestRobust:
    def test_without_ties_equals_lifelines_clusters(self) -> None:
        rng = np.random.default_rng(3)
        n, x = 300, rng.normal(size=(300, 2))
        time = rng.exponential(np.exp(-0.5 * x[:, 0]))
        event, cluster = (rng.random(n) < 0.7).astype(float), np.repeat(np.arange(n // 3), 3)
        fit = fit_cox(StartStop(("a", "b"), x, np.zeros(n), time, event, cluster=cluster), HOW)
        frame = pd.DataFrame(x, columns=["a", "b"]).assign(time=time, event=event, cluster=cluster)
        theirs = CoxPHFitter().fit(frame, "time", "event", cluster_col="cluster")
        assert errors(fit, robust=True) == pytest.approx(theirs.standard_errors_.to_numpy(), rel=1e-3)

    def test_with_ties_and_late_entry_follows_the_jackknife_over_members(self) -> None:
        data = months(150, 4, day=10.0)
        fit = fit_cox(data, HOW)
        cluster = np.asarray(data.cluster)
        left = []
        for member in np.unique(cluster):
            kept = cluster != member
            left.append(
                fit_cox(
                    replace(data, X=data.X[kept], entry=data.entry[kept], stop=data.stop[kept], event=data.event[kept], cluster=None),
                    HOW,
                ).coefficients
            )  # fmt: skip
        moved = np.array(left) - fit.coefficients
        assert errors(fit, robust=True) == pytest.approx(np.sqrt((moved**2).sum(axis=0)), rel=0.06)

    def test_rows_written_twice_do_not_narrow_the_interval(self) -> None:
        data = months(150, 5, day=0.0)
        twice = StartStop(*(
            value if name == "terms" else None if value is None else np.concatenate([value, value])
            for name, value in vars(data).items()
        ))  # fmt: skip
        one, two = fit_cox(data, HOW), fit_cox(twice, HOW)
        assert errors(two, robust=True) == pytest.approx(errors(one, robust=True), rel=0.02)
        assert errors(two) == pytest.approx(errors(one) / np.sqrt(2), rel=0.02)

    def test_one_row_cut_in_two_changes_nothing(self) -> None:
        data = months(120, 6)
        middle = (data.entry + data.stop) / 2
        cut = StartStop(
            data.terms, np.vstack([data.X, data.X]), np.r_[data.entry, middle], np.r_[middle, data.stop],
            np.r_[np.zeros(len(middle)), data.event], cluster=np.r_[data.cluster, data.cluster],
        )  # fmt: skip
        one, two = fit_cox(data, HOW), fit_cox(cut, HOW)
        assert two.coefficients == pytest.approx(one.coefficients, abs=1e-8)
        assert errors(two, robust=True) == pytest.approx(errors(one, robust=True), rel=1e-6)


class TestPartialEvents:
    def test_half_events_give_the_same_ratios_with_twice_the_variance(self) -> None:
        data = months(200, 7, day=0.0)
        whole, half = fit_cox(data, HOW), fit_cox(replace(data, event=data.event / 2), HOW)
        assert half.coefficients == pytest.approx(whole.coefficients, abs=1e-6)
        assert half.model_covariance == pytest.approx(2 * whole.model_covariance, rel=1e-6)
        assert half.events == pytest.approx(whole.events / 2)

    def test_posteriors_of_two_causes_recover_their_own_effects(self) -> None:
        rng = np.random.default_rng(8)
        n = 6000
        x = rng.normal(size=(n, 2))
        hazard = 0.02 * np.exp(x * np.array([0.8, -0.6]))  # cause 1 acts through x0, cause 2 through x1
        time = np.ceil(rng.exponential(1 / hazard.sum(axis=1)))
        event, stop = time <= 60, np.minimum(time, 60)
        posterior = hazard / hazard.sum(axis=1, keepdims=True)
        truth = np.array([[0.8, 0.0], [0.0, -0.6]])
        for cause in range(2):
            data = StartStop(
                ("x0", "x1"), x, np.zeros(n), stop, event * posterior[:, cause], cluster=np.arange(n)
            )
            fit = fit_cox(data, HOW)
            assert fit.coefficients == pytest.approx(truth[cause], abs=0.06)

    def test_weights_above_one_count_as_that_many_events(self) -> None:
        """Inverse-probability weights: half of the leavers answer, at random; each answer counts twice."""
        data = months(900, 9)
        answered = np.random.default_rng(9).random(len(data.event)) < 0.5
        fit = fit_cox(replace(data, event=2 * data.event * answered), HOW)
        assert fit.coefficients == pytest.approx(fit_cox(data, HOW).coefficients, abs=0.15)
        table = hazard_ratio_table(fit, 0.95)
        assert ((table["low"] < np.exp([0.5, -0.3])) & (np.exp([0.5, -0.3]) < table["high"])).all()


class TestNumbers:
    def test_threads_blocks_and_single_precision_do_not_matter(self) -> None:
        rng = np.random.default_rng(10)
        n = 2 * BLOCK + 777
        x = rng.normal(size=(n, 3))
        entry = rng.integers(0, 300, n).astype(float)
        wait = np.ceil(rng.exponential(1 / (0.002 * np.exp(0.4 * x[:, 0]))))
        data = StartStop(
            ("a", "b", "c"), x, entry, entry + np.minimum(wait, 30), (wait <= 30).astype(float),
            stratum=rng.integers(0, 4, n), cluster=np.arange(n) // 5,
        )  # fmt: skip
        one = fit_cox(data, HOW)
        for threads in (2, 7):
            other = fit_cox(data, replace(HOW, threads=threads))
            assert (one.coefficients == other.coefficients).all()
            assert (one.covariance == other.covariance).all()
        single = fit_cox(replace(data, X=x.astype(np.float32)), HOW)
        assert single.coefficients == pytest.approx(one.coefficients, abs=1e-6)

    def test_far_away_and_tiny_covariates(self) -> None:
        data = months(200, 11)
        plain = fit_cox(data, HOW)
        moved = fit_cox(replace(data, X=data.X * np.array([1.0, 1e-6]) + np.array([1e6, 0.0])), HOW)
        assert moved.coefficients == pytest.approx(plain.coefficients * np.array([1.0, 1e6]), rel=1e-5)

    def test_one_very_risky_row_does_not_spoil_the_sums_after_it(self) -> None:
        data = months(200, 12)
        X, beta = data.X.copy(), np.array([1.0, -0.3])
        X[0] = [25.0, 0.0]
        rows = prepare_rows(replace(data, X=X))
        found = sum_risks(rows, beta * rows.scale, 1).log_likelihood
        assert found == pytest.approx(by_hand(X, data, beta), abs=1e-4)

    def test_a_warm_start_leads_to_the_same_place(self) -> None:
        data = months(200, 13)
        cold = fit_cox(data, HOW)
        warm = fit_cox(data, HOW, cold.coefficients)
        assert warm.coefficients == pytest.approx(cold.coefficients, abs=1e-6)
        assert warm.steps < cold.steps

    def test_joint_test_of_one_term_is_its_own(self) -> None:
        fit = fit_cox(months(200, 14), HOW)
        assert joint_p(fit, ["x0"]) == pytest.approx(hazard_ratio_table(fit, 0.95)["p_value"].iloc[0])


class TestBadInput:
    def test_no_event(self) -> None:
        data = months(20, 1)
        with pytest.raises(WhychurnError, match="nobody left"):
            fit_cox(replace(data, event=np.zeros(len(data.event))), HOW)

    def test_one_event_cannot_carry_two_covariates(self) -> None:
        data = months(60, 1)
        only = np.zeros(len(data.event))
        only[np.flatnonzero(data.event)[3]] = 1.0
        with pytest.raises(WhychurnError, match="separates"):
            fit_cox(replace(data, event=only), HOW)

    def test_constant_covariate_is_named(self) -> None:
        data = months(60, 1)
        X = np.column_stack([data.X, np.full(len(data.X), 3.0)])
        with pytest.raises(WhychurnError, match="same in every row") as caught:
            fit_cox(replace(data, terms=("x0", "x1", "flat"), X=X), HOW)
        assert caught.value.column == "flat"

    def test_collinear_pair_is_named(self) -> None:
        data = months(60, 1)
        X = np.column_stack([data.X, 2 * data.X[:, 0] + 1])
        with pytest.raises(WhychurnError, match="repeat each other") as caught:
            fit_cox(replace(data, terms=("x0", "x1", "again"), X=X), HOW)
        assert caught.value.column == "x0, again"

    def test_separation_is_named_and_a_ridge_helps(self) -> None:
        data = months(150, 1)
        flag = np.where(data.event > 0, 1.0, (np.arange(len(data.event)) % 7 == 0).astype(float))
        data = replace(data, terms=("x0", "x1", "flag"), X=np.column_stack([data.X, flag]))
        with pytest.raises(WhychurnError, match="separates") as caught:
            fit_cox(data, HOW)
        assert caught.value.column == "flag"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fit = fit_cox(data, replace(HOW, ridge=1.0))
        assert np.isfinite(fit.coefficients).all() and fit.coefficients[2] > 1

    def test_far_values_are_no_separation(self) -> None:
        rng = np.random.default_rng(4)
        n = 400
        value = rng.lognormal(0, 1.5, n)
        stop, event = np.ceil(rng.exponential(80, n)), (rng.random(n) < 0.7).astype(float)
        knots = spline_knots(value, 4, 12)
        assert knots is not None
        X = np.column_stack([value, spline_basis(value, knots)])
        fit = fit_cox(StartStop(("x", "bend1", "bend2"), X, np.zeros(n), stop, event), HOW)
        alike = (
            np.linalg.qr(X - X.mean(axis=0))[0] * 20
        )  # the same model; lifelines does not converge on X itself
        frame = pd.DataFrame(alike, columns=list(fit.terms)).assign(stop=stop, event=event)
        theirs = CoxPHFitter().fit(frame, "stop", "event")
        assert fit.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-4)

    def test_a_penalised_fit_never_calls_separation(self) -> None:
        rng = np.random.default_rng(5)
        n = 300
        stop, event = np.ceil(rng.exponential(80, n)), (rng.random(n) < 0.6).astype(float)
        far = np.exp(rng.normal(0, 2, n)) * np.where((event == 0) & (rng.random(n) < 0.05), 3e3, 1.0)
        X = np.column_stack([far, far**0.9])
        fit = fit_cox(StartStop(("far", "bent"), X, np.zeros(n), stop, event), replace(HOW, ridge=1e-4))
        assert np.isfinite(fit.coefficients).all()

    def test_missing_and_infinite_values_are_counted(self) -> None:
        data = months(60, 1)
        X = data.X.copy()
        X[:3, 1] = [np.nan, np.inf, np.nan]
        with pytest.raises(WhychurnError, match="missing or infinite") as caught:
            fit_cox(replace(data, X=X), HOW)
        assert (caught.value.column, caught.value.rows) == ("x1", 3)

    def test_rows_that_end_before_they_begin(self) -> None:
        data = months(60, 1)
        with pytest.raises(WhychurnError, match="end before they begin"):
            fit_cox(replace(data, stop=data.entry), HOW)

    def test_lengths_negative_weights_and_missing_days(self) -> None:
        data = months(60, 1)
        with pytest.raises(WhychurnError, match="different lengths"):
            fit_cox(replace(data, event=data.event[:-1]), HOW)
        with pytest.raises(WhychurnError, match="negative"):
            fit_cox(replace(data, event=-data.event), HOW)
        with pytest.raises(WhychurnError, match="missing days"):
            fit_cox(replace(data, entry=np.full(len(data.entry), np.nan)), HOW)

    def test_a_stratum_with_one_member_and_events_all_on_one_day_are_no_trouble(self) -> None:
        data = months(150, 1)
        alone = fit_cox(replace(data, stratum=(np.asarray(data.cluster) == 5).astype(int)), HOW)
        kept = np.asarray(data.cluster) != 5
        without = replace(
            data,
            X=data.X[kept],
            entry=data.entry[kept],
            stop=data.stop[kept],
            event=data.event[kept],
            cluster=None,
        )
        assert alone.coefficients == pytest.approx(fit_cox(without, HOW).coefficients, abs=1e-6)
        n = 200
        rng = np.random.default_rng(2)
        day = StartStop(
            ("x",),
            rng.normal(size=(n, 1)),
            np.zeros(n),
            np.full(n, 50.0),
            (rng.random(n) < 0.3).astype(float),
        )
        assert np.isfinite(fit_cox(day, HOW).coefficients).all()
