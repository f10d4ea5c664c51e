"""Search of the booster's parameters inside the training period: forward folds, seeded, pruned."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import optuna
import pandas as pd
import xgboost as xgb

from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import Feature
from whychurn.risk.model.boosting import Settings, training_matrix
from whychurn.risk.model.member_sample import sample_members
from whychurn.risk.model.split import forward_folds

log = logging.getLogger(__name__)
Fold = tuple[xgb.DMatrix, xgb.DMatrix]
MAX_SECONDS: Final = 240  # guard only: the number of trials ends the search
MAX_ROWS: Final = 30_000  # of the training period, used in the search
FOLDS: Final = 2  # later, embargoed snapshots of the training period


@dataclass(frozen=True)
class TunedModel:
    """What the search chose.

    Parameters
    ----------
    chosen
        XGBoost parameters.
    rounds
        Trees: mean of the folds' early-stopped rounds.
    log_loss
        Mean over the folds, on their validated snapshots.
    trials, pruned
        Trials run, and those given up early.
    guard_fired
        Whether the time guard ended the search, so that another machine may find other parameters.
    monotone
        Whether the catalogue's directions are imposed.
    folds
        "forward" or, in a history of few snapshots, "members".
    """

    chosen: dict[str, Any]
    rounds: int
    log_loss: float
    trials: int
    pruned: int
    guard_fired: bool
    monotone: bool
    folds: str


class _Pruning(xgb.callback.TrainingCallback):
    """Reports the first fold's log loss every ten rounds and stops a trial that falls behind."""

    def __init__(self, trial: optuna.Trial) -> None:
        self.trial = trial

    def after_iteration(self, model: xgb.Booster, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        if epoch % 10 == 9:
            self.trial.report(evals_log["valid"]["logloss"][-1], epoch)
            if self.trial.should_prune():
                raise optuna.TrialPruned
        return False


def tune(
    rows: pd.DataFrame,
    X: np.ndarray,
    y: np.ndarray,
    features: list[Feature],
    horizon_days: int,
    params: Params,
) -> TunedModel:
    """Best parameters by log loss on later, embargoed snapshots of the training period.

    Parameters
    ----------
    rows
        member_id and as_of of the training rows, in the order of X and y.
    """
    risk = params.risk
    settings = Settings.of(params)
    kept = sample_members(rows["member_id"], MAX_ROWS, params.run.seed)
    folds, kind = _folds(rows[kept], X[kept], y[kept], features, horizon_days, params)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=params.run.seed, n_startup_trials=max(4, risk.trials // 3)),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=20),
    )

    def objective(trial: optuna.Trial) -> float:
        loss, rounds = _score(_suggest(trial, risk.search_space), folds, settings, params, trial)
        trial.set_user_attr("rounds", rounds)
        return loss

    study.optimize(objective, n_trials=risk.trials, timeout=MAX_SECONDS, callbacks=[_progress(risk.trials)])
    tuned = _settle(study, folds, kind, features, settings, params)
    log.info("search: log loss %.4f with %d trees, %s", tuned.log_loss, tuned.rounds, tuned.chosen)
    return tuned


def _folds(
    rows: pd.DataFrame,
    X: np.ndarray,
    y: np.ndarray,
    features: list[Feature],
    horizon_days: int,
    params: Params,
) -> tuple[list[Fold], str]:
    settings = Settings.of(params)
    months = sorted(pd.Timestamp(day) for day in rows["as_of"].unique())
    pairs = []
    for early, day in forward_folds(months, horizon_days, FOLDS):
        fit, valid = rows["as_of"].isin(early).to_numpy(), rows["as_of"].eq(day).to_numpy()
        if _both(y[fit]) and _both(y[valid]):
            pairs.append((fit, valid))
    kind = "forward" if pairs else "members"
    if not pairs:
        pairs = [(~valid, valid) for valid in _member_folds(rows["member_id"], params)]
    folds: list[Fold] = []
    for fit, valid in pairs:
        train = training_matrix(X[fit], y[fit], features, settings)
        folds.append((train, training_matrix(X[valid], y[valid], features, settings, ref=train)))
    return folds, kind


def _member_folds(members: pd.Series, params: Params) -> list[np.ndarray]:
    codes, names = pd.factorize(members, sort=True)
    fold = np.random.default_rng(params.run.seed).integers(0, max(3, FOLDS), len(names))[codes]
    return [fold == number for number in range(FOLDS)]


def _both(y: np.ndarray) -> bool:
    return bool(y.any() and not y.all())


def _suggest(trial: optuna.Trial, space: dict[str, list[float]]) -> dict[str, Any]:
    """Integers where both bounds are integers; a wide range of positive numbers on the log scale."""
    chosen: dict[str, Any] = {}
    for name, (low, high) in space.items():
        if isinstance(low, int) and isinstance(high, int):
            chosen[name] = trial.suggest_int(name, low, high)
        else:
            chosen[name] = trial.suggest_float(name, low, high, log=low > 0 and high / low >= 4)
    return chosen


def _score(
    chosen: dict[str, Any],
    folds: list[Fold],
    settings: Settings,
    params: Params,
    trial: optuna.Trial | None,
) -> tuple[float, int]:
    """Mean log loss and rounds over the folds, which run in parallel."""

    def fit(number: int) -> tuple[float, int]:
        train, valid = folds[number]
        booster = xgb.train(
            settings.booster(chosen),
            train,
            num_boost_round=params.risk.max_rounds,
            evals=[(valid, "valid")],
            early_stopping_rounds=params.risk.early_stopping,
            verbose_eval=False,
            callbacks=[_Pruning(trial)] if trial is not None and number == 0 else None,
        )
        return float(booster.best_score), booster.best_iteration + 1

    first = fit(0)  # alone, so that a hopeless trial costs one fold
    with ThreadPoolExecutor(max_workers=params.run.workers) as pool:
        results = [first, *pool.map(fit, range(1, len(folds)))]
    return float(np.mean([loss for loss, _ in results])), round(np.mean([rounds for _, rounds in results]))


def _progress(total: int) -> Any:
    def report(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        done = [
            t.value
            for t in study.trials
            if t.state == optuna.trial.TrialState.COMPLETE and t.value is not None
        ]
        best = min(done, default=float("nan"))
        log.info(
            "search: trial %d of %d %s, best log loss %.4f",
            trial.number + 1,
            total,
            trial.state.name.lower(),
            best,
        )

    return report


def _settle(
    study: optuna.Study,
    folds: list[Fold],
    kind: str,
    features: list[Feature],
    settings: Settings,
    params: Params,
) -> TunedModel:
    """Best trial; the catalogue's directions are imposed only where they cost no log loss."""
    best = study.best_trial
    chosen, rounds, loss, monotone = (
        dict(best.params),
        int(best.user_attrs["rounds"]),
        float(best.value or 0),
        False,
    )
    signs = tuple(0 if feature.categories else feature.monotone for feature in features)
    if params.risk.monotone_loss is not None and any(signs):
        bound = {**chosen, "monotone_constraints": str(signs).replace(" ", "")}
        bound_loss, bound_rounds = _score(bound, folds, settings, params, None)
        if bound_loss <= loss + params.risk.monotone_loss:
            chosen, rounds, loss, monotone = bound, bound_rounds, bound_loss, True
    states = [trial.state for trial in study.trials]
    return TunedModel(
        chosen=chosen,
        rounds=max(rounds, 1),
        log_loss=loss,
        trials=len(states),
        pruned=states.count(optuna.trial.TrialState.PRUNED),
        guard_fired=len(states) < params.risk.trials,
        monotone=monotone,
        folds=kind,
    )
