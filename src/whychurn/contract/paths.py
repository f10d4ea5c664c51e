"""Where everything lies, below the root of a study."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT: Path = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class StudyPaths:
    """The folders of one programme under study; the project itself is the demo's study.

    Parameters
    ----------
    root
        Absolute folder that holds ``params.yaml`` and receives ``data`` and ``reports``.
    """

    root: Path

    @classmethod
    def at(cls, root: str | os.PathLike[str] | None = None) -> StudyPaths:
        """Study at `root`, at ``$WHYCHURN_STUDY``, or the project's own demo."""
        chosen = root or os.environ.get("WHYCHURN_STUDY") or PROJECT
        return cls(Path(chosen).expanduser().resolve())

    @property
    def is_demo(self) -> bool:
        """Whether this is the project's own demo study."""
        return self.root == PROJECT

    @property
    def raw(self) -> Path:
        """Default folder of the raw tables."""
        return self.root / "data" / "raw" if self.is_demo else self.root / "raw"

    @property
    def interim(self) -> Path:
        """Checked, pseudonymised, redacted tables."""
        return self.root / "data" / "interim"

    @property
    def processed(self) -> Path:
        """The panel, and models in native format."""
        return self.root / "data" / "processed"

    @property
    def results(self) -> Path:
        """What reports, serving and tests read."""
        return self.root / "data" / "results"

    @property
    def mlflow(self) -> Path:
        """MLflow's database and artifacts (rebuilt by a stage, never committed)."""
        return self.root / "data" / "mlflow"

    @property
    def reports(self) -> Path:
        """Rendered reports, one folder a language."""
        return self.root / "reports"
