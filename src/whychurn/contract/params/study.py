"""Names shown in reports."""

from __future__ import annotations

from whychurn.contract.params.section_base import Section


class StudyParams(Section):
    """Names shown in reports."""

    name: dict[str, str] = {"en": "Programme without a name", "zh": "未命名的项目"}
    """Name of the programme in reports, by language; reports say so where it has none."""
    currency: str = ""
    """Currency of all amounts, such as EUR; amounts stand without one where it is not given."""
