"""Do shares and ranking survive another definition, another period, dropping the survey, dropping the texts?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.evidence.gather import Evidence
from whychurn.causes.evidence.noisy_labels import Observations
from whychurn.causes.exposures.history import Tape
from whychurn.causes.latent_cause.em import Fitted, fit_additive
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams
from whychurn.contract.results import columns_of
from whychurn.panel.exit_surveys import NOT_ASKED

COLUMNS: Final = columns_of("cause_stability")


def without_source(evidence: Evidence, source: str) -> Evidence:
    """`evidence` with one source of it left out: ``survey`` (answers and words after leaving), ``text``, ``market``."""
    seen = evidence.seen
    if source == "survey":
        nothing = np.full_like(seen.stated, NOT_ASKED)
        return replace(evidence, seen=Observations(nothing, seen.before, np.zeros_like(seen.after)))
    if source == "text":
        return replace(
            evidence, seen=Observations(seen.stated, np.zeros_like(seen.before), np.zeros_like(seen.after))
        )
    tape = evidence.tape
    rival = np.array([name.startswith("rival_") for name in tape.names])
    return replace(evidence, tape=_silenced(tape, rival))


def _silenced(tape: Tape, gone: Array) -> Tape:
    risk, decisions, totals = (
        replace(part, x=part.x * ~gone) for part in (tape.risk, tape.decisions, tape.totals)
    )
    return replace(
        tape,
        risk=risk,
        decisions=decisions,
        at_anchor=tape.at_anchor * ~gone,
        totals=totals,
    )


def stability(
    evidence: Evidence,
    main: Fitted,
    left_on: pd.Series,
    definitions: Mapping[str, Array],
    params: CausesParams,
) -> pd.DataFrame:
    """Shares of the additive hazard under variants of evidence, period and churn definition.

    Parameters
    ----------
    main
        The additive hazard on all evidence.
    left_on
        Day of leaving of each stay (NaT for those who stay), order of ``evidence.stays``.
    definitions
        Name of another churn definition -> which of the stays count as leavings under it as well; their causes are the main fit's.

    Returns
    -------
    DataFrame
        `COLUMNS`; ``kept``: Kendall's tau of the ranking with that of ``main``.
    """
    if not len(main.leavings):
        return pd.DataFrame(columns=COLUMNS)
    variants = {"main": (main.p.mean(axis=0), len(main.p))}
    for source in params.stability_drops:
        again = fit_additive(*_parts(without_source(evidence, source)), params)
        variants[f"no_{source}"] = (again.p.mean(axis=0), len(again.p))
    when = left_on.iloc[main.leavings]
    late = (when > when.median()).to_numpy()
    variants |= {name: _mean(main, part) for name, part in (("first_half", ~late), ("second_half", late))}
    variants |= {name: _mean(main, counts[main.leavings]) for name, counts in definitions.items()}
    return _table(variants)


def _parts(evidence: Evidence) -> tuple[Tape, Observations, Array]:
    return evidence.tape, evidence.seen, evidence.teaches


def _mean(fitted: Fitted, part: Array) -> tuple[Array, int]:
    chosen = fitted.p[part]
    return (chosen.mean(axis=0) if len(chosen) else np.full(len(CAUSES), np.nan)), len(chosen)


def _table(variants: Mapping[str, tuple[Array, int]]) -> pd.DataFrame:
    main = variants["main"][0]
    rows = []
    for name, (share, count) in variants.items():
        known = not np.isnan(share).any()
        tau = float(stats.kendalltau(main, share).statistic) if known else np.nan
        rank = stats.rankdata(-share, method="min") if known else np.full(len(CAUSES), np.nan)
        for number, cause in enumerate(CAUSES):
            rows.append((name, cause, share[number], rank[number], float(count), tau))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"variant": "string", "cause": "string"})
