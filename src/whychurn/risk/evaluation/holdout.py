"""How good the forecasts are on the test period: every model, every measure, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from whychurn.contract.codes import RISK_MODEL, RISK_MODELS
from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import encode
from whychurn.risk.evaluation.forecast_metrics import (
    Business,
    Forecast,
    bootstrap,
    bounds_of,
    measure_once,
)
from whychurn.risk.model.training import Trained, labels
from whychurn.risk.value_at_risk import margin_exposed
from whychurn.stats.bootstrap import weights_in_turn

Draws = dict[str, np.ndarray]


def forecast_test(panel: pd.DataFrame, trained: Trained, params: Params) -> pd.DataFrame:
    """Test rows, of members still there: member_id, as_of, spend_tier, y, seen_after, stake, one p_<model> each."""
    rows = panel[trained.split.rows("test")]
    X = encode(rows, trained.features)
    tier = rows["spend_tier"].astype("object") if "spend_tier" in rows else None
    frame = pd.DataFrame(
        {
            "member_id": rows["member_id"].to_numpy(),
            "as_of": rows["as_of"].to_numpy(),
            "spend_tier": tier.fillna("unknown").to_numpy() if tier is not None else "unknown",
            "y": labels(rows),
            "seen_after": rows["seen_after"].to_numpy(dtype=bool) if "seen_after" in rows else True,
            "stake": margin_exposed(rows, params.business),
        }
    )
    for name in RISK_MODELS:
        frame[f"p_{name}"] = trained.probability(name, X)
    return frame


def measure_models(test: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Table risk_metrics: each model overall, by month and by tier, and the model's gain over each baseline.

    ``seen_again``: on the rows whose member was seen again for sure, in hindsight.
    """
    tables = [measure_overall(test, params)]
    lines = []
    seen = test[test["seen_after"]]
    if len(seen) < len(test):
        measured = _measure(seen, params, [RISK_MODEL])
        lines.append(_lines(*measured[RISK_MODEL], (RISK_MODEL, "seen", "seen_again"), seen, params))
    for kind, column in (("month", "as_of"), ("tier", "spend_tier")):
        for stratum, rows in test.groupby(column, sort=True):
            text = f"{stratum:%Y-%m}" if kind == "month" else str(stratum)
            measured = _measure(rows, params, list(RISK_MODELS))
            lines += [_lines(*measured[name], (name, kind, text), rows, params) for name in RISK_MODELS]
    return pd.concat([*tables, *(pd.DataFrame(part) for part in lines)], ignore_index=True)


def measure_overall(test: pd.DataFrame, params: Params, models: Sequence[str] = RISK_MODELS) -> pd.DataFrame:
    """Each of `models` on all rows, and the gain of the first over each other one.

    Intervals are percentiles of a bootstrap clustered by member; differences are paired (same draws).

    Parameters
    ----------
    test
        member_id, y, stake, one p_<model> each.
    """
    overall = _measure(test, params, list(models))
    lines = [_lines(*overall[name], (name, "all", "all"), test, params) for name in models]
    lines += [_differences(overall, name, test, params) for name in models if name != RISK_MODEL]
    return pd.concat([pd.DataFrame(part) for part in lines], ignore_index=True)


def _forecast(rows: pd.DataFrame, name: str, params: Params) -> Forecast:
    business = Business(
        rows["stake"].to_numpy(),
        params.business.saved_share,
        params.business.contact_cost,
        params.business.capacity,
    )
    return Forecast(
        rows["y"].to_numpy(),
        rows[f"p_{name}"].to_numpy(),
        business,
        params.risk.lift_shares,
    )


def _measure(
    rows: pd.DataFrame, params: Params, names: list[str]
) -> dict[str, tuple[dict[str, float], Draws]]:
    weights = weights_in_turn(rows["member_id"].to_numpy(), params.risk.bootstrap, params.run.seed)
    forecasts = {name: _forecast(rows, name, params) for name in names}
    return {name: (measure_once(one), bootstrap(one, weights)) for name, one in forecasts.items()}


