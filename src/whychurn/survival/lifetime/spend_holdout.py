"""Spend to come, forecast from the panel and from BG/NBD with Gamma-Gamma, on a later period that neither has seen."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from whychurn.contract.errors import WhychurnError
from whychurn.contract.fits import FitRecord
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.panel.spend_rate import daily_spend
from whychurn.stats.bootstrap import percentiles, weights_in_turn
from whychurn.survival.forecast.model_comparison import Challenge
from whychurn.survival.lifetime.bgnbd import (
    WEEK,
    Fit,
    alive_probability,
    expected_purchases,
    expected_value,
    fit_bgnbd,
    fit_gamma_gamma,
    purchase_history,
)

log = logging.getLogger(__name__)
PANEL, BTYD, GOES_ON = "panel", "bgnbd", "goes_on"
METHODS: Final = (PANEL, BTYD, GOES_ON)
HOLDOUT: Final = columns_of("lifetime_holdout")


@dataclass(frozen=True)
class Held:
    """Tables lifetime_holdout, lifetime_holdout_groups, lifetime_parameters; facts; records."""

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    fits: list[FitRecord]


def judge_spend(
    panel: pd.DataFrame,
    spells: pd.DataFrame,
    challenge: Challenge,
    orders: pd.DataFrame,
    params: Params,
) -> Held | None:
    """Compare the forecasts on the main test day of the challenge, over its longest horizon.

    "panel": daily spend of the last year × days that the survival model of that day expects the member to stay.
    "bgnbd": expected purchases × expected value. "goes_on": daily spend × all days, as if nobody left.

    Returns
    -------
    None where there was no test day, or too few members bought twice before it.
    """
    if challenge.tested_model is None or challenge.tested_on is None or orders.empty:
        return None
    day, window = challenge.tested_on, challenge.facts["ibs_days"]
    history = purchase_history(orders, day - pd.Timedelta(days=1))
    history = history[history.index.isin(_followed_from_the_start(spells))]
    if (history["repeats"] > 0).sum() < params.survival.lifetime.min_repeaters:
        return None
    try:
        counts, values = (
            fit_bgnbd(history, params.run.confidence),
            fit_gamma_gamma(history, params.run.confidence),
        )
    except WhychurnError as error:
        log.warning("no BG/NBD: %s", error.message)
        return None
    rows = panel[panel["as_of"] == day]
    rows = rows[rows["member_id"].isin(history.index)]
    known = history.loc[rows["member_id"]]
    rate = np.nan_to_num(daily_spend(rows))
    curve = challenge.tested_model.curve(rows, window)
    expected = {
        PANEL: rate * curve[:, 1:].sum(axis=1),
        BTYD: expected_purchases(counts, known, window / WEEK) * expected_value(values, known),
        GOES_ON: rate * window,
    }
    actual = _spent(orders, rows["member_id"], day, window)
    place = {"landmark_on": day, "window_days": window}
    scores = holdout_scores(expected, actual, params).assign(**place)
    groups = holdout_groups(expected, actual, params.survival.lifetime.holdout_groups).assign(**place)
    parameters = pd.concat([counts.table("bgnbd"), values.table("gamma_gamma")], ignore_index=True)
    log.info("spend forecasts tested on %d members over %d days", len(rows), window)
    tables = {
        "lifetime_holdout": scores[HOLDOUT],
        "lifetime_holdout_groups": groups,
        "lifetime_parameters": parameters,
    }
    alive = alive_probability(counts, known)
    return Held(
        tables, {"holdout": _facts(scores, history, alive, day, window)}, _records(counts, values, scores)
    )


def _followed_from_the_start(spells: pd.DataFrame) -> pd.Series:
    """Members whose first purchase is on record: the model's clock begins there."""
    first = spells[spells["spell_no"] == 1]
    return first.loc[first["started_on"] >= first["entered_on"], "member_id"]


def _spent(orders: pd.DataFrame, members: pd.Series, day: pd.Timestamp, window: int) -> np.ndarray:
    inside = orders["ordered_at"].ge(day) & orders["ordered_at"].lt(day + pd.Timedelta(days=window))
    total = orders[inside].groupby("member_id")["amount"].sum()
    return total.reindex(members).fillna(0.0).to_numpy("float64")


