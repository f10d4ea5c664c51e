"""Write environment.yml from pyproject.toml: the tools from conda, the libraries from the lock.

The lock needs ``--no-deps`` (it leaves torch out on purpose), which a conda pip section cannot say;
so conda brings Python and the tools, and ``make setup`` installs the lock into the same environment.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment_text(root: Path = ROOT) -> str:
    """Content of environment.yml that fits `root`'s pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"""\
# Written by .ci/write_environment.py; change pyproject.toml, then `make lock`.
#   conda env create -f environment.yml && conda activate {project["name"]}
#   make setup VENV="$CONDA_PREFIX"       # installs requirements.lock, hashes checked
name: {project["name"]}
channels: [conda-forge]
dependencies:
  - python {project["requires-python"]}
  - pip
  - make
  - git
"""


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(environment_text(), encoding="utf-8")
