"""Which survival model forecasts best, tested forward in time: Kaplan-Meier, Cox or boosted trees."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from whychurn.contract.errors import WhychurnError
from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import Params, SurvivalParams
from whychurn.labels import both
from whychurn.panel.feature_encoding import choose_features
from whychurn.survival.forecast.boosted_discrete_hazard import BoostedHazard
from whychurn.survival.forecast.boosted_hazard_tuning import fit_tuned_hazard, tune_boosted_hazard
from whychurn.survival.forecast.forecasters import Cox, KaplanMeier, fit_cox_forecast, fit_kaplan_meier
from whychurn.survival.forecast.landmark_rows import LandmarkRows, known_before, landmark_rows
from whychurn.survival.forecast.model_comparison_tables import (
    SIMPLEST_FIRST,
    EvaluatedModels,
    comparison_facts,
    comparison_fits,
    comparison_tables,
    empty_comparison_tables,
)
from whychurn.survival.forecast.rolling_origin import Evaluation, ForwardTest, evaluate, plan_tests

log = logging.getLogger(__name__)
MIN_LEARNING_DAYS: Final = 180  # a test day with less history before it is not used


@dataclass(frozen=True)
class ModelComparison:
    """What the comparison gives.

    Parameters
    ----------
    tables
        Results by file name (`model_comparison_tables.TABLES`).
    facts
        Entry "challenge" of survival.json.
    model
        The chosen model, fitted on all that is known; Kaplan-Meier where no test was possible; None where
        nobody left.
    fits
        For the tracker.
    tested_model, tested_on
        The chosen kind as it was fitted for the main test, and the day of that test: for further forward tests.
    """

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    model: BoostedHazard | Cox | KaplanMeier | None
    fits: list[FitRecord]
    tested_model: BoostedHazard | Cox | None = None
    tested_on: pd.Timestamp | None = None


def compare_models(
    panel: pd.DataFrame,
    spells: pd.DataFrame,
    catalogue: pd.DataFrame,
    observed_until: pd.Timestamp,
    params: Params,
) -> ModelComparison:
    """Test the models forward in time, choose by the integrated Brier score, refit the chosen one.

    Parameters
    ----------
    panel, spells
        As the panel stage writes them.
    catalogue
        The study's catalogue of features.
    observed_until
        Last observed day: there, follow-up ends for everybody (administrative censoring).
    """
    landmarks, challenge = landmark_rows(panel, spells, observed_until), params.survival.challenge
    events = int(landmarks.event.sum()) if len(panel) else 0
    if events < challenge.min_events:
        return _without_models(events, challenge.min_events)
    tests, untested = plan_tests(panel["as_of"], observed_until, challenge.horizons, MIN_LEARNING_DAYS)
    with (
        threadpool_limits(limits=1, user_api="blas"),  # the same sums however many tests run side by side
        ThreadPoolExecutor(params.run.workers) as pool,
    ):
        results = pool.map(lambda test: _test_models(test, landmarks, catalogue, params), tests)
        tested = [one for one in results if one is not None]
    if not tested or not tested[0].test.main:
        return _untested(landmarks, observed_until, params.survival)
    main = tested[0]
    chosen, tied = choose_model(main.evaluation, params.run.confidence)
    try:
        model = _fit_chosen(chosen, main, landmarks, catalogue, params)
    except WhychurnError as error:
        log.warning("%s not fitted on everything, the tested one stands: %s", chosen, error.message)
        model = main.models[chosen]
    reached = [one.test for one in tested]
    missed = {*untested, *(horizon for test in tests if test not in reached for horizon in test.horizons)}
    facts = comparison_facts(chosen, tied, tested, sorted(missed), observed_until, params)
    fits = comparison_fits(tested, chosen, params.survival)
    return ModelComparison(comparison_tables(tested), facts, model, fits, main.models[chosen], main.test.day)


def choose_model(evaluation: Evaluation, confidence: float) -> tuple[str, list[str]]:
    """The simplest candidate that the best one (by IBS) does not beat, and the candidates tied with the best.

    A tie: the interval of the paired difference of the integrated Brier scores holds zero.
    """
    ibs = evaluation.ibs
    candidates: list[str] = [name for name in SIMPLEST_FIRST if name in ibs]
    best = min(candidates, key=lambda name: ibs[name][0])
    tail = (1 - confidence) / 2
    tied = [
        name for name in candidates if name == best or np.quantile((ibs[name] - ibs[best])[1:], tail) <= 0
    ]
    return tied[0], tied


def _test_models(
    test: ForwardTest, landmarks: LandmarkRows, catalogue: pd.DataFrame, params: Params
) -> EvaluatedModels | None:
    """Fit all models on what was known before the test day and evaluate them after it."""
    challenge, as_of = params.survival.challenge, landmarks.column("as_of")
    learning = known_before(landmarks, test.day)
    later = landmarks.take((as_of == test.day).to_numpy()).sample(challenge.test_members, params.run.seed)
    if min(learning.event.sum(), later.event.sum()) < challenge.min_events:
        return None
    features, _ = choose_features(landmarks.rows, (as_of < test.day).to_numpy(), catalogue)
    models: dict[str, Any] = {"km": fit_kaplan_meier(learning, params.survival)}
    failed: dict[str, str] = {}
    for name in ("cox", "cox_landmark"):
        try:
            models[name] = fit_cox_forecast(name, learning, features, params)
        except WhychurnError as error:
            log.warning("%s left out: %s", name, error.message)
            failed[name] = error.message
    tuned = tune_boosted_hazard(learning, features, params)
    if tuned is not None:
        models["boosted"] = fit_tuned_hazard(learning, features, tuned, params)
    if len(models) == 1:
        return None
    curves = {name: model.curve(later.rows, max(test.horizons)) for name, model in models.items()}
    day, members = f"{test.day:%Y-%m-%d}", len(later.rows)
    log.info("survival models from %s, tested %s days ahead on %d members", day, test.horizons, members)
    return EvaluatedModels(
        test, evaluate(test, curves, later.follow, params), features, tuned, failed, models
    )


def _fit_chosen(
    chosen: str, main: EvaluatedModels, landmarks: LandmarkRows, catalogue: pd.DataFrame, params: Params
) -> BoostedHazard | Cox:
    """The model that was tested, fitted on all that is known today."""
    everything = landmarks.up_to_now
    available, _ = choose_features(everything.rows, np.ones(len(everything.time), dtype=bool), catalogue)
    tested = {feature.name for feature in main.features}
    features = [feature for feature in available if feature.name in tested]
    if chosen == "boosted":
        assert main.tuned is not None
        return fit_tuned_hazard(everything, features, main.tuned, params)
    return fit_cox_forecast(chosen, everything, features, params)


def _without_models(events: int, needed: int) -> ModelComparison:
    texts = both("survival.no_challenge_too_few_leavers", needed=needed, found=events)
    facts = {"status": "no_model", "reason": texts, "chosen": None}
    return ModelComparison(empty_comparison_tables(), facts, None, [])


def _untested(landmarks: LandmarkRows, until: pd.Timestamp, survival: SurvivalParams) -> ModelComparison:
    """Kaplan-Meier of all stays: nothing shows that more would be better."""
    texts = both("survival.no_challenge_untested", days=MIN_LEARNING_DAYS)
    facts: dict[str, Any] = {
        "status": "untested",
        "reason": texts,
        "chosen": "km",
        "ibs": {},
        "tests": [],
        "tied": [],
    }
    facts |= {"learned_until": f"{until:%Y-%m-%d}", "censored_on": f"{until:%Y-%m-%d}"}
    facts["untested_horizons"] = survival.challenge.horizons
    record = FitRecord("forecast_km", {"chosen": True, "tested_on": None})
    model = fit_kaplan_meier(landmarks.up_to_now, survival)
    return ModelComparison(empty_comparison_tables(), facts, model, [record])
