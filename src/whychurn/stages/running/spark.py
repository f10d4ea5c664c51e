"""Blocks of members worked on by Spark (extra ``spark``): each task runs the very function that one machine runs.

What goes in and comes out lies in files of the study's folder, which all executors must see; through Spark go numbers of
blocks alone. Its settings are those of ``SPARK_CONF_DIR``; without a master there, this machine's cores.
"""

import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_whole

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def spark_map(
    folder: Path, work: Callable[..., Any], jobs: Iterable[tuple[Any, ...]], workers: int
) -> Iterator[Any]:
    """As `stats.parallel.parallel_map`, on Spark; what a killed run left in `folder` begins anew.

    Parameters
    ----------
    folder
        For jobs and results, removed at the end.
    workers
        Cores of this machine that are used where no master is set.

    Raises
    ------
    WhychurnError
        If Spark or Java is absent, or `work` raises it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    blocks = -1
    for blocks, job in enumerate(jobs):
        _write(job, folder / f"job={blocks:05d}")
    if blocks >= 0:
        task = partial(_task, folder, work)
        session = _session(workers)
        session.range(0, blocks + 1, 1, blocks + 1).mapInArrow(task, "block long").collect()
    for block in range(blocks + 1):
        result = _read(folder / f"result={block:05d}")
        if isinstance(result, WhychurnError):
            raise result
        yield result
    shutil.rmtree(folder, ignore_errors=True)


def _task(
    folder: Path, work: Callable[..., Any], batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for block in batch.column(0).to_pylist():
            try:
                result = work(*_read(folder / f"job={block:05d}"))
            except WhychurnError as error:  # told as it is, not in the words of the JVM
                result = error
            _write(result, folder / f"result={block:05d}")
        yield batch.rename_columns(["block"])


def _session(workers: int) -> "SparkSession":
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise WhychurnError("Spark is not installed", remedy="install the extra: whychurn[spark]") from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("whychurn").config("spark.sql.session.timeZone", "UTC")
    if "SPARK_CONF_DIR" not in os.environ:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # else the driver waits for a name
        builder = builder.master(f"local[{workers}]").config("spark.ui.enabled", "false")
    try:
        return builder.getOrCreate()
    except Exception as error:
        raise WhychurnError(
            "Spark does not start",
            remedy="it needs Java 17 and the settings of SPARK_CONF_DIR; see the message above",
        ) from error


def _write(content: Any, path: Path) -> None:
    with write_whole(path) as temporary:
        temporary.write_bytes(pickle.dumps(content))


def _read(path: Path) -> Any:
    return pickle.loads(path.read_bytes())
