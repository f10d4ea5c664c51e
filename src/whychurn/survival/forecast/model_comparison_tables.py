"""Tables, facts and records of the comparison of survival models."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import Params, SurvivalParams
from whychurn.contract.results import columns_of
from whychurn.panel.feature_encoding import Feature
from whychurn.survival.forecast.boosted_hazard_tuning import TunedHazard
from whychurn.survival.forecast.rolling_origin import Evaluation, ForwardTest

SIMPLEST_FIRST: Final = ("cox", "cox_landmark", "boosted")  # km is the benchmark, not a candidate
MODELS: Final = ("km", *SIMPLEST_FIRST)
TABLES: Final = {
    name: columns_of(name)
    for name in (
        "survival_model_comparison", "survival_model_comparison_differences", "survival_calibration", "survival_d_calibration",
    )
}  # fmt: skip


@dataclass(frozen=True)
class EvaluatedModels:
    """One forward test: evaluation, features, fitted models, and why others were not fitted."""

    test: ForwardTest
    evaluation: Evaluation
    features: list[Feature]
    tuned: TunedHazard | None
    failed: dict[str, str]
    models: dict[str, Any]

    def facts(self) -> dict[str, Any]:
        """Entry of the test in survival.json."""
        return {
            "landmark_on": f"{self.test.day:%Y-%m-%d}",
            "horizons": self.test.horizons,
            "learning_days": self.test.learning_days,
            "extrapolated": [h for h in self.test.horizons if self.test.extrapolates(h)],
            "recipe": self.tuned.as_json() if self.tuned else None,
            "left_out": self.failed,
        }


def comparison_facts(
    chosen: str,
    tied: list[str],
    tested: list[EvaluatedModels],
    missed: list[int],
    until: pd.Timestamp,
    params: Params,
) -> dict[str, Any]:
    """Entry "challenge" of survival.json; the first test is the main one, none reached `missed` horizons."""
    main = tested[0]
    scores, ibs = main.evaluation.scores, main.evaluation.ibs
    columns = ["metric", "horizon_days", "estimate", "low", "high"]
    of_chosen = scores.loc[scores["model"] == chosen, columns].itertuples(index=False)
    gap = (ibs[chosen] - ibs["km"])[1:]
    d_calibration = main.evaluation.d_calibration.drop_duplicates("model").set_index("model")["p_value"]
    return {
        "status": "ok",
        "reason": None,
        "chosen": chosen,
        "tied": [name for name in tied if name != chosen],
        "beats_km": bool(np.quantile(gap, (1 + params.run.confidence) / 2) < 0),
        "ibs": {name: float(values[0]) for name, values in ibs.items()},
        "ibs_days": max(main.test.horizons),
        "figures": {
            f"{metric}_{horizon}": {"estimate": estimate, "low": low, "high": high}
            for metric, horizon, estimate, low, high in of_chosen
        },
        "d_calibration_p": {name: float(p) for name, p in d_calibration.items()},
        "tested_on": f"{main.test.day:%Y-%m-%d}",
        "tests": [one.facts() for one in tested],
        "untested_horizons": missed,
        "learned_until": f"{until:%Y-%m-%d}",
        "censored_on": f"{until:%Y-%m-%d}",
    }


def comparison_tables(tested: list[EvaluatedModels]) -> dict[str, pd.DataFrame]:
    """Results by file name (`TABLES`)."""
    evaluations = [one.evaluation for one in tested]
    parts = {
        "survival_model_comparison": [one.scores for one in evaluations],
        "survival_model_comparison_differences": [one.differences for one in evaluations],
        "survival_calibration": [one.calibration for one in evaluations],
        "survival_d_calibration": [one.d_calibration for one in evaluations],
    }
    return {name: pd.concat(parts[name], ignore_index=True)[columns] for name, columns in TABLES.items()}


def comparison_fits(tested: list[EvaluatedModels], chosen: str, survival: SurvivalParams) -> list[FitRecord]:
    """One record a model, with its figures in every test."""
    records, main = [], tested[0]
    for name in MODELS:
        metrics: dict[str, float] = {}
        for one in tested:
            scores = one.evaluation.scores
            for row in scores[scores["model"] == name].to_dict("records"):
                metrics[f"{row['metric']}_{row['horizon_days']}"] = row["estimate"]
        if not metrics:
            continue
        settings: dict[str, Any] = {"chosen": name == chosen, "tested_on": f"{main.test.day:%Y-%m-%d}"}
        if name == "boosted" and main.tuned is not None:
            settings |= {key: value for key, value in main.tuned.as_json().items() if key != "validation_ibs"}
        if name.startswith("cox"):
            settings |= {"ridge": survival.challenge.ridge, "rows": survival.challenge.cox_rows}
        tables = list(TABLES) if name == chosen else []
        records.append(FitRecord(f"forecast_{name}", settings, metrics, tables))
    return records


def empty_comparison_tables() -> dict[str, pd.DataFrame]:
    """`TABLES` without rows."""
    return {name: pd.DataFrame(columns=columns) for name, columns in TABLES.items()}
