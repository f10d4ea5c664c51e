"""Members still there on the decision day: chance to leave, causes, worth, and who may be contacted, and where."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.contact_consent import channel_holders, may_contact
from whychurn.action.effects.dogs import contact_aversion
from whychurn.action.effects.mix import Q_COLUMNS, cause_mix
from whychurn.action.effects.undecided import USUAL_POWER, timing
from whychurn.action.inputs import ActionInputs
from whychurn.action.open_requests import open_requests
from whychurn.action.plan.kept_days import share_in_time
from whychurn.action.playbook.read import Entry
from whychurn.action.tests_by_lot.known_at_draw import decision_features
from whychurn.action.tests_by_lot.untouched import Untouched
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, CONTROL, UNKNOWN

CLEAR: Final = 0.4  # share of a member's chance to leave from which on its cause is named
WINDOW_DAYS: Final = 28  # in which a member's contacts are counted
FIRST_CHANCE: Final = 0.1  # to leave, where nothing at all is known


def decision_state(
    inputs: ActionInputs, untouched: Untouched | None, power: float = USUAL_POWER
) -> pd.DataFrame:
    """Members still there on ``inputs.as_of``, in order of member.

    Parameters
    ----------
    untouched
        Model of the chance to leave without contact; None: that of the risk model, contacts included, else the
        programme's rate.
    power
        See `undecided.leaving_power`.

    Returns
    -------
    DataFrame
        member_id, still_there, p_leave (within ``action.effect_days``), p_<cause> (mix, sum 1), d (aversion to
        contact), cause (the clearest, or unknown), margin_day (currency, NaN where no money is known), tier, consent
        (may be contacted at all), terms (a paid term is running), recent (contacts of the last `WINDOW_DAYS`), waits (has an
        open request, which is answered before anything is offered), and what `with_open_decisions` adds.
    """
    there = inputs.panel["still_there"].fillna(False).astype(bool) & (inputs.panel["as_of"] == inputs.as_of)
    panel = inputs.panel[there].sort_values("member_id", ignore_index=True)
    state = panel[["member_id"]].astype({"member_id": object}).assign(still_there=True)
    state["p_leave"] = _chance(inputs, state, untouched)
    day = pd.Series(inputs.as_of, index=state.index)
    state[Q_COLUMNS] = cause_mix(inputs, state["member_id"], day).to_numpy("float64")
    state["d"] = contact_aversion(inputs, state["member_id"], day)
    state["cause"] = clearest_cause(state[Q_COLUMNS].to_numpy("float64"))
    value = inputs.lifetime_value.astype({"member_id": object}).set_index("member_id")
    value = value.reindex(state["member_id"])
    state["margin_day"] = inputs.params.business.margin_rate * value["daily_spend"].to_numpy("float64")
    state["tier"] = value["tier"].astype(object).to_numpy()
    state = with_open_decisions(inputs, state, day, power)
    state["consent"] = may_be_contacted(inputs, panel)
    state["terms"] = _has_term(panel)
    state["recent"] = _recent_contacts(inputs, state["member_id"])
    waiting = open_requests(inputs.tables["feedback"], inputs.as_of)["member_id"]
    state["waits"] = state["member_id"].isin(waiting)
    return state


def with_open_decisions(
    inputs: ActionInputs, state: pd.DataFrame, day: pd.Series, power: float
) -> pd.DataFrame:
    """`state` (member_id, p_leave) with days_left, p_decide, open_share and in_time of members with terms on the day beside each
    (`undecided.Decisions`, `kept_days.share_in_time`); as it is where the programme has none.
    """
    when = timing(inputs, state["member_id"], day)
    if when is None:
        return state
    wanted, found = inputs.params.action, when.decisions(state["p_leave"].to_numpy("float64"), power)
    return state.assign(
        p_decide=found.ahead,
        open_share=found.open_share,
        days_left=when.left,
        in_time=share_in_time(when.left, when.length, wanted.effect_days, wanted.value_days),
    )


def clearest_cause(mix: Array) -> Array:
    """Cause with the largest share of each row of (n, 6), `UNKNOWN` where none has `CLEAR`; (n,)."""
    if not len(mix):
        return np.zeros(0, dtype=object)
    best = np.array(CAUSES, dtype=object)[mix.argmax(axis=1)]
    return np.where(mix.max(axis=1) >= CLEAR, best, UNKNOWN)


def may_be_contacted(inputs: ActionInputs, panel: pd.DataFrame) -> Array:
    """Who did not refuse marketing (`may_contact`), nor opted out of messages later; (n,) bool."""
    members = inputs.tables["members"].astype({"member_id": object})
    if "marketing_consent" not in members:
        members = members.assign(marketing_consent=pd.array([pd.NA] * len(members), dtype="boolean"))
    allowed = may_contact(members, panel["member_id"].astype(object), inputs.params.privacy.missing_consent)
    if "opted_out" in panel:
        allowed = allowed & ~panel["opted_out"].astype("boolean").fillna(False).to_numpy(bool)
    return allowed


def eligible(state: pd.DataFrame, rule: str | None) -> Array:
    """Members for whom the playbook's `rule` holds (tier=high, terms, both separated by a comma); (n,) bool.

    Where nobody has a tier, a rule on tiers keeps nobody out.
    """
    held = np.ones(len(state), dtype=bool)
    for part in [one for one in (rule or "").split(",") if one]:
        name, _, value = part.partition("=")
        if name == "terms":
            held &= state["terms"].to_numpy(bool)
        elif state["tier"].notna().any():
            held &= state["tier"].eq(value).to_numpy(bool)
    return held


def eligible_today(state: pd.DataFrame, entry: Entry) -> Array:
    """Members still there whom the entry is meant for: cause named, rule held, consent given; (n,) bool."""
    who = eligible(state, entry.eligible) & state["consent"].to_numpy(bool)
    return who & state["cause"].isin(entry.causes).to_numpy(bool) if entry.causes else who


def known_reach(inputs: ActionInputs, state: pd.DataFrame, channels: list[str]) -> Array:
    """Who has which channel: 1 yes, 0 no, NaN unknown; (n, channels).

    From a column of members (`channel_holders`), else from contacts made there before.
    """
    touches = inputs.tables["touches"]
    found = np.full((len(state), len(channels)), np.nan)
    for at, name in enumerate(channels):
        held = channel_holders(inputs.tables["members"], state["member_id"], name, inputs.params)
        if held is not None:
            found[:, at] = held
        elif "channel" in touches:
            made = touches["channel"].eq(name) & touches["action"].ne(CONTROL)
            reached = set(touches.loc[made.fillna(False).to_numpy(bool), "member_id"].astype(object))
            found[:, at] = np.where(state["member_id"].isin(reached), 1.0, np.nan)
    return found


def _chance(inputs: ActionInputs, state: pd.DataFrame, untouched: Untouched | None) -> Array:
    if untouched is not None:
        features = decision_features(inputs).reindex(state["member_id"])
        return untouched.decision(features)
    horizon = int(inputs.panel_facts.get("horizon_days", inputs.params.action.effect_days))
    scores = inputs.risk_scores.astype({"member_id": object}).set_index("member_id")["p_churn"]
    known = inputs.panel["churned_in_horizon"].dropna().astype("float64")
    usual = float(known.mean()) if len(known) else FIRST_CHANCE
    p = scores.reindex(state["member_id"]).fillna(usual).to_numpy("float64")
    return 1 - (1 - p) ** (inputs.params.action.effect_days / horizon)  # constant hazard


def _has_term(panel: pd.DataFrame) -> Array:
    if "days_to_term_end" not in panel:
        return np.zeros(len(panel), dtype=bool)
    return panel["days_to_term_end"].notna().to_numpy(bool)


def _recent_contacts(inputs: ActionInputs, member_id: pd.Series) -> Array:
    """Contacts of each member within the `WINDOW_DAYS` before the decision day."""
    touches = inputs.tables["touches"]
    age = (inputs.as_of - touches["sent_at"].dt.normalize()).dt.days
    here = touches[
        (age.between(0, WINDOW_DAYS - 1) & touches["action"].ne(CONTROL)).fillna(False).to_numpy(bool)
    ]
    counts = here["member_id"].astype(object).value_counts()
    return counts.reindex(member_id).fillna(0).to_numpy("int64")
