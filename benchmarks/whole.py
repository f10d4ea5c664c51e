"""The whole pipeline as members grow: seconds, processor seconds and peak memory of each stage.

    python benchmarks/whole.py FOLDER [--sizes 20000 200000 1000000] [--jobs 2] [--memory GB] [--write]

Each size is a simulated shop in a study of its own below FOLDER, run by `whychurn run`. What is done stays: the same command goes on
where it was stopped, and only tells what it finds where all is done. --write puts the table into README.md.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
from causes import watched

from whychurn.contract.files import read_json, write_json, write_whole
from whychurn.contract.paths import StudyPaths
from whychurn.stages.pipeline import STAGES
from whychurn.stages.stage_times import times

PAGE: Final = Path(__file__).with_name("README.md")
START, END = "<!-- whole: written by benchmarks/whole.py -->", "<!-- whole ends -->"
COSTS: Final = Path(".whychurn") / "whole.json"  # of all attempts at a size: seconds, peak of all processes
BEGAN: Final = "began"


def measure(study: StudyPaths, members: int, limits: list[str]) -> dict[str, Any]:
    """Simulate and run a size as far as it is not there yet; what all attempts cost."""
    file = study.root / COSTS
    costs: dict[str, Any] = read_json(file) if file.exists() else {BEGAN: time.time()}
    whychurn = [str(Path(sys.executable).with_name("whychurn"))]
    steps = {
        "world": [*whychurn, "world", "--out", str(study.root), "--members", str(members)],
        "run": [*whychurn, "run", "--study", str(study.root), *limits],
    }
    for step, command in steps.items():
        done = costs.get(step, {"seconds": 0.0, "processor_seconds": 0.0, "peak_gb": 0.0})
        if done.get("ended"):
            continue
        before, ended = time.time(), False
        try:
            peak, spent = watched(command)
            ended = True
        except SystemExit:
            peak, spent = 0.0, 0.0
        done = {
            "seconds": done["seconds"] + time.time() - before,
            "processor_seconds": done["processor_seconds"] + spent,
            "peak_gb": max(done["peak_gb"], peak),
            "ended": ended,
        }
        costs[step] = done
        write_json(costs, file)
        if not ended:
            raise SystemExit(f"{members:,} members: {step} stopped; the same command goes on")
    return costs


def rows_of(study: StudyPaths, costs: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Cost of each stage, and of all processes together: those that draw reports count here alone, as does DVC."""
    stages = times(study, costs[BEGAN]).set_index("stage").to_dict("index")
    steps = (costs["world"], costs["run"])
    summed = {name: sum(one[name] for one in steps) for name in ("seconds", "processor_seconds")}
    table = {"world": costs["world"], **{str(name): cost for name, cost in stages.items()}}
    table["all"] = {**summed, "peak_gb": max(one["peak_gb"] for one in steps)}
    return table


def written(found: dict[int, tuple[StudyPaths, dict[str, dict[str, float]]]]) -> str:
    """The table of the page."""
    heads = [f"{size:,} members".replace(",", " ") for size in found]
    lines = [
        f"| seconds, of processors, peak GB | {' | '.join(heads)} |",
        "|---|" + "---|" * len(found),
    ]
    sizes = [_rows(study) for study, _ in found.values()]
    lines.append(f"| rows of input, of the panel (millions) | {' | '.join(sizes)} |")
    for name in [*STAGES, "all"]:
        cells = [_cell(table[name]) if name in table else "–" for _, table in found.values()]
        if any(cell != "–" for cell in cells):
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(cost: dict[str, float]) -> str:
    return f"{cost['seconds']:.0f}, {cost['processor_seconds']:.0f}, {cost['peak_gb']:.1f}"


def _rows(study: StudyPaths) -> str:
    tables = sum(pq.read_metadata(file).num_rows for file in study.interim.glob("*.parquet"))
    panel = pq.read_metadata(study.processed / "panel.parquet").num_rows
    return f"{tables / 1e6:.1f}, {panel / 1e6:.2f}"


def main() -> None:
    """Measure each size, print the table; write it to the page if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--memory", type=float, help="GB that the run may plan with; what is free by default")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    limits = ["--jobs", str(asked.jobs), *(["--memory", str(asked.memory)] if asked.memory else [])]
    found = {}
    for size in sorted(asked.sizes):
        study = StudyPaths.at(asked.folder / str(size))
        costs = measure(study, size, limits)
        found[size] = (study, rows_of(study, costs))
        print(f"\n{written(found)}\n", flush=True)
    if asked.write:
        text = PAGE.read_text(encoding="utf-8")
        head, tail = text.split(START)[0], text.split(END)[1]
        with write_whole(PAGE) as temporary:
            temporary.write_text(f"{head}{START}\n\n{written(found)}\n\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
