"""What a stay is worth."""

from typing import Final

import pandas as pd

from whychurn.api.features import panel_catalogue, require_columns
from whychurn.api.settings import given
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params, SurvivalParams
from whychurn.contract.tables import TABLES
from whychurn.survival.forecast.model_comparison import compare_models
from whychurn.survival.lifetime.member_value import lifetime_results
from whychurn.survival.lifetime.spend_holdout import compare_spend_forecasts

STAGE: Final = (
    "member_id", "spell_no", "started_on", "entered_on", "last_active_on", "ended_on", "churned", "returned_on",
)  # fmt: skip

NO_TERMS: Final = pd.DataFrame(columns=list(TABLES["memberships"].fields))


def lifetime_value(
    panel: pd.DataFrame,
    spells: pd.DataFrame,
    orders: pd.DataFrame,
    *,
    memberships: pd.DataFrame | None = None,
    margin_rate: float = 0.3,
    discount_rate: float = 0.08,
    horizon_days: int = 365,
    settings: Params | SurvivalParams | None = None,
) -> pd.DataFrame:
    """Expected discounted margin of each member.

    Several models of the stay are tested forward in time; the best one gives each member's survival curve S. Spend is taken to
    go on at the rate of the last year: margin rate × daily spend × Σ S(t) / (1 + r)^(t / 365) over the days t of the horizon.

    Parameters
    ----------
    panel, spells
        From `whychurn.panel` and `whychurn.spells`.
    orders
        Table of orders: how well the forecast of spend does is tried on its last months.
    memberships
        Table of terms, where members pay for them.
    margin_rate, discount_rate, horizon_days
        Margin on spend, 0 to 1; discount a year; days ahead that are counted.
    settings
        All other parameters (`Params`), or those of the models of the stay alone.

    Returns
    -------
    DataFrame
        One row a member of the latest snapshot: member_id, as_of, p_stay_<h>d, expected_stay_days, daily_spend,
        expected_margin, survival_value_at_risk, tier; currency as in `orders`, null where no spend is known. ``attrs["facts"]``
        tells the model that was chosen and how the forecast of spend did.

    Raises
    ------
    WhychurnError
        If too few members left for any model of the stay.

    Examples
    --------
    >>> import whychurn
    >>> value = whychurn.lifetime_value(rows, stays, shop.tables["orders"], settings=quick.survival)
    >>> bool((value["expected_margin"].dropna() >= 0).all())
    True
    """
    money = {"margin_rate": margin_rate, "discount_rate": discount_rate, "value_days": horizon_days}
    params = given(settings, {"business": money})
    return _values(panel, spells, orders, NO_TERMS if memberships is None else memberships, params)


def _values(
    panel: pd.DataFrame, spells: pd.DataFrame, orders: pd.DataFrame, terms: pd.DataFrame, params: Params
) -> pd.DataFrame:
    require_columns(panel, ("member_id", "as_of", "spell_no"), "the panel", "whychurn.panel(tables)")
    require_columns(spells, STAGE, "spells", "make them: whychurn.spells(tables)")
    require_columns(orders, ("member_id", "ordered_at", "amount"), "orders", "give tables['orders']")
    stages = spells[list(STAGE)]
    comparison = compare_models(panel, stages, panel_catalogue(panel), _last_day(spells), params)
    kind = str(spells.attrs.get("definition", "inactivity_")).partition("_")[0]
    holdout = None
    if kind == "inactivity":
        holdout = compare_spend_forecasts(panel, stages, comparison, orders, params)
    worth = lifetime_results(panel, terms, comparison, holdout, params)
    if worth.facts["status"] != "ok":
        raise WhychurnError(
            worth.facts["reason"]["en"], remedy="give a longer history or more members to whychurn.load"
        )
    values = worth.tables["lifetime_value"]
    values.attrs = {"facts": worth.facts}
    return values


def _last_day(spells: pd.DataFrame) -> pd.Timestamp:
    """Day on which follow-up ends for everybody."""
    if "observed_until" not in spells.attrs:
        raise WhychurnError(
            "the spells do not say until when members were followed",
            remedy="give them as whychurn.spells returns them, or set spells.attrs['observed_until']",
        )
    return pd.Timestamp(spells.attrs["observed_until"])
