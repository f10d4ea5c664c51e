"""Which model of the stay forecasts best? Kaplan-Meier, Cox and boosted hazards, forward in time; the best one is fitted anew."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from whychurn.contract.errors import WhychurnError
from whychurn.contract.fits import FitRecord
from whychurn.contract.sections import SurvivalParams
from whychurn.contract.words import LANGUAGES, say
from whychurn.panel.inputs import Feature, choose_features
from whychurn.survival.challenger import Recipe, choose_recipe, fit_recipe
from whychurn.survival.discrete import Boosted
from whychurn.survival.predictors import Cox, KaplanMeier, fit_cox, fit_kaplan_meier
from whychurn.survival.timeline import Known, follow_stays, known_before
from whychurn.survival.trials import Trial, Verdicts, judge, plan_trials

log = logging.getLogger(__name__)
SIMPLEST_FIRST: Final = ("cox", "cox_landmark", "boosted")  # km is the yardstick, not a candidate
MODELS: Final = ("km", *SIMPLEST_FIRST)
TABLES: Final = {
    "survival_challenge": ["model", "metric", "horizon_days", "estimate", "low", "high", "events", "extrapolated", "members", "landmark_on", "main"],
    "survival_challenge_differences": ["model", "against", "metric", "horizon_days", "estimate", "low", "high", "members", "landmark_on", "main"],
    "survival_calibration": ["model", "landmark_on", "main", "horizon_days", "group", "predicted", "observed", "low", "high", "members", "events"],
    "survival_spread": ["model", "landmark_on", "main", "from_share", "to_share", "share", "statistic", "p", "members"],
}  # fmt: skip


@dataclass(frozen=True)
class Challenge:
    """What the comparison gives.

    Parameters
    ----------
    tables
        Results by file name (`TABLES`).
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


@dataclass(frozen=True)
class _Tested:
    trial: Trial
    verdicts: Verdicts
    features: list[Feature]
    recipe: Recipe | None
    failed: dict[str, str]
    models: dict[str, Any]


