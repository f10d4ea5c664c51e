"""Names shown in reports."""

from typing import Literal

from pydantic import field_validator

from whychurn.contract.params.section_base import Section


class StudyParams(Section):
    """Names shown in reports."""

    name: dict[str, str] = {"en": "Programme without a name", "zh": "未命名的项目"}
    """Name of the programme in reports, by language; reports say so where it has none."""
    currency: str = ""
    """Currency of all amounts, such as EUR; amounts stand without one where it is not given."""
    values: dict[Literal["en", "zh"], dict[str, str]] = {}
    """Names on pages of the study's own regions, categories, channels and plans, zh: {north: 北区}; others stay as they are."""

    @field_validator("values")
    @classmethod
    def _told_apart(cls, values: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for lang, names in values.items():
            once: dict[str, str] = {}
            for value, name in names.items():
                if not name.strip():
                    raise ValueError(f"{lang}: {value} has an empty name; leave it out")
                if (other := once.setdefault(name, value)) != value:
                    raise ValueError(f"{lang}: {other} and {value} are both called {name}; name them apart")
        return values
