"""Reports, registry, serving."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from whychurn.contract.params.section import Count, Section, Share


class DeliveryParams(Section):
    """Reports, registry gates, serving limits."""

    languages: list[Literal["en", "zh"]]
    model_name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    max_ece_increase: Share
    max_auc_decrease: Share
    survival_model_name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    max_ibs_increase: Share
    max_request_rows: Count
    max_request_mb: Count
