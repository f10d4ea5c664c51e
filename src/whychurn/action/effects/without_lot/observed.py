"""Table action_observed: campaigns that chose their members."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.effects.without_lot.bounds import (
    LAMBDAS,
    no_assumption_bounds,
    sensitivity_bounds,
    sign_open_from,
)
from whychurn.action.effects.without_lot.comparable import Compared, comparable
from whychurn.action.effects.without_lot.overlap import Z, overlap_effect
from whychurn.action.inputs import ActionInputs
from whychurn.contract.results import columns_of, empty_table, typed

DIGITS: Final = 4


def observed_table(
    inputs: ActionInputs, rows: pd.DataFrame, by_lot: pd.Series
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A row a campaign and strength of unseen selection (lambda; infinite: no assumption at all).

    Parameters
    ----------
    rows
        As `touch_rows` gives them.
    by_lot
        Effect of each action that was also tested by lot.

    Returns
    -------
    table, facts
        Facts by campaign: imbalance (largest standardised difference left after weighting), or few (fewer leavers than
        ``action.min_leavers`` on a side: not compared). Cells below ``privacy.min_cell`` are not compared either.
    """
    found: list[dict[str, Any]] = []
    facts: dict[str, Any] = {}
    for one in comparable(inputs, rows, inputs.params.action.seed):
        if _few(inputs, one):
            facts[one.campaign_id] = {"few": True}
            continue
        table, imbalance = _campaign(one, inputs.params.action.seed, float(by_lot.get(one.action, np.nan)))
        found += table
        facts[one.campaign_id] = {"imbalance": round(imbalance, DIGITS)}
    columns = columns_of("action_observed")
    return (typed(pd.DataFrame(found)[columns]) if found else empty_table(columns)), facts


def _few(inputs: ActionInputs, one: Compared) -> bool:
    """Whether a side has too few leavers, or too few who stayed."""
    least = max(inputs.params.action.min_leavers, inputs.params.privacy.min_cell)
    sides = [one.left[one.treated == arm] for arm in (0, 1)]
    return any(side.sum() < least or (1 - side).sum() < least for side in sides)


def _campaign(one: Compared, seed: int, by_lot: float) -> tuple[list[dict[str, Any]], float]:
    found = overlap_effect(one, seed)
    same = {
        "campaign_id": one.campaign_id,
        "action": one.action,
        "treated": float(one.treated.sum()),
        "untreated": float((1 - one.treated).sum()),
        "no_overlap": found.no_overlap,
        "effect": found.effect,
        "low": found.effect - Z * found.se,
        "high": found.effect + Z * found.se,
        "lambda_open": sign_open_from(found, one.treated),
        "bias_measured": found.effect - by_lot,
    }
    bounds = {factor: sensitivity_bounds(found, one.treated, factor) for factor in LAMBDAS}
    bounds[np.inf] = no_assumption_bounds(one.treated, one.left)
    rows = [
        {**same, "lambda": factor, "bound_low": low, "bound_high": high}
        for factor, (low, high) in bounds.items()
    ]
    return rows, found.imbalance