def holdout_scores(expected: dict[str, np.ndarray], actual: np.ndarray, params: Params) -> pd.DataFrame:
    """Per method mean absolute error, ratio of totals and rank correlation; then mae differences against "panel".

    Intervals by bootstrap over members, the same drawings for all.
    """
    weights = weights_in_turn(
        np.arange(len(actual)), params.survival.bootstrap, params.run.seed, whole_first=True
    )
    total = weights.sum(axis=1)
    ranks = rankdata(actual)
    rows, errors = [], {}
    for method, forecast in expected.items():
        errors[method] = weights @ np.abs(forecast - actual).astype("float32") / total
        measures = {
            "mae": errors[method],
            "ratio": weights @ forecast / np.maximum(weights @ actual, 1e-12),
            "rank_correlation": _correlation(rankdata(forecast), ranks, weights),
        }
        if method != PANEL and PANEL in errors:
            measures["mae_difference"] = errors[method] - errors[PANEL]
        for metric, drawn in measures.items():
            low, high = percentiles(drawn[1:], params.run.confidence)
            rows.append(
                {
                    "method": method,
                    "metric": metric,
                    "estimate": float(drawn[0]),
                    "low": low,
                    "high": high,
                    "members": len(actual),
                }
            )
    return pd.DataFrame(rows)  # fmt: skip


def _correlation(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted correlation (of ranks: Spearman's) under each row of weights."""
    share = weights / weights.sum(axis=1, keepdims=True)
    a, b = (share @ (x - x.mean()) for x in (one, other))
    x, y = one - one.mean(), other - other.mean()
    spread = np.sqrt(np.maximum((share @ x**2 - a**2) * (share @ y**2 - b**2), 0))
    return np.divide(share @ (x * y) - a * b, spread, out=np.full(len(weights), np.nan), where=spread > 0)


def holdout_groups(expected: dict[str, np.ndarray], actual: np.ndarray, groups: int) -> pd.DataFrame:
    """Members in groups of like forecast: mean forecast and mean spend."""
    rows = []
    for method, forecast in expected.items():
        group = np.minimum((rankdata(forecast, method="ordinal") - 1) * groups // len(forecast), groups - 1)
        for number in np.unique(group):
            mine = group == number
            rows.append(
                {
                    "method": method,
                    "group": int(number),
                    "expected": forecast[mine].mean(),
                    "actual": actual[mine].mean(),
                    "members": int(mine.sum()),
                }
            )
    return pd.DataFrame(rows)  # fmt: skip


def _facts(
    scores: pd.DataFrame, history: pd.DataFrame, alive: np.ndarray, day: pd.Timestamp, window: int
) -> dict[str, Any]:
    """What the report says of the comparison."""
    table = scores.set_index(["method", "metric"])["estimate"]
    gap = scores[(scores["method"] == BTYD) & (scores["metric"] == "mae_difference")].iloc[0]
    better = PANEL if gap["low"] > 0 else BTYD if gap["high"] < 0 else "none"
    bought = history[(history["repeats"] > 0) & (history["value"] > 0)]
    follows = float(np.corrcoef(bought["repeats"], bought["value"])[0, 1]) if len(bought) > 2 else None
    return {
        "landmark_on": f"{day:%Y-%m-%d}",
        "window_days": window,
        "members": int(scores["members"].iloc[0]),
        "better": better,
        "mae": {method: float(table[method, "mae"]) for method in METHODS},
        "ratio": {method: float(table[method, "ratio"]) for method in METHODS},
        "p_alive_mean": float(alive.mean()),
        "frequency_value_correlation": follows,  # Gamma-Gamma takes it to be zero
    }


def _records(counts: Fit, values: Fit, scores: pd.DataFrame) -> list[FitRecord]:
    def figures(fit: Fit) -> dict[str, float]:
        named = dict(zip(fit.names, map(float, fit.estimate), strict=True))
        return {**named, "log_likelihood": fit.log_likelihood, "members": float(fit.members)}

    held = scores[scores["method"] == BTYD].set_index("metric")["estimate"].to_dict()
    return [
        FitRecord("bgnbd", {"time": "weeks"}, {**figures(counts), **{f"holdout_{k}": v for k, v in held.items()}}, ["lifetime_parameters", "lifetime_holdout"]),
        FitRecord("gamma_gamma", {}, figures(values)),
    ]  # fmt: skip
