"""Shares of the causes and avoidable churn with intervals, and all that widens these intervals.

1. Sampling: members are resampled with replacement.
2. Assumptions that no data can settle; each resample draws its own: the worth of a text before the exit
   (uniform from 0 to twice), the response spread and the worth of the survey prior (log-uniform about
   `confusion_matrices.RESPONSE_SPREAD` and `SURVEY_PRIOR`), how often stated reasons are true or "price", how
   the causes share the background hazard (`BACKGROUND_SPREAD`, less with more answers: `BACKGROUND_ANSWERS`),
   how much of the background is excess without a trace (`UNOBSERVED_EXCESS_SHARE`).
3. The spread of the resamples is multiplied by `INTERVAL_WIDTH`, that of avoidable churn by
   `AVOIDABLE_WIDTH`.
4. The model discrepancy (``causes.discrepancy``) is added: what no number of members removes.

Widths and discrepancy were set together on simulated programmes of seeds 11 to 16, and 11 to 13 with 20 000
members.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from scipy import special, stats

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.latent_cause.additive_hazard_em import (
    AdditiveHazard,
    Assumptions,
    fit_additive,
    told_posterior,
)
from whychurn.causes.latent_cause.avoidable_churn import (
    CohortExposures,
    avoidable_shares,
    cohort_exposures,
    is_excess,
)
from whychurn.causes.latent_cause.confusion_matrices import RESPONSE_SPREAD, SURVEY_PRIOR, prior_confusion
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params

BOUNDS: Final = ("share", "low", "high", "avoidable_share", "avoidable_low", "avoidable_high")
BACKGROUND_SPREAD: Final = (
    0.8  # sd of the log of the background split without any answer: up to twice or half
)
BACKGROUND_ANSWERS: Final = 200.0  # answers that halve the variance of that split
UNOBSERVED_EXCESS_SHARE: Final = 0.6  # at most so much of a cause's background is excess without a trace
INTERVAL_WIDTH: Final = 0.8  # the drawn assumptions are wider than those met on simulated programmes
AVOIDABLE_WIDTH: Final = 1.15  # of avoidable churn they are narrower
LEAST_ANSWERED: Final = 0.01  # share of answers below which the discrepancy grows no further


def share_intervals(
    evidence: Evidence, model: AdditiveHazard, p: Array, grounds: Grounds, params: Params
) -> pd.DataFrame:
    """Share of each cause and avoidable churn with intervals: cause, `BOUNDS`; null where it cannot be told.

    Parameters
    ----------
    p
        Posterior of the causes of all churn events, whose mean is the share; (events, 6).
    """
    table = pd.DataFrame({"cause": pd.Series(CAUSES, dtype="string")}).assign(**dict.fromkeys(BOUNDS, np.nan))
    if not len(model.events) or not grounds.told.any():
        return table
    spells = evidence.spells
    cohorts = cohort_exposures(evidence.history, model.frailty, spells.first_week, evidence.calendar.weeks)
    member = pd.factorize(spells.table["member_id"])[0]
    draws = [
        _resample(evidence, member, model, cohorts, grounds, params, number)
        for number in range(params.causes.resamples)
    ]
    shares, avoidable = (np.stack(part) for part in zip(*draws, strict=True))
    share, saved = p.mean(axis=0), np.median(avoidable, axis=0)
    beyond = model_discrepancy(evidence.labels.stated[model.events], params.causes.discrepancy)
    confidence = params.run.confidence
    low, high = _interval(share, INTERVAL_WIDTH * _log_odds(shares).std(axis=0), beyond, confidence)
    least, most = _interval(saved, AVOIDABLE_WIDTH * _log_odds(avoidable).std(axis=0), beyond, confidence)
    values = (share, low, high, saved, least, most)
    untold = {name: np.where(grounds.told, value, np.nan) for name, value in zip(BOUNDS, values, strict=True)}
    return table.assign(**untold)


def model_discrepancy(stated: Array, discrepancy: float) -> float:
    """Sd of the log-odds of errors that no number of members removes (Kennedy and O'Hagan 2001).

    It grows by `discrepancy` each time that the share of answers falls to 1/e: the fewer answer, the more
    rests on assumptions.

    Parameters
    ----------
    stated
        Stated reasons of members who churned, see `NoisyLabels`; (n,).
    """
    answered = float((stated >= 0).mean()) if len(stated) else 0.0
    return discrepancy * float(-np.log(max(answered, LEAST_ANSWERED)))


def _interval(centre: Array, spread: Array, beyond: float, confidence: float) -> tuple[Array, Array]:
    """Normal interval on the log-odds, with the variances of `spread` and of the discrepancy `beyond` it."""
    half = stats.norm.ppf((1 + confidence) / 2) * np.hypot(spread, beyond)
    return special.expit(_log_odds(centre) - half), special.expit(_log_odds(centre) + half)


def _log_odds(share: Array) -> Array:
    share = np.clip(share, 1e-4, 1 - 1e-4)
    return np.log(share / (1 - share))


def _resample(
    evidence: Evidence,
    member: Array,
    model: AdditiveHazard,
    cohorts: CohortExposures,
    grounds: Grounds,
    params: Params,
    number: int,
) -> tuple[Array, Array]:
    """Shares and avoidable shares of one resample of members under one draw of the assumptions."""
    rng = np.random.default_rng([params.run.seed, number])
    members = member.max() + 1
    counts = rng.multinomial(members, np.full(members, 1 / members))[member].astype("float64")
    history, labels = evidence.history, evidence.labels
    text_worth = rng.uniform(0.0, 2.0)
    labels = replace(labels, texts_before_exit=labels.texts_before_exit * text_worth)
    assumptions = _draw_assumptions(evidence.labels.select(model.events), rng)
    background = len(CAUSES) * assumptions.background_shares[history.causes]
    start = model.coefficients * np.where(is_excess(history.names), 1.0, background)
    begun = replace(model, coefficients=start)
    few_steps = params.causes.model_copy(update={"max_steps": params.causes.resample_steps})
    again = fit_additive(history, labels, few_steps, begun, counts, assumptions)
    weight = counts[model.events]
    share = weight @ told_posterior(history, again, grounds) / max(weight.sum(), 1e-9)
    unobserved = rng.uniform(0, UNOBSERVED_EXCESS_SHARE, len(CAUSES)) * grounds.speak
    return share, avoidable_shares(cohorts, again.coefficients, unobserved)


def _draw_assumptions(labels: NoisyLabels, rng: np.random.Generator) -> Assumptions:
    """One draw of what no data can settle; `labels` are those of the churn events."""
    response_spread = RESPONSE_SPREAD * float(np.exp(rng.uniform(-0.6, 0.6)))
    survey_prior = SURVEY_PRIOR * float(np.exp(rng.uniform(-0.7, 0.7)))
    confusion = prior_confusion(labels, true=rng.uniform(0.45, 0.65), price=rng.uniform(0.15, 0.35))
    answers = float((labels.stated >= 0).sum())
    spread = BACKGROUND_SPREAD * np.sqrt(BACKGROUND_ANSWERS / (BACKGROUND_ANSWERS + answers))
    split = np.exp(rng.normal(0, spread, len(CAUSES)))
    return Assumptions(confusion, split / split.sum(), survey_prior, response_spread)
