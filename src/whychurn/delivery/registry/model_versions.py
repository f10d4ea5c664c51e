"""Versions of models in the registry: register one with its native files, find champion and challenger."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.files import read_json, read_table, write_json
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.descriptions import described, page_of, told
from whychurn.delivery.mlflow_store import CONTENT
from whychurn.delivery.registry.served_file import served_source
from whychurn.delivery.registry.served_model import FILES, OUTPUTS
from whychurn.report.words import say

CHALLENGER: Final = "challenger"
CHAMPION: Final = "champion"
_TYPES: Final = {"number": DataType.double, "flag": DataType.boolean, "category": DataType.string}
_EXAMPLE_ROWS: Final = 3
# plausible upper ends of values in invented rows, by unit
_UPPER_ENDS: Final = {
    "days": 400,
    "hours": 96,
    "count": 20,
    "money": 3000,
    "points": 2000,
    "share": 1,
    "ratio": 2,
    "years": 60,
    "index": 2,
    "nats": 2,
}


@dataclass(frozen=True)
class ServedModel:
    """What one version of a model is registered with.

    Parameters
    ----------
    serves
        "risk" or "survival": which model answers.
    files
        Artifact -> native file.
    limits
        Limits of a request, written beside the files.
    features, signature
        Inputs with their kinds and units; inputs and outputs as MLflow describes them.
    purpose, finding
        Descriptions of the model, and of this version of it.
    """

    serves: str
    files: Mapping[str, Path]
    limits: Mapping[str, Any]
    features: list[dict[str, Any]]
    signature: ModelSignature
    purpose: str
    finding: str


def model_folder(study: StudyPaths) -> Path:
    """Where the risk stage leaves the model in native files."""
    return study.processed / "risk_model"


def register_challenger(
    client: MlflowClient, study: StudyPaths, params: Params, tags: dict[str, str]
) -> ModelVersion:
    """Log the model of `study` in the active run and register it under the alias `challenger`.

    Parameters
    ----------
    tags
        Kept with the version: what the gates of a promotion compare.
    """
    features, files = read_features(study), served_files(study)
    causes = read_json(files["causes"])["causes"] if "causes" in files else []
    numbers = [*OUTPUTS[:3], *(f"p_{cause}" for cause in causes)]
    texts = [*OUTPUTS[3:], *(["primary_cause"] if causes else [])]
    acts = "actions" in files
    numbers += ["expected_gain", "cost"] if acts else []
    texts += ["action", "channel", "do_not_send_reason"] if acts else []
    signature = build_signature(features, numbers, texts, ["do_not_send"] if acts else [])
    limits, page = served_limits(study, params), page_of("risk")
    figures = served_figures(study)
    model = ServedModel(
        "risk",
        files,
        limits,
        features,
        signature,
        purpose=described(params, page, lambda lang: model_purpose("risk", limits, lang)),
        finding=described(params, page, lambda lang: told(figures, lang)),
    )
    return register(client, params.delivery.registered_risk, model, tags)


def causes_file(study: StudyPaths) -> Path:
    """File in which stage causes leaves the regression that the served model answers causes from."""
    return study.processed / "causes" / FILES["causes"]


def actions_file(study: StudyPaths) -> Path:
    """File in which stage action leaves what the served model chooses actions by."""
    return study.processed / "action" / FILES["actions"]


def served_files(study: StudyPaths) -> dict[str, Path]:
    """Native files of the risk model, and of causes and actions where their stages have run."""
    files = {key: model_folder(study) / file for key, file in FILES.items()}
    files |= {"causes": causes_file(study), "actions": actions_file(study)}
    present = {key: path for key, path in files.items() if key != "limits" and path.exists()}
    if "actions" in present and not read_json(present["actions"]):
        del present["actions"]  # there was no action to choose
    return present


def register(client: MlflowClient, name: str, model: ServedModel, tags: Mapping[str, str]) -> ModelVersion:
    """Log `model` in the active run and register it as `name` under the alias `challenger`."""
    with tempfile.TemporaryDirectory() as temporary:
        written, code = Path(temporary) / FILES["limits"], Path(temporary) / "served_model.py"
        code.write_text(served_source(model.serves), encoding="utf-8")
        write_json(dict(model.limits), written)
        # as addresses: MLflow would take a percent sign in a path for an escape
        artifacts = {key: path.as_uri() for key, path in {**model.files, "limits": written}.items()}
        logged = mlflow.pyfunc.log_model(
            name=f"{model.serves}_model",
            python_model=str(code),
            artifacts=artifacts,
            signature=model.signature,
            input_example=invent_rows(model.features, _EXAMPLE_ROWS),
            pip_requirements=requirements(),
            registered_model_name=name,
        )
    version = client.get_model_version(name, str(logged.registered_model_version))
    for key, value in tags.items():
        client.set_model_version_tag(name, version.version, key, value)
    client.set_registered_model_alias(name, CHALLENGER, version.version)
    client.update_registered_model(name, model.purpose)
    client.update_model_version(name, version.version, model.finding)
    return client.get_model_version(name, version.version)


def crown(client: MlflowClient, params: Params, version: ModelVersion, reason: str) -> None:
    """Make `version` the champion, and say since when and why beside its finding."""
    day = dt.datetime.now(dt.UTC).date().isoformat()
    since = [say("mlflow.champion", lang, day=day, reason=reason) for lang in sorted(params.report.languages)]
    text = "\n\n".join(filter(None, [version.description, *since]))
    client.update_model_version(version.name, version.version, text)
    client.set_registered_model_alias(version.name, CHAMPION, version.version)


def model_purpose(serves: str, target: Mapping[str, Any], lang: str) -> str:
    """What a model answers, in a sentence.

    Parameters
    ----------
    target
        Holds definition and, for risk, horizon_days.
    """
    days = target.get("horizon_days")
    return say(f"mlflow.{serves}_model", lang, days=days, definition=target["definition"])


def served_figures(study: StudyPaths) -> dict[str, float]:
    """AUC of the risk model with its interval, on later months."""
    table = read_table(study.results / "risk_metrics.parquet")
    rows = table[
        (table["model"] == RISK_MODEL) & (table["stratum_kind"] == "all") & (table["metric"] == "auc")
    ]
    if rows.empty:
        return {}
    first = rows.iloc[0]
    return {"auc": first["estimate"], "auc_low": first["low"], "auc_high": first["high"]}


def served_limits(study: StudyPaths, params: Params) -> dict[str, Any]:
    """Target of the served model and limits of a request."""
    facts = read_json(study.processed / "panel.json")
    return {
        "definition": facts["definition"],
        "horizon_days": facts["horizon_days"],
        "max_request_rows": params.delivery.max_request_rows,
        "top_reasons": params.risk.top_reasons,
    }


def read_features(study: StudyPaths, folder: Path | None = None) -> list[dict[str, Any]]:
    """Inputs in order of the risk model, or of the one in `folder`: name, kind, categories, labels, unit."""
    return read_json((folder or model_folder(study)) / FILES["features"])["features"]


def build_signature(
    features: list[dict[str, Any]], numbers: Sequence[str], texts: Sequence[str], flags: Sequence[str] = ()
) -> ModelSignature:
    """Every feature a required column (null where not known); outputs by kind."""
    inputs: list[ColSpec | TensorSpec] = [ColSpec(_TYPES[f["kind"]], f["name"]) for f in features]
    outputs: list[ColSpec | TensorSpec] = [ColSpec(DataType.double, name) for name in numbers]
    outputs += [ColSpec(DataType.string, name) for name in texts]
    outputs += [ColSpec(DataType.boolean, name) for name in flags]
    signature = ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))
    # The model checks requests itself: MLflow's check drops unknown columns and repeats rows in its errors.
    signature._is_signature_from_type_hint = True
    return signature


def invent_rows(features: list[dict[str, Any]], rows: int, seed: int = 0) -> list[dict[str, Any]]:
    """Records drawn from the features' descriptions alone: no value comes from a member."""
    rng = np.random.default_rng(seed)
    return [{feature["name"]: _invent(feature, rng) for feature in features} for _ in range(rows)]


def _invent(feature: dict[str, Any], rng: np.random.Generator) -> float | bool | str | None:
    if feature["kind"] == "flag":
        return bool(rng.integers(2))
    if feature["kind"] == "category":
        return str(rng.choice(feature["categories"])) if feature["categories"] else None
    return round(float(rng.uniform(0, _UPPER_ENDS.get(feature.get("unit", ""), 10))), 2)


def requirements() -> list[str]:
    """What the served model imports, at the versions of this environment."""
    present = {dist.metadata["Name"].lower() for dist in metadata.distributions()}
    booster = "xgboost-cpu" if "xgboost-cpu" in present else "xgboost"
    return [f"{name}=={metadata.version(name)}" for name in ("mlflow", "numpy", "pandas", booster)]


def find_version(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    """The version with `alias`, if any."""
    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def find_content(client: MlflowClient, name: str, content: str) -> ModelVersion | None:
    """The newest version that was registered with this content."""
    versions = client.search_model_versions(f"name = '{name}'")
    same = [version for version in versions if version.tags.get(CONTENT) == content]
    return max(same, key=lambda version: int(version.version), default=None)
