"""What a stay is worth: expected discounted margin from the survival curve and the spend of each member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.fits import FitRecord
from whychurn.contract.params import Params, SurvivalParams
from whychurn.contract.results import columns_of
from whychurn.contract.suppression import suppress_small_cells
from whychurn.labels import both
from whychurn.panel.spend_rate import YEAR, daily_spend
from whychurn.survival.forecast.forecasters import Predictor
from whychurn.survival.forecast.model_comparison import Challenge
from whychurn.survival.lifetime.spend_holdout import judge_spend

VALUE: Final = [
    "member_id", "as_of", "expected_stay_days", "daily_spend", "expected_margin", "survival_value_at_risk", "tier",
]  # fmt: skip
TIERS: Final = columns_of("lifetime_tiers")
LOW: Final = "low"


@dataclass(frozen=True)
class Lifetime:
    """What the lifetime part gives: results by file name, entry "lifetime" of survival.json, records."""

    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    fits: list[FitRecord]


def lifetime_answers(
    panel: pd.DataFrame,
    spells: pd.DataFrame,
    challenge: Challenge,
    orders: pd.DataFrame,
    memberships: pd.DataFrame,
    kind: str,
    params: Params,
) -> Lifetime:
    """Value of each member of the latest snapshot, tiers, and how spend forecasts did in a holdout.

    Parameters
    ----------
    challenge
        Its model gives the survival curves.
    orders, memberships
        Interim tables, possibly empty.
    kind
        Of the churn definition, "terms" or "inactivity"; BG/NBD stands beside the panel for the latter only.
    """
    no_parts = {
        name: pd.DataFrame(columns=columns_of(name))
        for name in ("lifetime_holdout", "lifetime_holdout_groups", "lifetime_parameters")
    }
    if challenge.model is None or not len(panel):
        empty = {
            "lifetime_value": pd.DataFrame(columns=value_columns(params.survival)),
            "lifetime_tiers": pd.DataFrame(columns=TIERS),
            **no_parts,
        }
        return Lifetime(empty, {"status": "no_model", "reason": both("survival.no_lifetime")}, [])
    latest = panel[panel["as_of"] == panel["as_of"].max()]
    values = member_values(latest, challenge.model, memberships, params)
    tiers = tier_table(values, params.privacy.min_cell)
    facts = _facts(values, challenge, params)
    held = judge_spend(panel, spells, challenge, orders, params) if kind == "inactivity" else None
    if held is None:
        return Lifetime({"lifetime_value": values, "lifetime_tiers": tiers, **no_parts}, facts, [])
    shown = {
        **held.tables,
        "lifetime_holdout_groups": suppress_small_cells(
            held.tables["lifetime_holdout_groups"], "members", ["expected", "actual"], params.privacy.min_cell
        ),
    }
    return Lifetime(
        {"lifetime_value": values, "lifetime_tiers": tiers, **shown}, {**facts, **held.facts}, held.fits
    )


def value_columns(survival: SurvivalParams) -> list[str]:
    """Columns of lifetime_value; p_stay_<h>d for each horizon of the challenge stands after the day."""
    chances = [f"p_stay_{h}d" for h in sorted(set(survival.challenge.horizons))]
    return [*VALUE[:2], *chances, *VALUE[2:]]


def member_values(
    latest: pd.DataFrame, model: Predictor, memberships: pd.DataFrame, params: Params
) -> pd.DataFrame:  # fmt: skip
    """One row a member of the latest snapshot.

    expected_margin = margin rate × daily spend × Σ S(t) / (1 + r)^(t / 365) over the days t of the horizon;
    survival_value_at_risk is what is missing to the same sum with S = 1. Spend is taken to go on at the rate of the
    last year for as long as the member stays.
    """
    horizons = sorted(set(params.survival.challenge.horizons))
    curve = model.curve(latest, max(*horizons, params.business.value_days))
    days = np.arange(1, params.business.value_days + 1)
    discount = (1 + params.business.discount_rate) ** (-days / YEAR)
    spend = np.nan_to_num(daily_spend(latest)) + daily_fee(memberships, latest)
    known = np.isfinite(daily_spend(latest)) | (spend > 0)
    spend = np.where(known, spend, np.nan)
    expected = params.business.margin_rate * spend * (curve[:, days] @ discount)
    values = pd.DataFrame(
        {
            "member_id": latest["member_id"].to_numpy(),
            "as_of": latest["as_of"].to_numpy(),
            **{f"p_stay_{h}d": curve[:, h] for h in horizons},
            "expected_stay_days": curve[:, days].sum(axis=1),
            "daily_spend": spend,
            "expected_margin": expected,
            "survival_value_at_risk": params.business.margin_rate * spend * discount.sum() - expected,
            "tier": value_tiers(expected, params.survival.value_tiers),
        }
    )
    return values.astype({"member_id": "string", "tier": "string"})[value_columns(params.survival)]


def daily_fee(memberships: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """Price of a member's running term a day (currency), 0 without one; the latest term that began before the day."""
    if memberships.empty:
        return np.zeros(len(rows))
    price = memberships["price_paid"].fillna(memberships["list_price"]).astype("float64")
    length = (memberships["ends_on"] - memberships["starts_on"]).dt.days + 1
    terms = memberships[["member_id", "starts_on", "ends_on"]].assign(
        fee=(price / length.clip(lower=1)).to_numpy()
    )
    terms = terms.dropna(subset=["starts_on", "fee"]).sort_values("starts_on")
    asked = (
        rows[["member_id", "as_of"]]
        .reset_index(drop=True)
        .assign(place=range(len(rows)))
        .sort_values("as_of")
    )
    terms = terms.astype({"member_id": asked["member_id"].dtype, "starts_on": asked["as_of"].dtype})
    found = pd.merge_asof(
        asked, terms, left_on="as_of", right_on="starts_on", by="member_id", allow_exact_matches=False
    )
    return found.sort_values("place")["fee"].fillna(0.0).to_numpy()


