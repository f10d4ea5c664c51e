"""The version that answers now, and how it follows the alias: only a version that answers well takes over."""

from __future__ import annotations

import json
import logging
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from mlflow import MlflowClient
from mlflow.pyfunc import PyFuncModel

from whychurn.delivery.mlflow_store import load_version
from whychurn.delivery.registry.model_versions import find_version

log = logging.getLogger(__name__)
Rows = list[dict[str, Any]]
_RETRY_SECONDS: Final = 60.0  # until a version that did not load is tried again


class UnfitVersionError(Exception):
    """A version that must not take over: why, in words that may be shown."""


@dataclass(frozen=True)
class Served:
    """One loaded version.

    Parameters
    ----------
    name, version, alias
        Of the registry.
    columns
        Names of inputs and of outputs with their types, as its signature has them.
    answer
        Rows in, answers out; refuses with an MlflowException.
    max_rows
        Of one request.
    pyfunc
        The model as MLflow loaded it.
    """

    name: str
    version: str
    alias: str
    columns: dict[str, str]
    answer: Callable[[Rows], Rows]
    max_rows: int
    pyfunc: PyFuncModel

    def described(self) -> dict[str, str]:
        """What an answer says of it."""
        return {"name": self.name, "version": self.version, "alias": self.alias}

    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The same as headers; signs beyond ASCII as in addresses."""
        quoted = {key: urllib.parse.quote(text).encode() for key, text in self.described().items()}
        return tuple((f"x-model-{key}".encode(), text) for key, text in quoted.items())


def load_served(name: str, version: str, alias: str) -> Served:
    """Load a version and let it answer its own input example.

    Raises
    ------
    UnfitVersionError
        If its answer is not what its signature says.
    """
    pyfunc = load_version(f"models:/{name}/{version}")
    signature = pyfunc.metadata.signature
    columns = {column.name: column.type.name for column in signature.inputs}
    answers = {column.name: column.type.name for column in signature.outputs}
    model = pyfunc.unwrap_python_model()
    given = getattr(model, "answer", None) or _answer_by_frame(model)
    example = _records(pyfunc.input_example)
    try:
        answered = given(example)
        json.dumps(answered, allow_nan=False)
    except Exception as error:
        raise UnfitVersionError(
            f"it does not answer its own input example ({type(error).__name__})"
        ) from error
    if len(answered) != len(example) or any(set(row) != set(answers) for row in answered):
        raise UnfitVersionError("it does not answer what its signature says")
    columns |= {f"answer {column}": kind for column, kind in answers.items()}
    return Served(name, version, alias, columns, given, model.limits["max_request_rows"], pyfunc)


class ModelInService:
    """Holds the version in service; `look` follows the alias. A request keeps the version it began with."""

    def __init__(self, client: MlflowClient, first: Served) -> None:
        self.client, self.current, self.problem = client, first, ""
        self._unfit, self._retry_at = "", 0.0

    def look(self) -> None:
        """Ask the registry which version has the alias, and exchange the one in service if it is another."""
        now = self.current
        try:
            found = find_version(self.client, now.name, now.alias)
        except Exception as error:  # a locked or missing database is no reason to stop serving
            return self._warn("the registry cannot be read", error)
        if found is None:
            return self._warn(f"no version has the alias {now.alias!r} any more")
        version = str(found.version)
        if version == now.version:
            self.problem, self._unfit = "", ""
        elif version != self._unfit or time.monotonic() >= self._retry_at:
            self._exchange(version)
        return None

    def _exchange(self, version: str) -> None:
        now, started = self.current, time.perf_counter()
        self._unfit, self._retry_at = version, time.monotonic() + _RETRY_SECONDS
        try:
            new = load_served(now.name, version, now.alias)
            if new.columns != now.columns:
                raise UnfitVersionError("its columns or answers differ; start the server again to serve it")
        except UnfitVersionError as error:
            return self._warn(f"version {version} was not taken over: {error}", error.__cause__)
        except Exception as error:
            return self._warn(f"version {version} was not taken over: it cannot be loaded", error)
        self.current, self.problem, self._unfit = new, "", ""
        seconds = round(time.perf_counter() - started, 2)
        fields = {"event": "exchanged", "from": now.version, "to": version, "seconds": seconds}
        log.info("version %s serves in place of %s", version, now.version, extra={"fields": fields})
        return None

    def _warn(self, problem: str, error: BaseException | None = None) -> None:
        """Keep the version in service, and say why: once in the log, and in /health while it holds."""
        if problem != self.problem:
            fields = {"event": "kept", "version": self.current.version}
            kind = (type(error), error, error.__traceback__) if error else None
            log.warning("%s; version %s goes on", problem, self.current.version, exc_info=kind, extra={"fields": fields})  # fmt: skip
        self.problem = problem


def _records(example: Any) -> Rows:
    rows: Any = example.to_dict("records") if isinstance(example, pd.DataFrame) else example
    return list(rows)


def _answer_by_frame(model: Any) -> Callable[[Rows], Rows]:
    """For versions registered before models answered rows: through their frames."""

    def answer(rows: Rows) -> Rows:
        return json.loads(model.predict(rows).to_json(orient="records", double_precision=15))

    return answer