def challenge_answers(
    panel: pd.DataFrame,
    spells: pd.DataFrame,
    catalogue: pd.DataFrame,
    observed_until: pd.Timestamp,
    survival: SurvivalParams,
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
    params = survival.challenge
    if len(panel) == 0 or stays.event.sum() < params.min_events:
        return _nothing("too_few_leavers", needed=params.min_events, found=int(stays.event.sum()))
    trials, untested = plan_trials(panel["as_of"], observed_until, params.horizons, params.min_learning_days)
    with (
        threadpool_limits(limits=1, user_api="blas"),  # the same sums however many trials run side by side
        ThreadPoolExecutor(params.workers) as pool,
    ):
        found = pool.map(lambda trial: _test(trial, stays, catalogue, survival), trials)
        tested = [one for one in found if one is not None]
    if not tested or not tested[0].trial.main:
        return _untested(stays, observed_until, survival)
    main = tested[0]
    chosen, tied = choose_model(main.verdicts, survival.confidence)
    try:
        model = _fit_chosen(chosen, main, stays, catalogue, survival)
    except WhychurnError as error:
        log.warning("%s not fitted on everything, the tested one stands: %s", chosen, error.message)
        model = main.models[chosen]
    missed = sorted(
        {*untested, *(h for t in trials if t not in [f.trial for f in tested] for h in t.horizons)}
    )
    facts = _facts(chosen, tied, tested, missed, observed_until, survival)
    return Challenge(
        _tables(tested), facts, model, _records(tested, chosen, survival), main.models[chosen], main.trial.day
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


def _test(trial: Trial, stays: Known, catalogue: pd.DataFrame, survival: SurvivalParams) -> _Tested | None:
    """Fit all models on what was known before the trial's day and judge them after it."""
    params = survival.challenge
    known = known_before(stays, trial.day)
    later = stays.take((stays.rows["as_of"] == trial.day).to_numpy()).sample(
        params.test_members, survival.seed
    )
    if min(known.event.sum(), later.event.sum()) < params.min_events:
        return None
    features, _ = choose_features(
        stays.rows, (stays.rows["as_of"] < trial.day).to_numpy(), catalogue, params.season_days
    )
    models: dict[str, Any] = {"km": fit_kaplan_meier(known, survival)}
    failed: dict[str, str] = {}
    for name in ("cox", "cox_landmark"):
        try:
            models[name] = fit_cox(name, known, features, survival)
        except WhychurnError as error:
            log.warning("%s left out: %s", name, error.message)
            failed[name] = error.message
    recipe = choose_recipe(known, features, survival)
    if recipe is not None:
        models["boosted"] = fit_recipe(known, features, recipe, survival)
    if len(models) == 1:
        return None
    curves = {name: model.curve(later.rows, max(trial.horizons)) for name, model in models.items()}
    log.info(
        "survival models from %s, tested %s days ahead on %d members",
        f"{trial.day:%Y-%m-%d}",
        trial.horizons,
        len(later.rows),
    )
    return _Tested(trial, judge(trial, curves, later.follow, survival), features, recipe, failed, models)


def _fit_chosen(
    chosen: str, main: _Tested, stays: Known, catalogue: pd.DataFrame, survival: SurvivalParams
) -> Boosted | Cox:
    """The recipe that was tested, on all that is known today."""
    everything = stays.take((stays.rows["as_of"] <= stays.until).to_numpy())
    found, _ = choose_features(
        everything.rows, np.ones(len(everything.rows), dtype=bool), catalogue, survival.challenge.season_days
    )
    tested = {feature.name for feature in main.features}
    features = [feature for feature in found if feature.name in tested]
    if chosen == "boosted":
        assert main.recipe is not None
        return fit_recipe(everything, features, main.recipe, survival)
    return fit_cox(chosen, everything, features, survival)


def _facts(
    chosen: str, tied: list[str], tested: list[_Tested], missed: list[int], until: pd.Timestamp, survival: SurvivalParams
) -> dict[str, Any]:  # fmt: skip
    main = tested[0]
    scores = main.verdicts.scores
    mine = {
        f"{metric}_{horizon}": {"estimate": e, "low": low, "high": high}
        for metric, horizon, e, low, high in scores.loc[scores["model"] == chosen, ["metric", "horizon_days", "estimate", "low", "high"]].itertuples(index=False)
    }  # fmt: skip
    gap = (main.verdicts.ibs[chosen] - main.verdicts.ibs["km"])[1:]
    spread = main.verdicts.spread.drop_duplicates("model").set_index("model")["p"]
    return {
        "status": "ok",
        "reason": None,
        "chosen": chosen,
        "tied": [name for name in tied if name != chosen],
        "beats_km": bool(np.quantile(gap, (1 + survival.confidence) / 2) < 0),
        "ibs": {name: float(values[0]) for name, values in main.verdicts.ibs.items()},
        "ibs_days": max(main.trial.horizons),
        "figures": mine,
        "d_calibration_p": {name: float(p) for name, p in spread.items()},
        "tested_on": f"{main.trial.day:%Y-%m-%d}",
        "tests": [
            {
                "landmark_on": f"{one.trial.day:%Y-%m-%d}",
                "horizons": one.trial.horizons,
                "learning_days": one.trial.learning_days,
                "extrapolated": [h for h in one.trial.horizons if one.trial.extrapolates(h)],
                "recipe": one.recipe.as_json() if one.recipe else None,
                "left_out": one.failed,
            }
            for one in tested
        ],
        "untested_horizons": missed,
        "learned_until": f"{until:%Y-%m-%d}",
        "censored_on": f"{until:%Y-%m-%d}",
    }


def _tables(tested: list[_Tested]) -> dict[str, pd.DataFrame]:
    parts = [
        (one.verdicts.scores, one.verdicts.differences, one.verdicts.calibration, one.verdicts.spread)
        for one in tested
    ]
    return {
        name: pd.concat(found, ignore_index=True)[columns]
        for (name, columns), found in zip(TABLES.items(), zip(*parts, strict=True), strict=True)
    }


def _records(tested: list[_Tested], chosen: str, survival: SurvivalParams) -> list[FitRecord]:
    """One record a model, with its figures in every trial (the main trial's without a suffix)."""
    params = survival.challenge
    records = []
    for name in MODELS:
        metrics: dict[str, float] = {}
        for one in tested:
            rows = one.verdicts.scores[one.verdicts.scores["model"] == name]
            for metric, horizon, value in rows[["metric", "horizon_days", "estimate"]].itertuples(
                index=False
            ):
                metrics[f"{metric}_{horizon}"] = value
        if not metrics:
            continue
        settings: dict[str, Any] = {"chosen": name == chosen, "tested_on": f"{tested[0].trial.day:%Y-%m-%d}"}
        recipe = tested[0].recipe
        if name == "boosted" and recipe is not None:
            settings |= {key: value for key, value in recipe.as_json().items() if key != "validation_ibs"}
        if name.startswith("cox"):
            settings |= {"ridge": params.ridge, "rows": params.cox_rows}
        records.append(
            FitRecord(f"forecast_{name}", settings, metrics, list(TABLES) if name == chosen else [])
        )
    return records


def _nothing(reason: str, **values: object) -> Challenge:
    texts = {lang: say(f"survival.no_challenge_{reason}", lang, **values) for lang in LANGUAGES}
    return Challenge(_empty(), {"status": "no_model", "reason": texts, "chosen": None}, None, [])


def _untested(stays: Known, until: pd.Timestamp, survival: SurvivalParams) -> Challenge:
    """Kaplan-Meier of all stays: nothing shows that more would be better."""
    texts = {
        lang: say("survival.no_challenge_untested", lang, days=survival.challenge.min_learning_days)
        for lang in LANGUAGES
    }
    everything = stays.take((stays.rows["as_of"] <= stays.until).to_numpy())
    model = fit_kaplan_meier(everything, survival)
    facts = {
        "status": "untested", "reason": texts, "chosen": "km", "untested_horizons": survival.challenge.horizons,
        "learned_until": f"{until:%Y-%m-%d}", "censored_on": f"{until:%Y-%m-%d}", "ibs": {}, "tests": [], "tied": [],
    }  # fmt: skip
    return Challenge(_empty(), facts, model, [FitRecord("forecast_km", {"chosen": True, "tested_on": None})])


def _empty() -> dict[str, pd.DataFrame]:
    return {name: pd.DataFrame(columns=columns) for name, columns in TABLES.items()}
