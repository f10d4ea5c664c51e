"""Registry and serving."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

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

    @model_validator(mode="after")
    def _two_names(self) -> DeliveryParams:
        if self.model_name == self.survival_model_name:
            raise ValueError(
                f"model_name and survival_model_name are both {self.model_name!r}; give two names"
            )
        return self
