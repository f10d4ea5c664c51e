"""The served risk model: rows in, calibrated probabilities and top reasons out.

MLflow copies this very file into the model and runs it there (models from code), so it imports nothing of the
project, and everything it knows lies beside it in native files: trees (ubj), calibrator, features and limits (JSON).
Requests are checked here and not by MLflow, whose own refusals repeat the rows that were sent.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

FILES = {
    "booster": "model.ubj",
    "calibrator": "calibrator.json",
    "features": "features.json",
    "limits": "limits.json",
}
OUTPUTS = ("p_churn", "p_churn_low", "p_churn_high", "reasons", "notes")


class RefusedRequestError(MlflowException):
    """A request that the model does not answer; the message names columns and positions, never values.

    MLflow's server puts the whole request in front of an exception's message, so the first message stays.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, error_code=1000)  # INVALID_PARAMETER_VALUE: HTTP 400

    @property
    def message(self) -> str:
        """What is wrong with the request."""
        return self._message

    @message.setter
    def message(self, text: str) -> None:
        self._message = getattr(self, "_message", text)


class RiskModel(PythonModel):
    """Probability of leaving within the horizon, its interval, and what the model looked at.

    The interval is the calibrator's: what members with this score were seen to do. Contributions are exact TreeSHAP
    values in log-odds before calibration; they explain the model and are no causes.
    """

    def load_context(self, context: Any) -> None:
        """Read the native files that MLflow keeps with the model."""
        self._load({name: Path(context.artifacts[name]) for name in FILES})

    @classmethod
    def from_folder(cls, folder: Path) -> RiskModel:
        """The same model from a folder of native files; without limits it gives probabilities only."""
        model = cls()
        model._load({name: folder / file for name, file in FILES.items()})
        return model

    def _load(self, files: dict[str, Path]) -> None:
        self.booster = xgb.Booster(model_file=str(files["booster"]))
        self.calibrator = _read(files["calibrator"])
        described = _read(files["features"])
        self.features, self.sentences = described["features"], described["sentences"]
        self.names = [feature["name"] for feature in self.features]
        self.limits = _read(files["limits"]) if files["limits"].exists() else {}

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:  # type: ignore[override]
        """Answer a request.

        Parameters
        ----------
        model_input
            DataFrame, list of records, or ``{"columns": [...], "data": [...]}``: every feature as a column, null
            where it is not known.

        Returns
        -------
        One row each: p_churn, p_churn_low, p_churn_high; reasons (JSON list, largest contribution first); notes
        (features whose category is unknown and was read as missing).

        Raises
        ------
        RefusedRequestError
            If columns are missing, unknown or of a wrong type, a row is empty, or there are too many rows.
        """
        try:
            return self._answer(model_input)
        except RefusedRequestError:
            raise
        except Exception as error:  # its text may hold values of the request
            raise RefusedRequestError(
                f"the request cannot be read as a table ({type(error).__name__})"
            ) from None

    def probability(self, rows: pd.DataFrame) -> np.ndarray:
        """p_churn of rows of any number, without reasons."""
        return np.interp(
            self._raw(self._matrix(self._encode(rows)[0])), self.calibrator["x"], self.calibrator["y"]
        )

    def _answer(self, model_input: Any) -> pd.DataFrame:
        rows = self._table(model_input)
        self._check(rows)
        X, notes = self._encode(rows)
        empty = np.flatnonzero(np.isnan(X).all(axis=1))
        if len(empty):
            raise RefusedRequestError(
                f"all features are empty in {len(empty)} rows, the first at position {empty[0]}"
            )
        data = self._matrix(X)
        raw = self._raw(data)
        curve = {
            name: np.interp(raw, self.calibrator["x"], self.calibrator[name]) for name in ("y", "low", "high")
        }
        contributions = self.booster.predict(data, pred_contribs=True)[:, :-1]
        answers = (curve["y"], curve["low"], curve["high"], self._reasons(X, contributions), notes)
        return pd.DataFrame(dict(zip(OUTPUTS, answers, strict=True)), index=rows.index)

    def _table(self, model_input: Any) -> pd.DataFrame:
        if isinstance(model_input, pd.DataFrame):
            return model_input
        if isinstance(model_input, dict) and set(model_input) == {"columns", "data"}:
            return pd.DataFrame(model_input["data"], columns=model_input["columns"])
        if isinstance(model_input, list) and all(isinstance(row, dict) for row in model_input):
            return pd.DataFrame(model_input)
        raise RefusedRequestError("expected rows as a list of records: [{feature: value, …}, …]")

    def _check(self, rows: pd.DataFrame) -> None:
        if not len(rows):
            raise RefusedRequestError("the request holds no rows")
        if len(rows) > self.limits["max_request_rows"]:
            raise RefusedRequestError(
                f"{len(rows)} rows are too many for one request; send at most {self.limits['max_request_rows']}"
            )
        if not rows.columns.is_unique:
            raise RefusedRequestError("a column occurs twice")
        missing = [name for name in self.names if name not in rows]
        if missing:
            raise RefusedRequestError(
                f"columns are missing: {', '.join(missing)} (send null where a value is not known)"
            )
        unknown = len(rows.columns) - len(self.names)
        if unknown:  # a name that nobody foresaw may itself be personal
            raise RefusedRequestError(
                f"{unknown} columns are unknown to the model; send these only: {', '.join(self.names)}"
            )

    def _encode(self, rows: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
        """Float matrix as in training (category codes, missing and infinite as NaN) and a note for each row."""
        X = np.full((len(rows), len(self.features)), np.nan, dtype="float32")
        notes: list[list[str]] = [[] for _ in range(len(rows))]
        wrong = []
        for column, feature in enumerate(self.features):
            values, kind = rows[feature["name"]].to_numpy(), feature["kind"]
            numbers = (
                _category_codes(values, feature["categories"])
                if kind == "category"
                else _numbers(values, kind)
            )
            if numbers is None:
                wrong.append(f"{feature['name']} ({_EXPECTED[kind]})")
                continue
            X[:, column] = numbers
            for row in np.flatnonzero(numbers == _UNKNOWN) if kind == "category" else ():
                X[row, column] = np.nan
                notes[row].append(feature["name"])
        if wrong:
            raise RefusedRequestError(f"columns of a wrong type: {', '.join(wrong)}")
        X[np.isinf(X)] = np.nan
        return X, [
            f"unknown category read as missing: {', '.join(names)}" if names else "" for names in notes
        ]

    def _matrix(self, X: np.ndarray) -> xgb.DMatrix:
        types = ["c" if feature["kind"] == "category" else "q" for feature in self.features]
        return xgb.DMatrix(X, feature_names=self.names, feature_types=types, enable_categorical=True)

    def _raw(self, data: xgb.DMatrix) -> np.ndarray:
        return 1 / (1 + np.exp(-self.booster.predict(data, output_margin=True).astype("float64")))

    def _reasons(self, X: np.ndarray, contributions: np.ndarray) -> list[str]:
        top = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, : self.limits["top_reasons"]]
        return [
            json.dumps(
                [self._reason(i, X[row, i], contributions[row, i]) for i in chosen if contributions[row, i]],
                ensure_ascii=False,
            )
            for row, chosen in enumerate(top)
        ]

    def _reason(self, column: int, value: float, contribution: float) -> dict[str, Any]:
        feature = self.features[column]
        shown: float | str | None = None if math.isnan(value) else round(float(value), 4)
        if shown is not None and feature["kind"] == "category":
            shown = feature["categories"][int(value)]
        reason = {"feature": feature["name"], "value": shown, "contribution": round(float(contribution), 4)}
        direction = self.sentences["raises" if contribution > 0 else "lowers"]
        for lang in ("en", "zh"):
            reason[f"label_{lang}"] = feature[lang]
            reason[f"text_{lang}"] = direction[lang].format(
                name=feature[lang], value=self._written(feature, shown, lang)
            )
        return reason

    def _written(self, feature: dict[str, Any], shown: float | str | None, lang: str) -> str:
        """A value as a reader expects it: its category, yes or no, or a number with its unit."""
        if shown is None:
            return self.sentences["missing"][lang]
        if isinstance(shown, str):
            return shown
        if feature["kind"] == "flag":
            return self.sentences["yes" if shown else "no"][lang]
        shape = feature["format"]
        scaled, decimals = shown * shape["scale"], shape["decimals"]
        if decimals is None:
            decimals = 0 if scaled == round(scaled) or abs(scaled) >= 100 else 2
        number = f"{scaled:,.{decimals}f}"
        return shape[lang].format(
            value=number.removeprefix("-") if float(number.replace(",", "")) == 0 else number
        )


