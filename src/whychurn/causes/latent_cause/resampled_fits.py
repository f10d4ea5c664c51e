"""The fit again and again, on resamples of members under drawn assumptions.

1. Sampling: members are resampled with replacement.
2. Assumptions that no data can settle; each resample draws its own: the worth of a text before the exit
   (uniform from 0 to twice), the response spread and the worth of what is assumed of answers (log-uniform),
   how often stated reasons are true, or "price" out of habit, how the causes share all churn events
   (`TOTAL_SPREAD`, less with more answers: `TOTAL_ANSWERS`), how much of a base is excess without a trace
   (`UNOBSERVED_EXCESS_SHARE`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard, fit_additive, told_posterior
from whychurn.causes.latent_cause.avoidable_churn import CohortExposures, avoidable_shares, cohort_exposures
from whychurn.causes.latent_cause.confusion_matrices import RESPONSE_SPREAD, prior_confusion
from whychurn.causes.latent_cause.em_steps import Assumptions
from whychurn.causes.latent_cause.member_chances import posterior
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params

TOTAL_SPREAD: Final = 0.8  # sd of the log of the causes' totals without any answer: up to twice or half
TOTAL_ANSWERS: Final = 200.0  # answers that halve the variance of that
UNOBSERVED_EXCESS_SHARE: Final = 0.6  # at most so much of a cause's base is excess without a trace
RESAMPLE_TOLERANCE: Final = 0.001  # a share moves by less in the last cycle of steps


@dataclass(frozen=True)
class Resamples:
    """What the resamples say.

    Parameters
    ----------
    shares, avoidable
        Share of each cause, and avoidable churn, of each resample; (resamples, 6).
    p
        Mean over resamples of the posterior at each index date; (rows, 6).
    """

    shares: Array
    avoidable: Array
    p: Array


def resampled_fits(evidence: Evidence, model: AdditiveHazard, grounds: Grounds, params: Params) -> Resamples:
    """Fit ``causes.resamples`` times, each from where the fit to all ended."""
    spells = evidence.spells
    cohorts = cohort_exposures(evidence.history, model.frailty, spells.first_week, evidence.calendar.weeks)
    member = pd.factorize(spells.table["member_id"])[0]
    shares, avoidable = [], []
    p = np.zeros((len(evidence.rows), len(CAUSES)))
    for number in range(params.causes.resamples):
        rng = np.random.default_rng([params.run.seed, number])
        share, saved, chances = _resample(evidence, member, model, cohorts, grounds, params, rng)
        shares.append(share)
        avoidable.append(saved)
        p += chances / params.causes.resamples
    return Resamples(np.stack(shares), np.stack(avoidable), p)


def _resample(
    evidence: Evidence,
    member: Array,
    model: AdditiveHazard,
    cohorts: CohortExposures,
    grounds: Grounds,
    params: Params,
    rng: np.random.Generator,
) -> tuple[Array, Array, Array]:
    """Shares, avoidable churn and posteriors of one resample of members under one draw of the assumptions."""
    members = member.max() + 1
    counts = rng.multinomial(members, np.full(members, 1 / members))[member].astype("float64")
    labels = evidence.labels
    labels = replace(labels, texts_before_exit=labels.texts_before_exit * rng.uniform(0.0, 2.0))
    drawn = replace(evidence, labels=labels)
    assumptions = _draw_assumptions(evidence.labels.select(model.events), rng)
    settings = params.causes.model_copy(update={"tolerance": RESAMPLE_TOLERANCE})
    again = fit_additive(evidence.history, labels, settings, model, counts, assumptions)
    weight = counts[model.events]
    share = weight @ told_posterior(evidence.history, again, grounds) / max(weight.sum(), 1e-9)
    unobserved = rng.uniform(0, UNOBSERVED_EXCESS_SHARE, len(CAUSES)) * grounds.speak
    saved = avoidable_shares(cohorts, again.coefficients, unobserved)
    return share, saved, posterior(drawn, again, grounds)


def _draw_assumptions(labels: NoisyLabels, rng: np.random.Generator) -> Assumptions:
    """One draw of what no data can settle; `labels` are those of the churn events."""
    response_spread = RESPONSE_SPREAD * float(np.exp(rng.uniform(-0.6, 0.6)))
    worth = float(np.exp(rng.uniform(-0.7, 0.7)))
    confusion = prior_confusion(labels, true=rng.uniform(0.45, 0.65), price=rng.uniform(0.1, 0.5))
    answers = float((labels.stated >= 0).sum())
    spread = TOTAL_SPREAD * np.sqrt(TOTAL_ANSWERS / (TOTAL_ANSWERS + answers))
    split = np.exp(rng.normal(0, spread, len(CAUSES)))
    return Assumptions(confusion, split / split.sum(), worth, response_spread)
