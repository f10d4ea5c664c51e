"""Tests by lot read out: each action of each campaign against those held out, and each action over all its campaigns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import special

from whychurn.action.pooled_tests import MAIN, POOLED
from whychurn.action.tests_by_lot.arms import MISMATCH, Arms, all_arms, pooled_ratio, sample_ratio
from whychurn.action.tests_by_lot.as_drawn.chances import ALL
from whychurn.action.tests_by_lot.as_drawn.outcomes import OUTCOMES
from whychurn.action.tests_by_lot.differences import NOTHING, Compared, Difference, difference
from whychurn.contract.arrays import Array
from whychurn.contract.params.action import ActionParams
from whychurn.contract.results import columns_of, empty_table, typed
from whychurn.contract.suppression import suppress_small_counts
from whychurn.stats.multiple_testing import benjamini_hochberg

WORSE: Final = ("left", "opted_out")  # outcomes of which more is harm
HARM_LEVEL: Final = 0.90
_COUNTS: Final = ("hits_treated", "hits_control")
_VALUES: Final = ["rate_treated", "rate_control", "effect", "low", "high", "effect_adjusted", "low_adjusted",
                  "high_adjusted"]  # fmt: skip
_READ: Final = [
    "campaign_id", "wave", "action", "randomized", "stratum", "propensity", "propensity_stated", "complete",
    "recent_touch_days", "spend_before", MAIN, *OUTCOMES,
]  # fmt: skip
_DERIVED: Final = ["variance_saved", "q_value"]


def read_tests(
    rows: pd.DataFrame, p: Array, params: ActionParams, min_cell: int, outcomes: Sequence[str] | None = None
) -> pd.DataFrame:
    """Table ``action_tests``: a row an action, campaign, outcome and stratum, and over all campaigns of an action.

    Parameters
    ----------
    rows
        As `touch_rows` gives them; those without lot are passed over.
    p
        Chance to leave untouched of each row (`Untouched.at_draw`), for the adjustment; (n,).
    outcomes
        Those to read; all of which the tables tell by default.

    Notes
    -----
    The plain difference is the headline: no design was named in advance. q-values are Benjamini-Hochberg over actions
    for the main outcome, over actions and outcomes for the others; campaigns and pooled rows apart.
    """
    rows = rows[_READ].assign(p_untouched=p, member_id=pd.factorize(rows["member_id"])[0])
    rows = rows.reset_index(drop=True)
    arms = list(all_arms(rows))
    found = [row for one in arms for row in _campaign(one, params, outcomes)]
    found += [
        row for action, several in _by_action(arms) for row in _pooled(action, several, params, outcomes)
    ]
    if not found:
        return empty_table(columns_of("action_tests"))
    table = _with_q_values(pd.DataFrame(found))
    table = suppress_small_counts(
        suppress_small_counts(
            table, {name: [*_VALUES, *_DERIVED, *_COUNTS] for name in ("treated", "control")}, min_cell
        ),
        {name: [*_VALUES, *_DERIVED] for name in _COUNTS},
        min_cell,
    )
    return typed(table[columns_of("action_tests")])


def _by_action(arms: Sequence[Arms]) -> Iterator[tuple[str, list[Arms]]]:
    """Arms that can be compared, by action in alphabetical order."""
    for action in sorted({one.action for one in arms if not one.note}):
        yield action, [one for one in arms if one.action == action and not one.note]


def _campaign(arms: Arms, params: ActionParams, outcomes: Sequence[str] | None) -> Iterator[dict[str, Any]]:
    """Rows of one campaign and action: outcomes, and the main outcome by stratum."""
    row = {"campaign_id": arms.campaign_id}
    told, ready = outcomes or _told([arms]), _Ready.of([arms], params)
    for outcome in told:
        yield row | _outcome(arms.action, ready, outcome, params)
    codes, strata = pd.factorize(arms.stratum, sort=True)
    for code, stratum in enumerate(strata) if len(strata) > 1 else []:
        here = codes == code
        part = Arms(arms.campaign_id, arms.action, arms.rows[here].reset_index(drop=True), arms.treated[here],
                    arms.weight[here], arms.chance[here], arms.note)  # fmt: skip
        yield row | _outcome(arms.action, _Ready.of([part], params), told[0], params) | {"stratum": stratum}


def _pooled(
    action: str, several: list[Arms], params: ActionParams, outcomes: Sequence[str] | None
) -> Iterator[dict[str, Any]]:
    ready = _Ready.of(several, params)
    for outcome in outcomes or _told(several):
        yield {"campaign_id": POOLED} | _outcome(action, ready, outcome, params)


def _told(several: Sequence[Arms]) -> list[str]:
    """Outcomes of which the tables of these members tell."""
    return [MAIN] + [name for name in OUTCOMES if any(one.rows[name].notna().any() for one in several)]


@dataclass(frozen=True)
class _Ready:
    """What all outcomes of one or more campaigns are compared on: those whose arms fit, of them those that have ended.

    Parameters
    ----------
    rows, compared, known
        Rows of all, compared within campaign and stratum; what was known of them at the draw.
    ended
        Whether all have ended.
    note
        Why there is nothing to compare, empty where there is.
    srm_p
        Of the sizes of the arms.
    """

    rows: pd.DataFrame
    compared: Compared
    known: Array
    ended: bool
    note: str
    srm_p: float

    @classmethod
    def of(cls, several: Sequence[Arms], params: ActionParams) -> _Ready:
        ratios = [sample_ratio(one) for one in several]
        fitting = [one for one, ratio in zip(several, ratios, strict=True) if not ratio < MISMATCH]
        ended = [one for one in fitting if one.rows["complete"].all()]
        used = ended or fitting or list(several)
        ratio = ratios[0] if len(several) == 1 else pooled_ratio(used)
        note = several[0].note or ("mismatch" if not fitting or ratio < MISMATCH else "")
        rows, compared = _together(used)
        return cls(rows, compared, _known(rows, params.washout_days), bool(ended), note, ratio)


def _outcome(action: str, ready: _Ready, outcome: str, params: ActionParams) -> dict[str, Any]:
    """One comparison: sizes, plain and adjusted difference, checks."""
    y = ready.rows[outcome].to_numpy("float64", na_value=np.nan)
    treated, known = ready.compared.treated, np.isfinite(y)
    plain = adjusted = NOTHING
    if not ready.note:
        plain = difference(y, ready.compared)
        adjusted = difference(y, ready.compared, ready.known)
    hits = [int((known & (y != 0) & (treated == arm)).sum()) for arm in (True, False)]
    note = ready.note or _note(outcome, plain, ready.ended, min(hits), params.min_leavers)
    counted = known if known.any() else np.ones(len(y), dtype=bool)
    return {
        "action": action, "outcome": outcome, "stratum": ALL,
        "treated": int((treated & counted).sum()), "control": int((~treated & counted).sum()),
        "hits_treated": hits[0], "hits_control": hits[1],
        "rate_treated": plain.treated, "rate_control": plain.control, "effect": plain.effect,
        **dict(zip(("low", "high"), plain.interval(), strict=True)), "effect_adjusted": adjusted.effect,
        **dict(zip(("low_adjusted", "high_adjusted"), adjusted.interval(), strict=True)),
        "variance_saved": 1 - (adjusted.sd / plain.sd) ** 2 if plain.sd > 0 else np.nan,
        "p_value": plain.p_value, "srm_p": ready.srm_p,
        "complete": ready.ended, "note": note,
    }  # fmt: skip


def _together(several: Sequence[Arms]) -> tuple[pd.DataFrame, Compared]:
    """Rows of all campaigns, compared within campaign and stratum."""
    rows = pd.concat([one.rows for one in several], ignore_index=True)
    stratum = np.concatenate([f"{one.campaign_id} " + one.stratum.astype(object) for one in several])
    treated, weight = (
        np.concatenate([getattr(one, name) for one in several]) for name in ("treated", "weight")
    )
    pool = "rows" if len(several) == 1 else "precision"
    member = pd.factorize(rows["member_id"])[0]
    return rows, Compared(treated, member, pd.factorize(stratum, sort=True)[0], weight, pool)


def _known(rows: pd.DataFrame, washout_days: int) -> Array:
    """Covariates from before the draw: log-odds to leave untouched, spend, another touch still felt; (n, 3)."""
    spend = rows["spend_before"].fillna(0).clip(lower=0).to_numpy("float64")
    felt = (rows["recent_touch_days"] < washout_days).to_numpy("float64")
    return np.column_stack([special.logit(rows["p_untouched"].to_numpy("float64")), np.log1p(spend), felt])


def _note(outcome: str, plain: Difference, complete: bool, hits: int, least: int) -> str | None:
    if not complete:
        return "waiting"
    if outcome in WORSE and plain.interval(HARM_LEVEL)[0] > 0:
        return "harm"
    return "few_leavings" if outcome == MAIN and hits < least else None


def _with_q_values(table: pd.DataFrame) -> pd.DataFrame:
    """q-values within: main outcome or others, campaigns or pooled; rows of strata have none."""
    q = np.full(len(table), np.nan)
    whole = (table["stratum"] == ALL).to_numpy(bool)
    for main in (True, False):
        for over_all in (True, False):
            here = whole & ((table["outcome"] == MAIN) == main).to_numpy() & ((table["campaign_id"] == POOLED) == over_all).to_numpy()  # fmt: skip
            q[here] = benjamini_hochberg(table.loc[here, "p_value"].to_numpy("float64"))
    return table.assign(q_value=q)
