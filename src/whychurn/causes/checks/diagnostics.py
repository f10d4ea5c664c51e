"""Does the additive model notice when it is misspecified? Checks that need no ground truth.

`excess_fit` compares fitted hazards with who leaves, `answer_fit` with what leavers answer. Levels are such that
of programmes built as assumed at most one in 20 raises any of them; ``benchmarks/diagnostics.py`` measures that,
and how often each notices a programme built otherwise.
"""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.causes.checks.answer_fit import outside, region_mismatch, unexplained, withheld
from whychurn.causes.checks.excess_fit import excess_fifths, interaction, unassumed_excess
from whychurn.causes.checks.fitted_hazards import fitted_hazards
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.latent_cause.additive_hazard_em import AdditiveHazard
from whychurn.causes.latent_cause.hazard_priors import EXCESS_SHARE
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of

COLUMNS: Final = columns_of("cause_diagnostics")


def diagnostics(evidence: Evidence, model: AdditiveHazard, region: pd.Series, params: Params) -> pd.DataFrame:
    """All checks: check, detail, value, low, high, flagged.

    Parameters
    ----------
    evidence, params
        As `model` was fitted to them.
    region
        Region of each spell.
    """
    if not len(model.events):
        return pd.DataFrame(columns=COLUMNS)
    confidence = params.run.confidence
    fitted = fitted_hazards(evidence.history, model, evidence.spells.first_week)
    rows = [
        *excess_fifths(fitted, confidence),
        *interaction(fitted, confidence),
        *unassumed_excess(fitted, confidence, EXCESS_SHARE),
        *unexplained(evidence, model, confidence),
        *outside(evidence, model, confidence),
        *region_mismatch(evidence, model, region),
        *withheld(evidence, model, params.causes, confidence),
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"check": "string", "detail": "string", "flagged": bool})
