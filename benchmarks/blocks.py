"""Stage panel whole, by blocks of members and on Spark: processor seconds, peak memory, and whether the bytes are the same.

python benchmarks/blocks.py STUDY [--size 5000] [--copies 1] [--spark]

STUDY has run up to stage voice; its interim tables are copied, `--copies` times under new ids. Seconds are those of all processes
together, the JVM and its workers too; ratios are what to look at.
"""

import argparse
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from whychurn.contract.paths import StudyPaths

STAGE = """
import sys
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.stages import panel
panel.BLOCK_MEMBERS = int(sys.argv[2])
study = StudyPaths.at(sys.argv[1])
panel.run(study, load_params(study))
"""
WHOLE = 10**9
BECOME_SUBREAPER = 36  # of prctl: what a child leaves behind is ours to wait for, and counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--size", type=int, default=5000)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--spark", action="store_true")
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(BECOME_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        study = copied(StudyPaths.at(given.study), StudyPaths(Path(folder)), given.copies)
        ways = [("whole", WHOLE, "here"), ("blocks", given.size, "here")]
        ways += [("Spark", given.size, "spark")] if given.spark else []
        first: tuple[float, dict[str, bytes]] | None = None
        for name, size, engine in ways:
            begun, before = time.perf_counter(), spent()
            environment = {**os.environ, "WHYCHURN_ENGINE": engine}
            subprocess.run([sys.executable, "-c", STAGE, folder, str(size)], check=True, env=environment)
            wait_for_all()
            cost, made = spent() - before, written(study)
            first = first or (cost, made)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
            print(
                f"{name}: {cost:.1f} s of processors ({cost / first[0]:.2f}), {time.perf_counter() - begun:.0f} s, "
                f"largest process so far {peak:.2f} GB, same bytes: {made == first[1]}",
                flush=True,
            )


def copied(source: StudyPaths, study: StudyPaths, copies: int) -> StudyPaths:
    """Interim tables of `source`, `copies` times under new ids, with its texts and parameters."""
    study.interim.mkdir(parents=True)
    study.results.mkdir()
    for name in ("params.yaml", "data/interim/intake.json"):
        if (source.root / name).exists():
            shutil.copy(source.root / name, study.root / name)
    for file in [*source.interim.glob("*.parquet"), source.results / "feedback_topics.parquet"]:
        columns = [row[0] for row in duckdb.execute(f"DESCRIBE FROM '{file}'").fetchall()]
        ids = [name for name in columns if name.endswith("_id") and name not in ("campaign_id", "topic_id")]
        renamed = ", ".join(f"{name} || '-' || copy AS {name}" for name in ids)
        times = 1 if file.stem == "market" or not ids else copies
        replaced = f"REPLACE ({renamed})" if times > 1 else ""
        target = study.root / file.relative_to(source.root)
        duckdb.sql(f"""
            COPY (SELECT * EXCLUDE (copy) {replaced} FROM '{file}', range({times}) AS given(copy))
            TO '{target}' (FORMAT parquet)""")
    return study


def spent() -> float:
    """Processor seconds of all children that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def wait_for_all() -> None:
    """Wait for what the stage left running, such as a JVM that is on its way out."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def written(study: StudyPaths) -> dict[str, bytes]:
    """What the stage wrote, taken away."""
    found = {file.name: file.read_bytes() for file in study.processed.iterdir()}
    shutil.rmtree(study.processed)
    return found


if __name__ == "__main__":
    main()
