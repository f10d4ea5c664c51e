"""Which model of the stay forecasts best? Kaplan-Meier, Cox and boosted hazards, forward in time; the best one is fitted anew."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from whychurn.contract.errors import WhychurnError
from whychurn.contract.fits import FitRecord
from whychurn.contract.params import Params, SurvivalParams
from whychurn.labels import both
from whychurn.panel.encode import choose_features
from whychurn.survival.forecast.boosted_hazard import choose_recipe, fit_recipe
from whychurn.survival.forecast.comparison_tables import (
    SIMPLEST_FIRST,
    Tested,
    challenge_facts,
    challenge_fits,
    challenge_tables,
    empty_tables,
)
from whychurn.survival.forecast.discrete_hazard import Boosted
from whychurn.survival.forecast.followup import Known, follow_stays, known_before
from whychurn.survival.forecast.forecasters import Cox, KaplanMeier, fit_cox, fit_kaplan_meier
from whychurn.survival.forecast.rolling_origin import Trial, Verdicts, judge, plan_trials

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Challenge:
    """What the comparison gives.

    Parameters
    ----------
    tables
        Results by file name (`challenge_results.TABLES`).
    facts
        Entry "challenge" of survival.json.
    model
        The chosen model, fitted on all that is known; Kaplan-Meier where no test was possible; None where nobody left.
    fits
        For the tracker.
    tested_model, tested_on
        The chosen kind as it was fitted for the main test, and the day of that test: for further forward tests.
    """

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    model: Boosted | Cox | KaplanMeier | None
    fits: list[FitRecord]
    tested_model: Boosted | Cox | None = None
    tested_on: pd.Timestamp | None = None


def challenge_answers(
    panel: pd.DataFrame,
    spells: pd.DataFrame,
    catalogue: pd.DataFrame,
    observed_until: pd.Timestamp,
    params: Params,
) -> Challenge:
    """Test the models forward in time, choose by the integrated Brier score, fit the chosen one on everything.

    Parameters
    ----------
    panel, spells
        As the panel stage writes them.
    catalogue
        The study's catalogue of features.
    observed_until
        Last observed day: there, follow-up ends for everybody (administrative censoring).
    """
    stays = follow_stays(panel, spells, observed_until)
    challenge = params.survival.challenge
    if len(panel) == 0 or stays.event.sum() < challenge.min_events:
        return _nothing("too_few_leavers", needed=challenge.min_events, found=int(stays.event.sum()))
    trials, untested = plan_trials(
        panel["as_of"], observed_until, challenge.horizons, challenge.min_learning_days
    )
    with (
        threadpool_limits(limits=1, user_api="blas"),  # the same sums however many trials run side by side
        ThreadPoolExecutor(params.run.workers) as pool,
    ):
        found = pool.map(lambda trial: _test(trial, stays, catalogue, params), trials)
        tested = [one for one in found if one is not None]
    if not tested or not tested[0].trial.main:
        return _untested(stays, observed_until, params.survival)
    main = tested[0]
    chosen, tied = choose_model(main.verdicts, params.run.confidence)
    try:
        model = _fit_chosen(chosen, main, stays, catalogue, params)
    except WhychurnError as error:
        log.warning("%s not fitted on everything, the tested one stands: %s", chosen, error.message)
        model = main.models[chosen]
    missed = sorted(
        {*untested, *(h for t in trials if t not in [f.trial for f in tested] for h in t.horizons)}
    )
    facts = challenge_facts(chosen, tied, tested, missed, observed_until, params)
    return Challenge(
        challenge_tables(tested),
        facts,
        model,
        challenge_fits(tested, chosen, params.survival),
        main.models[chosen],
        main.trial.day,
    )


def choose_model(verdicts: Verdicts, confidence: float) -> tuple[str, list[str]]:
    """The simplest candidate that the best one (by IBS) does not beat, and the candidates tied with the best.

    A tie: the interval of the paired difference of the integrated Brier scores holds zero.
    """
    candidates: list[str] = [name for name in SIMPLEST_FIRST if name in verdicts.ibs]
    best = min(candidates, key=lambda name: verdicts.ibs[name][0])
    tail = (1 - confidence) / 2
    tied = [
        name for name in candidates
        if name == best or np.quantile((verdicts.ibs[name] - verdicts.ibs[best])[1:], tail) <= 0
    ]  # fmt: skip
    return tied[0], tied


def _test(trial: Trial, stays: Known, catalogue: pd.DataFrame, params: Params) -> Tested | None:
    """Fit all models on what was known before the trial's day and judge them after it."""
    challenge = params.survival.challenge
    known = known_before(stays, trial.day)
    later = stays.take((stays.rows["as_of"] == trial.day).to_numpy()).sample(
        challenge.test_members, params.run.seed
    )
    if min(known.event.sum(), later.event.sum()) < challenge.min_events:
        return None
    features, _ = choose_features(stays.rows, (stays.rows["as_of"] < trial.day).to_numpy(), catalogue)
    models: dict[str, Any] = {"km": fit_kaplan_meier(known, params.survival)}
    failed: dict[str, str] = {}
    for name in ("cox", "cox_landmark"):
        try:
            models[name] = fit_cox(name, known, features, params)
        except WhychurnError as error:
            log.warning("%s left out: %s", name, error.message)
            failed[name] = error.message
    recipe = choose_recipe(known, features, params)
    if recipe is not None:
        models["boosted"] = fit_recipe(known, features, recipe, params)
    if len(models) == 1:
        return None
    curves = {name: model.curve(later.rows, max(trial.horizons)) for name, model in models.items()}
    log.info(
        "survival models from %s, tested %s days ahead on %d members",
        f"{trial.day:%Y-%m-%d}",
        trial.horizons,
        len(later.rows),
    )
    return Tested(trial, judge(trial, curves, later.follow, params), features, recipe, failed, models)


def _fit_chosen(
    chosen: str, main: Tested, stays: Known, catalogue: pd.DataFrame, params: Params
) -> Boosted | Cox:
    """The recipe that was tested, on all that is known today."""
    everything = stays.take((stays.rows["as_of"] <= stays.until).to_numpy())
    found, _ = choose_features(everything.rows, np.ones(len(everything.rows), dtype=bool), catalogue)
    tested = {feature.name for feature in main.features}
    features = [feature for feature in found if feature.name in tested]
    if chosen == "boosted":
        assert main.recipe is not None
        return fit_recipe(everything, features, main.recipe, params)
    return fit_cox(chosen, everything, features, params)


def _nothing(reason: str, **values: object) -> Challenge:
    texts = both(f"survival.no_challenge_{reason}", **values)
    return Challenge(empty_tables(), {"status": "no_model", "reason": texts, "chosen": None}, None, [])


def _untested(stays: Known, until: pd.Timestamp, survival: SurvivalParams) -> Challenge:
    """Kaplan-Meier of all stays: nothing shows that more would be better."""
    texts = both("survival.no_challenge_untested", days=survival.challenge.min_learning_days)
    everything = stays.take((stays.rows["as_of"] <= stays.until).to_numpy())
    model = fit_kaplan_meier(everything, survival)
    facts = {
        "status": "untested", "reason": texts, "chosen": "km", "untested_horizons": survival.challenge.horizons,
        "learned_until": f"{until:%Y-%m-%d}", "censored_on": f"{until:%Y-%m-%d}", "ibs": {}, "tests": [], "tied": [],
    }  # fmt: skip
    return Challenge(
        empty_tables(), facts, model, [FitRecord("forecast_km", {"chosen": True, "tested_on": None})]
    )
