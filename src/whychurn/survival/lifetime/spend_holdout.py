"""Forecasts of spend, from the panel and from BG/NBD with Gamma-Gamma, compared on a later holdout period."""

import logging
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from whychurn.contract.errors import WhychurnError
from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table
from whychurn.panel.spend_rate import daily_spend
from whychurn.stats.bootstrap import percentiles, weights_in_turn
from whychurn.survival.forecast.model_comparison import ModelComparison
from whychurn.survival.lifetime.bgnbd import (
    WEEK,
    PurchaseFit,
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
HOLDOUT_GROUPS: Final = columns_of("lifetime_holdout_groups")
PARAMETERS: Final = columns_of("lifetime_parameters")
GROUPS: Final = 10  # deciles of the forecast
MIN_REPEATERS: Final = 50  # with fewer members with a second order four parameters are not estimated


@dataclass(frozen=True)
class SpendHoldout:
    """Tables lifetime_holdout, lifetime_holdout_groups, lifetime_parameters; facts; records."""

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    fits: list[FitRecord]


def compare_spend_forecasts(
    panel: pd.DataFrame,
    spells: pd.DataFrame,
    comparison: ModelComparison,
    orders: pd.DataFrame,
    params: Params,
) -> SpendHoldout | None:
    """Compare the forecasts on the main test day of the survival models, over its longest horizon.

    "panel": daily spend of the last year × days that the survival model of that day expects the member to
    stay. "bgnbd": expected purchases × expected value. "goes_on": daily spend × all days, as if nobody left.

    BG/NBD models purchases without terms, so the comparison is for programmes where churn means inactivity.

    Returns
    -------
    None where there was no test day, or too few members bought twice before it. Where purchases are too regular
    for BG/NBD (one every 30 days, or all of one amount), tables are empty and the facts say so.
    """
    if comparison.tested_model is None or comparison.tested_on is None or orders.empty:
        return None
    day, window = comparison.tested_on, comparison.facts["ibs_days"]
    history = purchase_history(orders, day - pd.Timedelta(days=1))
    history = history[history.index.isin(_followed_from_the_start(spells))]
    if (history["repeats"] > 0).sum() < MIN_REPEATERS:
        return None
    fits = _fit_purchases(history, params.run.confidence)
    if fits is None:
        return _too_regular()
    counts, values = fits
    rows = panel[(panel["as_of"] == day) & panel["member_id"].isin(history.index)]
    histories = history.loc[rows["member_id"]]
    rate = np.nan_to_num(daily_spend(rows))
    curve = comparison.tested_model.curve(rows, window)
    expected = {
        PANEL: rate * curve[:, 1:].sum(axis=1),
        BTYD: expected_purchases(counts, histories, window / WEEK) * expected_value(values, histories),
        GOES_ON: rate * window,
    }
    if not np.isfinite(expected[BTYD]).all():
        return _too_regular()
    actual = _spent(orders, rows["member_id"], day, window)
    test = {"landmark_on": day, "window_days": window}
    scores = holdout_scores(expected, actual, params).assign(**test)
    groups = holdout_groups(expected, actual).assign(**test)
    parameters = pd.concat([counts.table("bgnbd"), values.table("gamma_gamma")], ignore_index=True)
    log.info("spend forecasts tested on %d members over %d days", len(rows), window)
    tables = {"lifetime_holdout": scores[HOLDOUT], "lifetime_holdout_groups": groups}
    facts = {"landmark_on": f"{day:%Y-%m-%d}", "window_days": window}
    facts |= _facts(scores, history, alive_probability(counts, histories))
    records = _records(counts, values, scores)
    return SpendHoldout({**tables, "lifetime_parameters": parameters}, {"holdout": facts}, records)


def _fit_purchases(history: pd.DataFrame, confidence: float) -> tuple[PurchaseFit, PurchaseFit] | None:
    """BG/NBD and Gamma-Gamma; None where a fit fails."""
    try:
        return fit_bgnbd(history, confidence), fit_gamma_gamma(history, confidence)
    except WhychurnError as error:
        log.warning("no BG/NBD: %s", error.message)
        return None


def _too_regular() -> SpendHoldout:
    tables = {"lifetime_holdout": HOLDOUT, "lifetime_holdout_groups": HOLDOUT_GROUPS[:5]}
    empty = {
        name: empty_table(columns) for name, columns in {**tables, "lifetime_parameters": PARAMETERS}.items()
    }
    return SpendHoldout(empty, {"purchases_too_regular": True}, [])


def _followed_from_the_start(spells: pd.DataFrame) -> pd.Series:
    """Members whose first purchase is on record: the model's clock begins there."""
    first = spells[spells["spell_no"] == 1]
    return first.loc[first["started_on"] >= first["entered_on"], "member_id"]


def _spent(orders: pd.DataFrame, members: pd.Series, day: pd.Timestamp, window: int) -> np.ndarray:
    inside = orders["ordered_at"].ge(day) & orders["ordered_at"].lt(day + pd.Timedelta(days=window))
    total = orders[inside].groupby("member_id")["amount"].sum()
    return total.reindex(members).fillna(0.0).to_numpy("float64")


def holdout_scores(expected: dict[str, np.ndarray], actual: np.ndarray, params: Params) -> pd.DataFrame:
    """Per method mean absolute error, ratio of totals, rank correlation, and mae difference from "panel".

    Intervals by bootstrap over members, the same drawings for all.
    """
    members, draws = np.arange(len(actual)), params.survival.bootstrap
    weights = weights_in_turn(members, draws, params.run.seed, whole_first=True)
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
            rows.append((method, metric, float(drawn[0]), low, high, len(actual)))
    return pd.DataFrame(rows, columns=HOLDOUT[:6])


def _correlation(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted correlation (of ranks: Spearman's) under each row of weights."""
    share = weights / weights.sum(axis=1, keepdims=True)
    a, b = (share @ (x - x.mean()) for x in (one, other))
    x, y = one - one.mean(), other - other.mean()
    spread = np.sqrt(np.maximum((share @ x**2 - a**2) * (share @ y**2 - b**2), 0))
    return np.divide(share @ (x * y) - a * b, spread, out=np.full(len(weights), np.nan), where=spread > 0)


def holdout_groups(expected: dict[str, np.ndarray], actual: np.ndarray, groups: int = GROUPS) -> pd.DataFrame:
    """Members in groups of like forecast: mean forecast and mean spend."""
    rows = []
    for method, forecast in expected.items():
        group = np.minimum((rankdata(forecast, method="ordinal") - 1) * groups // len(forecast), groups - 1)
        for number in np.unique(group):
            inside = group == number
            means = (forecast[inside].mean(), actual[inside].mean())
            rows.append((method, int(number), *means, int(inside.sum())))
    return pd.DataFrame(rows, columns=HOLDOUT_GROUPS[:5])


def _facts(scores: pd.DataFrame, history: pd.DataFrame, alive: np.ndarray) -> dict[str, Any]:
    """Figures of the comparison for the report."""
    table = scores.set_index(["method", "metric"])["estimate"]
    gap = scores[(scores["method"] == BTYD) & (scores["metric"] == "mae_difference")].iloc[0]
    better = PANEL if gap["low"] > 0 else BTYD if gap["high"] < 0 else "none"
    repeated = history[(history["repeats"] > 0) & (history["value"] > 0)]
    correlation = np.corrcoef(repeated["repeats"], repeated["value"])[0, 1] if len(repeated) > 2 else None
    return {
        "members": int(scores["members"].iloc[0]),
        "better": better,
        "mae": {method: float(table[method, "mae"]) for method in METHODS},
        "ratio": {method: float(table[method, "ratio"]) for method in METHODS},
        "p_alive_mean": float(alive.mean()),
        "frequency_value_correlation": correlation,  # Gamma-Gamma takes it to be zero
    }


def _records(counts: PurchaseFit, values: PurchaseFit, scores: pd.DataFrame) -> list[FitRecord]:
    def figures(fit: PurchaseFit) -> dict[str, float]:
        named = dict(zip(fit.names, map(float, fit.estimate), strict=True))
        return {**named, "log_likelihood": fit.log_likelihood, "members": float(fit.members)}

    estimates = scores[scores["method"] == BTYD].set_index("metric")["estimate"]
    metrics = {**figures(counts), **{f"holdout_{metric}": value for metric, value in estimates.items()}}
    tables = ["lifetime_parameters", "lifetime_holdout"]
    return [
        FitRecord("bgnbd", {"time": "weeks"}, metrics, tables),
        FitRecord("gamma_gamma", {}, figures(values)),
    ]
