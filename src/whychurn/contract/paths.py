"""Files and folders below the root of a study."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from whychurn.contract.errors import WhychurnError

PACKAGE: Path = Path(__file__).resolve().parents[1]
# A checkout's root, with the demo study in it; the package itself where it was installed from a wheel, which
# carries dvc.yaml, params.yaml and the notebooks inside.
PROJECT: Path = PACKAGE.parents[1] if (PACKAGE.parents[1] / "dvc.yaml").exists() else PACKAGE
HAS_DEMO: bool = PROJECT != PACKAGE


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
        """Study at `root`, at ``$WHYCHURN_STUDY``, or the demo of a checkout.

        Raises
        ------
        WhychurnError
            If none is named and there is no checkout, so no demo.
        """
        chosen = root or os.environ.get("WHYCHURN_STUDY") or (PROJECT if HAS_DEMO else None)
        if chosen is None:
            raise WhychurnError(
                "no study is named",
                remedy="name its folder: whychurn … --study FOLDER, or set WHYCHURN_STUDY",
            )
        return cls(Path(chosen).expanduser().resolve())

    @classmethod
    def existing(cls, root: str | os.PathLike[str] | None = None) -> StudyPaths:
        """As `at`, where the folder must be there.

        Raises
        ------
        WhychurnError
            If it is not, or is a file.
        """
        study = cls.at(root)
        if not study.root.is_dir():
            what = "this is a file, no folder" if study.root.exists() else "there is no such folder"
            raise WhychurnError(
                what, file=study.root, remedy="name the folder that holds params.yaml and raw/"
            )
        return study

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
