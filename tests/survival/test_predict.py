"""Prediction from Cox models: against lifelines, by hand with strata and tenure terms, beyond the last day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.datasets import load_rossi
from whychurn.survival.predict import CumulativeHazard, baseline_steps, conditional_survival

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, Study
from whychurn.panel.encode import Feature
from whychurn.survival.cox.regression import fit_cox
from whychurn.survival.cox.time_varying_effects import TenureClock
from whychurn.survival.forecast.followup import Known, daily_hazard
from whychurn.survival.forecast.forecasters import fit_cox as fit_forecast
from whychurn.survival.forecast.forecasters import fit_kaplan_meier
from whychurn.survival.hazard_ratios.covariates import Covariate, encode
from whychurn.survival.hazard_ratios.model import CoxModel, newton, start_stop

SURVIVAL = load_params(Study(PROJECT)).survival


def number(name: str) -> Covariate:
    return Covariate(name, "number", 1.0, False, "", None, name, name, 0.0, False, 0.0)


def rossi_model(strata: tuple[str, ...] = ()) -> tuple[pd.DataFrame, CoxModel]:
    frame = load_rossi()
    rows = frame.assign(member_id=frame.index, entry=0, exit=frame["week"], event=frame["arrest"])
    covariates = [
        number(name) for name in ("fin", "age", "race", "wexp", "mar", "paro", "prio") if name not in strata
    ]
    terms, X = encode(rows, covariates)
    data, combinations = start_stop(rows, terms, X, strata)
    fit = fit_cox(data, newton(SURVIVAL.cox))
    return frame, CoxModel(covariates, terms, fit, strata=strata, combinations=combinations)


class TestConditionalSurvival:
    @pytest.mark.parametrize("strata", [(), ("wexp",)], ids=["plain", "stratified"])
    def test_equals_lifelines(self, strata: tuple[str, ...]) -> None:
        frame, model = rossi_model(strata)
        theirs = CoxPHFitter().fit(frame, "week", "arrest", strata=list(strata) or None)
        people, tenure = frame.iloc[:40], np.arange(40) % 20
        mine = conditional_survival(model, people, tenure, [5, 15, 25], 10)
        # lifelines' own prediction draws lines between the steps of its baseline, hence its parts
        risk = theirs.predict_partial_hazard(people).to_numpy()
        baseline = theirs.baseline_cumulative_hazard_.reindex(range(60)).ffill().fillna(0.0)
        column = [baseline[wexp] if strata else baseline.iloc[:, 0] for wexp in people["wexp"]]
        for place, ahead in enumerate((5, 15, 25)):
            gone = [hazard[t + ahead] - hazard[t] for hazard, t in zip(column, tenure, strict=True)]
            assert mine[:, place] == pytest.approx(np.exp(-np.array(gone) * risk), abs=1e-4)

    def test_strata_never_seen_take_the_mean_of_the_baselines(self) -> None:
        frame, model = rossi_model(("wexp",))
        people = frame.iloc[:1]
        never = conditional_survival(model, people.assign(wexp=7), np.array([0]), [20], 10)[0, 0]
        seen = [
            conditional_survival(model, people.assign(wexp=one), np.array([0]), [20], 10)[0, 0]
            for one in (0, 1)
        ]
        weights = np.bincount(model.fit.event_stratum)
        assert np.log(never) == pytest.approx(np.average(np.log(seen), weights=weights))

    def test_ratios_that_change_with_tenure_by_hand(self) -> None:
        frame, model = rossi_model()
        fit = model.fit
        clock = TenureClock(np.array([20.0]), np.array([-0.5, 0.8]), 20.0)
        moved = CoxModel(
            model.covariates, model.terms,
            type(fit)(**{**fit.__dict__, "terms": (*fit.terms, "age:tenure"), "coefficients": np.r_[fit.coefficients, 0.03], "mean": np.r_[fit.mean, 1.7]}),
            moving=("age",), clock=clock,
        )  # fmt: skip
        people = frame.iloc[:3]
        steps = baseline_steps(fit, 0, 10)
        level = np.exp(fit.log_hazard(people[list(fit.terms)].to_numpy(float)) - 1.7 * 0.03)
        age = people["age"].to_numpy(float)
        early, late = steps.at(20) - steps.at(10), steps.at(35) - steps.at(20)
        total = level * (early * np.exp(0.03 * age * -0.5) + late * np.exp(0.03 * age * 0.8))
        found = conditional_survival(moved, people, np.full(3, 10), [25], 10)[:, 0]
        assert found == pytest.approx(np.exp(-total))

    def test_beyond_the_last_day_the_last_hazard_goes_on(self) -> None:
        steps = CumulativeHazard(np.array([10.0, 20.0, 30.0]), np.array([0.1, 0.3, 0.6]), 20)
        assert steps.at(np.array([0, 10, 19, 30])) == pytest.approx([0, 0.1, 0.1, 0.6])
        assert steps.at(np.array([50.0]))[0] == pytest.approx(0.6 + 20 * (0.6 - 0.1) / 20)

    def test_longer_is_never_likelier(self) -> None:
        frame, model = rossi_model()
        found = conditional_survival(model, frame, np.zeros(len(frame)), SURVIVAL.cox.predict_days, 10)
        assert (np.diff(found, axis=1) <= 0).all() and ((found > 0) & (found <= 1)).all()


def snapshots(n: int, seed: int, effect: float = 0.0) -> Known:
    """One snapshot a member, 100 days into the stay or at its start; leaving at a rate that x raises."""
    rng = np.random.default_rng(seed)
    x, tenure = rng.normal(size=n), rng.choice([0, 100], n)
    leave = np.ceil(rng.exponential(1 / (0.004 * np.exp(effect * x))))
    as_of, until = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-09-01")
    reach = (until - as_of).days
    event, time = leave <= reach, np.minimum(leave, reach).astype(int)
    rows = pd.DataFrame(
        {
            "member_id": range(n),
            "spell_no": 1,
            "as_of": as_of,
            "x": x,
            "tenure_days": tenure,
            "start_on": as_of,
        }
    )
    rows["stop_on"] = as_of + pd.to_timedelta(time, unit="D")
    return Known(rows, until, time, event)


def test_kaplan_meier_forecast_is_lifelines_own_with_late_entry() -> None:
    known = snapshots(800, 1)
    mine = fit_kaplan_meier(known, SURVIVAL).curve(pd.DataFrame({"tenure_days": [0, 100]}), 120)
    tenure = known.rows["tenure_days"]
    theirs = KaplanMeierFitter().fit(tenure + known.time, known.event, entry=tenure)
    at = theirs.survival_function_at_times([50, 120, 100, 150, 220]).to_numpy()
    assert mine[0, [50, 120]] == pytest.approx(at[:2], abs=1e-9)
    assert mine[1, [50, 120]] == pytest.approx(at[3:] / at[2], abs=1e-9)


@pytest.mark.parametrize("name", ["cox", "cox_landmark"])
def test_forecast_of_a_planted_effect(name: str) -> None:
    known = snapshots(6000, 2, 0.7)
    feature = Feature("x", "number", "activity", None, "", 0, "x", "x")
    model = fit_forecast(name, known, [feature], SURVIVAL)
    rows = pd.DataFrame({"x": [-1.0, 0.0, 1.0], "tenure_days": 0})
    truth = np.exp(-0.004 * np.exp(0.7 * rows["x"].to_numpy())[:, None] * np.array([30, 90, 180]))
    assert model.curve(rows, 180)[:, [30, 90, 180]] == pytest.approx(truth, abs=0.03)


def test_daily_hazard_by_hand() -> None:
    entry, stop = np.array([0, 0, 1, 0]), np.array([2, 3, 3, 1])
    event = np.array([True, True, False, False])
    found = daily_hazard(entry, stop, event, np.ones(4), product=False, min_at_risk=1, tail_days=2)
    # day 1: three at risk, nobody leaves; day 2: three at risk, one leaves; day 3: two at risk, one leaves
    assert found.cumulative[:4] == pytest.approx([0, 0, 1 / 3, 1 / 3 + 1 / 2])
    carried = (1 / 3 + 1 / 2) / 2
    assert found.between(np.array([3]), 2)[0] == pytest.approx([0, carried, 2 * carried])
