"""What tests of several folders share: one small study, and properties that are tried without a stop-watch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("whychurn", deadline=None)  # a loaded machine is no counter-example
settings.load_profile("whychurn")

SETTINGS = "risk: {trials: 3, bootstrap: 50}\n"


def run_small_study(root: Path) -> Path:
    """Simulate 1 500 members into `root` and run every stage but reports and tracking."""

    def whychurn(*words: str) -> None:
        command = [Path(sys.executable).with_name("whychurn"), *words]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    whychurn("world", "--program", "shop", "--members", "1500", "--out", str(root))
    (root / "params.yaml").write_text(SETTINGS, encoding="utf-8")
    for last in ("retention", "score"):
        whychurn("run", "--study", str(root), "--until", last)
    return root


@pytest.fixture(scope="session")
def small_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the study, run once a worker: who reads it belongs to the xdist group ``small_study``, and changes nothing."""
    return run_small_study(tmp_path_factory.mktemp("small") / "study")
