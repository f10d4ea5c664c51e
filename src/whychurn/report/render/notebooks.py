"""The notebooks as sources of reports: which there are, what they are called, which cells a language has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from whychurn.contract.errors import WhychurnError
from whychurn.contract.paths import PROJECT
from whychurn.contract.snapshot.study_kind import KINDS, StudyKind
from whychurn.report.words import LANGUAGES

NOTEBOOKS: Final = PROJECT / "notebooks"
# a line break within Chinese prose is no space
_WRAPPED: Final = re.compile("(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])")
_TO_NOTEBOOK: Final = re.compile(
    r"\]\((\d\d_\w+)\.py\b"
)  # a link that JupyterLab follows; between pages it leads to a page
ONE_TABLE: Final = ("10_data", "15_snapshot")  # pages of a study of one row per customer


@dataclass(frozen=True)
class Source:
    """One notebook: its name (file without ``.py``) and its file."""

    name: str
    path: Path

    def title(self, lang: str) -> str:
        """First heading in `lang`."""
        return _opening(self.path, lang)[0]

    def lead(self, lang: str) -> str:
        """First paragraph below that heading: the question of the report."""
        return _opening(self.path, lang)[1]


def find_notebooks(
    names: list[str] | None = None, folder: Path = NOTEBOOKS, kind: StudyKind | None = None
) -> list[Source]:
    """Notebooks in reading order, all or those named (``30_risk`` or ``30_risk.py``).

    Parameters
    ----------
    kind
        Only those that such a study has; all if not given.

    Raises
    ------
    WhychurnError
        If a named notebook does not exist.
    """
    found = [
        Source(path.stem, path)
        for path in sorted(folder.glob("[0-9][0-9]_*.py"))
        if kind is None or (path.stem in ONE_TABLE if kind == "snapshot" else path.stem != ONE_TABLE[-1])
    ]
    if not names:
        return found
    wanted = {Path(name).stem if name.endswith(".py") else name for name in names}
    unknown = wanted - {source.name for source in found}
    if unknown:
        raise WhychurnError(
            f"no notebook {', '.join(sorted(unknown))}",
            file=folder,
            remedy=f"choose from {', '.join(source.name for source in found)}",
        )
    return [source for source in found if source.name in wanted]


def read_cells(path: Path, lang: str, kind: StudyKind = "history") -> Any:
    """Cells of `lang` and `kind` and those of none; ids count from one, links between notebooks lead to pages."""
    import jupytext  # slow to import, needed only where cells are read

    notebook = jupytext.read(path)
    others = {*LANGUAGES, *KINDS} - {lang, kind}
    notebook.cells = [cell for cell in notebook.cells if not others & set(cell.metadata.get("tags", []))]
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:02d}"
        if cell.cell_type == "markdown":
            cell.source = _TO_NOTEBOOK.sub(r"](\1.html", _WRAPPED.sub("", cell.source))
    return notebook


@cache
def _opening(path: Path, lang: str) -> tuple[str, str]:
    title, lead = path.stem, ""
    for cell in read_cells(path, lang).cells:
        if cell.cell_type != "markdown":
            continue
        for block in cell.source.split("\n\n"):
            first, _, rest = block.strip().partition("\n")
            if first.startswith("# "):
                title = first[2:].strip()
                lead = rest.strip()
            elif not lead and not first.startswith("#"):
                lead = block.strip()
            if title != path.stem and lead:
                return title, " ".join(lead.split("\n"))
    return title, lead
