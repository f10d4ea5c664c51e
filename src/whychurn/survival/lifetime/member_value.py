"""Lifetime value: expected discounted margin from the survival curve and the spend of each member."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import Params, SurvivalParams
from whychurn.contract.results import columns_of
from whychurn.contract.suppression import suppress_small_cells
from whychurn.labels import both
from whychurn.panel.spend_rate import YEAR, daily_fee, daily_spend
from whychurn.survival.forecast.forecasters import Forecaster
from whychurn.survival.forecast.model_comparison import ModelComparison
from whychurn.survival.lifetime.spend_holdout import HOLDOUT, HOLDOUT_GROUPS, PARAMETERS, SpendHoldout
from whychurn.survival.lifetime.value_tiers import value_tiers

VALUE: Final = [
    "member_id", "as_of", "expected_stay_days", "daily_spend", "expected_margin", "survival_value_at_risk",
    "tier",
]  # fmt: skip
TIERS: Final = columns_of("lifetime_tiers")
AT_ONCE: Final = 51_200  # members whose curves are held at once; of 64 each, as a product rounds the rows of a remainder otherwise


@dataclass(frozen=True)
class LifetimeResults:
    """Results by file name, entry "lifetime" of survival.json, records for the tracker."""

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    fits: list[FitRecord]


def lifetime_results(
    panel: pd.DataFrame,
    memberships: pd.DataFrame,
    comparison: ModelComparison,
    holdout: SpendHoldout | None,
    params: Params,
) -> LifetimeResults:
    """Value of each member of the latest snapshot, tiers, and how spend forecasts did in a holdout.

    Parameters
    ----------
    memberships
        Interim table, possibly empty.
    comparison
        Its model gives the survival curves.
    holdout
        `spend_holdout.compare_spend_forecasts`; None where there was no comparison.
    """
    tables = {
        "lifetime_value": pd.DataFrame(columns=value_columns(params.survival)),
        "lifetime_tiers": pd.DataFrame(columns=TIERS),
        "lifetime_holdout": pd.DataFrame(columns=HOLDOUT),
        "lifetime_holdout_groups": pd.DataFrame(columns=HOLDOUT_GROUPS),
        "lifetime_parameters": pd.DataFrame(columns=PARAMETERS),
    }
    if comparison.model is None or not len(panel):
        return LifetimeResults(tables, {"status": "no_model", "reason": both("survival.no_lifetime")}, [])
    latest, min_cell = panel[panel["as_of"] == panel["as_of"].max()], params.privacy.min_cell
    values = member_values(latest, comparison.model, memberships, params)
    tables |= {"lifetime_value": values, "lifetime_tiers": tier_table(values, min_cell)}
    facts = _facts(values, comparison, params)
    if holdout is None:
        return LifetimeResults(tables, facts, [])
    tables |= holdout.tables
    tables["lifetime_holdout_groups"] = suppress_small_cells(
        tables["lifetime_holdout_groups"], "members", ["expected", "actual"], min_cell
    )
    return LifetimeResults(tables, {**facts, **holdout.facts}, holdout.fits)


def value_columns(survival: SurvivalParams) -> list[str]:
    """Columns of lifetime_value; p_stay_<h>d for each forecast horizon stands after the day."""
    chances = [f"p_stay_{h}d" for h in sorted(set(survival.challenge.horizons))]
    return [*VALUE[:2], *chances, *VALUE[2:]]


def member_values(
    latest: pd.DataFrame, model: Forecaster, memberships: pd.DataFrame, params: Params
) -> pd.DataFrame:
    """One row a member of the latest snapshot.

    expected_margin = margin rate × daily spend × Σ S(t) / (1 + r)^(t / 365) over the days t of the horizon;
    survival_value_at_risk is the shortfall against the same sum with S = 1. Spend is taken to go on at the
    rate of the last year for as long as the member stays.
    """
    horizons = sorted(set(params.survival.challenge.horizons))
    days = np.arange(1, params.business.value_days + 1)
    discount = (1 + params.business.discount_rate) ** (-days / YEAR)
    parts = []
    for begin in range(0, len(latest), AT_ONCE):  # a curve has a figure a day
        curve = model.curve(latest.iloc[begin : begin + AT_ONCE], max(*horizons, days[-1]))
        inside = curve[:, days]
        parts.append((curve[:, horizons], inside.sum(axis=1), inside @ discount))
    stays, stay_days, discounted = (np.concatenate(part) for part in zip(*parts, strict=True))
    orders = daily_spend(latest)
    spend = np.nan_to_num(orders) + daily_fee(memberships, latest)
    spend = np.where(np.isfinite(orders) | (spend > 0), spend, np.nan)
    expected = params.business.margin_rate * spend * discounted
    values = pd.DataFrame(
        {
            "member_id": latest["member_id"].to_numpy(),
            "as_of": latest["as_of"].to_numpy(),
            **{f"p_stay_{h}d": stays[:, place] for place, h in enumerate(horizons)},
            "expected_stay_days": stay_days,
            "daily_spend": spend,
            "expected_margin": expected,
            "survival_value_at_risk": params.business.margin_rate * spend * discount.sum() - expected,
            "tier": value_tiers(expected, params.survival.value_tiers),
        }
    )
    return values.astype({"member_id": "string", "tier": "string"})[value_columns(params.survival)]


def tier_table(values: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Members, stay and margin by tier; small tiers withheld."""
    valued = values.dropna(subset=["tier"])
    total, rows = max(valued["expected_margin"].sum(), 1e-12), []
    for tier, members in valued.groupby("tier", sort=False):
        margin = members["expected_margin"]
        rows.append({
            "tier": tier, "members": len(members), "share": len(members) / len(valued),
            "expected_stay_days": members["expected_stay_days"].mean(), "expected_margin": margin.sum(),
            "margin_per_member": margin.mean(), "margin_share": margin.sum() / total,
            "survival_value_at_risk": members["survival_value_at_risk"].sum(),
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=TIERS[:-1])
    table = table.sort_values("margin_per_member", ascending=False, ignore_index=True)
    return suppress_small_cells(table, "members", TIERS[2:-1], min_cell)


def _facts(values: pd.DataFrame, comparison: ModelComparison, params: Params) -> dict[str, Any]:
    valued = values["expected_margin"].notna()
    horizon = params.business.value_days
    reached = [
        h for one in comparison.facts["tests"] for h in one["horizons"] if h not in one["extrapolated"]
    ]
    tested = max(reached, default=0)
    return {
        "status": "ok",
        "reason": None,
        "model": comparison.facts["chosen"],
        "as_of": f"{values['as_of'].max():%Y-%m-%d}",
        "members": len(values),
        "members_with_value": int(valued.sum()),
        "horizon_days": horizon,
        "tested_days": tested,
        "beyond_test": horizon > tested,
        "learned_days": int(getattr(comparison.model, "learned_days", 0)),
        "margin_rate": params.business.margin_rate,
        "discount_rate": params.business.discount_rate,
        "expected_stay_days": float(values["expected_stay_days"].mean()),
        "expected_margin": float(values["expected_margin"].sum()) if valued.any() else None,
        "survival_value_at_risk": float(values["survival_value_at_risk"].sum()) if valued.any() else None,
    }
