"""Pages."""

from typing import Literal

from whychurn.contract.params.section_base import Section


class ReportParams(Section):
    """What is rendered."""

    languages: list[Literal["en", "zh"]] = ["en", "zh"]
    """Languages of the reports."""
