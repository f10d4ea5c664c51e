"""What the tests show of each action: shown, not_shown, harmful, untested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from whychurn.action.effects.efficacy import UNTESTED
from whychurn.action.effects.estimates.basis import Believed
from whychurn.action.effects.estimates.pooled import p_values
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows
from whychurn.stats.multiple_testing import benjamini_hochberg

SHOWN, NOT_SHOWN, HARMFUL = "shown", "not_shown", "harmful"
HARM_Z: Final = (
    1.645  # harm is said from 90 % two-sided on, before any correction: a warning may be wrong more often
)


def verdicts(
    rows: RandomisedRows,
    pooled: pd.DataFrame,
    believed: Mapping[str, Believed],
    false_discovery: float,
) -> dict[str, str]:
    """Verdict of each action that is tested or believed.

    ``shown``: fewer leave, looked for where the action's causes are (`pooled.p_values`), at the given false discovery
    rate over actions. ``harmful``: more leave among all who were drawn for it.
    """
    found = dict.fromkeys([*rows.actions, *believed], UNTESTED)
    looked = p_values(rows, believed).set_index("action")
    q = pd.Series(benjamini_hochberg(looked["p_value"].to_numpy("float64")), index=looked.index)
    for one in pooled.itertuples():
        name = str(one.action)
        if q[name] <= false_discovery and bool(looked.loc[name, "helps"]):
            found[name] = SHOWN
        else:
            found[name] = HARMFUL if one.effect > HARM_Z * one.se else NOT_SHOWN  # type: ignore[operator]
    return found
