"""Chances to leave as the risk model would have given them at the time: refitted on what each past day knew."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xgboost as xgb

from whychurn.action.inputs import ActionInputs
from whychurn.action.panel_features import feature_rows, feature_types, panel_rows
from whychurn.contract.arrays import Array
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
Scorer = tuple[xgb.Booster, list[Feature]]


@dataclass(frozen=True)
class _Refit:
    """A fit to come.

    Parameters
    ----------
    taught_by
        Rows that it learns from.
    serves
        Days of the snapshots to which it gives chances.
    """

    taught_by: Array
    serves: list[pd.Timestamp]


def chances_in_time(
    rows: pd.DataFrame, inputs: ActionInputs, before: pd.Timestamp | None = None
) -> pd.Series:
    """Chance to leave within the horizon, from fits whose labels were known on the day.

    Parameters
    ----------
    rows
        `past_months.past_rows`: as_of, ``left`` and ``place``, the row of the panel whose features are read.
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
    chances = np.full(len(rows), np.nan)
    refits = _refits(rows, inputs, before)
    scorers = _scorers(rows, inputs, refits)
    of_day = {day: number for number, refit in enumerate(refits) for day in refit.serves}
    scorer = rows["as_of"].map(of_day).fillna(-1).to_numpy("int64")
    asked = np.flatnonzero(scorer >= 0)
    names = sorted({one.name for _, features in scorers.values() for one in features})
    for where, piece in feature_rows(inputs, rows["place"].to_numpy()[asked], names):
        row = asked[where]
        for number, (booster, features) in scorers.items():
            own = scorer[row] == number
            if own.any():
                chances[row[own]] = predict_raw(booster, encode(piece[own], features))
    return pd.Series(chances, index=rows.index)


def _refits(rows: pd.DataFrame, inputs: ActionInputs, before: pd.Timestamp | None) -> list[_Refit]:
    """Fits in order of time, each with what was known on the first day that it serves."""
    known_days = pd.Timedelta(days=int(inputs.panel_facts["label_known_days"]))
    found: list[_Refit] = []
    for day in sorted(rows["as_of"].unique()):
        if before is not None and day >= before:
            break
        if not found or (day - found[-1].serves[0]).days >= REFIT_DAYS:
            known = ((rows["as_of"] <= day - known_days) & rows["left"].notna()).to_numpy(bool)
            if _enough(rows.loc[known, "left"], inputs.params.risk.min_events):
                drawn = sample_members(rows.loc[known, "member_id"], MAX_ROWS, inputs.params.run.seed)
                found.append(_Refit(np.flatnonzero(known)[drawn], []))
        if found:
            found[-1].serves.append(day)
    return found


def _enough(left: pd.Series, least: int) -> bool:
    return min(left.sum(), (1 - left).sum()) >= least


def _scorers(rows: pd.DataFrame, inputs: ActionInputs, refits: list[_Refit]) -> dict[int, Scorer]:
    """Booster and its features by number of the fit; none where no feature says anything."""
    catalogue, settings = load_catalogue(), Settings.of(inputs.params)
    wanted = (
        np.unique(np.concatenate([refit.taught_by for refit in refits])) if refits else np.zeros(0, "int64")
    )
    taught = rows.iloc[wanted]
    known = panel_rows(inputs, taught["place"].to_numpy(), list(map(str, feature_types(inputs))))
    known = known.assign(as_of=taught["as_of"].to_numpy())
    found: dict[int, Scorer] = {}
    for number, refit in enumerate(refits):
        taught_by = known.iloc[np.searchsorted(wanted, refit.taught_by)]
        features, _ = choose_features(taught_by, np.ones(len(taught_by), bool), catalogue)
        if features:
            y = rows["left"].to_numpy("float64")[refit.taught_by]
            matrix = training_matrix(encode(taught_by, features), y, features, settings)
            found[number] = fit_booster(matrix, CHOSEN, ROUNDS, settings), features
            log.info("judging model refitted on %s", f"{refit.serves[0]:%Y-%m-%d}")
    return found
