"""Hazards of the fitted model in weeks at risk and in decision windows, which several checks compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.causes.evidence.exposure_effects import shared_strata
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard, cause_hazards
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks
from whychurn.contract.arrays import Array


@dataclass(frozen=True)
class HazardRows:
    """Hazards in some weeks.

    Parameters
    ----------
    events
        Churn events expected in each week at risk; or the chance that the event fell into each week of its
        decision window, as the model sees it; (rows,).
    excess
        Excess hazard of each cause; (rows, 6).
    part
        The same as a part of the whole hazard, 0 to 1; (rows, 6).
    stratum
        Month, weeks of the stay and activity together; (rows,).
    """

    events: Array
    excess: Array
    part: Array
    stratum: Array


@dataclass(frozen=True)
class FittedHazards:
    """What the model expects, and what was observed.

    Parameters
    ----------
    at_risk
        Weeks at risk. Expected events are scaled within strata to those observed: what is the same for
        everybody at a time speaks neither for nor against an exposure.
    at_exit
        Weeks of the decision windows; the chances of one window sum to one.
    event
        Churn event of each row of `at_exit`.
    """

    at_risk: HazardRows
    at_exit: HazardRows
    event: Array


def fitted_hazards(history: ExposureHistory, model: AdditiveHazard, first_week: Array) -> FittedHazards:
    """Hazards of `model` in the rows of `history`.

    Parameters
    ----------
    first_week
        First week at risk of each spell; (spells,).
    """
    risk, left = history.risk, history.decisions
    at_risk, at_exit, cells = shared_strata(history, first_week)
    hazard, expected = _rows(history, model, risk, at_risk)
    density, observed = _rows(history, model, left, at_exit)
    event = np.searchsorted(model.events, left.spell)
    chance = density * left.weight
    chance /= np.maximum(np.bincount(event, chance, len(model.events)), 1e-300)[event]
    events = hazard * risk.weight * model.frailty[risk.stratum]
    sums = np.bincount(expected.stratum, events, cells)
    seen = np.bincount(observed.stratum, chance, cells)
    events *= np.divide(seen, sums, out=np.zeros(cells), where=sums > 0)[expected.stratum]
    return FittedHazards(_with(expected, events), _with(observed, chance), event)


def _rows(
    history: ExposureHistory, model: AdditiveHazard, rows: PersonWeeks, stratum: Array
) -> tuple[Array, HazardRows]:
    """Whole hazard of each row, frailty left out, and its parts."""
    beta, causes = model.coefficients, history.causes
    hazard = np.maximum(cause_hazards(rows.x, beta, causes).sum(axis=1), 1e-300)
    excess = cause_hazards(rows.x, beta, causes, is_excess(history.names).astype(float)).astype("float32")
    return hazard, HazardRows(hazard, excess, excess / hazard[:, None], stratum)


def _with(rows: HazardRows, events: Array) -> HazardRows:
    return HazardRows(events, rows.excess, rows.part, rows.stratum)
