"""Does the additive model notice when it is misspecified? Four checks that need no ground truth.

interaction
    Where the excess hazards of several causes are high at once, hazards that add up say how many leave. More
    than that: hazards multiply.
unexplained
    Members who churned with little exposure give answers that name no cause more often than others.
outside
    Far more answers name none of the six causes than members give who left for one of them.
region_mismatch
    In a region, survey answers do not fit what behaviour says (as if exposures meant something else there).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.latent_cause.additive_hazard_em import (
    AdditiveHazard,
    cause_hazards,
    posterior_of_exposures,
)
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.causes.latent_cause.confusion_matrices import STATED_OTHER
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.results import columns_of
from whychurn.panel.exit_surveys import OTHER
from whychurn.stats.multiple_testing import benjamini_hochberg

COLUMNS: Final = columns_of("cause_diagnostics")
HIGH_QUANTILE: Final = 0.9  # quantile of a cause's excess hazard from which on it is high
MIN_RATIO: Final = 1.1  # of observed to expected events, from which on hazards multiply
MIN_OTHER_RATIO: Final = 1.25  # of answers that name no cause, little to much exposed
MAX_Q: Final = 0.01  # of a region
MIN_ANSWERS: Final = 30  # that a check needs
MIN_REGION_ANSWERS: Final = 40


def diagnostics(
    evidence: Evidence, model: AdditiveHazard, region: pd.Series, confidence: float
) -> pd.DataFrame:
    """The four checks: check, detail, value, low, high, noticed.

    Parameters
    ----------
    region
        Region of each spell.
    """
    if not len(model.events):
        return pd.DataFrame(columns=COLUMNS)
    rows = [
        *_interaction(evidence, model, confidence),
        _unexplained(evidence, model, confidence),
        *_outside(evidence, model, confidence),
        *_regions(evidence, model, region),
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"check": "string", "detail": "string", "flagged": bool})


def _interaction(evidence: Evidence, model: AdditiveHazard, confidence: float) -> list[tuple[Any, ...]]:
    """Observed over expected events where one, and where several causes have a high excess hazard."""
    history = evidence.history
    risk, decisions, causes = history.risk, history.decisions, history.causes
    excess = is_excess(history.names).astype(float)
    hazards = cause_hazards(risk.x, model.coefficients, causes, excess)
    total = cause_hazards(risk.x, model.coefficients, causes).sum(axis=1) * risk.weight
    total *= model.frailty[risk.stratum]
    border = np.maximum(np.quantile(hazards, HIGH_QUANTILE, axis=0), 1e-9)
    n_high = (hazards > border).sum(axis=1)
    n_high_event = (cause_hazards(decisions.x, model.coefficients, causes, excess) > border).sum(axis=1)
    rows = []
    for name, least, most in (("one_high", 1, 1), ("several_high", 2, len(CAUSES))):
        expected = float(total[(n_high >= least) & (n_high <= most)].sum())
        observed = float(decisions.weight[(n_high_event >= least) & (n_high_event <= most)].sum())
        low, high = (bound / max(expected, 1e-9) for bound in _poisson_interval(observed, confidence))
        noticed = bool(name == "several_high" and low > MIN_RATIO)
        rows.append(("interaction", name, observed / max(expected, 1e-9), low, high, noticed))
    return rows


def _poisson_interval(count: float, confidence: float) -> tuple[float, float]:
    """Exact interval of a Poisson mean (Garwood 1936)."""
    tail = (1 - confidence) / 2
    low = float(stats.chi2.ppf(tail, 2 * max(count, 1e-9)) / 2)
    return low, float(stats.chi2.ppf(1 - tail, 2 * (count + 1)) / 2)


def _unexplained(evidence: Evidence, model: AdditiveHazard, confidence: float) -> tuple[Any, ...]:
    """Share of answers that name no cause among the half of events with least exposure, over that of the
    others.
    """
    history = evidence.history
    hazards = cause_hazards(
        history.decisions.x, model.coefficients, history.causes, is_excess(history.names).astype(float)
    )
    excess = _sum_by_event(hazards.sum(axis=1) * history.decisions.weight, evidence, model)
    stated = evidence.labels.stated[model.events]
    answered = stated >= 0
    if answered.sum() < MIN_ANSWERS:
        return ("unexplained", "other_when_unexposed", np.nan, np.nan, np.nan, False)
    little = excess < np.median(excess[answered])
    sizes = [int((answered & half).sum()) for half in (little, ~little)]
    others = [int(((stated == OTHER) & answered & half).sum()) for half in (little, ~little)]
    rates = [(count + 0.5) / (size + 1) for count, size in zip(others, sizes, strict=True)]
    error = np.sqrt(sum((1 - rate) / (rate * (size + 1)) for rate, size in zip(rates, sizes, strict=True)))
    z = stats.norm.ppf((1 + confidence) / 2)
    ratio = rates[0] / rates[1]
    low, high = ratio * np.exp(-z * error), ratio * np.exp(z * error)
    return ("unexplained", "other_when_unexposed", ratio, low, high, bool(low > MIN_OTHER_RATIO))


def _outside(evidence: Evidence, model: AdditiveHazard, confidence: float) -> list[tuple[Any, ...]]:
    """Share of answers that name none of the six, against the one assumed if all left for one (Wilson
    interval).
    """
    stated = evidence.labels.stated[model.events]
    answers, other = int((stated >= 0).sum()), int((stated == OTHER).sum())
    if answers < MIN_ANSWERS:
        return []
    low, high = stats.binomtest(other, answers).proportion_ci(confidence, method="wilson")
    noticed = bool(low > STATED_OTHER)
    return [("outside", "all_answers", other / answers, float(low), float(high), noticed)]


def _regions(evidence: Evidence, model: AdditiveHazard, region: pd.Series) -> list[tuple[Any, ...]]:
    """Chi-square over its degrees of freedom, by region, of answers against those expected from behaviour."""
    stated = evidence.labels.stated[model.events]
    confusion = model.confusion
    p = posterior_of_exposures(evidence.history, model)
    expected = p @ (confusion.response_rates[:, None] * confusion.stated)
    expected /= expected.sum(axis=1, keepdims=True)
    answered = stated >= 0  # a mismatch that is the same everywhere is no matter of regions
    everywhere = np.bincount(stated[answered], minlength=len(CAUSES) + 1)
    expected *= everywhere / np.maximum(expected[answered].sum(axis=0), 1e-9)
    regions = region.iloc[model.events].astype("string").reset_index(drop=True)
    rows = []
    for name, index in regions.groupby(regions).indices.items():
        index = np.asarray(index)
        index = index[answered[index]]
        if len(index) < MIN_REGION_ANSWERS:
            continue
        counts, means = np.bincount(stated[index], minlength=len(CAUSES) + 1), expected[index].sum(axis=0)
        usable = means >= 1
        chi2 = float((((counts - means) ** 2 / np.maximum(means, 1e-9))[usable]).sum())
        freedom = max(int(usable.sum()) - 1, 1)
        rows.append((str(name), chi2 / freedom, float(stats.chi2.sf(chi2, freedom))))
    q = benjamini_hochberg(np.array([row[2] for row in rows])) if rows else np.zeros(0)
    return [
        ("region_mismatch", name, value, np.nan, np.nan, bool(adjusted < MAX_Q))
        for (name, value, _), adjusted in zip(rows, q, strict=True)
    ]


def _sum_by_event(values: Array, evidence: Evidence, model: AdditiveHazard) -> Array:
    """Sum of the rows of each decision window; (events,)."""
    event = np.searchsorted(model.events, evidence.history.decisions.spell)
    return np.bincount(event, values, len(model.events))
