"""Work on blocks of members: in a loop, in processes or on Spark; a killed run goes on at the blocks that are missing."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pyarrow import feather

from whychurn.contract.files import write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import PACKAGE, StudyPaths
from whychurn.stages.running.code_digest import code_digest
from whychurn.stats.parallel import Spread, parallel_map

ENGINE: Final = "WHYCHURN_ENGINE"  # environment of a run's stages: where blocks are worked on, if not here
FOLDER: Final = Path(".whychurn") / "blocks"


def engine(few: int = 2) -> Spread:
    """How blocks are worked on: `parallel_map`, in this process where they are fewer than `few`, or Spark."""
    if os.environ.get(ENGINE) != "spark":
        return partial(parallel_map, few=few)
    from whychurn.stages.running.spark import spark_map

    return spark_map


@contextmanager
def kept_folder(study: StudyPaths, stage: str, inputs: Iterable[Path], params: Params) -> Iterator[Path]:
    """Folder of the blocks of a stage: what a killed run left, if it had the same inputs, parameters and code.

    It is removed when the block of code ends well.
    """
    folder = study.root / FOLDER / stage
    key = hashlib.sha256(params.model_dump_json(exclude={"run": {"memory_limit", "workers"}}).encode())
    for file in inputs:
        key.update(f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}".encode())
    key.update(code_digest(PACKAGE).encode())
    if not (folder / key.hexdigest()).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / key.hexdigest()).touch()
    yield folder
    shutil.rmtree(folder)


def blocks_of(
    work: Callable[..., pd.DataFrame],
    jobs: Sequence[tuple[Any, ...]],
    folder: Path,
    spread: Spread,
    workers: int,
) -> Iterator[pd.DataFrame]:
    """Tables that `work` makes of `jobs`, in their order, by way of one file a job in `folder`; those that are there stay.

    They are in Arrow's own format: Parquet would take four times the work, and each is read only once.
    """
    files = [folder / f"block={number:05d}.arrow" for number in range(len(jobs))]
    missing = [(work, file, job) for file, job in zip(files, jobs, strict=True) if not file.exists()]
    for _ in spread(_write_block, missing, workers):
        pass
    with pd.option_context("mode.string_storage", "pyarrow"):
        yield from map(feather.read_feather, files)


def _write_block(work: Callable[..., pd.DataFrame], file: Path, job: tuple[Any, ...]) -> None:
    table = work(*job)
    with write_whole(file) as temporary:
        feather.write_feather(table, temporary)
