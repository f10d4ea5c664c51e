"""Chances to leave as the risk model would have given them at the time: refitted on what each past day knew."""

from __future__ import annotations

import logging
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import Feature, choose_features, encode
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.risk.model.boosting import Settings, fit_booster, predict_raw, training_matrix
from whychurn.risk.model.member_sample import sample_members

log = logging.getLogger(__name__)
REFIT_DAYS: Final = 90  # a fit serves the snapshots of so many days
MAX_ROWS: Final = 20_000  # that a fit learns from, whole members
ROUNDS: Final = 80
CHOSEN: Final[dict[str, Any]] = {
    "max_depth": 2, "eta": 0.1, "min_child_weight": 20, "subsample": 0.8, "colsample_bytree": 0.5, "lambda": 5.0,
}  # fmt: skip


def chances_in_time(
    rows: pd.DataFrame, known_days: int, params: Params, before: pd.Timestamp | None = None
) -> pd.Series:
    """Chance to leave within the horizon, from fits whose labels were known on the day.

    Parameters
    ----------
    rows
        `past_months.past_rows`: as_of, ``left`` and features.
    known_days
        Days after a snapshot on which its label is known (panel.json ``label_known_days``).
    before
        Snapshots from this day on have no chance; None: all have one.

    Returns
    -------
    Series
        As `rows`; NaN on days before which fewer than ``risk.min_events`` leavings or stays were known.

    Notes
    -----
    The recipe of stage risk with fixed, small trees in place of a search, so that no later month takes part in any
    choice. It ranks; its probabilities are not calibrated.
    """
    chances = pd.Series(np.nan, index=rows.index)
    catalogue, settings = load_catalogue(), Settings.of(params)
    fitted_on, scorer = None, None
    for day in sorted(rows["as_of"].unique()):
        if before is not None and day >= before:
            break
        if fitted_on is None or (day - fitted_on).days >= REFIT_DAYS:
            known = (rows["as_of"] <= day - pd.Timedelta(days=known_days)) & rows["left"].notna()
            if _enough(rows.loc[known, "left"], params.risk.min_events):
                scorer, fitted_on = _fit(rows, known.to_numpy(), catalogue, settings), day
                log.info("judging model refitted on %s", f"{day:%Y-%m-%d}")
        if scorer is not None:
            booster, features = scorer
            today = rows["as_of"] == day
            chances[today] = predict_raw(booster, encode(_of(rows, today, features), features))
    return chances


def _enough(left: pd.Series, least: int) -> bool:
    return min(left.sum(), (1 - left).sum()) >= least


def _fit(rows: pd.DataFrame, known: np.ndarray, catalogue: pd.DataFrame, settings: Settings) -> Any:
    features, _ = choose_features(rows, known, catalogue)
    if not features:
        return None
    drawn = known.copy()
    drawn[known] = sample_members(rows.loc[known, "member_id"], MAX_ROWS, settings.seed)
    y = rows.loc[drawn, "left"].to_numpy("float64")
    matrix = training_matrix(encode(_of(rows, drawn, features), features), y, features, settings)
    return fit_booster(matrix, CHOSEN, ROUNDS, settings), features


def _of(rows: pd.DataFrame, chosen: Any, features: list[Feature]) -> pd.DataFrame:
    """Features of the rows `chosen`: no other column is copied."""
    return rows.loc[chosen, [one.name for one in features]]
