"""Whether a study is of members with a history, or of one table with one row per customer."""

from typing import Final, Literal

from whychurn.contract.files import read_json
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import SNAPSHOT

StudyKind = Literal["history", "snapshot"]
KINDS: Final[tuple[StudyKind, ...]] = ("history", "snapshot")


def study_kind(study: StudyPaths) -> StudyKind:
    """What intake read: a history, also before it has run, or a snapshot."""
    path = study.interim / "intake.json"
    tables = read_json(path).get("tables", {}) if path.exists() else {}
    return "snapshot" if SNAPSHOT in tables else "history"
