"""What the mix of causes on a day is read from: coefficients fitted to all members, and to each half of them.

The mix of a member is to explain what contacts change of that member's leaving, so it must not have been taught by that
leaving: each half of the members gets the coefficients of the other half (cross-fitting, Chernozhukov et al. 2018).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard, fit_additive
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.causes.latent_cause.resampled_fits import RESAMPLE_TOLERANCE
from whychurn.causes.mix.halves import HALVES, member_half
from whychurn.causes.mix.saved_levels import levels_to_json
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params

EXCESS_CHECK: Final = "excess_fifths"
MOST_FLAGGED: Final = 0.5  # of the causes whose excess does not fit; from there on the mix is not trusted


def untold(why: str) -> dict[str, Any]:
    """Content of mix.json where members cannot be told apart by cause.

    Parameters
    ----------
    why
        no_leavings, no_traces, or checks_failed.
    """
    return {"told": False, "why": why}


def mix_model(
    evidence: Evidence,
    model: AdditiveHazard | None,
    grounds: Grounds,
    checks: pd.DataFrame,
    params: Params,
) -> dict[str, Any]:
    """Content of mix.json: coefficients, scale and reference levels, or why there is no mix.

    Parameters
    ----------
    evidence, model
        As attributed; None where the additive hazard was not among the methods.
    checks
        Table cause_diagnostics.
    """
    if model is None or not len(model.events):
        return untold("no_leavings")
    history = grounds.applied(evidence).history
    excess = is_excess(history.names)
    if not grounds.told.any() or not (excess & (model.coefficients > 0)).any() or history.levels is None:
        return untold("no_traces")
    flags = checks.loc[checks["check"] == EXCESS_CHECK, "flagged"].astype(bool)
    if len(flags) and flags.mean() >= MOST_FLAGGED:
        return untold("checks_failed")
    return {
        "told": True,
        "why": None,
        "first_day": str(evidence.calendar.first.date()),
        "causes": [CAUSES[number] for number in history.causes],
        "names": history.names,
        "scale": history.scale.tolist(),
        # without words nobody knows which causes the background belongs to: it is spread evenly
        "background_told": grounds.speak,
        "whole": model.coefficients.tolist(),
        "halves": [one.tolist() for one in _half_coefficients(evidence, model, grounds, params)],
        "levels": levels_to_json(history.levels),
    }


def _half_coefficients(
    evidence: Evidence, model: AdditiveHazard, grounds: Grounds, params: Params
) -> list[Array]:
    """Coefficients for members of each half, fitted to those of the other one."""
    applied = grounds.applied(evidence)
    settings = grounds.settings(params.causes).model_copy(update={"tolerance": RESAMPLE_TOLERANCE})
    half = member_half(evidence.spells.table["member_id"])
    found = []
    for number in range(HALVES):
        counts = (half != number).astype("float64")
        if not counts[model.events].any():
            found.append(model.coefficients)
            continue
        fit = fit_additive(applied.history, applied.labels, settings, model, counts)
        found.append(np.asarray(fit.coefficients))
    return found
