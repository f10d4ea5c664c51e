"""One small study, run from tables to scores: the same bytes as when it was frozen, and its headline figures everywhere.

Sums of floats end in other last bits on another processor or with other libraries, and clusters amplify them. So bytes are
held only where a probe of this machine's arithmetic gives what it gave when they were frozen; headline figures are held
on every machine, within tolerances. Freeze anew after a change that is meant to move results, and say why in the commit:

    python tests/test_same_bytes.py
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info

pytestmark = pytest.mark.xdist_group("small_study")
FROZEN = Path(__file__).with_name("frozen_study.json")
PLACES = ("interim", "processed", "results", "truth")
LIBRARIES = ("numpy", "pandas", "pyarrow", "duckdb", "scipy", "scikit-learn", "umap-learn", "hdbscan")
# largest difference of a headline figure between machines
TOLERANCES = {"share": 0.005, "auc": 0.002, "churners": 0, "topics": 4, "days": 1}


def digests(root: Path) -> dict[str, str]:
    """SHA-256 of every file that the stages wrote."""
    files = [file for place in PLACES for file in (root / "data" / place).rglob("*") if file.is_file()]
    return {
        file.relative_to(root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(files)
    }


def figures(root: Path) -> dict[str, float]:
    """What reports print first; the part before the dot names the tolerance."""
    results = root / "data" / "results"
    shares = pd.read_parquet(results / "cause_shares.parquet").set_index("cause")["share"]
    means = pd.read_parquet(results / "survival_means.parquet")
    risk = json.loads((results / "risk_metrics.json").read_text(encoding="utf-8"))
    return {
        "churners.all": len(pd.read_parquet(results / "churners.parquet")),
        "topics.all": len(pd.read_parquet(results / "topics.parquet")),
        "auc.xgboost": risk["xgboost.auc"],
        "days.mean_stay": round(float(means["mean_days"].iloc[0]), 2),
        **{f"share.{cause}": round(float(share), 4) for cause, share in shares.dropna().items()},
    }


def probe() -> str:
    """Digest of what this machine's arithmetic and libraries answer to fixed inputs."""
    x = np.random.default_rng(0).random(4096)
    parts = [np.exp(x), np.log(x), np.sin(x), np.power(x, 0.37), x.reshape(64, 64) @ x.reshape(64, 64)]
    parts += [np.exp(x.astype("float32")), np.array([x.astype("float32").sum(), x.std()])]
    digest = hashlib.sha256(b"".join(part.tobytes() for part in parts))
    # kinds, not copies: each library that was imported meanwhile brings its own
    kernels = sorted(
        {str(pool.get("architecture")) for pool in threadpool_info() if pool["user_api"] == "blas"}
    )
    digest.update(json.dumps([kernels, [version(name) for name in LIBRARIES]]).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def frozen() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(FROZEN.read_text(encoding="utf-8"))
    return content


def test_every_file_is_the_same_bytes(small_study: Path, frozen: dict[str, Any]) -> None:
    now = digests(small_study)
    assert sorted(now) == sorted(frozen["files"])
    if probe() != frozen["probe"]:
        pytest.skip("other arithmetic or libraries than where the bytes were frozen; figures are held below")
    changed = [name for name, digest in now.items() if digest != frozen["files"][name]]
    assert not changed


def test_headline_figures_agree_on_every_machine(small_study: Path, frozen: dict[str, Any]) -> None:
    now = figures(small_study)
    assert sorted(now) == sorted(frozen["figures"])
    for name, value in now.items():
        off = abs(value - frozen["figures"][name])
        assert off <= TOLERANCES[name.split(".")[0]], f"{name}: {value}, frozen {frozen['figures'][name]}"


if __name__ == "__main__":
    from conftest import run_small_study  # this file's folder comes first on the path of a script

    with tempfile.TemporaryDirectory() as folder:
        root = run_small_study(Path(folder) / "study")
        content = {"probe": probe(), "figures": figures(root), "files": digests(root)}
    FROZEN.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