def value_tiers(expected: np.ndarray, shares: dict[str, float]) -> np.ndarray:
    """Tier of each member: the `shares` from the top in the order given, the rest "low"; None where value is unknown."""
    tiers = np.full(len(expected), LOW, dtype=object)
    known = np.isfinite(expected)
    order = np.flatnonzero(known)[np.argsort(-expected[known], kind="stable")]
    at = 0.0
    for name, share in shares.items():
        start, at = at, at + share
        tiers[order[round(start * len(order)) : round(at * len(order))]] = name
    tiers[~known] = None
    return tiers


def tier_table(values: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Members, stay and margin by tier; small tiers withheld."""
    known = values.dropna(subset=["tier"])
    rows = []
    for tier, mine in known.groupby("tier", sort=False):
        rows.append({
            "tier": tier, "members": len(mine), "share": len(mine) / len(known),
            "expected_stay_days": mine["expected_stay_days"].mean(), "expected_margin": mine["expected_margin"].sum(),
            "margin_per_member": mine["expected_margin"].mean(),
            "margin_share": mine["expected_margin"].sum() / max(known["expected_margin"].sum(), 1e-12),
            "survival_value_at_risk": mine["survival_value_at_risk"].sum(),
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=TIERS[:-1]).sort_values(
        "margin_per_member", ascending=False, ignore_index=True
    )
    return suppress_small_cells(table, "members", TIERS[2:-1], min_cell)


def _facts(values: pd.DataFrame, challenge: Challenge, params: Params) -> dict[str, Any]:
    known = values["expected_margin"].notna()
    horizon = params.business.value_days
    reached = [h for one in challenge.facts["tests"] for h in one["horizons"] if h not in one["extrapolated"]]
    tested = max(reached, default=0)
    return {
        "status": "ok",
        "reason": None,
        "model": challenge.facts["chosen"],
        "as_of": f"{values['as_of'].max():%Y-%m-%d}",
        "members": len(values),
        "members_with_value": int(known.sum()),
        "horizon_days": horizon,
        "tested_days": tested,
        "beyond_test": horizon > tested,
        "learned_days": int(getattr(challenge.model, "learned_days", 0)),
        "margin_rate": params.business.margin_rate,
        "discount_rate": params.business.discount_rate,
        "expected_stay_days": float(values["expected_stay_days"].mean()),
        "expected_margin": float(values["expected_margin"].sum()) if known.any() else None,
        "survival_value_at_risk": float(values["survival_value_at_risk"].sum()) if known.any() else None,
    }
