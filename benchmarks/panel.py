"""Trailing sums of all snapshots: whychurn's way, the plain DuckDB range join, and pandas, on the same rows.

Usage: python benchmarks/panel.py [--members 200000] [--events 100] [--snapshots 18]

Each way runs in its own process, from the same Parquet file (sorted by member, as intake writes it) to a table of
members x snapshots x 36 window features. Prints seconds, peak memory, and whether the numbers are the same.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from whychurn.panel.features.windows import Trailing, create_trailing
from whychurn.panel.snapshots import create_snapshots

WINDOWS = (30, 90, 180)
KINDS = 11  # counted one by one; the twelfth measure is an amount
MEASURES = [*((f"kind_{n}", f"CASE WHEN kind = {n} THEN 1 END") for n in range(KINDS)), ("value", "value")]
SUMS = [Trailing(f"{name}_{far}d", value, far) for name, value in MEASURES for far in WINDOWS]
NAMES = [s.name for s in SUMS]
MEMORY = "4GB"


def snapshot_days(number: int) -> np.ndarray:
    """Day numbers of firsts of months."""
    months = pd.date_range("2024-07-01", periods=number, freq="MS")
    return months.to_numpy("datetime64[D]").astype("int64")


def write_events(path: Path, members: int, events: int, days: np.ndarray) -> None:
    """`events` rows a member on average, sorted by member."""
    rng = np.random.default_rng(7)
    rows = members * events
    frame = pd.DataFrame(
        {
            "m": np.sort(rng.integers(0, members, rows)).astype("int32"),
            "day": rng.integers(days[0] - 180, days[-1] + 30, rows).astype("int32"),
            "kind": rng.choice(KINDS + 1, rows, p=[0.3, 0.2, *[0.05] * 10]).astype("int8"),
            "value": rng.integers(1, 50_000, rows) / 100,
        }
    )
    frame.to_parquet(path, index=False, row_group_size=200_000)


def connect(folder: Path, members: int, days: np.ndarray) -> duckdb.DuckDBPyConnection:
    """Database with the events, members, snapshots and rows wanted."""
    connection = duckdb.connect(str(folder / "work.duckdb"))
    connection.execute(f"SET memory_limit = '{MEMORY}'; SET temp_directory = '{folder}/spill'")
    connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
    connection.execute(f"CREATE VIEW event AS SELECT * FROM read_parquet('{folder.parent}/events.parquet')")
    connection.execute(f"CREATE TABLE member AS SELECT CAST(m AS INTEGER) AS m FROM range({members}) t(m)")
    create_snapshots(connection, [int(day) for day in days])
    connection.execute("""
        CREATE TABLE risk AS
        SELECT ROW_NUMBER() OVER (ORDER BY m, k) - 1 AS r, m, k, d FROM member, snapshot ORDER BY m, k""")
    return connection


def our_way(folder: Path, members: int, days: np.ndarray) -> duckdb.DuckDBPyConnection:
    """Buckets between window edges, added up along time."""
    connection = connect(folder, members, days)
    create_trailing(connection, "sums", "event", SUMS)
    connection.execute("CREATE TEMP VIEW result AS SELECT m, k, sums.* FROM sums JOIN risk USING (r)")
    return connection


def plain_way(folder: Path, members: int, days: np.ndarray) -> duckdb.DuckDBPyConnection:
    """Join each wanted row to the events of its longest window, then sum with filters."""
    connection = connect(folder, members, days)
    sums = ", ".join(
        f"COALESCE(SUM({s.value}) FILTER (WHERE day >= d - {s.far}), 0) AS {s.name}" for s in SUMS
    )
    connection.execute(f"""
        CREATE TABLE result AS
        SELECT risk.m, risk.k, {sums}
        FROM risk LEFT JOIN event ON event.m = risk.m AND day < d AND day >= d - {max(WINDOWS)}
        GROUP BY risk.m, risk.k""")
    return connection


def pandas_way(folder: Path, members: int, days: np.ndarray) -> duckdb.DuckDBPyConnection:
    """One groupby per snapshot and window."""
    events = pd.read_parquet(folder.parent / "events.parquet")
    for number in range(KINDS):
        events[f"kind_{number}"] = (events["kind"] == number).astype("int32")
    names = [name for name, _ in MEASURES]
    parts = []
    for k, day in enumerate(days):
        past = events[(events["day"] < day) & (events["day"] >= day - max(WINDOWS))]
        row = pd.DataFrame({"m": np.arange(members), "k": k}).set_index("m")
        for far in WINDOWS:
            sums = past[past["day"] >= day - far].groupby("m")[names].sum().reindex(row.index, fill_value=0)
            row = row.join(sums.add_suffix(f"_{far}d"))
        parts.append(row.reset_index())
    result = pd.concat(parts, ignore_index=True)
    connection = duckdb.connect()
    connection.register("result", result)
    return connection


WAYS = {"whychurn": our_way, "plain join": plain_way, "pandas": pandas_way}


def run_one(way: str, folder: Path, members: int, snapshots: int) -> None:
    """Time one way in this process; then, untimed, write its numbers for the comparison."""
    start = time.perf_counter()
    connection = WAYS[way](folder, members, snapshot_days(snapshots))
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak, cpu = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
    columns = ", ".join(f"CAST({name} AS DOUBLE) AS {name}" for name in NAMES)
    connection.execute(f"COPY (SELECT m, k, {columns} FROM result) TO '{folder}/result.parquet'")
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": peak}))


def largest_difference(one: Path, other: Path) -> tuple[int, float]:
    """Rows that both have, and the largest difference in any of their numbers."""
    worst = ", ".join(f"MAX(ABS(a.{name} - b.{name}))" for name in NAMES)
    found = duckdb.execute(f"""
        SELECT COUNT(*), GREATEST({worst}) FROM read_parquet('{one}') a JOIN read_parquet('{other}') b USING (m, k)
    """).fetchall()[0]
    return int(found[0]), float(found[1])


def compare(members: int, events: int, snapshots: int, ways: list[str]) -> None:
    """Run `ways` one after the other and print the table."""
    with tempfile.TemporaryDirectory(prefix="whychurn-benchmark-") as name:
        root = Path(name)
        write_events(root / "events.parquet", members, events, snapshot_days(snapshots))
        print(
            f"{members:,} members, {members * events:,} event rows, {snapshots} snapshots, {len(SUMS)} features"
        )
        took: dict[str, float] = {}
        for way in ways:
            folder = root / way.replace(" ", "_")
            folder.mkdir()
            command = [sys.executable, __file__, "--way", way, "--folder", str(folder)]
            command += ["--members", str(members), "--snapshots", str(snapshots)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            took[way] = found["seconds"]
            rows, difference = largest_difference(
                root / ways[0].replace(" ", "_") / "result.parquet", folder / "result.parquet"
            )
            print(
                f"{way:>10}: {found['seconds']:7.1f} s ({found['cpu']:6.1f} s of processor), peak {found['peak_mb'] / 1024:4.1f} GB, "
                f"{took[way] / took[ways[0]]:5.1f} x, {rows:,} rows, largest difference {difference:.1e}",
                flush=True,
            )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=200_000)
    parser.add_argument("--events", type=int, default=100, help="rows a member, on average")
    parser.add_argument("--snapshots", type=int, default=18)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--way", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        run_one(given.way, given.folder, given.members, given.snapshots)
    else:
        compare(given.members, given.events, given.snapshots, given.ways)


if __name__ == "__main__":
    main()
