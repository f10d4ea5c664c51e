"""What the last snapshot before a day knew of each member, as numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
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
        One row a row of `rows`, with member_id as index: every numeric or yes-no feature of the panel as float
        (missing: NaN), one column a level of text features with few levels, and `SINCE`.
    """
    panel = inputs.panel
    place = snapshots_of(inputs).on(rows["member_id"], day_numbers(rows["snapshot_on"]))
    columns: dict[str, np.ndarray] = {}
    for name in [str(name) for name in inputs.panel_facts["features"] if name in panel]:
        columns |= _numbers(name, panel[name], place)
    sent = rows["sent_on"] if "sent_on" in rows else rows["snapshot_on"]
    columns[SINCE] = (sent - rows["snapshot_on"]).dt.days.to_numpy("float64")
    return pd.DataFrame(columns, index=pd.Index(rows["member_id"].astype(object), name="member_id"))


def decision_features(inputs: ActionInputs) -> pd.DataFrame:
    """Features of members still there on the decision day, in order of member; see `snapshot_features`. Read once."""
    found: pd.DataFrame = inputs.once("decision_features", lambda: _decision_features(inputs))
    return found


def _decision_features(inputs: ActionInputs) -> pd.DataFrame:
    panel = inputs.panel
    today = panel[(panel["as_of"] == inputs.as_of) & panel["still_there"].fillna(False).astype(bool)]
    asked = today[["member_id"]].assign(snapshot_on=inputs.as_of).sort_values("member_id", ignore_index=True)
    return snapshot_features(inputs, asked)


def _numbers(name: str, values: pd.Series, place: np.ndarray) -> dict[str, np.ndarray]:
    """One column as floats at `place` (-1: NaN); a text column as flags of its levels."""
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        taken = pd.Series(values.array[place]) if len(values) else values.reindex(place)
        numbers = taken.astype("float64").to_numpy(na_value=np.nan)
        return {name: np.where(place >= 0, numbers, np.nan)}
    if pd.api.types.is_datetime64_any_dtype(values):
        return {}
    levels = sorted(map(str, values.dropna().unique()))
    if len(levels) > MANY_LEVELS:
        return {}
    code = pd.Index(levels).get_indexer(pd.Index(values.array[place])) if len(levels) else place
    code = np.where(place >= 0, code, -1)
    return {f"{name}={level}": (code == at).astype("float64") for at, level in enumerate(levels)}
