"""Names shown in reports."""

from __future__ import annotations

from whychurn.contract.params.section_base import Section


class StudyParams(Section):
    """Names shown in reports."""

    name: dict[str, str] = {"en": "Demo shop", "zh": "演示商城"}
    """Name of the programme in reports, by language."""
    currency: str = "CNY"
    """Currency of all amounts."""
