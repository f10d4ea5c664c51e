"""What every served model does with a request: check it, encode it as in training, refuse it without its values.

Requests are checked here and not by MLflow, whose own refusals repeat the rows that were sent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import xgboost as xgb
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PythonModel

_UNKNOWN = -1.0  # a category that was not in training
EXPECTED = {"number": "a number or null", "flag": "true, false or null", "category": "text or null"}


class RefusedRequestError(MlflowException):
    """A refused request: columns and positions, never values (MLflow's server would put those in front)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_code=1000)  # INVALID_PARAMETER_VALUE: HTTP 400

    @property
    def message(self) -> str:
        """What is wrong with the request."""
        return self._message

    @message.setter
    def message(self, text: str) -> None:
        self._message = getattr(self, "_message", text)


class RequestModel(PythonModel):
    """Checks a request and encodes it as in training; subclasses name their files and compute the answers."""

    names: list[str]
    features: list[dict[str, Any]]
    limits: dict[str, Any]
    files: ClassVar[dict[str, str]] = {}
    optional: tuple[str, ...] = ()  # flags that a request may hold beside the features

    def load_context(self, context: Any) -> None:
        """Read the native files that MLflow keeps with the model."""
        self._load({name: Path(path) for name, path in context.artifacts.items()})

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """The same model from a folder of native files; without limits it answers no requests."""
        model = cls()
        model._load({name: folder / file for name, file in cls.files.items() if (folder / file).exists()})
        return model

    def _load(self, files: dict[str, Path]) -> None:
        self.features = read_native(files["features"])["features"]
        self.names = [feature["name"] for feature in self.features]
        self.limits = read_native(files["limits"]) if "limits" in files else {}
        self.readers = [read_value(feature) for feature in self.features]
        self.coded = [column for column, one in enumerate(self.features) if one["kind"] == "category"]

    def answer(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Answer a request.

        Parameters
        ----------
        rows
            Records with every feature, null where it is not known, and of the flags in `optional` those that are known.

        Returns
        -------
        One record each, with `notes` on features whose category is unknown and was read as missing.

        Raises
        ------
        RefusedRequestError
            If columns are missing, unknown or of a wrong type, a row is empty, or there are too many rows.
        """
        with _without_values():
            self._check(rows)
            X, notes = self._encode(rows)
            if len(empty := np.flatnonzero(np.isnan(X).all(axis=1))):
                where = f"{len(empty)} rows, the first at position {empty[0]}"
                raise RefusedRequestError(f"all features are empty in {where}")
            flags = {name: [read_flag(row.get(name)) for row in rows] for name in self.optional}
            if wrong := ", ".join(name for name, told in flags.items() if None in told):
                raise RefusedRequestError(f"columns of a wrong type: {wrong} ({EXPECTED['flag']})")
            columns = {**self._answers(X, flags), "notes": notes}
            return [dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True)]

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:  # type: ignore[override]
        """`answer` as a table, for a DataFrame, records, or ``{"columns": [...], "data": [...]}``."""
        with _without_values():
            rows, index = _records(model_input)
        return pd.DataFrame(self.answer(rows), index=index)

    def _answers(self, X: np.ndarray, flags: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """Output columns for encoded rows with their optional flags (NaN where not told)."""
        raise NotImplementedError

    def _check(self, rows: list[dict[str, Any]]) -> None:
        if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
            raise RefusedRequestError("expected rows as a list of records: [{feature: value, …}, …]")
        if not rows:
            raise RefusedRequestError("the request holds no rows")
        if len(rows) > self.limits["max_request_rows"]:
            most = self.limits["max_request_rows"]
            raise RefusedRequestError(f"{len(rows)} rows are too many for one request; send at most {most}")
        given = set().union(*rows)
        if missing := ", ".join(name for name in self.names if name not in given):
            raise RefusedRequestError(f"columns are missing: {missing} (send null where it is not known)")
        unknown = len(given.difference(self.names, self.optional))
        if unknown:  # a name that nobody foresaw may itself be personal
            raise RefusedRequestError(
                f"{unknown} columns are unknown to the model; send these only: {', '.join(self.names)}"
            )

    def _encode(self, rows: list[dict[str, Any]]) -> tuple[np.ndarray, list[str]]:
        """Float matrix as in training (category codes; NaN where missing or infinite) and a note a row."""
        readers = list(zip(self.names, self.readers, strict=True))
        lines = [[read(row.get(name)) for name, read in readers] for row in rows]
        self._refuse(
            {column for line in lines if None in line for column, value in enumerate(line) if value is None}
        )
        return self._matrix(np.array(lines))

    def _refuse(self, wrong: set[int]) -> None:
        if wrong:
            told = (f"{self.names[i]} ({EXPECTED[self.features[i]['kind']]})" for i in sorted(wrong))
            raise RefusedRequestError(f"columns of a wrong type: {', '.join(told)}")

    def _matrix(self, numbers: np.ndarray) -> tuple[np.ndarray, list[str]]:
        with np.errstate(over="ignore"):
            X = numbers.astype("float32")
        X[np.isinf(X)] = np.nan
        notes = [""] * len(X)
        for row in np.flatnonzero((unknown := X[:, self.coded] == _UNKNOWN).any(axis=1)):
            told = ", ".join(self.names[self.coded[k]] for k in np.flatnonzero(unknown[row]))
            notes[row] = f"unknown category read as missing: {told}"
        X[:, self.coded] = np.where(unknown, np.nan, X[:, self.coded])
        return X, notes

    def _trees(self, file: Path) -> xgb.Booster:
        booster = xgb.Booster(model_file=str(file))
        booster.set_param({"nthread": 1})  # threads that wait for one row cost more than they bring
        return booster


def read_native(path: Path) -> Any:
    """Content of one of the model's JSON files."""
    return json.loads(path.read_text(encoding="utf-8"))


def for_trees(X: np.ndarray) -> xgb.DMatrix:
    """Encoded rows as trees read them."""
    return xgb.DMatrix(X, nthread=1)


def predict_trees(booster: xgb.Booster, rows: xgb.DMatrix, **what: bool) -> np.ndarray:
    """`Booster.predict` of rows encoded in its own order, whose names need no comparison."""
    return booster.predict(rows, validate_features=False, **what)


class Terms:
    """Terms of a regression on encoded features, as arrays: scores of all rows are one matrix product."""

    def __init__(self, terms: list[dict[Any, Any]], names: list[str], coefficients: str) -> None:
        def column(key: str, nothing: float = 0.0) -> np.ndarray:
            return np.array([term.get(key, nothing) for term in terms], dtype="float64")

        self.at = np.array([names.index(term["feature"]) for term in terms], dtype="int64")
        kinds = [term["kind"] for term in terms]
        self.missing = np.array([k for k, kind in enumerate(kinds) if kind == "missing"], dtype="int64")
        self.level = np.array([k for k, kind in enumerate(kinds) if kind == "level"], dtype="int64")
        self.log = np.flatnonzero([bool(term.get("log")) and term["kind"] == "number" for term in terms])
        self.code, self.fill, self.low, self.high = map(column, ("code", "fill", "low", "high"))
        self.mean, self.scale = column("mean"), column("scale")
        self.coefficients = np.array([term[coefficients] for term in terms], dtype="float64").reshape(
            len(terms), -1
        )

    def score(self, X: np.ndarray) -> np.ndarray:
        """Standardised terms times coefficients; (n, regressions)."""
        x = X[:, self.at].astype("float64")
        absent = np.isnan(x)
        value = np.clip(np.where(absent, self.fill, x), self.low, self.high)
        value[:, self.log] = np.log1p(value[:, self.log])
        value[:, self.missing] = absent[:, self.missing]
        value[:, self.level] = x[:, self.level] == self.code[self.level]
        return ((value - self.mean) / self.scale) @ self.coefficients


_Reader = Callable[[Any], float | None]


def read_value(feature: dict[str, Any]) -> _Reader:
    """What turns a value of this feature into a float: NaN where null, None if it is of a wrong type."""
    if feature["kind"] != "category":
        return read_flag if feature["kind"] == "flag" else _number
    codes = {text: float(code) for code, text in enumerate(feature["categories"])}

    def code(value: Any) -> float | None:
        if isinstance(value, str):
            return codes.get(value, _UNKNOWN)
        return math.nan if _is_null(value) else None

    return code


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return float(value)
    return math.nan if value is None else None


def read_flag(value: Any) -> float | None:
    if value is True or value is False:
        return float(value)
    if isinstance(value, (int, float, np.number, np.bool_)):
        return float(value) if value in (0, 1) or _is_null(value) else None
    return math.nan if value is None else None


def _is_null(value: Any) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))


def column_values(column: pd.Series) -> list[Any]:
    """Values as JSON brings them, None where pandas calls them missing."""
    missing = column.isna().to_numpy()
    return [None if gone else value for value, gone in zip(column.tolist(), missing, strict=True)]


def _records(given: Any) -> tuple[list[dict[str, Any]], Any]:
    """Records and their index of any form that `RequestModel.predict` takes."""
    if isinstance(given, dict) and set(given) == {"columns", "data"}:
        given = pd.DataFrame(**given)
    if not isinstance(given, pd.DataFrame):
        return given, None
    if not given.columns.is_unique:
        raise RefusedRequestError("a column occurs twice")
    rows: list[dict[str, Any]] = [{} for _ in range(len(given))]
    for name in given:
        for row, value in zip(rows, column_values(given[name]), strict=True):
            row[str(name)] = value
    return rows, given.index


@contextmanager
def _without_values() -> Iterator[None]:
    """Turn other errors, whose text may hold values of the request, into a refusal."""
    try:
        yield
    except RefusedRequestError:
        raise
    except Exception as error:
        text = f"the request cannot be read as a table ({type(error).__name__})"
        raise RefusedRequestError(text) from None
