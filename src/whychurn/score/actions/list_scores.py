"""How right the lists of warnings and of leavers to invite back are, where each member's future is planted."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

LISTS: Final = ("warnings", "winback")
FUTURES: Final = ("decision_state", "returns")
Measure = tuple[str, float]


def list_scores(
    warnings: pd.DataFrame, winback: pd.DataFrame, state: pd.DataFrame, returns: pd.DataFrame
) -> pd.DataFrame:
    """One row a measure.

    Parameters
    ----------
    warnings, winback
        Result tables.
    state, returns
        Planted tables decision_state and returns, ids as in the results.

    Returns
    -------
    DataFrame
        measure, value: warned (members on the list), warned_gone (share of them who had decided to leave before),
        warned_chance (mean chance to decide to leave within 90 days of those still there) and warned_lift (over the
        mean of all members still there); invited, invited_back (share on the list who are no leavers),
        invited_gain_told and invited_gain_true (currency a member invited, after cost), invited_paying (share whose
        true gain is above zero), return_error (mean of p_return told minus true).
    """
    rows = [*_warned(warnings, state), *_invited(winback, state, returns)]
    return pd.DataFrame(rows, columns=["measure", "value"]).astype({"value": "float64"})


def _warned(warnings: pd.DataFrame, state: pd.DataFrame) -> Iterator[Measure]:
    yield "warned", len(warnings)
    members = state.set_index(state["member_id"].astype("string"))
    listed = members.reindex(warnings["member_id"].astype("string")).dropna(subset=["present"])
    if listed.empty:
        return
    here = listed["present"].astype(bool)
    yield "warned_gone", float(1 - here.mean())
    everybody = members.loc[members["present"].astype(bool), "p_leave_90d"].mean()
    if here.any():
        chance = float(listed.loc[here, "p_leave_90d"].mean())
        yield "warned_chance", chance
        yield "warned_lift", chance / everybody


def _invited(winback: pd.DataFrame, state: pd.DataFrame, returns: pd.DataFrame) -> Iterator[Measure]:
    yield "invited", len(winback)
    keys = ["member_id", "action", "channel"]
    planted = returns.astype(dict.fromkeys(keys, "string")).rename(
        columns={"p_return_touched": "true_touched"}
    )
    both = winback.astype(dict.fromkeys(keys, "string")).merge(planted, on=keys, how="left")
    if both.empty:
        return
    present = state.set_index(state["member_id"].astype("string"))["present"].astype(bool)
    yield "invited_back", float(both["member_id"].map(present).astype("boolean").fillna(False).mean())
    touched, alone = (both[name].to_numpy("float64") for name in ("true_touched", "p_return_untouched"))
    known = np.isfinite(touched)
    if not known.any():
        return
    gain = (touched - alone) * both["second_life_margin"].to_numpy("float64") - both["cost"].to_numpy(
        "float64"
    )
    yield "invited_gain_told", float(both.loc[known, "expected_gain"].mean())
    yield "invited_gain_true", float(gain[known].mean())
    yield "invited_paying", float((gain[known] > 0).mean())
    yield "return_error", float((both["p_return"].to_numpy("float64") - alone)[known].mean())
