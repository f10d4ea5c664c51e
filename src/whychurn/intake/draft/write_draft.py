"""Where a drafted mapping goes: which folder is the study, and which holds the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_whole
from whychurn.contract.params import IntakeParams
from whychurn.contract.params.reading.load import FILE
from whychurn.contract.paths import StudyPaths
from whychurn.intake.draft.mapping_draft import MappingDraft, draft_mapping
from whychurn.intake.draft.params_text import params_text
from whychurn.intake.read.source import open_source

SECOND: Final = "params.draft.yaml"  # where a params.yaml exists, it stays


def place_tables(folder: Path) -> tuple[Path, str]:
    """Study folder and `intake.source` for a folder that a user names.

    A study has its tables in ``raw/``; the folder ``raw`` itself means its study; in any other folder the tables
    lie beside the params.yaml.

    Raises
    ------
    WhychurnError
        If there is no such folder.
    """
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        raise WhychurnError(
            "there is no such folder", file=folder, remedy="name the folder that holds your exports"
        )
    for inside in ("raw", "data/raw"):
        if (folder / inside).is_dir():
            return folder, inside
    return (folder.parent, "raw") if folder.name == "raw" else (folder, ".")


def write_draft(folder: Path) -> tuple[Path, MappingDraft]:
    """Write the most likely mapping of the tables in `folder`; return the file and the draft.

    An existing params.yaml stays as it is: the draft goes to ``params.draft.yaml``.

    Raises
    ------
    WhychurnError
        If there is no such folder, or no table in it can be read.
    """
    root, inside = place_tables(folder)
    draft = draft_mapping(open_source(StudyPaths(root), IntakeParams(source=inside)))
    target = root / FILE
    target = root / SECOND if target.exists() else target
    with write_whole(target) as temporary:
        temporary.write_text(params_text(draft, inside), encoding="utf-8")
    return target, draft
