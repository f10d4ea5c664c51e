"""Sensitivity analysis: shares and ranking under other definitions and periods, without survey, texts or
market.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.evidence.grounds import find_grounds
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard, fit_additive, told_posterior
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams
from whychurn.contract.results import columns_of
from whychurn.panel.exit_surveys import NOT_ASKED

COLUMNS: Final = columns_of("cause_sensitivity")
SAME_EVENT_DAYS: Final = 45  # two definitions date one churn event at most so far apart


def without_source(evidence: Evidence, source: str) -> Evidence:
    """`evidence` without one source: ``survey`` (and exit texts), ``text`` (all texts), ``market``."""
    labels, history = evidence.labels, evidence.history
    if source == "market":
        rival = np.array([name.startswith("rival_") for name in history.names])
        return replace(evidence, history=_without_exposures(history, rival))
    stated = np.full_like(labels.stated, NOT_ASKED) if source == "survey" else labels.stated
    before = np.zeros_like(labels.texts_before_exit) if source == "text" else labels.texts_before_exit
    return replace(evidence, labels=NoisyLabels(stated, before, np.zeros_like(labels.exit_texts)))


def _without_exposures(history: ExposureHistory, removed: Array) -> ExposureHistory:
    """All exposures that are `removed`, (J,), become zero."""
    return replace(
        history,
        risk=replace(history.risk, x=history.risk.x * ~removed),
        decisions=replace(history.decisions, x=history.decisions.x * ~removed),
        totals=replace(history.totals, x=history.totals.x * ~removed),
        at_index_date=history.at_index_date * ~removed,
    )


def sensitivity_analysis(
    evidence: Evidence, main: AdditiveHazard, churners: pd.DataFrame, params: CausesParams
) -> pd.DataFrame:
    """Shares of the additive hazard under variants of evidence, period and churn definition.

    Parameters
    ----------
    main
        The additive hazard on all evidence.
    churners
        Churn events under every definition; those that count under another definition as well keep the causes
        of the main fit.

    Returns
    -------
    DataFrame
        `COLUMNS`; ``kept``: Kendall's tau of the ranking with that of ``main``.
    """
    if not len(main.events):
        return pd.DataFrame(columns=COLUMNS)
    whole = find_grounds(evidence)
    told = told_posterior(whole.applied(evidence).history, main, whole)
    posteriors = {"main": told}
    for source in params.stability_drops:
        posteriors[f"no_{source}"] = _posterior_of(without_source(evidence, source), params)
    table = evidence.spells.table
    left_on = pd.Series(evidence.calendar.date(np.maximum(table["last"].to_numpy()[main.events], 0)))
    late = (left_on > left_on.median()).to_numpy()
    posteriors |= {"first_half": told[~late], "second_half": told[late]}
    definitions = events_by_definition(table, churners)
    posteriors |= {name: told[counts[main.events]] for name, counts in definitions.items()}
    return _table(posteriors)


def _posterior_of(evidence: Evidence, params: CausesParams) -> Array:
    """Posterior of the churn events with what this evidence can tell, null where that is nothing; (n, 6)."""
    grounds = find_grounds(evidence)
    used = grounds.applied(evidence)
    model = fit_additive(used.history, used.labels, grounds.settings(params))
    return told_posterior(used.history, model, grounds)


def events_by_definition(table: pd.DataFrame, churners: pd.DataFrame) -> dict[str, Array]:
    """Spells whose churn counts under each other definition as well: same member, last active at about the
    same time.

    Parameters
    ----------
    table
        Spells: member_id, last, churned.
    churners
        member_id, definition, is_main, last_active_on.
    """
    events = {}
    spells = table.assign(row=np.arange(len(table)), member_id=table["member_id"].astype("string"))
    for name, rows in churners[~churners["is_main"]].groupby("definition", sort=True):
        days = rows[["member_id", "last_active_on"]].assign(member_id=rows["member_id"].astype("string"))
        pairs = spells.merge(days, on="member_id")
        other = (pairs["last_active_on"] - pairs["last_active_on"].min()).dt.days
        main = pairs["last"] - pairs["last"].min()
        near = (other - main - (other - main).median()).abs() <= SAME_EVENT_DAYS
        flags = np.zeros(len(table), dtype=bool)
        flags[pairs.loc[near, "row"].to_numpy()] = True
        events[str(name)] = flags & table["churned"].to_numpy()
    return events


def _table(posteriors: Mapping[str, Array]) -> pd.DataFrame:
    nothing = np.full(len(CAUSES), np.nan)
    main, rows = posteriors["main"].mean(axis=0), []
    for name, p in posteriors.items():
        share = p.mean(axis=0) if len(p) else nothing
        both = np.isfinite(main) & np.isfinite(share)
        tau = float(stats.kendalltau(main[both], share[both]).statistic) if both.sum() > 1 else np.nan
        rank = stats.rankdata(-share, method="min", nan_policy="omit") if len(p) else nothing
        rows += [
            (name, cause, share[number], rank[number], float(len(p)), tau)
            for number, cause in enumerate(CAUSES)
        ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"analysis": "string", "cause": "string"})
