"""Members known to have left: when, from which causes, and what they were worth while they stayed."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.effects.mix import programme_shares
from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.as_drawn.presence import own_acts
from whychurn.action.tests_by_lot.day_sums import day_numbers
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.panel.spend_rate import daily_fee, daily_spend

MIX: Final = [f"p_{cause}" for cause in CAUSES]
NEVER: Final = 10**6  # day of a return that has not come
SAID_SO: Final = (
    "term_ended",
    "notice",
)  # of already_gone; who is silent for longer than usual may still come


def leavings(inputs: ActionInputs) -> pd.DataFrame:
    """One row a stay that ended, in order of member and day of leaving.

    Returns
    -------
    DataFrame
        member_id, spell_no, left_on (day on which the leaving was known), left (its number), back (number of the day
        of the first own act from then on, answers to touches left out, or of the next term; `NEVER` where there is
        none), p_<cause> (the programme's shares where the leaving was not attributed), cause (likely cause, or
        unknown), daily_margin (currency a day over the last year of the stay, from the last snapshot in it; NaN
        without one).
    """
    events = pd.concat([_known_leavers(inputs), _ending(inputs)], ignore_index=True)
    events = events.drop_duplicates(["member_id", "spell_no"]).sort_values(
        ["member_id", "left_on"], ignore_index=True
    )
    left = day_numbers(events["left_on"])
    events = events.assign(left=left, back=first_return(inputs, events["member_id"], left))
    return _with_causes(events, inputs).assign(daily_margin=_daily_margin(events, inputs))


def known_gone(events: pd.DataFrame, member_id: pd.Series, day: Array) -> pd.DataFrame:
    """The leaving by which each member is gone on the day beside it: left by then and not back before it.

    Parameters
    ----------
    events
        `leavings`.

    Returns
    -------
    DataFrame
        Rows of `events` with ``row``, the place in `member_id`; members still there, or never seen, have none.
    """
    asked = pd.DataFrame({"row": np.arange(len(day)), "member_id": member_id.to_numpy(), "day": day})
    both = asked.astype({"member_id": "string"}).merge(events, on="member_id")
    both = both[(both["left"] <= both["day"]) & (both["back"] >= both["day"])]
    return both.drop_duplicates("row", keep="last").sort_values("row", ignore_index=True).drop(columns="day")


def first_return(inputs: ActionInputs, member_id: pd.Series, day: Array) -> Array:
    """Number of the first day from `day` on with an own act, or on which a term begins; `NEVER` without one; (n,)."""
    if str(inputs.panel_facts["kind"]) == "terms":
        terms = inputs.tables["memberships"]
        ids = pd.Index(inputs.tables["members"]["member_id"].astype(object))
        codes, days = (
            ids.get_indexer(pd.Index(terms["member_id"].astype(object))),
            day_numbers(terms["starts_on"]),
        )
        order = np.lexsort((days, codes))
        codes, days = codes[order], days[order]
    else:
        acts = own_acts(inputs)
        ids, codes, days = acts.ids, acts.codes, acts.days
    wide = NEVER + 1
    keys = codes.astype("int64") * wide + days
    code = ids.get_indexer(pd.Index(member_id.astype(object))).astype("int64")
    place = np.searchsorted(keys, code * wide + day)
    inside = np.minimum(place, max(len(keys) - 1, 0))
    found = (place < len(keys)) & (codes[inside] == code) if len(keys) else np.zeros(len(code), bool)
    return np.where(found & (code >= 0), days[inside] if len(keys) else NEVER, NEVER)


def _known_leavers(inputs: ActionInputs) -> pd.DataFrame:
    main = inputs.churners[inputs.churners["is_main"].to_numpy(bool)]
    return main[["member_id", "spell_no", "left_on"]].astype({"member_id": "string"})


def _ending(inputs: ActionInputs) -> pd.DataFrame:
    """Members of today whose term has ended or who gave notice, before the definition of churn counts them."""
    gone = inputs.already_gone[inputs.already_gone["why"].isin(SAID_SO).to_numpy(bool)]
    spells = inputs.spells.sort_values("spell_no").drop_duplicates("member_id", keep="last")
    number = spells.set_index("member_id")["spell_no"]
    left_on = gone["as_of"] - pd.to_timedelta(gone["days_silent"].fillna(0), unit="D")
    ending = pd.DataFrame({"member_id": gone["member_id"].astype("string"), "left_on": left_on})
    return ending.assign(spell_no=ending["member_id"].map(number).fillna(1).astype("int64"))


def _with_causes(events: pd.DataFrame, inputs: ActionInputs) -> pd.DataFrame:
    known = inputs.member_causes
    known = known[known["status"].eq("churned").to_numpy(bool)]
    known = known[["member_id", "spell_no", "primary_cause", *MIX]].drop_duplicates(["member_id", "spell_no"])
    table = events.merge(known, on=["member_id", "spell_no"], how="left")
    mix = table[MIX].to_numpy("float64")
    table[MIX] = np.where(np.isnan(mix), programme_shares(inputs), mix)
    return table.assign(cause=table.pop("primary_cause").fillna(UNKNOWN))


def _daily_margin(events: pd.DataFrame, inputs: ActionInputs) -> Array:
    """Margin a day of the stay that ended, from spend and fees as of its last snapshot at which the member was there."""
    panel = inputs.panel
    there = np.flatnonzero(panel["still_there"].astype("boolean").fillna(True).to_numpy(bool))
    keys = panel[["member_id", "spell_no", "as_of"]].iloc[there].reset_index(drop=True)
    last = keys.sort_values("as_of").drop_duplicates(["member_id", "spell_no"], keep="last")
    rows = panel.iloc[there[last.index]].reset_index(drop=True)
    spend = daily_spend(rows)
    total = np.nan_to_num(spend) + daily_fee(inputs.tables["memberships"], rows)
    margin = np.where(np.isfinite(spend) | (total > 0), total, np.nan) * inputs.params.business.margin_rate
    by_stay = rows[["member_id", "spell_no"]].assign(margin=margin)
    return events.merge(by_stay, on=["member_id", "spell_no"], how="left")["margin"].to_numpy("float64")
