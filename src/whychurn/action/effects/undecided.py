"""Leavings that a contact can still change, where members have terms: who has decided leaves when the term ends.

Between a decision and the end of the term lie days in which the member is still there. Some decisions are told at once, by
notice; the others show at the end. Decisions fall on a term's days as notices on record do, else evenly; v is the share of
leavers who give notice, e the share of the running term's decisions before the day, D(t) those of the next t days, in
terms' worth. A member without notice has decided with chance d; who has not leaves within the follow-up T with chance

    u = 1 - exp(-r a),   a = v D(T) + (1 - v) D(last end within T),   so that p = d + (1 - d) u.

A chance p above the usual may mean either. How far it goes on tells: the rate r follows p with the power w with which the
leavings after the follow-up do, among those who stayed for it; d is the rest. A contact acts on u alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import optimize

from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.day_sums import codes_of, day_numbers, keys_of, last_up_to
from whychurn.contract.arrays import Array
from whychurn.panel.covered_terms import covered_terms

LEAST_NOTICES: Final = 30  # with fewer, decisions are taken as spread evenly over a term
LEAST_LEAVERS: Final = 100  # after the follow-up, for w to be read from them
USUAL_POWER: Final = 0.5  # w where too few have left later
MOST_P: Final = 0.999  # chances closer to one have no finite hazard
LEAST_SHOWN: Final = (
    0.02  # of a term's decisions; a follow-up that shows fewer tells nothing of a member's rate
)
LEAST_P: Final = 1e-4


@dataclass(frozen=True)
class Decisions:
    """What of members' chance to leave is decided; arrays of (n,).

    Parameters
    ----------
    open_share
        Share of the chance to leave within the follow-up that is not decided: (1 - d) u / p.
    ahead
        Chance to decide on leaving within the follow-up, whenever it shows.
    """

    open_share: Array
    ahead: Array


@dataclass(frozen=True)
class Timing:
    """Where members stand in their terms on given days; arrays of (n,), NaN in all without an end of the term.

    Parameters
    ----------
    made
        Share of the running term's decisions before the day that were not told: (1 - v) e.
    shown, ahead
        Terms' worth of decisions of the follow-up: a, and D(T).
    ends
        Whether the running term ends within the follow-up.
    left, length
        Days to the end of the running term, and its days.
    """

    made: Array
    shown: Array
    ahead: Array
    ends: Array
    left: Array
    length: Array

    def decisions(self, p: Array, power: float) -> Decisions:
        """Split the chance `p` to leave within the follow-up; `power` is w of the module."""
        term = ~np.isnan(self.left)
        seen = self.shown + np.where(self.ends, self.made, 0.0)
        told = term & (seen >= LEAST_SHOWN)
        hazard = -np.log1p(-np.clip(p, LEAST_P, MOST_P))
        rate = np.where(told, hazard / np.maximum(seen, LEAST_SHOWN), np.nan)
        usual = np.exp(np.mean(np.log(rate[told]))) if told.any() else 0.0
        rate = np.where(told, usual * (rate / max(usual, 1e-12)) ** power, usual)
        most = np.where(told, hazard / np.maximum(self.shown, LEAST_SHOWN), np.inf)
        rate = np.minimum(rate, most)  # nobody leaves with a larger chance than p
        open_ = -np.expm1(-rate * self.shown)
        decided = np.clip((p - open_) / np.maximum(1 - open_, 1e-9), 0.0, 1.0)
        unseen = np.where(self.ends, decided, -np.expm1(-rate * self.made))
        share = np.clip((1 - decided) * open_ / np.maximum(p, LEAST_P), 0.0, 1.0)
        ahead = (1 - unseen) * -np.expm1(-rate * self.ahead)
        return Decisions(np.where(term, share, 1.0), np.where(term, ahead, p))


def leaving_power(p: Array, left: Array, left_later: Array) -> float:
    """Power w of the chance to leave in the follow-up with which leavings after it go on, among members who stayed for it.

    Parameters
    ----------
    p, left, left_later
        Chance to leave in the follow-up; left in it, 0 or 1; left by a later day, NaN where not known yet; (n,).

    Returns
    -------
    float
        From 0, later leavings do not depend on p, to 1; `USUAL_POWER` with too few of them.

    Notes
    -----
    Maximum likelihood of the complementary log-log model log(-log(1 - P)) = b + w log(-log(1 - p)).
    """
    rows = (left == 0) & np.isfinite(left_later)
    y = left_later[rows]
    if min(y.sum(), (1 - y).sum()) < LEAST_LEAVERS:
        return USUAL_POWER
    x = np.log(-np.log1p(-np.clip(p[rows], LEAST_P, MOST_P)))
    x = x - x.mean()

    def loss(at: Array) -> float:
        hazard = np.exp(np.clip(at[0] + at[1] * x, -30, 5))
        return float(np.mean((1 - y) * hazard - y * np.log(np.maximum(-np.expm1(-hazard), 1e-12))))

    start = np.array([np.log(-np.log1p(-y.mean())), USUAL_POWER])
    return float(np.clip(optimize.minimize(loss, start, method="BFGS").x[1], 0.0, 1.0).round(4))


def has_terms(inputs: ActionInputs) -> bool:
    """Whether members have terms, so that a decision may show later than it is made."""
    return str(inputs.panel_facts.get("kind")) == "terms"


def timing(inputs: ActionInputs, member_id: pd.Series, day: pd.Series) -> Timing | None:
    """Where each member stands on the day beside it; None where the programme has no terms."""
    if not has_terms(inputs):
        return None
    terms, notices, told = inputs.once("decisions", lambda: _decisions(inputs))
    starts, until = _running(terms, member_id, day_numbers(day))
    now, follow_up = day_numbers(day).astype("float64"), float(inputs.params.action.effect_days)
    length = until - starts + 1
    left = until + 1 - now
    ended = left <= 0  # between two terms nothing is running
    left, length = np.where(ended, np.nan, left), np.where(ended, np.nan, length)
    passed = _before(notices, (now - starts) / length)

    def decided(days: Array | float) -> Array:
        here = _before(notices, (now - starts + np.minimum(days, left)) / length) - passed
        return here + np.maximum(days - left, 0.0) / length

    more = np.floor(np.maximum(follow_up - left, 0.0) / length)
    last_end = np.where(left <= follow_up, left + more * length, 0.0)
    ahead = decided(follow_up)
    return Timing(
        (1 - told) * passed,
        told * ahead + (1 - told) * decided(last_end),
        ahead,
        left <= follow_up,
        left,
        length,
    )


def _decisions(inputs: ActionInputs) -> tuple[pd.DataFrame, Array, float]:
    """Terms by member and start; shares of the term at which notice was given, ascending; share of leavers who give it."""
    terms = covered_terms(inputs.tables["memberships"]).dropna(subset=["starts_on"])
    terms = terms.sort_values(["member_id", "starts_on"])
    terms = terms[["member_id", "starts_on", "covered_until", "cancelled_on"]].reset_index(drop=True)
    length = (terms["covered_until"] - terms["starts_on"]).dt.days + 1
    share = ((terms["cancelled_on"] - terms["starts_on"]).dt.days / length.where(length > 0)).to_numpy(
        "float64"
    )
    at: Array = np.sort(share[(share >= 0) & (share <= 1)])
    left = inputs.spells[inputs.spells["churned"].to_numpy(bool)]
    if len(at) < LEAST_NOTICES or not len(left):
        return terms, np.zeros(0), 0.0
    return terms, at, float(left["notice_on"].notna().mean())


def _running(terms: pd.DataFrame, member_id: pd.Series, day: Array) -> tuple[Array, Array]:
    """First and last day of the latest term begun by each day, NaN without one; the last one NaN where it runs on."""
    ids = pd.Index(terms["member_id"].drop_duplicates().astype(object))
    begun = day_numbers(terms["starts_on"])
    last = np.where(terms["covered_until"].isna(), np.nan, day_numbers(terms["covered_until"]))
    place = last_up_to(keys_of(codes_of(ids, terms["member_id"]), begun), codes_of(ids, member_id), day)
    return np.append(begun, np.nan)[place], np.append(last, np.nan)[place]


def _before(notices: Array, share: Array) -> Array:
    """Share of a term's decisions before a `share` of its days; even without notices."""
    if not len(notices):
        return np.clip(share, 0.0, 1.0)
    found = np.searchsorted(notices, share, side="right") / len(notices)
    return np.where(np.isnan(share), np.nan, found)
