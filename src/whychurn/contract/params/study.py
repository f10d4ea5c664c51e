"""Names shown in reports."""

from __future__ import annotations

from whychurn.contract.params.section import Section


class StudyParams(Section):
    """Names shown in reports."""

    name: dict[str, str]
    currency: str
