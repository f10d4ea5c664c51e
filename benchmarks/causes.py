"""Cost of attributing causes: time and peak memory of the additive hazard as members grow.

    python benchmarks/causes.py [copies ...]
    python benchmarks/causes.py --stage [copies ...]

Takes the demo (run it first), writes its members under new ids 1, 3, 50 … times into Parquet files of a temporary folder (not
counted), and runs each size in a process of its own: evidence from the files, the panel with all its columns among them, fit,
posterior of everyone, shares with intervals. The peer in the same run is the survey classifier on the same evidence. With --stage
all that stage causes does: every method, stories, groups, stability and tables as well.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow.compute as pc
import pyarrow.parquet as pq

from whychurn.causes.evidence.classifier_table import evidence_table
from whychurn.causes.evidence.grounds import find_grounds
from whychurn.causes.methods import Inputs, find_method
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.stages.causes import INTERIM, read_evidence


def write_copies(source: Path, target: Path, copies: int) -> None:
    """`source` once for each copy, with ids that no other copy uses."""
    table = pq.read_table(source)
    with pq.ParquetWriter(target, table.schema, compression="zstd") as writer:
        if "member_id" not in table.column_names:
            writer.write_table(table)
            return
        place = table.column_names.index("member_id")
        kind = table.schema.field(place).type
        for number in range(copies):
            ids = pc.binary_join_element_wise(f"x{number:03d}", table["member_id"].cast("string"), "")
            writer.write_table(table.set_column(place, table.schema.field(place), ids.cast(kind)))


def grown(study: StudyPaths, folder: Path, copies: int) -> StudyPaths:
    """A study of its own, larger, with all that stage causes reads."""
    target = StudyPaths(folder)
    for own, other, names in (
        (study.interim, target.interim, (*INTERIM, "touches")),
        (study.processed, target.processed, ("panel", "spells")),
        (study.results, target.results, ("feedback_topics", "churners")),
    ):
        other.mkdir(parents=True)
        for name in names:
            write_copies(own / f"{name}.parquet", other / f"{name}.parquet", copies)
    shutil.copy(study.interim / "intake.json", target.interim)
    shutil.copy(study.processed / "panel.json", target.processed)
    shutil.copytree(study.processed / "risk_model", target.processed / "risk_model")
    return target


def run(study: StudyPaths) -> None:
    """One size, printed as one line."""
    params = load_params(study)
    times = [time.perf_counter()]
    evidence = read_evidence(study, params)
    times.append(time.perf_counter())
    grounds = find_grounds(evidence)
    inputs = Inputs(evidence, grounds, pd.DataFrame(), np.zeros((len(evidence.rows), 6)), None)
    find_method("additive_hazard")(inputs, params)
    times.append(time.perf_counter())
    table = evidence_table(evidence, ["tenure_days", "orders_90d", "tickets_90d"])
    inputs = Inputs(evidence, grounds, table, inputs.keyword_weights, None)
    times.append(time.perf_counter())
    find_method("survey_classifier")(inputs, params)
    times.append(time.perf_counter())
    spent = np.diff(times)
    files = [
        study.interim / "members.parquet",
        study.processed / "panel.parquet",
        study.interim / "events.parquet",
    ]
    sizes = [pq.ParquetFile(file).metadata.num_rows for file in files]
    print(
        f"{sizes[0]:>9,} members {sizes[1]:>11,} panel rows {sizes[2]:>11,} events   evidence {spent[0]:6.1f} s   "
        f"additive hazard {spent[1]:6.1f} s   together {spent[:2].sum():6.1f} s   survey classifier {spent[3]:6.1f} s",
        flush=True,
    )


def watched(command: list[str]) -> tuple[float, float]:
    """Run `command`; peak memory (GB) and time (s) of all its processes together, looked at four times a second."""
    started = subprocess.Popen(command)
    root, peak, spent = psutil.Process(started.pid), 0.0, {}
    while started.poll() is None:
        held = 0
        with suppress(psutil.NoSuchProcess):
            for process in [root, *root.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    held += process.memory_info().rss
                    spent[process.pid] = sum(process.cpu_times()[:2])
        peak = max(peak, held / 1e9)
        time.sleep(0.25)
    if started.returncode:
        raise SystemExit(started.returncode)
    return peak, sum(spent.values())


def main() -> None:
    """Run each size in a process of its own, so that peaks do not mix."""
    asked = sys.argv[1:]
    if asked[:1] == ["--one"]:
        run(StudyPaths(Path(asked[1])))
        return
    study, whole = StudyPaths(PROJECT), asked[:1] == ["--stage"]
    if not (study.processed / "spells.parquet").exists():
        raise SystemExit("the demo is not there: run `make reproduce` first")
    for copies in asked[whole:] or ["1", "3", "50"]:
        with tempfile.TemporaryDirectory(prefix="whychurn-benchmark-") as folder:
            larger = grown(study, Path(folder) / "study", int(copies))
            stage = ["whychurn", "stage", "causes", "--study", str(larger.root)]
            command = stage if whole else [sys.executable, __file__, "--one", str(larger.root)]
            began = time.perf_counter()
            peak, spent = watched(command)
            told = f"{time.perf_counter() - began:.0f} s, peak {peak:.1f} GB, {spent:.0f} s of processors"
        print(f"{copies:>3} copies, all of it: {told}", flush=True)


if __name__ == "__main__":
    main()
