"""A small panel with a known truth: who leaves depends on three features, the rest is noise."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import PROJECT, StudyPaths

FEATURES = [
    # name, family, cause, kind, unit, monotone
    ("days_since_last_order", "recency", "engagement", "number", "days", 1),
    ("tenure_days", "tenure", None, "number", "days", 0),
    ("spend_365d", "spend", None, "number", "money", 0),
    ("discount_depth_90d", "price", "price", "number", "share", 0),
    ("returned_before", "service", "product_service", "flag", "", 0),
    ("plan_taken", "profile", None, "category", "", 0),
    ("noise", "profile", None, "number", "", 0),
    ("month_of_year", "season", "natural", "number", "month", 0),
]


@pytest.fixture
def catalogue() -> pd.DataFrame:
    columns = ["name", "family", "cause", "kind", "unit", "monotone"]
    frame = pd.DataFrame(FEATURES, columns=columns)
    return frame.assign(en="EN " + frame["name"], zh="中文 " + frame["name"])


@pytest.fixture
def params() -> Params:
    """The project's parameters, small enough for tests."""
    small = {
        "trials": 3,
        "max_rounds": 60,
        "early_stopping": 10,
        "bootstrap": 20,
        "backtest_cutoffs": 2,
        "min_events": 10,
        "shap_rows": 300,
        "interaction_rows": 20,
        "beeswarm_points": 50,
        "archetypes": 2,
    }
    return load_params(StudyPaths(PROJECT), {"risk": small, "business": {"high_risk": 0.3}})


@pytest.fixture
def make_panel() -> Callable[..., pd.DataFrame]:
    return synthetic_panel


def synthetic_panel(members: int = 400, months: int = 16, seed: int = 0, horizon: int = 90) -> pd.DataFrame:
    """Monthly rows of members who stay in the panel; labels drawn from a known probability `p_true`."""
    rng = np.random.default_rng(seed)
    starts = pd.date_range("2024-01-01", periods=months, freq="MS")
    rows = members * months
    member = np.repeat(np.arange(members), months)
    as_of = np.tile(starts, members)
    frame = pd.DataFrame({"member_id": [f"m{i:016x}" for i in member], "as_of": as_of, "spell_no": 1})
    frame["days_since_last_order"] = rng.exponential(30, rows).round()
    frame["tenure_days"] = np.tile(np.arange(months) * 30.0, members) + np.repeat(
        rng.integers(1, 900, members), months
    )
    frame["spend_365d"] = rng.gamma(2, 300, rows)
    frame["discount_depth_90d"] = np.where(rng.random(rows) < 0.3, np.nan, rng.random(rows) * 0.5)
    frame["returned_before"] = pd.array(rng.random(rows) < 0.3, dtype="boolean")
    frame["plan_taken"] = rng.choice(["basic", "family", "plus"], rows)
    frame["noise"] = rng.normal(size=rows)
    frame["month_of_year"] = frame["as_of"].dt.month.astype("float64")
    log_odds = -2 + 0.03 * frame["days_since_last_order"] + 1.0 * frame["returned_before"].astype(float)
    log_odds += frame["plan_taken"].map({"basic": 0.5, "family": -0.8, "plus": 0.0})
    frame["p_true"] = 1 / (1 + np.exp(-log_odds))
    label = pd.Series(rng.random(rows) < frame["p_true"]).astype("boolean")
    until = starts[-1] + pd.Timedelta(days=20)
    frame["churned_in_horizon"] = label.mask(frame["as_of"] + pd.Timedelta(days=horizon) > until)
    frame["spend_tier"] = np.where(frame["spend_365d"] > 800, "gold", "regular")
    return frame
