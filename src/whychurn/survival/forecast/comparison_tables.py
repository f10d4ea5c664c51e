"""What the comparison of survival models comes to: result tables, facts, fits for the tracker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.fits import FitRecord
from whychurn.contract.params import Params, SurvivalParams
from whychurn.contract.results import columns_of
from whychurn.panel.encode import Feature
from whychurn.survival.forecast.boosted_hazard import Recipe
from whychurn.survival.forecast.rolling_origin import Trial, Verdicts

SIMPLEST_FIRST: Final = ("cox", "cox_landmark", "boosted")  # km is the yardstick, not a candidate
MODELS: Final = ("km", *SIMPLEST_FIRST)
TABLES: Final = (
    "survival_challenge",
    "survival_challenge_differences",
    "survival_calibration",
    "survival_spread",
)


@dataclass(frozen=True)
class Tested:
    """One forward test: its verdicts, the features used, the fitted models, and what could not be fitted and why."""

    trial: Trial
    verdicts: Verdicts
    features: list[Feature]
    recipe: Recipe | None
    failed: dict[str, str]
    models: dict[str, Any]


def challenge_facts(
    chosen: str, tied: list[str], tested: list[Tested], missed: list[int], until: pd.Timestamp, params: Params
) -> dict[str, Any]:  # fmt: skip
    """Entry "challenge" of survival.json; `missed` are the horizons that no test reached, the first test is the main one."""
    main = tested[0]
    scores = main.verdicts.scores
    mine = {
        f"{metric}_{horizon}": {"estimate": e, "low": low, "high": high}
        for metric, horizon, e, low, high in scores.loc[scores["model"] == chosen, ["metric", "horizon_days", "estimate", "low", "high"]].itertuples(index=False)
    }  # fmt: skip
    gap = (main.verdicts.ibs[chosen] - main.verdicts.ibs["km"])[1:]
    spread = main.verdicts.spread.drop_duplicates("model").set_index("model")["p"]
    return {
        "status": "ok",
        "reason": None,
        "chosen": chosen,
        "tied": [name for name in tied if name != chosen],
        "beats_km": bool(np.quantile(gap, (1 + params.run.confidence) / 2) < 0),
        "ibs": {name: float(values[0]) for name, values in main.verdicts.ibs.items()},
        "ibs_days": max(main.trial.horizons),
        "figures": mine,
        "d_calibration_p": {name: float(p) for name, p in spread.items()},
        "tested_on": f"{main.trial.day:%Y-%m-%d}",
        "tests": [
            {
                "landmark_on": f"{one.trial.day:%Y-%m-%d}",
                "horizons": one.trial.horizons,
                "learning_days": one.trial.learning_days,
                "extrapolated": [h for h in one.trial.horizons if one.trial.extrapolates(h)],
                "recipe": one.recipe.as_json() if one.recipe else None,
                "left_out": one.failed,
            }
            for one in tested
        ],
        "untested_horizons": missed,
        "learned_until": f"{until:%Y-%m-%d}",
        "censored_on": f"{until:%Y-%m-%d}",
    }


def challenge_tables(tested: list[Tested]) -> dict[str, pd.DataFrame]:
    """Results by file name (`TABLES`)."""
    parts = [
        (one.verdicts.scores, one.verdicts.differences, one.verdicts.calibration, one.verdicts.spread)
        for one in tested
    ]
    return {
        name: pd.concat(found, ignore_index=True)[columns_of(name)]
        for name, found in zip(TABLES, zip(*parts, strict=True), strict=True)
    }


def challenge_fits(tested: list[Tested], chosen: str, survival: SurvivalParams) -> list[FitRecord]:
    """One record a model, with its figures in every trial (the main trial's without a suffix)."""
    params = survival.challenge
    records = []
    for name in MODELS:
        metrics: dict[str, float] = {}
        for one in tested:
            rows = one.verdicts.scores[one.verdicts.scores["model"] == name]
            for metric, horizon, value in rows[["metric", "horizon_days", "estimate"]].itertuples(
                index=False
            ):
                metrics[f"{metric}_{horizon}"] = value
        if not metrics:
            continue
        settings: dict[str, Any] = {"chosen": name == chosen, "tested_on": f"{tested[0].trial.day:%Y-%m-%d}"}
        recipe = tested[0].recipe
        if name == "boosted" and recipe is not None:
            settings |= {key: value for key, value in recipe.as_json().items() if key != "validation_ibs"}
        if name.startswith("cox"):
            settings |= {"ridge": params.ridge, "rows": params.cox_rows}
        records.append(
            FitRecord(f"forecast_{name}", settings, metrics, list(TABLES) if name == chosen else [])
        )
    return records


def empty_tables() -> dict[str, pd.DataFrame]:
    """`TABLES` without rows."""
    return {name: pd.DataFrame(columns=columns_of(name)) for name in TABLES}
