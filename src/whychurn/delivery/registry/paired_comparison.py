"""Two models on the same members and days: paired differences of their figures, with intervals."""

from __future__ import annotations

from typing import Any

import pandas as pd

from whychurn.contract.files import read_json, read_labelled
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.registry.model_versions import model_folder
from whychurn.delivery.registry.served_model import RiskModel
from whychurn.risk.evaluation.forecast_metrics import (
    Business,
    Forecast,
    bootstrap,
    measure_once,
)
from whychurn.risk.value_at_risk import margin_exposed
from whychurn.stats.bootstrap import percentiles, weights_in_turn

KEY = ["member_id", "as_of"]


def paired_differences(demo: StudyPaths, trial: StudyPaths, params: Params) -> dict[str, Any]:
    """Figures of the trial's model minus those of the demo's on the test rows that both have.

    Paired bootstrap by member: both are measured in the same resamples, so variation that they share cancels.

    Returns
    -------
    ``rows``, ``members``, ``rows_demo``, ``rows_experiment`` and, by metric, estimate, low, high; empty
    metrics where no test row is common.
    """
    one, other = forecast_test_rows(demo, params), forecast_test_rows(trial, params)
    both = one.merge(other[[*KEY, "y", "p"]], on=KEY, suffixes=("", "_trial"), validate="one_to_one")
    both = both[both["y"] == both["y_trial"]]
    counts = {
        "rows": len(both),
        "members": int(both["member_id"].nunique()),
        "rows_demo": len(one),
        "rows_experiment": len(other),
    }
    if both.empty:
        return {**counts, "metrics": {}}
    weights = weights_in_turn(both["member_id"].to_numpy(), params.risk.bootstrap, params.run.seed)
    before, after = (_forecast(both, column, params) for column in ("p", "p_trial"))
    first, second = measure_once(before), measure_once(after)
    drawn_first, drawn_second = bootstrap(before, weights), bootstrap(after, weights)
    metrics = {}
    for name in first:
        low, high = percentiles(drawn_second[name] - drawn_first[name], params.run.confidence)
        metrics[name] = {
            "estimate": round(second[name] - first[name], 6),
            "low": round(low, 6),
            "high": round(high, 6),
        }
    return {**counts, "metrics": metrics}


def forecast_test_rows(study: StudyPaths, params: Params) -> pd.DataFrame:
    """The study's own model on its own test rows: member_id, as_of, y, p, stake (currency)."""
    folder = model_folder(study)
    months = pd.to_datetime(read_json(folder / "metadata.json")["as_of"]["test"])
    rows = read_labelled(study.processed / "panel.parquet", months)
    forecasts = rows[KEY].assign(
        y=rows["churned_in_horizon"].astype("float64"), stake=margin_exposed(rows, params.business)
    )
    return forecasts.assign(p=RiskModel.from_folder(folder).probability(rows))


def _forecast(rows: pd.DataFrame, column: str, params: Params) -> Forecast:
    business = Business(
        rows["stake"].to_numpy(),
        params.business.saved_share,
        params.business.contact_cost,
        params.business.capacity,
    )
    return Forecast(rows["y"].to_numpy(), rows[column].to_numpy(), business, params.risk.lift_shares)