_UNKNOWN = -1.0  # a category that training did not see
_EXPECTED = {"number": "a number or null", "flag": "true, false or null", "category": "text or null"}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _category_codes(values: np.ndarray, categories: list[str]) -> np.ndarray | None:
    """Positions of the categories, NaN where null, `_UNKNOWN` for others; None if a value is no text."""
    given = ~pd.isna(values)
    if not all(isinstance(value, str) for value in values[given]):
        return None
    codes = {text: float(code) for code, text in enumerate(categories)}
    numbers = np.full(len(values), np.nan)
    numbers[given] = [codes.get(value, _UNKNOWN) for value in values[given]]
    return numbers


def _numbers(values: np.ndarray, kind: str) -> np.ndarray | None:
    """Floats, NaN where null; None if a value is no number, or for a flag neither true nor false."""
    if values.dtype.kind in "iuf" or (values.dtype.kind == "b" and kind == "flag"):
        numbers = values.astype("float64")
    else:  # numbers and nulls mixed, as JSON brings them
        allowed = (bool, np.bool_, int, float, np.number) if kind == "flag" else (int, float, np.number)
        given = ~pd.isna(values)
        if not all(
            isinstance(v, allowed) and (kind == "flag" or not isinstance(v, bool)) for v in values[given]
        ):
            return None
        numbers = np.full(len(values), np.nan)
        numbers[given] = values[given].astype("float64")
    if kind == "flag" and not (np.isnan(numbers) | (numbers == 0) | (numbers == 1)).all():
        return None
    return numbers


set_model(RiskModel())
