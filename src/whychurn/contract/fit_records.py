"""What a stage hands to the tracker: one record a fit, written as JSON beside the processed data."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, write_json
from whychurn.contract.paths import StudyPaths


@dataclass(frozen=True)
class FitRecord:
    """One fit of one method.

    Parameters
    ----------
    name
        Short, unique within the section: the nested run is called ``<section>/<name>``.
    settings
        What distinguishes this fit; all parameters are logged anyway.
    metrics
        Figures; the tracker puts the section's name in front.
    tables
        Names of ``data/results/<name>.parquet`` to keep with the run; aggregated tables only, never one row a
        member.
    files
        Native model files, relative to the study's root.
    """

    name: str
    settings: dict[str, str | int | float | bool | None] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def fits_file(study: StudyPaths, section: str) -> Path:
    """Where the records of `section` lie."""
    return study.processed / "fits" / f"{section}.json"


def write_fits(study: StudyPaths, section: str, fits: list[FitRecord]) -> None:
    """Write the records of `section`, whole or not at all.

    Raises
    ------
    WhychurnError
        If two fits have one name.
    """
    names = [fit.name for fit in fits]
    if len(set(names)) < len(names):
        raise WhychurnError(f"two fits of {section} have one name: {', '.join(sorted(names))}")
    write_json([asdict(fit) for fit in fits], fits_file(study, section))


def read_fits(study: StudyPaths, section: str) -> list[FitRecord]:
    """The records of `section`; none where its stage has not run."""
    path = fits_file(study, section)
    content: list[dict[str, Any]] = read_json(path) if path.exists() else []
    return [FitRecord(**entry) for entry in content]
