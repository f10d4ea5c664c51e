"""Cause-specific Cox models: what is associated with leaving from each cause."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table
from whychurn.survival.competing_risks.cumulative_incidence import P_COLUMNS
from whychurn.survival.competing_risks.stated_causes import MAX_RESPONSE_ODDS, StatedCauses
from whychurn.survival.cox.regression import hazard_ratio_table
from whychurn.survival.hazard_ratios.covariates import MIN_LEVEL_EVENTS
from whychurn.survival.hazard_ratios.cox_model import fit_without_aliased_terms
from whychurn.survival.hazard_ratios.model_building import CoxModels
from whychurn.survival.hazard_ratios.term_labels import term_label

CAUSE_RATIOS: Final = columns_of("cause_hazard_ratios")
MIN_CAUSE_EVENTS: Final = 30  # a cause with fewer (expected) events: too few for even three terms


def stated_event_weights(stated: StatedCauses) -> pd.DataFrame:
    """Weights of churn events by cause: an answer has one over its chance to be given, a silent leaver none.

    Unlike `StatedCauses.weights`, which spreads the silent over the causes and so would pull every ratio towards one.
    """
    reason = stated.events["reason"]
    named = np.eye(len(CAUSES) + 1)[np.clip(reason, 0, len(CAUSES))][:, : len(CAUSES)]
    named *= (reason >= 0).to_numpy()[:, None]
    probability = stated.events["p_answer"].to_numpy()
    weight = 1 + np.minimum((1 - probability) / probability, MAX_RESPONSE_ODDS)
    values = pd.DataFrame(named * weight[:, None], columns=P_COLUMNS)
    return pd.concat([stated.events[["member_id", "spell_no"]].reset_index(drop=True), values], axis=1)


def cause_hazard_ratios(models: CoxModels, weights: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Cause-specific Cox models: who leaves from each cause, everybody still there being at risk of it.

    Parameters
    ----------
    weights
        member_id, spell_no and ``p_<cause>``: in which part a churn event counts for each cause (posteriors),
        or how many events it stands for (`stated_event_weights`). Events without a row count for none.

    Returns
    -------
    DataFrame
        Columns `CAUSE_RATIOS`; causes with fewer than `MIN_CAUSE_EVENTS` events have no rows, nor have terms
        without a finite ratio. Robust intervals over members; with posteriors they leave out the uncertainty
        of the posteriors themselves.
    """
    matched = models.keys.merge(weights, on=["member_id", "spell_no"], how="left", validate="many_to_one")
    events = matched[P_COLUMNS].fillna(0.0).to_numpy(float) * (models.data.event > 0)[:, None]
    covariates, parts = models.before.by_name, []
    for cause, event in zip(CAUSES, events.T, strict=True):
        if min(event.sum(), (event > 0).sum()) < MIN_CAUSE_EVENTS:
            continue
        kept = _estimable_terms(models, event)
        names = tuple(np.array(models.data.terms, dtype=object)[kept])
        data = replace(models.data, terms=names, X=models.data.X[:, kept], event=event)
        start = models.before.fit.coefficients[kept]
        fit, finite = fit_without_aliased_terms(data, params.survival.cox, start)
        if fit is None:
            continue
        kept[kept] = finite
        terms = [term for term, keep in zip(models.before.terms, kept, strict=True) if keep]
        table = hazard_ratio_table(fit, params.run.confidence)
        table = table.assign(cause=cause, events=event.sum(), churn_events=float((event > 0).sum()))
        table["feature"] = [term.feature for term in terms]
        for lang in ("en", "zh"):
            table[f"label_{lang}"] = [term_label(term, covariates[term.feature], lang) for term in terms]
        parts.append(table)
    if not parts:
        return empty_table(CAUSE_RATIOS)
    ratios = pd.concat(parts, ignore_index=True)
    return ratios.assign(p_adjusted=false_discovery_control(ratios["p_value"]))[CAUSE_RATIOS]


def _estimable_terms(models: CoxModels, event: np.ndarray) -> np.ndarray:
    """Terms of a model of one cause: flags and levels with too few events on either side are left out."""
    has_event = event > 0
    on = (models.data.X[has_event] > 0).sum(axis=0)
    rare = np.minimum(on, has_event.sum() - on) < MIN_LEVEL_EVENTS
    return ~(rare & np.array([term.kind != "number" for term in models.before.terms]))
