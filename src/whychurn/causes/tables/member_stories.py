"""Anonymised stories of typical churned members."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.causes.tables.by_group_and_month import tenure_bands
from whychurn.contract.causes import CAUSES
from whychurn.contract.results import columns_of

COLUMNS: Final = columns_of("cause_stories")


def cause_stories(churned: pd.DataFrame, tenure_days: pd.Series, stories: int, min_cell: int) -> pd.DataFrame:
    """Typical members of each cause: `COLUMNS`; no id, no date, no place.

    A story is told only where `min_cell` churned members share its cause and tenure band.

    Parameters
    ----------
    churned
        Churned rows of member_causes with evidence.
    tenure_days
        Of each, at the index date.
    stories
        Stories of each cause, at most.
    """
    rows = churned.assign(tenure=tenure_bands(tenure_days).to_numpy()).dropna(subset=["tenure"])
    rows = rows[rows["primary_cause"].isin(CAUSES) & (rows["evidence"].str.len() > 2)]
    size = rows.groupby(["primary_cause", "tenure"])["tenure"].transform("size")
    rows = rows[size >= min_cell].assign(sentences=rows["evidence"].str.count('"cause"'))
    # evidence must not point at one person: of the many sentences with counts, the commonest are chosen
    rows = rows.sort_values(["sentences", "confidence", "evidence"], ascending=[False, False, True])
    rows = rows.drop_duplicates(["primary_cause", "tenure"]).groupby("primary_cause").head(stories)
    number = rows.groupby("primary_cause").cumcount() + 1
    rows = rows.assign(
        story=number, cause=rows["primary_cause"], order=rows["primary_cause"].map(CAUSES.index)
    )
    rows = rows.sort_values(["order", "story"], ignore_index=True)
    return rows[COLUMNS].astype({"cause": "string", "tenure": "string", "evidence": "string"})
