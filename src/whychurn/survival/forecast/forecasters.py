"""Forecasts of the further stay from what is known today: Kaplan-Meier, Cox on two clocks."""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import pandas as pd

from whychurn.contract.params import ChallengeParams, Params, SurvivalParams
from whychurn.panel.feature_encoding import Feature, encode
from whychurn.survival.cox.counting_process import StartStop, prepare_rows
from whychurn.survival.cox.newton import Newton, maximise
from whychurn.survival.forecast.baseline_hazard import DailyHazard, Extrapolation, daily_hazard
from whychurn.survival.forecast.cox_terms import Term, choose_terms, design_matrix
from whychurn.survival.forecast.landmark_rows import LandmarkRows, tenure_rows

CLOCK: Final = "tenure_days"


class Forecaster(Protocol):
    """A fitted model of the further stay."""

    @property
    def learned_days(self) -> int:
        """How far ahead the learning period could see."""

    def curve(self, rows: pd.DataFrame, days: int) -> np.ndarray:
        """Chance to be still there after 0 … `days` days, shape (n, days + 1)."""


@dataclass(frozen=True)
class KaplanMeier:
    """The share of all that stays on, given how long a member has stayed already."""

    hazard: DailyHazard
    learned_days: int
    name: str = "km"

    def curve(self, rows: pd.DataFrame, days: int) -> np.ndarray:
        """Chance to be still there after 0 … `days` days."""
        return np.exp(-self.hazard.between(_tenure(rows), days))


@dataclass(frozen=True)
class Cox:
    """Proportional hazards with Breslow's baseline.

    Parameters
    ----------
    name
        "cox": time-varying covariates on the clock of tenure, held at today's values for the forecast.
        "cox_landmark": the clock starts at each snapshot, so that a coefficient says what today's value means
        for the whole follow-up (van Houwelingen 2007, Scandinavian Journal of Statistics 34).
    beta
        Log hazard ratios of `terms`.
    learned_days
        How far ahead the learning period could see.
    """

    name: str
    features: list[Feature]
    terms: list[Term]
    beta: np.ndarray
    hazard: DailyHazard
    learned_days: int

    def curve(self, rows: pd.DataFrame, days: int) -> np.ndarray:
        """Chance to be still there after 0 … `days` days."""
        design = design_matrix(encode(rows, self.features), self.features, self.terms)
        start = _tenure(rows) if self.name == "cox" else np.zeros(len(rows), dtype="int64")
        return np.exp(-self.hazard.between(start, days) * np.exp(design @ self.beta)[:, None])


def fit_kaplan_meier(landmarks: LandmarkRows, survival: SurvivalParams) -> KaplanMeier:
    """Kaplan-Meier on the clock of tenure, with delayed entry."""
    _, entry, stop, event = tenure_rows(landmarks)
    beyond = Extrapolation(survival.min_at_risk, survival.challenge.tail_days)
    return KaplanMeier(daily_hazard(entry, stop, event, beyond), int(landmarks.reach.max()))


def fit_cox_forecast(name: str, landmarks: LandmarkRows, features: list[Feature], params: Params) -> Cox:
    """Cox model `name` on at most ``cox_rows`` member-months.

    Raises
    ------
    WhychurnError
        If nobody leaves, or the partial likelihood has no maximum.
    """
    challenge = params.survival.challenge
    sample = landmarks.sample(challenge.cox_rows, params.run.seed)
    if name == "cox":
        kept, entry, stop, event = tenure_rows(sample)
    else:
        kept = np.flatnonzero(sample.time > 0)
        entry, stop, event = np.zeros(len(kept), dtype="int64"), sample.time[kept], sample.event[kept]
    X = encode(sample.rows.iloc[kept], features)
    terms = choose_terms(X, features, {CLOCK} if name == "cox" else set())
    design = design_matrix(X, features, terms)
    names = tuple(term.name for term in terms)
    beta = _coefficients(StartStop(names, design, entry, stop, event.astype("float64")), challenge)
    beyond = Extrapolation(params.survival.min_at_risk, challenge.tail_days)
    hazard = daily_hazard(entry, stop, event, beyond, np.exp(design @ beta))
    return Cox(name, features, terms, beta, hazard, int(landmarks.reach.max()))


def _coefficients(data: StartStop, params: ChallengeParams) -> np.ndarray:
    if not data.terms:
        return np.zeros(0)
    rows, ridge = prepare_rows(data), params.ridge * data.event.sum()
    newton = Newton(ridge, tolerance=1e-6, max_steps=40, threads=params.threads, max_halvings=30)
    return maximise(rows, newton)[0].beta / rows.scale


def _tenure(rows: pd.DataFrame) -> np.ndarray:
    days = pd.to_numeric(rows[CLOCK], errors="coerce").astype("float64").fillna(0.0)
    return days.clip(lower=0).to_numpy().astype("int64")
