"""The additive cause-specific hazard on the whole exposure history, survey and texts as noisy labels.

The fit is `latent_cause.additive_hazard_em`, the intervals are `latent_cause.share_intervals`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.exposures.block_exposures import BASES
from whychurn.causes.latent_cause.additive_hazard_em import (
    AdditiveHazard,
    cause_hazards,
    fit_additive,
    told_posterior,
)
from whychurn.causes.latent_cause.avoidable_churn import is_excess
from whychurn.causes.latent_cause.confusion_matrices import label_log_likelihood
from whychurn.causes.latent_cause.share_intervals import share_intervals
from whychurn.causes.methods import Attribution, Inputs
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table

WEEKS_A_YEAR = 52.18


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Posterior of the causes given exposures and labels; shares and avoidable churn with intervals.

    Null for causes that cannot be told (`evidence.grounds`); rows sum to less than one then.
    """
    grounds = inputs.grounds
    evidence = grounds.applied(inputs.evidence)
    params = params.model_copy(update={"causes": grounds.settings(params.causes)})
    model = fit_additive(evidence.history, evidence.labels, params.causes)
    p = posterior(evidence, model, grounds)
    shares = share_intervals(evidence, model, p[evidence.churned], grounds, params)
    facts = {
        "steps": float(model.steps),
        "last_gain": float(model.relative_gain),
        "churn_events": float(len(model.events)),
    }
    tables = {
        "cause_drivers": exposure_contributions(evidence, model, grounds),
        "cause_confusion": confusion_table(model)
        if grounds.speak
        else empty_table(columns_of("cause_confusion")),
    }
    return Attribution(p, shares, facts, tables, model)


def posterior(evidence: Evidence, model: AdditiveHazard, grounds: Grounds) -> Array:
    """Posterior of the causes at each index date, given exposures and labels; (rows, 6).

    Events that the model is fitted to have theirs from the fit. Other churn events come from the same hazards
    in their decision window, members still there from the hazards of their last week and their texts.
    """
    p = np.full((len(evidence.spells.table), len(CAUSES)), np.nan)
    p[model.events] = told_posterior(evidence.history, model, grounds)
    others = np.setdiff1d(evidence.rows, model.events)
    if len(others):
        history = evidence.history
        x, causes = history.at_index_date[others], history.causes
        hazard = cause_hazards(x, model.coefficients, causes)
        total = hazard.sum(axis=1, keepdims=True)
        if not grounds.speak:  # what no exposure explains is of unknown cause
            hazard = cause_hazards(x, model.coefficients, causes, is_excess(history.names))
        log = label_log_likelihood(evidence.labels.select(others), model.confusion)
        joint = hazard * np.exp(log - log.max(axis=1, keepdims=True))
        total = joint.sum(axis=1, keepdims=True) if grounds.speak else total
        p[others] = joint / np.maximum(total, 1e-300)
    p = p[evidence.rows]
    nothing = np.isnan(p).all(axis=1)
    if grounds.speak:
        nothing |= p.sum(axis=1) < 0.5
    p[nothing] = 1 / len(CAUSES) if grounds.speak else 0.0
    p[:, ~grounds.told] = np.nan
    return p


def exposure_contributions(evidence: Evidence, model: AdditiveHazard, grounds: Grounds) -> pd.DataFrame:
    """Churn events attributed to each exposure; without words, the background is of unknown cause.

    Returns
    -------
    DataFrame
        cause, exposure, share (of all events), yearly_per_1000 (events a year for each thousand members).
    """
    history = evidence.history
    events = (model.frailty[history.totals.stratum] @ history.totals.x) * model.coefficients
    weeks = max(float(history.risk.weight.sum()), 1e-9)
    table = pd.DataFrame(
        {
            "cause": [
                UNKNOWN if name in BASES and not grounds.speak else CAUSES[cause]
                for cause, name in zip(history.causes, history.names, strict=True)
            ],
            "exposure": history.roots,
            "share": events / max(float(events.sum()), 1e-12),
            "events_per_1000_member_years": WEEKS_A_YEAR * 1000 * events / weeks,
        }
    )
    table = table.groupby(["cause", "exposure"], sort=False, as_index=False).sum()
    return table.astype({"cause": "string", "exposure": "string"})


def confusion_table(model: AdditiveHazard) -> pd.DataFrame:
    """What members say given the cause: cause, said, chance; and their response rate (said = ``answers``)."""
    stated, rates = model.confusion.stated, model.confusion.response_rates
    rows = [
        (cause, code, float(p))
        for cause, row in zip(CAUSES, stated, strict=True)
        for code, p in zip([*CAUSES, "other"], row, strict=True)
    ]
    rows += [(cause, "answers", float(rate)) for cause, rate in zip(CAUSES, rates, strict=True)]
    table = pd.DataFrame(rows, columns=["cause", "stated", "probability"])
    return table.astype({"cause": "string", "stated": "string"})
