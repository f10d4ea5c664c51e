"""The one file in which MLflow keeps a served model: its modules, written one after the other."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from typing import Final

_PARTS: Final = {
    "risk": ("RiskModel", ("served_request", "served_actions", "served_model")),
    "survival": ("SurvivalModel", ("served_request", "served_survival")),
}


def served_source(serves: str) -> str:
    """Source of the model that answers about `serves`, without an import of the project.

    MLflow's models from code are single files; further ones (``code_paths``) would be modules of fixed names, of which a
    server that follows an alias from one version to the next would go on using the first.

    Parameters
    ----------
    serves
        "risk" or "survival".
    """
    model, parts = _PARTS[serves]
    texts = [_without_imports(Path(__file__).with_name(f"{part}.py")) for part in parts]
    ending = f"from mlflow.models import set_model\n\nset_model({model}())\n"
    return "\n".join(["from __future__ import annotations\n", *texts, ending])


def source_digest(serves: str) -> str:
    """Short digest of `served_source`: a model whose code has changed is registered again."""
    return hashlib.sha256(served_source(serves).encode()).hexdigest()[:12]


def _without_imports(file: Path) -> str:
    """The text of a module without what it imports from the project and from ``__future__``."""
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in (
            "whychurn",
            "__future__",
        ):
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)  # type: ignore[operator]
    return "\n".join(lines) + "\n"
