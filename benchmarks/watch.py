"""False alarms of the monthly charts, and months until planted changes are found.

    python benchmarks/watch.py [--programmes 200] [--first 0] [--write]
    python benchmarks/watch.py --worlds FOLDER [--seeds 41] [--members 4000] [--write]

The second simulates shops in which something is planted from a month on, and runs the stages that watch needs; FOLDER
keeps them, and a rerun does what is missing. With --write the table goes to benchmarks/README.md. The first takes two
minutes of one core, the second about one and a half for each world.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
from watch_programmes import MONTHS, REFERENCE, SHARES, Planted, Programme, draw_programme, figures_of
from watch_worlds import run_missing, worlds_table

from whychurn.contract.arrays import Array
from whychurn.contract.files import write_whole
from whychurn.watch.limits.cusum import began, run_cusum
from whychurn.watch.limits.standard import judge

PAGE: Final = Path(__file__).with_name("README.md")
MARKS: Final = {
    False: ("<!-- watch: written by benchmarks/watch.py -->", "<!-- watch ends -->"),
    True: ("<!-- worlds: written by benchmarks/watch.py --worlds -->", "<!-- worlds end -->"),
}
SIZES: Final = (1000, 5000, 20_000)
CHANGES: Final = {
    "leavings × 1.1": ("leavings", Planted(1.1)),
    "leavings × 1.3": ("leavings", Planted(1.3)),
    "leavings × 1.5": ("leavings", Planted(1.5)),
    "one cause + 10 points of leavings": ("mix", Planted(points=0.10)),
}


def chart_alarms(programme: Programme, seed: int, only: str | None = None) -> dict[str, tuple[Array, Array]]:
    """Months of alarm after the reference, and the month named by each, by chart."""
    found = {}
    reference = np.arange(MONTHS) < REFERENCE
    for name, figures in figures_of(programme, np.random.default_rng(seed)).items():
        if only in (None, name):
            limit = judge(figures, reference, seed)
            run = run_cusum(limit.z[None, REFERENCE:], limit.height)
            at = np.flatnonzero(run.alarm[0])
            sums = np.concatenate([run.up, run.down], axis=2)[0]
            named = [began(sums[:, sums[month].argmax()], run.alarm[0], int(month)) for month in at]
            found[name] = (at, np.array(named))
    return found


def plain_alarms(programme: Programme) -> int:
    """Months outside 95 % limits by chance alone: all leavings, and the share of each cause."""
    judged = slice(REFERENCE, None)
    leavings, usual = programme.leavings, programme.leavings[:REFERENCE].mean()
    shares = programme.causes / programme.causes.sum(axis=1, keepdims=True)
    error = np.sqrt(SHARES * (1 - SHARES) / leavings[:, None])
    off = np.abs(shares - shares[:REFERENCE].mean(axis=0)) > 1.96 * error
    return int((np.abs(leavings - usual)[judged] > 1.96 * np.sqrt(usual)).sum() + off[judged].sum())


def false_alarms(members: int, seeds: range) -> list[str]:
    """Cells of unchanged programmes: alarms of all charts, the chart that alarms most often, plain checks."""
    drawn = [draw_programme(members, Planted(), np.random.default_rng(seed)) for seed in seeds]
    runs = [chart_alarms(programme, seed) for seed, programme in zip(seeds, drawn, strict=True)]
    alarms = np.mean([sum(len(at) for at, _ in run.values()) for run in runs])
    worst = max(np.mean([len(run[name][0]) > 0 for run in runs]) for name in runs[0])
    return [f"{alarms:.2f}", f"{worst:.0%}", f"{np.mean([plain_alarms(one) for one in drawn]):.1f}"]


def found_in_time(members: int, chart: str, planted: Planted, seeds: range) -> str:
    """Shares found within 3, 6 and 12 months, and of those found whose month is named to within two."""
    first, near = [], []
    for seed in seeds:
        programme = draw_programme(members, planted, np.random.default_rng(seed))
        at, named = chart_alarms(programme, seed, chart)[chart]
        late = np.flatnonzero(at >= planted.after)
        first.append(at[late[0]] - planted.after if len(late) else np.inf)
        near += [abs(named[late[0]] - planted.after) <= 2] if len(late) else []
    shares = " / ".join(f"{np.mean(np.array(first) < months):.2f}" for months in (3, 6, 12))
    return f"{shares}; {np.mean(near):.2f}" if near else shares


def table(programmes: int, first: int) -> str:
    """The table of the page."""
    seeds = range(first, first + programmes)
    lines = [
        f"| {programmes} programmes a cell | " + " | ".join(f"{size:,} members".replace(",", " ") for size in SIZES) + " | aim (5 000) |",
        "|---|---|---|---|---|",
    ]  # fmt: skip
    unchanged = [false_alarms(size, seeds) for size in SIZES]
    names = ("alarms in 24 months, all charts", "the chart that alarms most often", "plain 95 % checks")
    for row, (name, aim) in enumerate(zip(names, ("≤ 1", "≤ 12 %", "–"), strict=True)):
        lines.append(f"| unchanged: {name} | {' | '.join(cells[row] for cells in unchanged)} | {aim} |")
    aims = ("not promised", "≥ .90 within 6", "≥ .90 within 3", "≥ .90 within 6")
    for (name, (chart, planted)), aim in zip(CHANGES.items(), aims, strict=True):
        cells = [found_in_time(size, chart, planted, seeds) for size in SIZES]
        lines.append(
            f"| {name}: found within 3 / 6 / 12; named to within 2 months | {' | '.join(cells)} | {aim}; ≥ .80 |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print a table; write it to the page if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--programmes", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="seed of the first programme")
    parser.add_argument("--worlds", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[41])
    parser.add_argument("--members", type=int, default=4000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.worlds:
        told = worlds_table(run_missing(asked.worlds.resolve(), asked.seeds, asked.members, asked.processes))
    else:
        told = table(asked.programmes, asked.first)
    print(told)
    if asked.write:
        start, end = MARKS[asked.worlds is not None]
        text = PAGE.read_text(encoding="utf-8")
        head, tail = text.split(start)[0], text.split(end)[1]
        with write_whole(PAGE) as temporary:
            temporary.write_text(f"{head}{start}\n\n{told}\n\n{end}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
