"""Where MLflow keeps a study's runs and models: below the study, or a database or server that studies share."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.params.intake import expanded, masked
from whychurn.contract.paths import StudyPaths

DATABASE: Final = "mlflow.db"
ARTIFACTS: Final = "artifacts"
PATIENCE: Final = 10  # seconds until a silent host counts as unreachable
ACCESS: Final = (
    "check that it runs, its host, and user and password (PGPASSWORD for a database, MLFLOW_TRACKING_USERNAME and "
    "MLFLOW_TRACKING_PASSWORD for a server)"
)


@dataclass(frozen=True)
class StorePlace:
    """Where a study's runs and models are kept.

    Parameters
    ----------
    address
        As MLflow takes it, with the password of the environment: never to be shown.
    shared
        Whether other studies may keep theirs there too.
    artifacts
        Address of the folder of artifacts, ending in a slash; None where the server chooses.
    namespace
        Prefix of experiments; None: none.
    """

    address: str = field(repr=False)
    shared: bool
    artifacts: str | None
    namespace: str | None

    @property
    def shown(self) -> str:
        """The address without passwords and tokens."""
        return masked(self.address)

    @property
    def is_server(self) -> bool:
        """Whether a running MLflow server answers there, with pages of its own."""
        return self.address.startswith("http")

    def named(self, experiment: str) -> str:
        """Name of `experiment` there."""
        return f"{self.namespace}/{experiment}" if self.namespace else experiment


def store_place(study: StudyPaths) -> StorePlace:
    """Where `study` keeps its runs and models, by its parameters and the environment.

    Raises
    ------
    WhychurnError
        If the address names a variable that is not set, or is neither PostgreSQL nor http(s).
    """
    given = load_params(study).delivery
    below = artifact_address(study, "")
    if given.tracking_uri is None:
        return StorePlace(database_address(study.mlflow / DATABASE), False, below, given.namespace)
    address = _address(expanded(given.tracking_uri, key="delivery.tracking_uri"))
    if given.artifact_folder is not None:
        folder = expanded(given.artifact_folder, key="delivery.artifact_folder").rstrip("/")
        path = study.root / Path(folder).expanduser()
        artifacts = folder if "://" in folder else path.resolve().as_uri()
        return StorePlace(address, True, f"{artifacts}/", given.namespace)
    return StorePlace(address, True, None if address.startswith("http") else below, given.namespace)


def _address(given: str) -> str:
    kind = given.partition("://")[0]
    if kind in ("http", "https"):
        return given.rstrip("/")
    if kind.partition("+")[0] in ("postgresql", "postgres"):
        try:
            url = sa.make_url(given).set(drivername="postgresql+psycopg")
            return url.render_as_string(hide_password=False)
        except (sa.exc.ArgumentError, ValueError):
            pass
    raise WhychurnError(
        "delivery.tracking_uri is no address of PostgreSQL or of an MLflow server",
        remedy="write postgresql://user@host/name or https://host",
    )


def reach(place: StorePlace) -> None:
    """Ask a shared store for an answer once: MLflow itself would try for minutes.

    Raises
    ------
    WhychurnError
        If nothing answers, or the database refuses.
    """
    try:
        if place.is_server:
            urllib.request.urlopen(f"{place.address}/health", timeout=PATIENCE).close()
            return
        engine = sa.create_engine(place.address, connect_args={"connect_timeout": PATIENCE})
        try:
            engine.connect().close()
        finally:
            engine.dispose()
    except urllib.error.HTTPError:
        return  # somebody answers; MLflow says what it lacks
    except (OSError, ValueError, sa.exc.SQLAlchemyError) as error:
        what = (
            f"MLflow's store cannot be reached ({type(error).__name__})"  # its message may hold the password
        )
        raise WhychurnError(what, file=place.shown, remedy=ACCESS) from None


def database_address(file: Path) -> str:
    """SQLite address of `file`, whatever its name holds; with the driver named, MLflow makes no folder of it."""
    return f"sqlite+pysqlite:///{urllib.parse.quote(str(file))}"


def artifact_address(study: StudyPaths, experiment: str) -> str:
    """Where the artifacts of `experiment` lie, as an address in which no sign of a folder's name means anything."""
    folder = (study.mlflow / ARTIFACTS).as_uri()
    return f"{folder}/{urllib.parse.quote(experiment)}"