def _lines(
    estimates: dict[str, float],
    draws: Draws,
    stratum: tuple[str, str, str],
    rows: pd.DataFrame,
    params: Params,
) -> list[dict[str, Any]]:
    """One line a metric, with its interval; `stratum` is model, kind of stratum and stratum."""
    labels_of = dict(zip(("model", "stratum_kind", "stratum"), stratum, strict=True))
    sizes = {
        "rows": len(rows),
        "members": rows["member_id"].nunique(),
        "events": int(rows["y"].sum()),
    }
    lines = []
    for metric, estimate in estimates.items():
        low, high = bounds_of(metric, estimate, draws[metric], params.run.confidence)
        figures = {"metric": metric, "estimate": estimate, "low": low, "high": high}
        lines.append({"model": stratum[0], "part": "test", **labels_of, **figures, **sizes})
    return lines


def _differences(
    measured: dict[str, tuple[dict[str, float], Draws]], baseline: str, rows: pd.DataFrame, params: Params
) -> list[dict[str, Any]]:
    (model, model_draws), (other, other_draws) = measured[RISK_MODEL], measured[baseline]
    metrics = [name for name in model if name not in ("rate", "mean_p")]
    gaps = {name: model[name] - other[name] for name in metrics}
    draws = {name: model_draws[name] - other_draws[name] for name in metrics}
    return _lines(gaps, draws, (f"{RISK_MODEL} - {baseline}", "difference", baseline), rows, params)


def beats_baselines(metrics: pd.DataFrame) -> dict[str, bool]:
    """For each baseline: whether the model's log loss is lower with its whole interval."""
    loss = metrics[(metrics["stratum_kind"] == "difference") & (metrics["metric"] == "log_loss")]
    return {str(name): bool(high < 0) for name, high in zip(loss["stratum"], loss["high"], strict=True)}


def reliability(test: pd.DataFrame, params: Params, models: Sequence[str] = RISK_MODELS) -> pd.DataFrame:
    """Table risk_calibration: equal-mass bins of p with the observed rate and its clustered interval."""
    weights = weights_in_turn(test["member_id"].to_numpy(), params.risk.bootstrap, params.run.seed).astype(
        "float64"
    )
    tables = []
    for name in models:
        forecast = _forecast(test, name, params)
        bins, y, p = forecast.bin, forecast.y, forecast.p
        mass = np.bincount(bins)
        drawn = np.array([np.bincount(bins, w * y) / np.maximum(np.bincount(bins, w), 1e-9) for w in weights])
        tail = (1 - params.run.confidence) / 2
        members = test.groupby(bins)["member_id"].nunique()
        table = pd.DataFrame(
            {
                "model": name,
                "bin": np.arange(len(mass)),
                "p_mean": np.bincount(bins, p) / np.maximum(mass, 1),
                "rate": np.bincount(bins, y) / np.maximum(mass, 1),
                "low": np.quantile(drawn, tail, axis=0),
                "high": np.quantile(drawn, 1 - tail, axis=0),
                "rows": mass,
            }
        )
        table["members"] = members.reindex(table["bin"], fill_value=0).to_numpy()
        tables.append(table[table["rows"] > 0])
    return pd.concat(tables, ignore_index=True)


def lift_curve(test: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Table risk_lift: for shares of members from 0 to 1, the share of leavers reached, lift, and profit."""
    shares = np.unique(np.r_[np.linspace(0, 0.3, 31), np.linspace(0.3, 1, 36)])
    ones = np.ones((1, len(test)))
    tables = []
    for name in RISK_MODELS:
        forecast = _forecast(test, name, params)
        ranked = forecast.y[forecast.order]
        reached = np.interp(
            shares * len(test), np.r_[0, forecast.ends + 1], np.r_[0.0, np.cumsum(ranked)[forecast.ends]]
        ) / max(ranked.sum(), 1)
        with np.errstate(invalid="ignore"):
            lift = np.where(shares > 0, reached / np.where(shares > 0, shares, 1), np.nan)
        profit = [forecast.profit(ones, share)[0] for share in shares]
        tables.append(
            pd.DataFrame({"model": name, "share": shares, "gain": reached, "lift": lift, "profit": profit})
        )
    return pd.concat(tables, ignore_index=True)


def flat_metrics(metrics: pd.DataFrame) -> dict[str, float]:
    """The model's and the baselines' overall figures as flat numbers for DVC."""
    whole = metrics[metrics["stratum_kind"] == "all"]
    names = whole["model"] + "." + whole["metric"]
    return {name: round(float(value), 6) for name, value in zip(names, whole["estimate"], strict=True)}
