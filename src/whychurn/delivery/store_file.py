"""The database in which MLflow keeps a study's runs: its address, its making, and what a kill or a move left.

MLflow keeps absolute addresses of artifacts and makes its tables in many steps. So a new database gets its name
when it is whole, one that a kill left without its first row is made again, and addresses follow the study.
"""

from __future__ import annotations

import logging
import sqlite3
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from whychurn.contract.errors import SPACE, WhychurnError, refused_by_machine
from whychurn.contract.params.intake import masked
from whychurn.contract.paths import StudyPaths
from whychurn.contract.system.file_lock import hold_file
from whychurn.delivery.store_place import (
    ACCESS,
    ARTIFACTS,
    DATABASE,
    artifact_address,
    database_address,
    store_place,
)

log = logging.getLogger(__name__)
# columns in which MLflow keeps addresses of artifacts
_ADDRESSES: Final = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
_SIDE_FILES: Final = ("", "-journal", "-wal", "-shm")


def prepare_store(study: StudyPaths) -> Path:
    """The study's database, made if absent, with addresses that hold where the study lies now.

    Raises
    ------
    WhychurnError
        If it is damaged, or cannot be made or written.
    """
    file = study.mlflow / DATABASE
    with store_errors(study):
        (study.mlflow / ARTIFACTS).mkdir(parents=True, exist_ok=True)
        with hold_file(study.mlflow / ".lock"):
            if file.exists() and not _is_made(file):
                _remove(file)
            if not file.exists():
                _make(file)
            moved = _follow(file, study)
    if moved:
        log.info(
            "the study was moved: %d addresses of MLflow's artifacts were set to %s", moved, study.mlflow
        )
    return file


@contextmanager
def store_errors(study: StudyPaths) -> Iterator[None]:
    """What the database, MLflow or the disk refuses, as one sentence with a remedy.

    Raises
    ------
    WhychurnError
        In place of their errors.
    """
    try:
        yield
    except (sqlite3.Error, SQLAlchemyError, MlflowException, OSError) as error:
        if isinstance(error, OSError):
            if refused := refused_by_machine(error):
                raise refused from error
            raise
        place = store_place(study)
        file = place.shown if place.shared else study.mlflow / DATABASE
        text = masked(str(error))
        if any(sign in text for sign in ("malformed", "not a database", "damaged")):
            raise WhychurnError("MLflow's store is damaged", file=file, remedy=_DAMAGED) from error
        if any(sign in text for sign in ("out-of-date", "Can't locate revision")):
            raise WhychurnError(
                "MLflow's store has the tables of another version of MLflow",
                file=file,
                remedy=f"make a copy, then: mlflow db upgrade '{place.shown}'",
            ) from error
        first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
        raise WhychurnError(
            f"MLflow's store cannot be used: {first}", file=file, remedy=ACCESS if place.shared else SPACE
        ) from error


_DAMAGED: Final = (
    "put the file back from a backup; or move it away and run again: results and reports are kept, models are "
    "registered anew, and the champion must be promoted again"
)


def _is_made(file: Path) -> bool:
    """Whether the database got its first experiment, which MLflow writes when all its tables are there."""
    with _open(file) as database:
        found = [row[0] for row in database.execute("PRAGMA quick_check(1)")]
        if found != ["ok"]:
            raise sqlite3.DatabaseError(f"damaged: {found[0]}")
        if "experiments" not in _tables(database):
            return False
        return bool(database.execute("SELECT COUNT(*) FROM experiments").fetchone()[0])


def _make(file: Path) -> None:
    """Make MLflow's tables under another name first: a kill leaves no half of them under the right one."""
    unfinished = file.with_name(f".{file.name}.new")
    _remove(unfinished)
    MlflowClient(tracking_uri=database_address(unfinished)).search_experiments(max_results=1)
    unfinished.replace(file)


def _follow(file: Path, study: StudyPaths) -> int:
    """Set addresses that were made where the study lay before to where it lies now; returns how many."""
    with _open(file) as database, database:
        known = database.execute("SELECT name, artifact_location FROM experiments").fetchall()
        tables = _tables(database)
        moves = {
            old.removesuffix(urllib.parse.quote(name)).removesuffix(name): artifact_address(study, "x")[:-1]
            for name, old in known
            if old and _path(old).endswith(f"/{ARTIFACTS}/{name}")
        }
        changed = 0
        for old, new in moves.items():
            if old == new:
                continue
            for table, column in (pair for pair in _ADDRESSES if pair[0] in tables):
                changed += database.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
                    (new, len(old) + 1, len(old), old),
                ).rowcount
        return changed


def _tables(database: sqlite3.Connection) -> set[str]:
    return {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _path(address: str) -> str:
    return urllib.parse.unquote(address.removeprefix("file://"))


@contextmanager
def _open(file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(file, timeout=20)
    try:
        yield connection
    finally:
        connection.close()


def _remove(file: Path) -> None:
    for side in _SIDE_FILES:
        file.with_name(file.name + side).unlink(missing_ok=True)
