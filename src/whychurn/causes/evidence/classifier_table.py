"""The evidence as a table of numbers, one row for each index date, for fitting classifiers."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.panel.exit_surveys import SILENT

LABELS: Final = ("x_stated_", "x_after_", "x_answered", "x_silent")  # columns of what members said on leaving


def evidence_table(evidence: Evidence, features: list[str]) -> pd.DataFrame:
    """One row for each index date: its keys, and columns ``x_…`` of exposures, answers, texts and features.

    Parameters
    ----------
    features
        Panel features that are numbers or flags.
    """
    history, labels, stated = evidence.history, evidence.labels.select(evidence.rows), evidence.stated
    names = [f"x_{CAUSES[cause]}_{name}" for cause, name in zip(history.causes, history.names, strict=True)]
    columns: dict[str, Array] = dict(zip(names, evidence.exposures_at_index_date.T, strict=True))
    for number, cause in enumerate((*CAUSES, "other")):
        columns[f"x_stated_{cause}"] = (stated == number).astype("float32")
        columns[f"x_said_{cause}"] = labels.texts_before_exit[:, number].astype("float32")
        columns[f"x_after_{cause}"] = labels.exit_texts[:, number].astype("float32")
    columns["x_answered"] = (stated >= 0).astype("float32")
    columns["x_silent"] = (stated == SILENT).astype("float32")
    for name in features:
        columns[f"x_{name}"] = evidence.panel[name].astype("float64").to_numpy("float32")
    return pd.concat([evidence.index_dates, pd.DataFrame(columns)], axis=1)


def classifier_inputs(table: pd.DataFrame) -> Array:
    """Columns ``x_…`` of `evidence_table` but those of `LABELS`; (rows, features).

    Gaps are filled by the median, columns standardised and clipped at six standard deviations.
    """
    names = [name for name in table if str(name).startswith("x_") and not str(name).startswith(LABELS)]
    x = table[names].to_numpy("float64")
    x = x[:, ~np.isnan(x).all(axis=0)]
    middle = np.nanmedian(x, axis=0) if len(x) else np.zeros(x.shape[1])
    x = np.where(np.isnan(x), middle, x)
    spread = x.std(axis=0)
    varying = spread > 1e-9
    return np.clip((x[:, varying] - x[:, varying].mean(axis=0)) / spread[varying], -6, 6)
