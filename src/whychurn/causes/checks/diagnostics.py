"""Does the additive model notice when it is wrong? Four checks that need no truth.

interaction
    Where the excess of several causes is high at once, hazards that add up say how many leave. More than that: hazards multiply.
unexplained
    Leavings of members who met nothing out of the ordinary, and answers that name no cause, more often than others.
outside
    Far more answers name none of the six causes than leavers give who left for one of them.
region_mismatch
    In a region, survey answers do not fit what behaviour says (as it would if traces meant something else there).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.evidence.gather import Evidence
from whychurn.causes.latent_cause.avoidable import excess_flags
from whychurn.causes.latent_cause.confusion import STATED_OTHER
from whychurn.causes.latent_cause.em import Fitted, cause_hazards
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.results import columns_of
from whychurn.panel.exit_surveys import OTHER
from whychurn.stats.multiple_testing import benjamini_hochberg

COLUMNS: Final = columns_of("cause_diagnostics")
HIGH: Final = 0.9  # quantile of a cause's excess from which on it is high
LEVEL: Final = 0.01
LEAST: Final = 30  # answers that a check needs


def diagnostics(evidence: Evidence, fitted: Fitted, region: pd.Series, confidence: float) -> pd.DataFrame:
    """The four checks: check, detail, value, low, high, noticed.

    Parameters
    ----------
    region
        Region of each stay.
    """
    if not len(fitted.leavings):
        return pd.DataFrame(columns=COLUMNS)
    parts = [
        *_interaction(evidence, fitted, confidence),
        _unexplained(evidence, fitted, confidence),
        *_outside(evidence, fitted, confidence),
        *_regions(evidence, fitted, region),
    ]
    return pd.DataFrame(parts, columns=COLUMNS).astype(
        {"check": "string", "detail": "string", "noticed": bool}
    )


def _interaction(evidence: Evidence, fitted: Fitted, confidence: float) -> list[tuple[Any, ...]]:
    """Observed over expected leavings where one, and where two or more causes have a high excess."""
    tape = evidence.tape
    flags = excess_flags(tape.names).astype(float)
    risk = cause_hazards(tape.risk.x, fitted.beta, tape.causes, flags)
    total = cause_hazards(tape.risk.x, fitted.beta, tape.causes).sum(axis=1) * tape.risk.weight
    total *= fitted.tempo[tape.risk.pace]
    border = np.maximum(np.quantile(risk, HIGH, axis=0), 1e-9)
    many = (risk > border).sum(axis=1)
    chosen = evidence.teaches[tape.decisions.stay]
    gone = cause_hazards(tape.decisions.x[chosen], fitted.beta, tape.causes, flags)
    at = (gone > border).sum(axis=1)
    found = []
    for name, low, high in (("one_high", 1, 1), ("several_high", 2, len(CAUSES))):
        expected = float(total[(many >= low) & (many <= high)].sum())
        observed = float(tape.decisions.weight[chosen][(at >= low) & (at <= high)].sum())
        bounds = _poisson(observed, confidence)
        ratio = observed / max(expected, 1e-9)
        least, most = (bound / max(expected, 1e-9) for bound in bounds)
        found.append(("interaction", name, ratio, least, most, bool(name == "several_high" and least > 1.1)))
    return found


def _poisson(count: float, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    return float(stats.chi2.ppf(tail, 2 * max(count, 1e-9)) / 2), float(
        stats.chi2.ppf(1 - tail, 2 * (count + 1)) / 2
    )


def _unexplained(evidence: Evidence, fitted: Fitted, confidence: float) -> tuple[Any, ...]:
    """Share of answers that name no cause among the leavers least exposed, over that among the most exposed."""
    tape = evidence.tape
    excess = cause_hazards(
        tape.decisions.x, fitted.beta, tape.causes, excess_flags(tape.names).astype(float)
    ).sum(axis=1)
    mean = np.bincount(
        np.searchsorted(fitted.leavings, tape.decisions.stay),
        excess * tape.decisions.weight,
        len(fitted.leavings),
    )
    stated = evidence.seen.stated[fitted.leavings]
    answered = stated >= 0
    if answered.sum() < LEAST:
        return ("unexplained", "other_when_unexposed", np.nan, np.nan, np.nan, False)
    little = mean < np.median(mean[answered])
    counts = [int(((stated == OTHER) & answered & part).sum()) for part in (little, ~little)]
    sizes = [int((answered & part).sum()) for part in (little, ~little)]
    rates = [(count + 0.5) / (size + 1) for count, size in zip(counts, sizes, strict=True)]
    error = np.sqrt(sum((1 - rate) / (rate * (size + 1)) for rate, size in zip(rates, sizes, strict=True)))
    z = stats.norm.ppf((1 + confidence) / 2)
    ratio = rates[0] / rates[1]
    low, high = ratio * np.exp(-z * error), ratio * np.exp(z * error)
    return ("unexplained", "other_when_unexposed", ratio, low, high, bool(low > 1.25))


def _outside(evidence: Evidence, fitted: Fitted, confidence: float) -> list[tuple[Any, ...]]:
    """Share of answers that name none of the six, against what is assumed of leavers who left for one (Wilson interval)."""
    stated = evidence.seen.stated[fitted.leavings]
    answers, other = int((stated >= 0).sum()), int((stated == OTHER).sum())
    if answers < LEAST:
        return []
    low, high = stats.binomtest(other, answers).proportion_ci(confidence, method="wilson")
    noticed = bool(low > STATED_OTHER)
    return [("outside", "all_answers", other / answers, float(low), float(high), noticed)]


def _regions(evidence: Evidence, fitted: Fitted, region: pd.Series) -> list[tuple[Any, ...]]:
    """Chi-square over its degrees of freedom of answers against those expected from behaviour and all answers, by region."""
    stated = evidence.seen.stated[fitted.leavings]
    prior = _by_behaviour(evidence, fitted)
    expected = prior @ (fitted.speech.answers[:, None] * fitted.speech.stated)
    expected /= expected.sum(axis=1, keepdims=True)
    told = stated >= 0  # what is off everywhere is no matter of regions
    everywhere = np.bincount(stated[told], minlength=len(CAUSES) + 1)
    expected *= everywhere / np.maximum(expected[told].sum(axis=0), 1e-9)
    where = region.iloc[fitted.leavings].astype("string").reset_index(drop=True)
    rows = []
    for name, index in where.groupby(where).indices.items():
        index = np.asarray(index)
        mine = index[stated[index] >= 0]
        if len(mine) < 40:
            continue
        seen, hoped = np.bincount(stated[mine], minlength=len(CAUSES) + 1), expected[mine].sum(axis=0)
        usable = hoped >= 1
        chi = float((((seen - hoped) ** 2 / np.maximum(hoped, 1e-9))[usable]).sum())
        freedom = max(int(usable.sum()) - 1, 1)
        rows.append((str(name), chi / freedom, float(stats.chi2.sf(chi, freedom))))
    q = benjamini_hochberg(np.array([row[2] for row in rows])) if rows else np.zeros(0)
    return [
        ("region_mismatch", name, value, np.nan, np.nan, bool(p < LEVEL))
        for (name, value, _), p in zip(rows, q, strict=True)
    ]


def _by_behaviour(evidence: Evidence, fitted: Fitted) -> Array:
    """Chances of the causes from exposures alone; (leavings, 6)."""
    tape = evidence.tape
    hazard = cause_hazards(tape.decisions.x, fitted.beta, tape.causes) * tape.decisions.weight[:, None]
    who = np.searchsorted(fitted.leavings, tape.decisions.stay)
    p = np.stack([np.bincount(who, column, len(fitted.leavings)) for column in hazard.T], axis=1)
    return p / np.maximum(p.sum(axis=1, keepdims=True), 1e-300)
