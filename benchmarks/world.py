"""Seconds and peak memory of the simulated shop.

python benchmarks/world.py            # 20 000 members x 24 months
python benchmarks/world.py 1000000    # memory must not grow with the number of members
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.world.build import build_world


def measure(members: int) -> None:
    """Simulate and write `members` of the shop to a temporary folder, print what it took."""
    params = load_params(StudyPaths.at(PROJECT), {"world": {"members": members}}).world
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        start = time.perf_counter()
        build_world(params, root, root / "raw")
        seconds = time.perf_counter() - start
        files = sorted((root / "raw").glob("*.parquet"))
        rows = sum(pq.read_metadata(file).num_rows for file in files)
        size = sum(file.stat().st_size for file in files) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{members:>9,} members x {params.months} months  {rows:>12,} rows  {size:8.1f} MiB"
        f"  {seconds:7.1f} s  peak {peak:6.0f} MiB"
    )


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
