"""What the last snapshot before a day knew of each member, as numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.day_sums import codes_of, day_numbers

MANY_LEVELS: Final = 12  # a text column with more values than this gives no features
SINCE: Final = "days_since_snapshot"
_DAYS: Final = 10**6  # more than any day number: one key of member and day


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
    code, names = pd.factorize(panel["member_id"])
    asked = codes_of(pd.Index(names.astype(object)), rows["member_id"])
    keys = pd.Index(code * _DAYS + day_numbers(panel["as_of"]))
    place = keys.get_indexer(pd.Index(asked * _DAYS + day_numbers(rows["snapshot_on"])))
    columns: dict[str, np.ndarray] = {}
    for name in [str(name) for name in inputs.panel_facts["features"] if name in panel]:
        columns |= _numbers(name, panel[name], place)
    sent = rows["sent_on"] if "sent_on" in rows else rows["snapshot_on"]
    columns[SINCE] = (sent - rows["snapshot_on"]).dt.days.to_numpy("float64")
    return pd.DataFrame(columns, index=pd.Index(rows["member_id"].astype(object), name="member_id"))


def decision_features(inputs: ActionInputs) -> pd.DataFrame:
    """Features of members still there on the decision day, in order of member; see `snapshot_features`."""
    panel = inputs.panel
    today = panel[(panel["as_of"] == inputs.as_of) & panel["still_there"].fillna(False).astype(bool)]
    asked = today[["member_id"]].assign(snapshot_on=inputs.as_of).sort_values("member_id", ignore_index=True)
    return snapshot_features(inputs, asked)


def _numbers(name: str, values: pd.Series, place: np.ndarray) -> dict[str, np.ndarray]:
    """One column as floats at `place` (-1: NaN); a text column as flags of its levels."""
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        numbers = values.astype("float64").to_numpy(na_value=np.nan)
        return {name: np.where(place >= 0, numbers[place], np.nan)}
    if pd.api.types.is_datetime64_any_dtype(values):
        return {}
    levels = sorted(values.dropna().astype(str).unique())
    if len(levels) > MANY_LEVELS:
        return {}
    text = values.astype(object).where(values.notna(), "").to_numpy()[place]
    return {f"{name}={level}": ((text == level) & (place >= 0)).astype("float64") for level in levels}
