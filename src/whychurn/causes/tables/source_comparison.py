"""Sources side by side: what members stated against what the evidence says, shares by numbers, survey and
texts.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.methods import stated_shares
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, LEAST_SAID
from whychurn.contract.results import columns_of
from whychurn.panel.exit_surveys import NOT_ASKED, OTHER, SILENT

COLUMNS: Final = columns_of("cause_triangulation")


def cause_triangulation(shares: pd.DataFrame, evidence: Evidence, min_cell: int) -> pd.DataFrame:
    """Shares by each source: `COLUMNS`; null where fewer than `LEAST_SAID` or `min_cell` members
    said anything.

    ``agree`` counts the sources that rank a cause as the numbers do, or one rank off.
    """
    labels = evidence.labels.select(evidence.rows[evidence.churned])
    usable = float(((labels.stated >= 0) & (labels.stated < len(CAUSES))).sum())
    sources = {
        "survey": (stated_shares(labels.stated), usable),
        "texts": _text_shares(labels.texts_before_exit),
        "interviews": _text_shares(labels.exit_texts),
    }
    table = pd.DataFrame(
        {"cause": pd.Series(CAUSES, dtype="string"), "numbers": shares["share"].to_numpy("float64")}
    )
    for name, (share, members) in sources.items():
        table[name] = share if members >= max(min_cell, LEAST_SAID) else np.nan
    ranks = [stats.rankdata(-table[name]) for name in sources if table[name].notna().all()]
    rank = stats.rankdata(-table["numbers"])
    table["agree"] = sum((np.abs(other - rank) <= 1).astype(float) for other in ranks) if ranks else np.nan
    return table[COLUMNS]


def _text_shares(weight: Array) -> tuple[Array, float]:
    """Shares of the six in the texts, NaN without any; and the number of members with a text."""
    total = weight[:, : len(CAUSES)].sum(axis=0)
    members = float((weight.sum(axis=1) > 0).sum())
    return total / total.sum() if total.sum() > 0 else np.full(len(CAUSES), np.nan), members


def cause_stated(p: Array, stated: Array, min_cell: int) -> pd.DataFrame:
    """From what churned members stated to what the evidence says.

    Returns
    -------
    DataFrame
        stated, cause, leavings (sum of posteriors), share (of those who stated so), suppressed.
    """
    names = {**dict(enumerate(CAUSES)), OTHER: "other", SILENT: "silent", NOT_ASKED: "not_asked"}
    parts = []
    for code, name in names.items():
        group = p[stated == code]
        small = len(group) < min_cell
        part = pd.DataFrame({"stated": name, "cause": CAUSES})
        part["churn_events"] = np.nan if small else [column.sum() for column in group.T]
        part["share"] = np.nan if small else [column.mean() for column in group.T]
        parts.append(part.assign(suppressed=small))
    return pd.concat(parts, ignore_index=True).astype({"stated": "string", "cause": "string"})
