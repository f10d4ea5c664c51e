"""Blocks of members worked on by Spark (extra ``spark``): each task runs the very function that one machine runs.

A task that makes a table writes its file into the study's folder, which all executors must see. The settings are those of
``SPARK_CONF_DIR``; without a master there, this machine's cores.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from whychurn.contract.errors import WhychurnError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def spark_map(work: Callable[..., Any], jobs: Iterable[tuple[Any, ...]], workers: int) -> Iterator[Any]:
    """As `stats.parallel.parallel_map`, on Spark: one task a job, results in the order of jobs.

    Parameters
    ----------
    workers
        Cores of this machine that are used where no master is set.

    Raises
    ------
    WhychurnError
        If Spark or Java is absent, or `work` raises it.
    """
    blocks = list(jobs)
    if not blocks:
        return

    def task(job: tuple[Any, ...]) -> Any:
        try:
            return work(*job)
        except WhychurnError as error:  # told as it is, not in the words of the JVM
            return error

    spread = _session(workers).sparkContext.parallelize(blocks, len(blocks))
    for result in spread.map(task).collect():
        if isinstance(result, WhychurnError):
            raise result
        yield result


def _session(workers: int) -> "SparkSession":
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise WhychurnError("Spark is not installed", remedy="install the extra: whychurn[spark]") from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("whychurn").config("spark.sql.session.timeZone", "UTC")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
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
