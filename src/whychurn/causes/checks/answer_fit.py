"""Checks of what leavers answer against what their traces say.

unexplained
    Members who churned with little exposure give answers that name no cause more often than others.
outside
    Far more answers name none of the six causes than members give who left for one of them.
region_mismatch
    In a region, survey answers do not fit what behaviour says (as if exposures meant something else there).
withheld
    The hazard is fitted again without every fifth answer, and says what these will be: worse than the mean of
    the other answers does (log score; Good 1952)?
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.latent_cause.additive_hazard_em import (
    AdditiveHazard,
    cause_hazards,
    fit_additive,
    posterior_of_exposures,
)
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams
from whychurn.panel.exit_surveys import NOT_ASKED, OTHER
from whychurn.stats.multiple_testing import benjamini_hochberg

Rows = list[tuple[Any, ...]]  # check, detail, value, low, high, flagged
MIN_ANSWERS: Final = 30  # that a check needs
MIN_REGION_ANSWERS: Final = 40
MIN_OTHER_RATIO: Final = 1.25  # of answers that name no cause, little to much exposed
MOST_OTHER: Final = 0.1  # of all answers that name no cause, where all left for one of the six
MAX_Q: Final = 0.01  # of a region, or of a cause
FOLD: Final = 5  # one answer in so many is withheld
CODES: Final = len(CAUSES) + 1  # reasons stated: the six and other


def unexplained(evidence: Evidence, model: AdditiveHazard, confidence: float) -> Rows:
    """Share of answers that name no cause among the half of events with least exposure, over that of the others."""
    history = evidence.history
    hazards = cause_hazards(
        history.decisions.x, model.coefficients, history.causes, is_excess(history.names).astype(float)
    )
    event = np.searchsorted(model.events, history.decisions.spell)
    excess = np.bincount(event, hazards.sum(axis=1) * history.decisions.weight, len(model.events))
    stated = evidence.labels.stated[model.events]
    answered = stated >= 0
    if answered.sum() < MIN_ANSWERS:
        return [("unexplained", "other_when_unexposed", np.nan, np.nan, np.nan, False)]
    little = excess < np.median(excess[answered])
    sizes = [int((answered & half).sum()) for half in (little, ~little)]
    others = [int(((stated == OTHER) & answered & half).sum()) for half in (little, ~little)]
    rates = [(count + 0.5) / (size + 1) for count, size in zip(others, sizes, strict=True)]
    error = np.sqrt(sum((1 - rate) / (rate * (size + 1)) for rate, size in zip(rates, sizes, strict=True)))
    z = stats.norm.ppf((1 + confidence) / 2)
    ratio = rates[0] / rates[1]
    low, high = ratio * np.exp(-z * error), ratio * np.exp(z * error)
    return [("unexplained", "other_when_unexposed", ratio, low, high, bool(low > MIN_OTHER_RATIO))]


def outside(evidence: Evidence, model: AdditiveHazard, confidence: float) -> Rows:
    """Share of answers that name none of the six, against `MOST_OTHER` (Wilson interval)."""
    stated = evidence.labels.stated[model.events]
    answers, other = int((stated >= 0).sum()), int((stated == OTHER).sum())
    if answers < MIN_ANSWERS:
        return []
    low, high = stats.binomtest(other, answers).proportion_ci(confidence, method="wilson")
    return [("outside", "all_answers", other / answers, float(low), float(high), bool(low > MOST_OTHER))]


def region_mismatch(evidence: Evidence, model: AdditiveHazard, region: pd.Series) -> Rows:
    """Chi-square over its degrees of freedom, by region, of answers against those expected from behaviour."""
    stated = evidence.labels.stated[model.events]
    expected = _expected_answers(posterior_of_exposures(evidence.history, model), model)
    answered = stated >= 0  # a mismatch that is the same everywhere is no matter of regions
    everywhere = np.bincount(stated[answered], minlength=CODES)
    expected *= everywhere / np.maximum(expected[answered].sum(axis=0), 1e-9)
    regions = region.iloc[model.events].astype("string").reset_index(drop=True)
    rows = []
    for name, index in regions.groupby(regions).indices.items():
        index = np.asarray(index)
        index = index[answered[index]]
        if len(index) < MIN_REGION_ANSWERS:
            continue
        counts, means = np.bincount(stated[index], minlength=CODES), expected[index].sum(axis=0)
        usable = means >= 1
        chi2 = float((((counts - means) ** 2 / np.maximum(means, 1e-9))[usable]).sum())
        freedom = max(int(usable.sum()) - 1, 1)
        rows.append((str(name), chi2 / freedom, float(stats.chi2.sf(chi2, freedom))))
    q = benjamini_hochberg(np.array([row[2] for row in rows])) if rows else np.zeros(0)
    return [
        ("region_mismatch", name, value, np.nan, np.nan, bool(adjusted < MAX_Q))
        for (name, value, _), adjusted in zip(rows, q, strict=True)
    ]


def withheld(evidence: Evidence, model: AdditiveHazard, params: CausesParams, confidence: float) -> Rows:
    """A row for all answers and one a cause: nats that the fit gains on each withheld answer over the mean answer."""
    labels = evidence.labels
    answered = model.events[labels.stated[model.events] >= 0]
    hidden = answered[::FOLD]
    if len(hidden) < MIN_ANSWERS:
        return []
    stated, exit_texts = labels.stated.copy(), labels.exit_texts.copy()
    stated[hidden], exit_texts[hidden] = NOT_ASKED, 0.0
    again = fit_additive(evidence.history, replace(labels, stated=stated, exit_texts=exit_texts), params)
    expected = _expected_answers(again.p[np.searchsorted(again.events, hidden)], again)
    shown = np.bincount(stated[answered][stated[answered] >= 0], minlength=CODES) + 1 / CODES
    mean, said = shown / shown.sum(), labels.stated[hidden]
    everything = np.log(expected / mean)
    rows = [
        (
            "all_answers",
            *_mean_gain(
                everything[np.arange(len(said)), said], everything, (expected + mean) / 2, confidence
            ),
        )
    ]
    for number, cause in enumerate(CAUSES):
        p, usual = _yes_or_no(expected[:, number]), _yes_or_no(np.full(len(said), mean[number]))
        gains = np.log(p / usual)
        told = np.where(said == number, gains[:, 1], gains[:, 0])
        rows.append((cause, *_mean_gain(told, gains, (p + usual) / 2, confidence)))
    q = benjamini_hochberg(np.array([row[4] for row in rows]))
    return [
        ("withheld", name, value, low, high, bool(adjusted < MAX_Q))
        for (name, value, low, high, _), adjusted in zip(rows, q, strict=True)
    ]


def _yes_or_no(p: Array) -> Array:
    return np.stack([1 - p, p], axis=1)


def _mean_gain(
    told: Array, gains: Array, chances: Array, confidence: float
) -> tuple[float, float, float, float]:
    """Mean of the gains met, its bounds, and the one-sided p-value that it is not below zero.

    Where a reason is rare the gains met hardly vary; so they vary at least as much as `gains` of all reasons do
    whose chances are half the fit's and half the mean answer's.
    """
    expected = (chances * gains).sum(axis=1)
    least = float((chances * gains**2).sum(axis=1).mean() - (expected**2).mean())
    error = np.sqrt(max(float(told.var(ddof=1)), least, 1e-12) / len(told))
    half = float(stats.norm.ppf((1 + confidence) / 2)) * error
    value = float(told.mean())
    return value, value - half, value + half, float(stats.norm.cdf(value / error))


def _expected_answers(p: Array, model: AdditiveHazard) -> Array:
    """Chance of each reason stated, given that the member answers, from the chances `p` of the causes; (n, 7)."""
    expected = p @ (model.confusion.response_rates[:, None] * model.confusion.stated)
    return expected / np.maximum(expected.sum(axis=1, keepdims=True), 1e-300)
