"""Registry and serving."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from whychurn.contract.params.intake import masked
from whychurn.contract.params.section_base import Count, Section, Share


class DeliveryParams(Section):
    """Registry gates, serving limits."""

    model_name: Annotated[str, Field(pattern="^[\\w.-]+$")] = "whychurn-risk"
    """Name of the risk model in the registry."""
    max_ece_increase: Share = 0.01
    """Gate of a promotion, against the champion on the same test rows: calibration error."""
    max_auc_decrease: Share = 0.005
    """The same gate for the AUC."""
    survival_model_name: Annotated[str, Field(pattern="^[\\w.-]+$")] = "whychurn-survival"
    """Name of the survival model in the registry."""
    max_ibs_increase: Share = 0.002
    """The same gate for the survival model: integrated Brier score."""
    max_request_rows: Count = 5000
    """Rows of one request to the served model."""
    max_request_mb: Count = 16
    """Size of one request to the served model."""
    serve_workers: Count | Literal["auto"] = "auto"
    """Processes that answer requests; auto: one for each core, at most 4."""
    serve_waiting: Count = 128
    """Requests that one of them keeps waiting; beyond, it answers 503."""

    tracking_uri: str | None = None
    """Where runs and models are kept: postgresql://user@host/name, or http(s)://… of a running MLflow server; null:
    below the study. A password comes from the environment: ${NAME} in the address, PGPASSWORD, or
    MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."""
    artifact_folder: str | None = None
    """Folder, or address such as s3://bucket/folder, of the files of runs and models in a database of one's own
    (tracking_uri); null: below the study, or where the server keeps them."""
    namespace: Annotated[str, Field(pattern="^[\\w.-]+$")] | None = None
    """Prefix of the study's experiments and models, so that several studies share one tracking_uri."""

    @property
    def registered_risk(self) -> str:
        """What the registry calls the study's risk model."""
        return f"{self.namespace}.{self.model_name}" if self.namespace else self.model_name

    @property
    def registered_survival(self) -> str:
        """What the registry calls the study's survival model."""
        return f"{self.namespace}.{self.survival_model_name}" if self.namespace else self.survival_model_name

    @model_validator(mode="after")
    def _whole_address(self) -> DeliveryParams:
        if self.tracking_uri is None and self.artifact_folder is not None:
            raise ValueError("artifact_folder belongs to a tracking_uri; give both, or none")
        if self.tracking_uri is None:
            return self
        if masked(self.tracking_uri) != self.tracking_uri:
            raise ValueError(
                "tracking_uri holds a password; write ${NAME} in its place and export NAME, or set PGPASSWORD"
            )
        if self.namespace is None:
            raise ValueError(
                "tracking_uri is shared by studies; give this one its own delivery.namespace, such as shop_east"
            )
        return self

    @model_validator(mode="after")
    def _two_names(self) -> DeliveryParams:
        if self.model_name == self.survival_model_name:
            raise ValueError(
                f"model_name and survival_model_name are both {self.model_name!r}; give two names"
            )
        return self
