"""Table `plan`: one row a contact, and one without action for each member held out."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.effects.efficacy import UNTESTED, Effects
from whychurn.action.effects.mix import Q_COLUMNS
from whychurn.action.plan.contacts import SECOND_AFTER_DAYS, Drawn
from whychurn.action.plan.dual import NOTHING
from whychurn.action.plan.gains import OptionGains, gain_draws
from whychurn.action.plan.options import WEEKS, Options
from whychurn.action.plan.schedule import WEEK_DAYS, channels_of, days_of
from whychurn.action.roles import CONTACTED, EXPLORE, HELD_OUT, NOT_CONTACTED, POLICY, WAITS
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table, typed

NO_ACTION: Final = "none"
CENT: Final = 1e-6
ROLES: Final = (*CONTACTED, *NOT_CONTACTED)


def plan_table(
    state: pd.DataFrame,
    options: Options,
    effects: Effects,
    gains: OptionGains,
    drawn: Drawn,
    reach: tuple[Array, list[str]],
    params: Params,
) -> pd.DataFrame:
    """Rows in the order in which they are carried out: by what they bring per cost, explored ones after; then members held
    out, and last those whose open request is answered first.

    Parameters
    ----------
    reach
        `state.known_reach` and the names of its channels.

    Returns
    -------
    DataFrame
        Columns of the results contract. Contacts whose channel has no room, whom no channel reaches, or that the budget does
        not pay are left out.
    """
    rows = _contacts(options, gains, drawn)
    if rows.empty:
        return empty_table(columns_of("plan"))
    names = reach[1]
    option = rows["option"].to_numpy()
    channel, cost, reached = channels_of(option, options.held, reach[0][rows["at"].to_numpy()], names)
    rows = rows.assign(channel=channel, cost=cost)[reached].reset_index(drop=True)
    rows = _in_order(rows, gains.money)
    rows = _on_days(rows, options)
    rows = _paid(rows, sum(drawn.budget))
    return _written(rows, state, effects, drawn, params)


def _contacts(options: Options, gains: OptionGains, drawn: Drawn) -> pd.DataFrame:
    """at (row of state), option, number (0 or 1), role, action, capped, gain (before cost): one a contact, or member
    who is not contacted."""
    first = np.flatnonzero(drawn.first != NOTHING)
    second = np.flatnonzero((drawn.second != NOTHING) & ~drawn.held_out)
    at = np.concatenate([first, second])
    option = np.concatenate([drawn.first[first], drawn.second[second]])
    gain = np.concatenate([gains.gain[first, drawn.first[first]], drawn.second_gain[second]])
    role = np.where(drawn.explored, EXPLORE, POLICY).astype(object)
    role[drawn.held_out], role[drawn.waits] = HELD_OUT, WAITS
    return pd.DataFrame(
        {
            "at": at,
            "option": option,
            "number": np.repeat([0, 1], [len(first), len(second)]),
            "role": role[at],
            "action": np.array([one.action for one in options.held], dtype=object)[option],
            "capped": np.array([one.capped for one in options.held], dtype=object)[option],
            "gain": gain.astype("float64"),
        }
    )


def _in_order(rows: pd.DataFrame, money: bool) -> pd.DataFrame:
    rate = (rows["gain"] - (rows["cost"] if money else 0.0)) / rows["cost"].clip(lower=0.01)
    keyed = rows.assign(
        place=rows["role"].map({role: at for at, role in enumerate(ROLES)}), rate=-rate.round(9)
    )
    # a member's second contact never comes before the first
    first = keyed.groupby("at")["rate"].transform("first")
    keyed["rate"] = np.where(keyed["number"] == 1, np.maximum(keyed["rate"], first), keyed["rate"])
    return keyed.sort_values(["place", "rate", "at", "number"], ignore_index=True).drop(
        columns=["place", "rate"]
    )


def _on_days(rows: pd.DataFrame, options: Options) -> pd.DataFrame:
    """``day`` after the decision day; contacts of capped channels without room are out, and second contacts that find no
    day `SECOND_AFTER_DAYS` from the first, or a week where both are capped.
    """
    a_week = {name: int(number // WEEKS) for name, number in options.capacity.items()}
    contacted = ~rows["role"].isin(NOT_CONTACTED).to_numpy()
    day = np.zeros(len(rows), dtype="int64")
    day[contacted] = days_of(rows.loc[contacted, "capped"].to_numpy(object), a_week)
    rows = rows.assign(day=day)
    rows = rows[rows["day"] >= 0]
    twice = rows.groupby("at")["day"].transform("size") > 1
    free, other = rows["capped"].isna(), rows.groupby("at")["day"].transform("sum") - rows["day"]
    both_free = free.groupby(rows["at"]).transform("all")
    shifted = np.where(both_free, (rows["number"] == 1) * SECOND_AFTER_DAYS, _away_from(other.to_numpy()))
    rows = rows.assign(day=np.where(twice & free, shifted, rows["day"]).astype("int64"))
    days = rows.groupby("at")["day"]
    apart = days.transform("max") - days.transform("min") >= 7
    return rows[~twice | apart | (rows["number"] == 0)].reset_index(drop=True)


def _away_from(day: Array) -> Array:
    """A day of the plan away from the one on which the member is contacted through a capped channel; (n,)."""
    return np.asarray(np.where(day >= WEEK_DAYS[1], 0, day + SECOND_AFTER_DAYS))


def _paid(rows: pd.DataFrame, budget: float) -> pd.DataFrame:
    without = rows["role"].isin(NOT_CONTACTED)
    spent = rows["cost"].mask(without, 0.0).cumsum()
    return rows[(spent <= budget + CENT) | without].reset_index(drop=True)


def _written(
    rows: pd.DataFrame, state: pd.DataFrame, effects: Effects, drawn: Drawn, params: Params
) -> pd.DataFrame:
    who = state.iloc[rows["at"].to_numpy()].reset_index(drop=True)
    as_of = pd.Timestamp(state.attrs["as_of"])
    low, high = _bounds(rows, who, effects, params)
    without = rows["role"].isin(NOT_CONTACTED).to_numpy()
    explored = drawn.explored[rows["at"].to_numpy()]
    share, chance = params.action.holdout_share, drawn.chance[rows["at"].to_numpy()]
    propensity = np.where(without, share, np.where(explored, (1 - share) * chance, 1 - share))
    propensity[(rows["role"] == WAITS).to_numpy()] = np.nan  # nothing was drawn
    cause = aimed_at(who, rows["action"].to_numpy(object), effects)
    days = (as_of + pd.to_timedelta(rows["day"], unit="D")).to_numpy("datetime64[ns]")
    table = pd.DataFrame(
        {
            "member_id": who["member_id"],
            "action": rows["action"].mask(without, NO_ACTION),
            "channel": _only(rows["channel"], ~without),
            "send_on": np.where(without, np.datetime64("NaT"), days),
            "as_of": as_of,
            "rank": np.arange(1, len(rows) + 1),
            "role": rows["role"],
            "would_be": _only(rows["action"], without),
            "propensity": propensity.round(6),
            "cause": cause,
            "p_leave": who["p_leave"].round(6),
            "gain": rows["gain"].round(4),
            "gain_low": low.round(4),
            "gain_high": high.round(4),
            "cost": rows["cost"].mask(without, 0.0).round(4),
            "tier": who["tier"],
            "reason": _reasons(rows["role"].to_numpy(object), explored, cause),
            "evidence": [_evidence(effects, action) for action in rows["action"]],
        }
    )
    return typed(table[columns_of("plan")])


def _only(values: pd.Series, where: Array) -> Array:
    """`values` where it holds, None elsewhere; (n,)."""
    found = values.to_numpy(object).copy()
    found[~where] = None
    return found


def _evidence(effects: Effects, action: str) -> str:
    return UNTESTED if effects.tested.get(action, UNTESTED) == UNTESTED else "tested"


def _bounds(
    rows: pd.DataFrame, who: pd.DataFrame, effects: Effects, params: Params
) -> tuple[pd.Series, pd.Series]:
    """Interval of each row's gain; that of a second contact keeps the proportions of a first one."""
    draws, _ = gain_draws(who, rows["action"].to_numpy(object), effects, params.action.value_days)
    if not len(draws):
        return rows["gain"], rows["gain"]
    outside = (1 - params.run.confidence) / 2
    low, high = np.quantile(draws, [outside, 1 - outside], axis=0)
    alone = draws.mean(axis=0)
    scale = np.where(
        (rows["number"] == 1) & (np.abs(alone) > 1e-9), rows["gain"] / np.where(alone == 0, 1, alone), 1
    )
    low, high = np.minimum(low * scale, rows["gain"]), np.maximum(high * scale, rows["gain"])
    return pd.Series(low), pd.Series(high)


def aimed_at(who: pd.DataFrame, action: Array, effects: Effects) -> Array:
    """Cause on which each member's action does most; None where it does nothing on any; (n,)."""
    theta = effects.theta[[effects.actions.index(one) for one in action]]
    removed = who[Q_COLUMNS].to_numpy("float64") * theta
    best = np.array(CAUSES, dtype=object)[removed.argmax(axis=1)]
    return np.asarray(np.where(removed.max(axis=1) > 0, best, None))


def _reasons(role: Array, explored: Array, cause: Array) -> Array:
    """Key of the sentence that says why: ``labels/plan.yaml``."""
    aimed = np.array([f"cause_{one}" if one else "no_cause" for one in cause], dtype=object)
    reasons = np.where(role == HELD_OUT, "held_out", np.where(explored, "explored", aimed))
    return np.asarray(np.where(role == WAITS, "open_request", reasons))
