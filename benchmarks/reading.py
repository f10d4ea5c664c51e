"""Seconds to read a table of orders from CSV, beside the same of another checkout, in one run.

python benchmarks/reading.py [ROWS] [--other CHECKOUT] [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

ROWS = 20_000_000
OWN = Path(__file__).resolve().parents[1]
READ = """
import resource, sys, time
from pathlib import Path
from whychurn.intake.read.source import FolderSource
source = FolderSource.at(Path(sys.argv[1]))
start = time.perf_counter()
rows = len(source.read("orders.csv").frame)
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(time.perf_counter() - start, memory, rows)
"""


def main() -> None:
    """Write the file, read it in turns, print seconds, memory and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=ROWS)
    parser.add_argument("--other", type=Path, help="checkout to compare with")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    checkouts = {"this": OWN, **({"other": given.other} if given.other else {})}
    seconds: dict[str, list[float]] = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory() as folder:
        size = write_orders(Path(folder) / "orders.csv", given.rows)
        print(f"{given.rows:,} rows, {size / 2**30:.2f} GB", flush=True)
        for turn in range(given.rounds):
            for name, place in checkouts.items():
                took, memory, rows = read_once(place, folder)
                assert rows == given.rows, f"{name} read {rows:,} rows"
                seconds[name].append(took)
                print(f"{turn + 1}  {name:6s} {took:7.1f} s  {memory:5.1f} GB", flush=True)
    if given.other:
        ratios = [one / two for one, two in zip(seconds["this"], seconds["other"], strict=True)]
        print(f"this / other: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def write_orders(path: Path, rows: int) -> int:
    """Orders of a made-up shop; bytes of the file."""
    random = np.random.default_rng(7)
    days = np.datetime64("2023-01-01", "s") + random.integers(0, 86_400 * 700, rows).astype("timedelta64[s]")
    table = pa.table(
        {
            "order_id": np.arange(rows),
            "member_id": random.integers(0, rows // 20 + 1, rows),
            "ordered_at": days,
            "amount": np.round(random.gamma(2, 40, rows), 2),
            "category": pa.array(["food", "母婴", "home", "sport"]).take(
                pa.array(random.integers(0, 4, rows))
            ),
        }
    )
    arrow_csv.write_csv(table, path)
    return path.stat().st_size


def read_once(checkout: Path, folder: str) -> tuple[float, float, int]:
    """Seconds, gigabytes at the peak, and rows, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    command = [sys.executable, "-c", READ, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    took, memory, rows = done.stdout.split()
    return float(took), float(memory), int(rows)


if __name__ == "__main__":
    main()
