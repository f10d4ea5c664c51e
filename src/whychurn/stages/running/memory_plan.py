"""What memory each stage will need, which stages fit side by side, and how much DuckDB may take.

A need grows from that of an empty study to that of the demo, as peaks of studies of 2 000 and 20 000 members have it, and beyond by
bytes a row, as peaks of studies of 200 000 and 1 000 000 members have it (`benchmarks/whole.py`). Fits rest on at most
``run.fit_rows`` rows of the panel, which bounds their part; so does that of watch's workers, whose blocks do not grow.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.params.intake import is_address
from whychurn.contract.paths import StudyPaths
from whychurn.contract.system.memory import GB, megabytes
from whychurn.intake.read.files.file_kinds import PACKED, TABLES
from whychurn.stages.stage_times import FOLDER

log = logging.getLogger(__name__)
WORLD_ROWS: Final = 4  # rows of input that a simulated programme has for each member and month
TEXT_ROW: Final = 60  # bytes of a row in a file of text
PACKED_ROW: Final = 12  # and in one that is compressed
_PARQUET: Final = (".parquet", ".pq")
_PACKED: Final = (*PACKED, ".xlsx", ".xlsm")
LEAST_DUCKDB: Final = 0.5  # GB below which DuckDB does not get far


class _Need(NamedTuple):
    """GB of an empty study and of the demo; bytes a row beyond: of input, of the panel, of the panel that fits use."""

    empty: float
    demo: float
    input_row: float = 0.0
    panel_row: float = 0.0
    fit_row: float = 0.0


NEEDS: Final = {
    "world": _Need(0.5, 1.1),
    "intake": _Need(0.45, 1.2, 105),
    "voice": _Need(0.4, 0.7, 80),
    "panel": _Need(0.5, 1.7, 45, 100),
    "retention": _Need(0.45, 0.7, 65),
    "survival": _Need(0.5, 1.2, 15, 300, 1600),
    "snapshot": _Need(0.3, 0.3),
    "risk": _Need(0.45, 1.2, 0, 110, 1300),
    "causes": _Need(0.45, 1.1, 110),
    "action": _Need(0.55, 1.75, 140),
    "watch": _Need(0.5, 0.9, 20, 0, 500),
    "score": _Need(0.4, 0.7, 60),
    "report": _Need(0.5, 0.6, 15),
    "delivery": _Need(0.45, 0.5, 10),
}


@dataclass(frozen=True)
class Size:
    """Rows of all input tables, and of the panel."""

    input_rows: int
    panel_rows: int


DEMO: Final = Size(1_834_420, 264_514)  # 20 000 members over 24 months


def study_size(study: StudyPaths, params: Params) -> Size | None:
    """Size of a study: from the heads of its own tables where they are there, else about, from its raw files.

    None where nothing tells: raw tables that lie in a database.
    """
    known = _rows(study.interim.glob("*.parquet")) or _raw_rows(study, params)
    if study.is_demo and not known:
        known = params.world.members * params.world.months * WORLD_ROWS
    if not known:
        return None
    # until the panel is there, as many of its rows for a row of input as the demo has
    return Size(
        known, _rows([study.processed / "panel.parquet"]) or round(known * DEMO.panel_rows / DEMO.input_rows)
    )


def needed_gb(stage: str, size: Size, fit_rows: int) -> float:
    """Most that a stage will hold at once (GB)."""
    need, of_demo = NEEDS[stage], min(size.input_rows / DEMO.input_rows, 1.0)
    beyond = (
        need.input_row * max(size.input_rows - DEMO.input_rows, 0)
        + need.panel_row * max(size.panel_rows - DEMO.panel_rows, 0)
        + need.fit_row * max(min(size.panel_rows, fit_rows) - DEMO.panel_rows, 0)
    )
    return need.empty + (need.demo - need.empty) * of_demo + beyond / GB


@dataclass(frozen=True)
class MemoryPlan:
    """What of a run fits into `free` gigabytes; nothing is planned while the size of the study is not known."""

    study: StudyPaths
    params: Params
    free: float

    def check(self, stages: Iterable[str]) -> None:
        """Refuse a run before its work where a stage will not fit; one that ended here before did fit.

        Raises
        ------
        WhychurnError
            Names the stage that needs most, what it needs and what is free.
        """
        size = study_size(self.study, self.params)
        new = [name for name in stages if not (self.study.root / FOLDER / f"{name}.json").exists()]
        if size is None or not new:
            return
        largest, needed = max(((name, self._needs(name, size)) for name in new), key=lambda one: one[1])
        if needed > self.free:
            raise WhychurnError(
                f"memory will not suffice: stage {largest} needs about {needed:.1f} GB for {size.input_rows:,} rows of "
                f"input, and {self.free:.1f} GB are free",
                remedy="close other programs, run where more is free, or take a share of the members, each with all "
                f"rows; `whychurn run --memory {needed + 0.1:.1f}` tries it all the same",
            )

    def groups(self, commands: list[list[str]]) -> list[list[list[str]]]:
        """`commands` of DVC side by side where their largest stages have room at a time, else one after the other."""
        size = study_size(self.study, self.params)
        if size is None or len(commands) == 1:
            return [commands]
        chains = [[name for name in command if name in NEEDS] for command in commands]
        together = sum(max((self._needs(name, size) for name in chain), default=0.0) for chain in chains)
        if together <= self.free:
            return [commands]
        told = " and ".join(", ".join(chain) for chain in chains)
        log.info(
            "%s one after the other: side by side they need about %.1f GB, %.1f are free",
            told,
            together,
            self.free,
        )
        return [[command] for command in commands]

    def duckdb_limit(self, side_by_side: int) -> str:
        """``run.memory_limit``, or less: a quarter of what is free, shared by the stages at a time."""
        limit = self.params.run.memory_limit
        share = max(self.free / 4 / side_by_side, LEAST_DUCKDB)
        return limit if megabytes(limit) <= 1000 * share else f"{share * 1000:.0f}MB"

    def _needs(self, stage: str, size: Size) -> float:
        return needed_gb(stage, size, self.params.run.fit_rows)


def _raw_rows(study: StudyPaths, params: Params) -> int:
    """Rows of the raw tables: exact for Parquet, about for others."""
    source = params.intake.source
    if is_address(source):
        return 0
    read = (*TABLES, *PACKED)
    files = [
        path for path in (study.root / source).rglob("*") if path.suffix.lower() in read and path.is_file()
    ]
    parquet = [path for path in files if path.suffix.lower() in _PARQUET]
    others = [path for path in files if path.suffix.lower() not in _PARQUET]
    sizes = (
        path.stat().st_size / (PACKED_ROW if path.suffix.lower() in _PACKED else TEXT_ROW) for path in others
    )
    return _rows(parquet) + round(sum(sizes))


def _rows(files: Iterable[Path]) -> int:
    total = 0
    for file in files:
        try:
            total += pq.read_metadata(file).num_rows
        except (OSError, pa.ArrowInvalid):  # absent, or not what its name says: intake tells of it
            continue
    return total
