"""Fewer interviews of the same world: a draw from the draw, its chances known."""

from __future__ import annotations

import numpy as np
import pandas as pd

INTERVIEW = "interview"


def thin_interviews(surveys: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Surveys with about `share` of the interviews, whoever was asked: silent leavers as well as those who answered.

    Each interview is kept by the same chance, whatever its own, so the chance with which a leaver was asked
    becomes `asked_probability` times `share`. Rows of two coders of one interview stay together.

    Parameters
    ----------
    surveys
        Interim surveys: survey_id, kind, asked_probability, further columns.
    share
        From 0 (no interviews) to 1 (all of them).
    """
    interview = (surveys["kind"] == INTERVIEW).fillna(False).to_numpy("bool")
    if not interview.any():
        return surveys
    ids = np.sort(surveys.loc[interview, "survey_id"].dropna().unique())
    kept = ids[np.random.default_rng(seed).random(len(ids)) < share]
    thinned = surveys[~interview | surveys["survey_id"].isin(kept)].reset_index(drop=True)
    asked = thinned["kind"] == INTERVIEW
    chance = thinned["asked_probability"].where(~asked, thinned["asked_probability"] * share)
    return thinned.assign(asked_probability=chance)
