"""The additive cause-specific hazard on the whole exposure history, survey and texts as noisy labels.

The fit is `latent_cause.additive_hazard_em`; chances of members are averaged over `latent_cause.resampled_fits`, which
with what was measured on programmes built otherwise make the intervals (`latent_cause.share_intervals`).
"""

from __future__ import annotations

import pandas as pd

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.exposures.block_exposures import BASES
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard, fit_additive
from whychurn.causes.latent_cause.measured_error import measured_error
from whychurn.causes.latent_cause.member_chances import posterior, tempered
from whychurn.causes.latent_cause.resampled_fits import resampled_fits
from whychurn.causes.latent_cause.share_intervals import no_shares, share_intervals
from whychurn.causes.methods import Attribution, Inputs
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
    p, shares = posterior(evidence, model, grounds), no_shares()
    if len(model.events) and grounds.told.any():
        resamples = resampled_fits(evidence, model, grounds, params)
        share = p[evidence.churned].mean(axis=0)
        shares = share_intervals(evidence, model, share, resamples, grounds, params.run.confidence)
        p = resamples.p
        if grounds.speak:
            p = tempered(p, evidence.churned, share, measured_error().temperature)
    facts = {
        "steps": float(model.steps),
        "moved": float(model.moved),
        "churn_events": float(len(model.events)),
    }
    tables = {
        "cause_drivers": exposure_contributions(evidence, model, grounds),
        "cause_confusion": confusion_table(model)
        if grounds.speak
        else empty_table(columns_of("cause_confusion")),
    }
    return Attribution(p, shares, facts, tables, model)


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
