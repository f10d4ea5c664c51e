"""One row a touch of a member who was known gone on the day of the draw: did they come back?"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.as_drawn.outcomes import OUTCOMES
from whychurn.action.tests_by_lot.as_drawn.presence import Presence, own_acts
from whychurn.action.tests_by_lot.day_sums import DaySums, codes_of, day_numbers
from whychurn.contract.arrays import Array
from whychurn.panel.duckdb_tables import day_number

RETURN_DAYS: Final = 180  # within which a return counts


def leaver_rows(inputs: ActionInputs, touches: pd.DataFrame, there: Presence) -> pd.DataFrame:
    """Rows of touches by lot whose member had left, as a read-out takes them, of campaigns that invite leavers back.

    Parameters
    ----------
    touches
        As drawn, with the day of the draw, chances and strata.
    there
        Presence of each of them on the day.

    Returns
    -------
    DataFrame
        Columns of `touches` and ``returned`` (an own act or a new term within `RETURN_DAYS`; NaN while they have not
        passed), complete, followed_days; other outcomes NaN, ``left`` null.
    """
    kept = there.gone & invites_leavers(touches, there) & touches["randomized"].to_numpy(bool)
    rows = touches[kept].reset_index(drop=True)
    day = day_numbers(rows["sent_on"])
    until = day_number(inputs.observed_until)
    followed = np.maximum(until + 1 - day, 0)
    came = _acts_after(inputs, rows["member_id"], day) > 0
    values: dict[str, object] = dict.fromkeys((*OUTCOMES, "left_after", "spend_before"), np.nan)
    values["returned"] = np.where(followed >= RETURN_DAYS, came.astype("float64"), np.nan)
    return rows.assign(
        **values,
        left=pd.array([pd.NA] * len(rows), dtype="Int8"),
        complete=followed >= RETURN_DAYS,
        followed_days=followed,
    )


def invites_leavers(touches: pd.DataFrame, there: Presence) -> Array:
    """Touches of campaigns most of whose members had left by the draw; in others a leaver is one nobody missed yet; (n,)."""
    share = pd.Series(there.gone).groupby(touches["campaign_id"].to_numpy()).mean()
    return touches["campaign_id"].isin(share.index[share > 0.5]).to_numpy(bool)


def _acts_after(inputs: ActionInputs, member: pd.Series, day: Array) -> Array:
    """Own acts, or terms begun, from the draw on; (n,)."""
    if str(inputs.panel_facts["kind"]) != "terms":
        acts = own_acts(inputs)
    else:
        terms = inputs.tables["memberships"]
        ids = pd.Index(inputs.tables["members"]["member_id"].astype(object))
        acts = DaySums.of(ids, terms["member_id"], day_numbers(terms["starts_on"]))
    code = codes_of(acts.ids, member)
    return np.where(code >= 0, acts.within(np.maximum(code, 0), day, day + RETURN_DAYS), 0.0)
