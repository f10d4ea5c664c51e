"""The survival model in the registry: its challenger, its champion, and the gate between them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.descriptions import NOTE, described, page_of, told
from whychurn.delivery.mlflow_store import CONTENT, connect, digest_files, open_run, write_run
from whychurn.delivery.registry.model_versions import (
    CHALLENGER,
    CHAMPION,
    ServedModel,
    build_signature,
    crown,
    find_content,
    find_version,
    model_purpose,
    read_features,
    register,
)
from whychurn.delivery.registry.served_file import source_digest
from whychurn.delivery.registry.served_survival import SURVIVAL_FILES

log = logging.getLogger(__name__)
TEST: Final = (
    "definition",
    "tested_on",
    "ibs_days",
)  # models in which these agree were tested on the same members
REASON: Final = "promotion_reason"


def survival_folder(study: StudyPaths) -> Path:
    """Where the survival stage leaves the chosen model in native files."""
    return study.processed / "survival_model"


def track_survival_model(
    client: MlflowClient, experiment: str, study: StudyPaths, params: Params, origin: dict[str, str]
) -> ModelVersion | None:
    """Register the chosen model under the alias `challenger`; None where the stage chose none.

    A model that is registered already becomes the challenger again, without a further version.
    """
    folder, name = survival_folder(study), params.delivery.registered_survival
    if not (folder / SURVIVAL_FILES["metadata"]).exists():
        return None
    content = digest_files([folder / file for file in SURVIVAL_FILES.values()])
    content = f"{content[:32]}-{params.delivery.max_request_rows}-{source_digest('survival')}"
    if earlier := find_content(client, name, content):
        client.set_registered_model_alias(name, CHALLENGER, earlier.version)
        return earlier
    metadata = read_json(folder / SURVIVAL_FILES["metadata"])
    figures = {f"survival.{key}": value["estimate"] for key, value in metadata["figures"].items()}
    tags = {
        "section": "survival",
        "candidate": metadata["kind"],
        CONTENT: content,
        NOTE: _finding(params, metadata),
        **origin,
        **model_tags(metadata),
    }
    with open_run(client, experiment, "survival_model", tags) as run_id:
        write_run(
            client, run_id, figures, {"kind": metadata["kind"], "learned_days": metadata["learned_days"]}
        )
        version = _register(client, study, params, metadata, tags)
    log.info("registered %s version %s as challenger", version.name, version.version)
    return version


def model_tags(metadata: dict[str, Any]) -> dict[str, str]:
    """What a promotion compares: the test, its integrated Brier score, and whether it beat Kaplan-Meier."""
    ibs = metadata["ibs"][metadata["kind"]]
    return {
        **{key: str(metadata[key]) for key in TEST},
        "ibs": f"{ibs:.6f}",
        "beats_km": str(metadata["beats_km"]),
    }


def promote_survival(study: StudyPaths, params: Params, reason: str, if_none: bool = False) -> str:
    """Make the challenger the champion, if it beats Kaplan-Meier and, on the same test, the champion.

    Returns
    -------
    What happened, in a sentence.

    Raises
    ------
    WhychurnError
        If the reason is empty, no model waits, or a gate refuses.
    """
    if not reason.strip():
        raise WhychurnError("a promotion needs a reason", remedy='say why: --reason "…"')
    client, name = connect(study), params.delivery.registered_survival
    champion, challenger = (find_version(client, name, alias) for alias in (CHAMPION, CHALLENGER))
    if champion is not None and (if_none or challenger is None or champion.version == challenger.version):
        return f"{name} version {champion.version} is champion already; nothing changed"
    if challenger is None:
        if if_none:
            return f"no model {name!r} waits as challenger; nothing changed"
        raise WhychurnError(
            f"no model {name!r} waits as challenger", remedy="run `whychurn run` for this study first"
        )
    if refused := refusal(challenger, champion, params.delivery.max_ibs_increase):
        if if_none:
            return f"{name} version {challenger.version} was not promoted: {refused}"
        raise WhychurnError(
            f"{name} version {challenger.version} was not promoted: {refused}",
            remedy="improve the model, or change delivery.max_ibs_increase in params.yaml, and say why",
        )
    client.set_model_version_tag(name, challenger.version, REASON, reason.strip())
    crown(client, params, challenger, reason.strip())
    score = f"integrated Brier score {challenger.tags['ibs']}"
    return f"{name} version {challenger.version} is the champion now ({score})"


def refusal(challenger: ModelVersion, champion: ModelVersion | None, max_increase: float) -> str | None:
    """Why `challenger` must not serve; None where it may.

    Parameters
    ----------
    max_increase
        By how much its integrated Brier score may lie above the champion's, both measured on the same test.
    """
    if challenger.tags["beats_km"] != "True":
        return "it does not forecast better than Kaplan-Meier"
    if champion is None or any(challenger.tags[key] != champion.tags[key] for key in TEST):
        return None  # nothing to compare with: its own forward test stands alone
    rise = float(challenger.tags["ibs"]) - float(champion.tags["ibs"])
    if rise <= max_increase:
        return None
    return f"its integrated Brier score is {rise:.4f} above the champion's, more than {max_increase:g}"


def _register(
    client: MlflowClient, study: StudyPaths, params: Params, metadata: dict[str, Any], tags: dict[str, str]
) -> ModelVersion:
    folder = survival_folder(study)
    features = read_features(study, folder)
    numbers = [*(f"p_stay_{days}d" for days in metadata["horizons"]), "expected_stay_days"]
    limits = {"max_request_rows": params.delivery.max_request_rows}
    files = {key: folder / file for key, file in SURVIVAL_FILES.items() if key != "limits"}
    present = {key: path for key, path in files.items() if path.exists()}
    signature = build_signature(features, numbers, ["notes"])
    purpose = described(params, page_of("survival"), lambda lang: model_purpose("survival", metadata, lang))
    finding = _finding(params, metadata)
    model = ServedModel("survival", present, limits, features, signature, purpose, finding)
    return register(client, params.delivery.registered_survival, model, tags)


def _finding(params: Params, metadata: dict[str, Any]) -> str:
    figures = {
        f"{key}{end}": figure[name]
        for key, figure in metadata["figures"].items()
        for name, end in (("estimate", ""), ("low", "_low"), ("high", "_high"))
        if name in figure
    }
    return described(params, page_of("survival"), lambda lang: told(figures, lang))
