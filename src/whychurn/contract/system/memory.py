"""Memory that programs may still take, and what they give back: the machine's, or less where a container is given less."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
import pyarrow as pa

DUCKDB: Final = "WHYCHURN_DUCKDB_MEMORY"  # environment of a run's stages
GB: Final = 1e9
_LARGE: Final = 1_000_000  # rows of a table from which on the search is worth its time
_GROUPS: Final = Path("/sys/fs/cgroup")
_OWN: Final = Path("/proc/self/cgroup")


def megabytes(size: str) -> float:
    """Megabytes of a size as `run.memory_limit` writes it: ``4GB``, ``1.5 GB``, ``500MB``."""
    number, unit = size[:-2], size[-2:]
    return float(number) * (1000 if unit == "GB" else 1)


def duckdb_share(asked: str) -> str:
    """What DuckDB may take: `asked`, or less where the plan of a run says so (environment `DUCKDB`).

    Parameters are left as they were written: what a machine has free is no setting of a study, and stands in no result.
    """
    return min(asked, os.environ.get(DUCKDB, asked), key=megabytes)


def free_gb(groups: Path = _GROUPS, own: Path = _OWN) -> float:
    """Gigabytes that are free: available on the machine, and left of each limit set on this control group.

    Parameters
    ----------
    groups, own
        Where the system keeps limits (control groups version 1 and 2), and tells of which group this process is.
    """
    return float(min([psutil.virtual_memory().available, *_left(groups, own)]) / GB)


def let_go(rows: int) -> None:
    """Give back what tables of so many `rows` left behind.

    The ``str`` and ``dt`` of a column refer to it and it to them, so that Python finds only in a later search that
    nobody needs it; Arrow keeps what it freed for the next column.
    """
    if rows >= _LARGE:
        gc.collect()
        pa.default_memory_pool().release_unused()


def _left(groups: Path, own: Path) -> Iterator[int]:
    """Bytes left below each limit; files that are read again from disk when needed count as free."""
    named = [line.split(":", 2) for line in _lines(own)]
    second = [path for number, _, path in named if number == "0"]
    first = [path for _, kinds, path in named if "memory" in kinds.split(",")]
    versions = (
        (groups, second, "memory.max", "memory.current", "inactive_file"),
        (groups / "memory", first, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    )
    for root, paths, limit, used, cache in versions:
        folders = {root / path.strip("/") for path in paths} | {root}
        for folder in sorted({above for one in folders for above in (one, *one.parents) if above >= root}):
            most, taken = _number(folder / limit), _number(folder / used)
            if most is None or taken is None:
                continue
            counts = dict(line.split() for line in _lines(folder / "memory.stat"))
            yield max(most - taken + int(counts.get(cache, 0)), 0)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:  # another system, or a group of which nothing may be read
        return []


def _number(file: Path) -> int | None:
    text = "".join(_lines(file)).strip()
    return int(text) if text.isdigit() else None
