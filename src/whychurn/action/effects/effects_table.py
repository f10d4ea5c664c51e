"""Table action_effects: what each tested action changes, over all causes and cause by cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import special

from whychurn.action.effects.estimates.fit import Fit
from whychurn.action.effects.estimates.pooled import pooled_effects, smallest_seen
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows
from whychurn.action.inputs import ActionInputs
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.results import columns_of, stack
from whychurn.stats.multiple_testing import benjamini_hochberg

Z: Final = 1.96
ALL: Final = "all"
CAUSED, ATTRIBUTED = "caused", "attributed"


def effects_table(
    inputs: ActionInputs,
    rows: RandomisedRows,
    fit: Fit,
    by_days: Mapping[int, RandomisedRows],
    pays_from: Mapping[str, float],
    read_out: Mapping[str, float],
) -> pd.DataFrame:
    """Rows of tested actions.

    ``all``: arms drawn together, compared (intention to treat), after each number of days; rung caused where the q-value
    over actions is small enough, else attributed. By cause: efficacies, which lean on the mix of causes, at most
    attributed.

    Parameters
    ----------
    by_days
        Days of follow-up -> rows with that outcome; ``action.effect_days`` among them.
    pays_from
        Smallest fall of the chance to leave at which each action pays.
    read_out
        q-value of each action as the tests were read out, which stands in for the one of these differences; none
        given: theirs.
    """
    usual = inputs.params.action.effect_days
    parts = []
    for days, outcome in sorted(by_days.items()):
        pooled = pooled_effects(outcome)
        if not len(pooled):
            continue
        table = _over_all(pooled, days, inputs.params.action.false_discovery)
        if days == usual:
            table = _with_theta(
                _as_read_out(table, read_out, inputs.params.action.false_discovery), rows, fit
            )
        parts.append(table.assign(pays_from=table["action"].map(pays_from).astype("float64")))
    parts.append(_by_cause(rows, fit, usual))
    return stack(parts, columns_of("action_effects")).sort_values(
        ["action", "cause", "horizon_days"], key=_order, ignore_index=True
    )


def _order(values: pd.Series) -> pd.Series:
    order = {name: number for number, name in enumerate((ALL, *CAUSES))}
    return values.map(order) if values.name == "cause" else values


def _over_all(pooled: pd.DataFrame, days: int, false_discovery: float) -> pd.DataFrame:
    effect, se = pooled["effect"], pooled["se"]
    z = (effect / se.clip(lower=1e-300)).to_numpy("float64")
    p = 2 * special.ndtr(-np.abs(z))
    q = benjamini_hochberg(p)
    return pd.DataFrame(
        {
            "action": pooled["action"],
            "cause": ALL,
            "horizon_days": float(days),
            "treated": pooled["treated"].astype("float64"),
            "control": pooled["control"].astype("float64"),
            "effect": effect,
            "low": effect - Z * se,
            "high": effect + Z * se,
            "relative": effect / pooled["rate_control"].where(pooled["rate_control"] > 0),
            "q_value": q,
            "smallest_seen": smallest_seen(se.to_numpy("float64")),
            "rung": np.where(q <= false_discovery, CAUSED, ATTRIBUTED),
        }
    )


def _as_read_out(table: pd.DataFrame, read_out: Mapping[str, float], level: float) -> pd.DataFrame:
    """The table with the q-values of the read-out; a difference whose q-value is not shown is not claimed."""
    if not read_out:
        return table
    q = table["action"].map(read_out).astype("float64")
    return table.assign(q_value=q, rung=np.where(q <= level, CAUSED, ATTRIBUTED))


def _with_theta(table: pd.DataFrame, rows: RandomisedRows, fit: Fit) -> pd.DataFrame:
    """Share of all leavings that the model has each action remove, with what contact itself adds."""
    found = []
    for name in table["action"]:
        at, mine = fit.actions.index(str(name)), rows.action == rows.actions.index(str(name))
        removed, draws = _removed(rows.select(mine), fit, at)
        sd = draws.std() if len(draws) else np.nan
        found.append((removed, removed - Z * sd, removed + Z * sd, fit.p_works[at]))
    return table.assign(
        **dict(zip(("theta", "theta_low", "theta_high", "p_works"), zip(*found, strict=True), strict=True))
    )


def _removed(rows: RandomisedRows, fit: Fit, at: int) -> tuple[float, Array]:
    """Share of the leavings of `rows` that is removed, and draws of it; (R,)."""
    mix, averse = (rows.p @ one / rows.p.sum() for one in (rows.q, rows.d))
    mean = float(mix @ fit.theta[at] - averse * fit.kappa[at])
    return mean, fit.theta_draws[:, at] @ mix - averse * fit.kappa_draws[:, at]


def _by_cause(rows: RandomisedRows, fit: Fit, days: int) -> pd.DataFrame:
    held_out = float((rows.action == -1).sum())
    found: list[dict[str, Any]] = []
    for number, name in enumerate(rows.actions):
        at, mine = fit.actions.index(name), rows.action == number
        chance = (rows.p[mine, None] * rows.q[mine]).mean(axis=0)
        for cause, share in zip(CAUSES, chance, strict=True):
            k = CAUSES.index(cause)
            theta, low, high = fit.theta[at, k], fit.theta_low[at, k], fit.theta_high[at, k]
            found.append(
                {
                    "action": name, "cause": cause, "horizon_days": float(days), "treated": float(mine.sum()),
                    "control": held_out, "effect": -share * theta, "low": -share * high, "high": -share * low,
                    "relative": -theta, "theta": theta, "theta_low": low, "theta_high": high,
                    "p_works": _share_above_zero(fit.theta_draws[:, at, k]), "rung": ATTRIBUTED,
                }
            )  # fmt: skip
    return pd.DataFrame(found)


def _share_above_zero(draws: Array) -> float:
    return float((draws > 0).mean()) if len(draws) else float("nan")
