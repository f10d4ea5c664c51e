"""What the last snapshot before a day knew of each member, as numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.panel_features import feature_rows, feature_types, text_levels
from whychurn.action.snapshots import snapshots_of
from whychurn.action.tests_by_lot.day_sums import day_numbers

MANY_LEVELS: Final = 12  # a text column with more values than this gives no features
SINCE: Final = "days_since_snapshot"


def snapshot_features(inputs: ActionInputs, rows: pd.DataFrame) -> pd.DataFrame:
    """Features of the panel as of each row's ``snapshot_on``, in the order of `rows`.

    Parameters
    ----------
    rows
        member_id, snapshot_on, and sent_on where the day itself is later than the snapshot.

    Returns
    -------
    DataFrame
        One row a row of `rows`, with member_id as index: every numeric or yes-no feature of the panel as float, no wider
        than it needs (missing: NaN), one column a level of text features with few levels, and `SINCE`.
    """
    place = snapshots_of(inputs).on(rows["member_id"], day_numbers(rows["snapshot_on"]))
    levels = inputs.once("feature_levels", lambda: _levels(inputs))
    columns = {
        label: np.full(len(rows), 0.0 if level else np.nan, "float64" if wide else "float32")
        for _, level, label, wide in levels
    }
    known, names = np.flatnonzero(place >= 0), list(dict.fromkeys(name for name, *_ in levels))
    for where, piece in feature_rows(inputs, place[known], names):
        for name, level, label, _ in levels:
            columns[label][known[where]] = _numbers(piece[name], level)
    sent = rows["sent_on"] if "sent_on" in rows else rows["snapshot_on"]
    columns[SINCE] = (sent - rows["snapshot_on"]).dt.days.to_numpy("float64")
    index = pd.Index(rows["member_id"].astype(object), name="member_id")
    return pd.DataFrame(columns, index=index, copy=False)


def decision_features(inputs: ActionInputs) -> pd.DataFrame:
    """Features of members still there on the decision day, in order of member; see `snapshot_features`. Read once."""
    found: pd.DataFrame = inputs.once("decision_features", lambda: _decision_features(inputs))
    return found


def _decision_features(inputs: ActionInputs) -> pd.DataFrame:
    panel = inputs.panel
    today = panel[(panel["as_of"] == inputs.as_of) & panel["still_there"].fillna(False).astype(bool)]
    asked = today[["member_id"]].assign(snapshot_on=inputs.as_of).sort_values("member_id", ignore_index=True)
    return snapshot_features(inputs, asked)


def _levels(inputs: ActionInputs) -> list[tuple[str, str, str, bool]]:
    """Feature, level ("" of numbers and flags), name of each column of `snapshot_features`, and whether it needs float64."""
    found: list[tuple[str, str, str, bool]] = []
    for name, values in feature_types(inputs).items():
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            narrow = pd.api.types.is_bool_dtype(values) or values.dtype == "float32"
            found.append((str(name), "", str(name), not narrow))
        elif not pd.api.types.is_datetime64_any_dtype(values):
            levels = text_levels(inputs, str(name))
            if len(levels) <= MANY_LEVELS:
                found += [(str(name), level, f"{name}={level}", False) for level in levels]
    return found


def _numbers(values: pd.Series, level: str) -> np.ndarray:
    """Numbers of a column as they are, missing as NaN; of a text column whether it says `level`."""
    if level:
        return values.eq(level).fillna(False).to_numpy("float64")
    return values.astype("float64").to_numpy(na_value=np.nan)
