"""Checks of the fitted excess hazards against who leaves; answers and texts take no part.

excess_fifths
    Observed over expected events in fifths of the fitted excess of a cause, from low doses to high (grouped goodness of fit of a
    survival model: May and Hosmer 1998, after Hosmer and Lemeshow 1980). Too few where the excess is highest:
    the cause saturates, or is given too much; too many: the hazard grows faster than the dose.
interaction
    The same where the excess of one, and of several causes is high at once. More than expected: hazards
    multiply; fewer: together they do less than apart.
no_effect
    Leavings that go along with the traces of a cause, without the prior: one Newton step from the fit along
    the excess of the cause (Le Cam 1956). Where the lower bound is not above zero the traces show nothing, for
    want of an effect or of members; flagged if the data also rule out most of what the fit gives them.
excess_share
    The same for all causes together, against the share that is assumed beforehand.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from scipy import stats

from whychurn.causes.checks.fitted_hazards import FittedHazards
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.stats.multiple_testing import benjamini_hochberg

Rows = list[tuple[Any, ...]]  # check, detail, value, low, high, flagged
GROUPS: Final = 5
LEAST_EXPECTED: Final = 5.0  # events of a group that a chi-square needs
MAX_Q: Final = 0.01  # of a cause, over the six
TOP_RATIO: Final = (0.75, 1.3)  # of observed to expected events in the highest fifth, that is as assumed
HIGH_QUANTILE: Final = 0.9  # quantile of a cause's excess hazard from which on it is high
SEVERAL_RATIO: Final = (0.9, 1.1)  # of observed to expected events where several are high
LITTLE: Final = 0.02  # of all leavings: a fit that gives the traces of a cause no more claims nothing
MOST_OF: Final = 0.75  # of what the fit gives them: data that rule out so much speak against it
SHARE_AS_ASSUMED: Final = (0.2, 0.8)  # of all leavings that go along with any trace: half, within reason


def excess_fifths(fitted: FittedHazards, confidence: float) -> Rows:
    """A row a cause: observed over expected events in the highest fifth, with a Poisson interval."""
    found = []
    for number, cause in enumerate(CAUSES):
        at_risk, at_exit = _fifths(fitted, number)
        groups = int(at_risk.max(initial=0)) + 1
        expected = np.bincount(at_risk, fitted.at_risk.events, groups)
        given = float(fitted.at_risk.events @ fitted.at_risk.part[:, number])
        if groups < 2 or expected.min() < LEAST_EXPECTED or given <= LITTLE * expected.sum():
            continue
        observed = np.bincount(at_exit, fitted.at_exit.events, groups)
        chi2 = float(((observed - expected) ** 2 / np.maximum(expected, 1e-9)).sum())
        top = _ratio(observed[-1], expected[-1], confidence)
        found.append((cause, float(stats.chi2.sf(chi2, groups - 1)), top))
    adjusted = benjamini_hochberg(np.array([p for _, p, _ in found])) if found else np.zeros(0)
    return [
        ("excess_fifths", cause, *top, bool(q < MAX_Q and _outside(top[0], TOP_RATIO)))
        for (cause, _, top), q in zip(found, adjusted, strict=True)
    ]


def _fifths(fitted: FittedHazards, cause: int) -> tuple[Array, Array]:
    """Fifth of each row by the excess of `cause`: each holds a fifth of the leavings that the fit gives it."""
    at_risk, at_exit = fitted.at_risk.excess[:, cause], fitted.at_exit.excess[:, cause]
    order = np.argsort(at_risk, kind="stable")
    passed = np.cumsum((fitted.at_risk.events * fitted.at_risk.part[:, cause])[order])
    cut = np.searchsorted(passed, passed[-1:] * np.arange(1, GROUPS) / GROUPS)
    borders = np.unique(at_risk[order][np.minimum(cut, len(order) - 1)])
    borders = borders[borders > at_risk.min(initial=np.inf)]
    return np.searchsorted(borders, at_risk, side="right"), np.searchsorted(borders, at_exit, side="right")


def interaction(fitted: FittedHazards, confidence: float) -> Rows:
    """Observed over expected events where one, and where several causes have a high excess hazard."""
    border = np.maximum(np.quantile(fitted.at_risk.excess, HIGH_QUANTILE, axis=0), 1e-9)
    at_risk, at_exit = ((rows.excess > border).sum(axis=1) for rows in (fitted.at_risk, fitted.at_exit))
    found = []
    for name, least, most in (("one_high", 1, 1), ("several_high", 2, len(CAUSES))):
        expected = float(fitted.at_risk.events[(at_risk >= least) & (at_risk <= most)].sum())
        observed = float(fitted.at_exit.events[(at_exit >= least) & (at_exit <= most)].sum())
        value, low, high = _ratio(observed, expected, confidence)
        beyond = low > SEVERAL_RATIO[1] or high < SEVERAL_RATIO[0]
        found.append(("interaction", name, value, low, high, name == "several_high" and beyond))
    return found


def unassumed_excess(fitted: FittedHazards, confidence: float, assumed: float) -> Rows:
    """Rows of ``no_effect``, one a cause with traces, and of ``excess_share``, as shares of all leavings.

    Parameters
    ----------
    assumed
        Share of all leavings that the priors give to all traces together.
    """
    found = []
    for number, cause in enumerate(CAUSES):
        given, value, low, high = _one_step(fitted, np.eye(len(CAUSES))[number], confidence)
        if given > 0:
            contradicted = bool(low <= 0 and given > LITTLE and high < MOST_OF * given)
            found.append(("no_effect", cause, value, low, high, contradicted))
    given, value, low, high = _one_step(fitted, np.ones(len(CAUSES)), confidence)
    as_assumed = low <= SHARE_AS_ASSUMED[1] and high >= SHARE_AS_ASSUMED[0]
    return (
        [*found, ("excess_share", f"{assumed:.2f}", value, low, high, not as_assumed)] if given > 0 else found
    )


def _one_step(fitted: FittedHazards, which: Array, confidence: float) -> tuple[float, float, float, float]:
    """Share of the leavings that the fit gives to the excess of some causes, and that the data alone give, with bounds.

    The factor on the fitted excess is 1 + U / I: U is the score of the log likelihood given each stratum, I its
    empirical information.
    """
    here, there = fitted.at_risk, fitted.at_exit
    at_risk, at_exit = here.part @ which, there.part @ which
    cells = int(max(here.stratum.max(initial=0), there.stratum.max(initial=0))) + 1
    events = np.bincount(here.stratum, here.events, cells)
    mean = np.bincount(here.stratum, here.events * at_risk, cells) / np.maximum(events, 1e-12)
    score = np.bincount(fitted.event, there.events * (at_exit - mean[there.stratum]))
    information = max(float(score @ score), 1e-12)
    given = float(here.events @ at_risk) / max(float(here.events.sum()), 1e-12)
    factor = 1 + float(score.sum()) / information
    half = float(stats.norm.ppf((1 + confidence) / 2)) / np.sqrt(information)
    return given, given * factor, given * (factor - half), given * (factor + half)


def _ratio(observed: float, expected: float, confidence: float) -> tuple[float, float, float]:
    """Observed over expected with the exact interval of a Poisson mean (Garwood 1936)."""
    tail, expected = (1 - confidence) / 2, max(float(expected), 1e-9)
    low = float(stats.chi2.ppf(tail, 2 * max(observed, 1e-9)) / 2)
    high = float(stats.chi2.ppf(1 - tail, 2 * (observed + 1)) / 2)
    return float(observed) / expected, low / expected, high / expected


def _outside(value: float, bounds: tuple[float, float]) -> bool:
    return value < bounds[0] or value > bounds[1]
