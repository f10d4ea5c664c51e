"""The model in native files (data/processed/risk_model), complete enough to serve without this package.

model.ubj
    XGBoost booster (binary:logistic). Input: float32 matrix, one column per entry of features.json in
    that order; categories as their position in ``categories``, unknown ones and nulls as NaN; flags as
    0/1; feature types "c" for categories and "q" for the rest, with ``enable_categorical=True``.
calibrator.json
    kind, x, y, low, high: p, p_low and p_high are ``np.interp(raw, x, y | low | high)`` at raw = 1 / (1 +
    exp(-margin)), whatever the kind.
features.json
    {"features": [{name, kind, family, cause, unit, en, zh, categories, format}], "sentences": {...}}.
    format: scale, decimals (null: none for whole or large numbers, else two) and a
    pattern with ``{value}`` per language.
    sentences: raises, lowers, missing, yes, no per language, with ``{name}`` and ``{value}``.
metadata.json
    Definition, horizon, snapshots of each part, parameters, headline metrics, digest of the panel.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import xgboost as xgb

from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, write_json, write_whole
from whychurn.labels import both
from whychurn.panel.feature_encoding import Feature
from whychurn.risk.explanation.reasons import value_format
from whychurn.risk.model.probability_calibration import Calibrator
from whychurn.risk.model.scorer import RiskScorer
from whychurn.risk.model.training import Trained

FILES = ("model.ubj", "calibrator.json", "features.json", "metadata.json")
NO_MODEL = "no_model.json"


def write_model(folder: Path, trained: Trained, metadata: dict[str, Any]) -> None:
    """Write the four files; the metadata last, so that a folder with metadata is whole."""
    remove_model(folder)
    with write_whole(folder / "model.ubj") as temporary:
        temporary.write_bytes(bytes(trained.booster.save_raw("ubj")))
    write_json(trained.calibrators[RISK_MODEL].as_json(), folder / "calibrator.json")
    write_json(feature_contract(trained.features), folder / "features.json")
    write_json(metadata, folder / "metadata.json")


def remove_model(folder: Path, why: dict[str, Any] | None = None) -> None:
    """No files of an earlier run stay behind; `why` there is no model stands in no_model.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*FILES, NO_MODEL):
        (folder / name).unlink(missing_ok=True)
    if why:
        write_json(why, folder / NO_MODEL)


def feature_contract(features: list[Feature]) -> dict[str, Any]:
    """Content of features.json."""
    sentences = {"raises": "reason_raises", "lowers": "reason_lowers"}
    sentences |= {name: f"value_{name}" for name in ("missing", "yes", "no")}
    return {
        "features": [{**feature.as_json(), "format": value_format(feature)} for feature in features],
        "sentences": {name: both(f"risk.{key}") for name, key in sentences.items()},
    }


def panel_size(panel: pd.DataFrame) -> dict[str, Any]:
    """Rows, columns, and SHA-256 of the panel's rows and column names."""
    digest = hashlib.sha256(",".join(panel.columns).encode())
    digest.update(pd.util.hash_pandas_object(panel, index=False).to_numpy().tobytes())
    return {"rows": len(panel), "columns": panel.shape[1], "sha256": digest.hexdigest()}


def read_model(folder: Path) -> tuple[RiskScorer, dict[str, Any]]:
    """The model that `write_model` wrote, and its metadata.

    Raises
    ------
    WhychurnError
        If there is none, with the study's reason.
    """
    if not (folder / "metadata.json").exists():
        why = read_json(folder / NO_MODEL)["reason"]["en"] if (folder / NO_MODEL).exists() else None
        raise WhychurnError(
            "there is no risk model" + (f": {why}" if why else ""),
            file=folder,
            remedy="give a longer history or more members" if why else "run `whychurn run` first",
        )
    entries = read_json(folder / "features.json")["features"]
    calibrator = Calibrator.from_json(read_json(folder / "calibrator.json"))
    booster = xgb.Booster(model_file=str(folder / "model.ubj"))
    return RiskScorer([Feature.from_json(entry) for entry in entries], booster, calibrator), read_json(
        folder / "metadata.json"
    )
