"""The served models: risk with its top reasons and causes, or survival by horizon and expected stay.

MLflow copies this very file into the model and runs it there (models from code), so it imports nothing of the
project; what it was fitted to lies beside it in native files. Which of the two a copy serves stands in its
model_config. Requests are checked here and not by MLflow, whose own refusals repeat the rows that were sent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import xgboost as xgb
from mlflow.exceptions import MlflowException
from mlflow.models import ModelConfig, set_model
from mlflow.pyfunc import PythonModel

FILES = {
    "booster": "model.ubj",
    "calibrator": "calibrator.json",
    "features": "features.json",
    "limits": "limits.json",
    "causes": "served.json",  # of stage causes; without it the answer names no causes
}
STILL_THERE = "still_there"  # optional column of a request about risk; false: no forecast
GONE = {"reasons": "[]", "primary_cause": "unknown", "notes": "already gone: no forecast"}  # the rest is null
OUTPUTS = ("p_churn", "p_churn_low", "p_churn_high", "reasons", "notes")
SURVIVAL_FILES = {
    "metadata": "metadata.json",
    "features": "features.json",
    "limits": "limits.json",
    "booster": "model.ubj",  # boosted trees
    "coefficients": "coefficients.csv",  # Cox
    "baseline": "baseline.csv",
}


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
        self.features = _read(files["features"])["features"]
        self.names = [feature["name"] for feature in self.features]
        self.limits = _read(files["limits"]) if "limits" in files else {}

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:  # type: ignore[override]
        """Answer a request.

        Parameters
        ----------
        model_input
            DataFrame, list of records, or ``{"columns": [...], "data": [...]}``: every feature as a column,
            null where it is not known; for risk also `STILL_THERE`, if it is known.

        Returns
        -------
        One row each, with `notes` on features whose category is unknown and was read as missing.

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

    def _answer(self, model_input: Any) -> pd.DataFrame:
        rows = self._table(model_input)
        self._check(rows)
        X, notes = self._encode(rows)
        if len(empty := np.flatnonzero(np.isnan(X).all(axis=1))):
            where = f"{len(empty)} rows, the first at position {empty[0]}"
            raise RefusedRequestError(f"all features are empty in {where}")
        return pd.DataFrame({**self._answers(X), "notes": notes}, index=rows.index)

    def _answers(self, X: np.ndarray) -> dict[str, Any]:
        """Output columns for encoded rows."""
        raise NotImplementedError

    def _table(self, model_input: Any) -> pd.DataFrame:
        if isinstance(model_input, pd.DataFrame):
            return model_input
        if isinstance(model_input, dict) and set(model_input) == {"columns", "data"}:
            return pd.DataFrame(**model_input)
        if isinstance(model_input, list) and all(isinstance(row, dict) for row in model_input):
            return pd.DataFrame(model_input)
        raise RefusedRequestError("expected rows as a list of records: [{feature: value, …}, …]")

    def _check(self, rows: pd.DataFrame) -> None:
        if not len(rows):
            raise RefusedRequestError("the request holds no rows")
        if len(rows) > self.limits["max_request_rows"]:
            most = self.limits["max_request_rows"]
            raise RefusedRequestError(f"{len(rows)} rows are too many for one request; send at most {most}")
        if not rows.columns.is_unique:
            raise RefusedRequestError("a column occurs twice")
        if missing := ", ".join(name for name in self.names if name not in rows):
            raise RefusedRequestError(f"columns are missing: {missing} (send null where it is not known)")
        unknown = len(rows.columns) - len(self.names)
        if unknown:  # a name that nobody foresaw may itself be personal
            raise RefusedRequestError(
                f"{unknown} columns are unknown to the model; send these only: {', '.join(self.names)}"
            )

    def _encode(self, rows: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
        """Float matrix as in training (category codes; NaN where missing or infinite) and a note a row."""
        X = np.full((len(rows), len(self.features)), np.nan, dtype="float32")
        notes: list[list[str]] = [[] for _ in range(len(rows))]
        wrong = []
        for column, feature in enumerate(self.features):
            values, kind = rows[feature["name"]].to_numpy(), feature["kind"]
            coded = kind == "category"
            numbers = _category_codes(values, feature["categories"]) if coded else _numbers(values, kind)
            if numbers is None:
                wrong.append(f"{feature['name']} ({_EXPECTED[kind]})")
                continue
            X[:, column] = numbers
            for row in np.flatnonzero(numbers == _UNKNOWN) if coded else ():
                X[row, column] = np.nan
                notes[row].append(feature["name"])
        if wrong:
            raise RefusedRequestError(f"columns of a wrong type: {', '.join(wrong)}")
        X[np.isinf(X)] = np.nan
        note = "unknown category read as missing: "
        return X, [note + ", ".join(names) if names else "" for names in notes]


class RiskModel(RequestModel):
    """Probability of leaving within the horizon, its interval, and the features that moved it most.

    The interval is the calibrator's. Contributions (JSON list, largest first) are exact TreeSHAP values in
    log-odds before calibration; they explain the model and are no causes. Causes come from the method behind
    the report on causes, as a regression on the same features: p_<cause> of each that can be told, and of
    "unknown" unless all can (they sum to one); primary_cause the likeliest.
    The model knows members still there only: a row with `STILL_THERE` false gets no probabilities, and a note.
    """

    files = FILES

    def _load(self, files: dict[str, Path]) -> None:
        super()._load(files)
        self.booster = xgb.Booster(model_file=str(files["booster"]))
        self.calibrator = _read(files["calibrator"])
        self.sentences = _read(files["features"])["sentences"]
        self.causes = _read(files["causes"]) if "causes" in files else None

    def probability(self, rows: pd.DataFrame) -> np.ndarray:
        """p_churn of rows of any number, without reasons."""
        raw = self._raw(self._matrix(self._encode(rows)[0]))
        return np.interp(raw, self.calibrator["x"], self.calibrator["y"])

    def _answer(self, model_input: Any) -> pd.DataFrame:
        rows = self._table(model_input)
        told = rows[STILL_THERE].to_numpy() if STILL_THERE in rows else np.ones(len(rows))
        answers = super()._answer(rows.drop(columns=STILL_THERE, errors="ignore"))
        there = _numbers(told, "flag")
        if there is None:
            raise RefusedRequestError(f"columns of a wrong type: {STILL_THERE} ({_EXPECTED['flag']})")
        if (there == 0).any():
            for name in answers:
                blank: Any = GONE.get(str(name))
                answers[name] = np.where(there != 0, answers[name].astype(object), blank)
        return answers

    def _answers(self, X: np.ndarray) -> dict[str, Any]:
        raw = self._raw(data := self._matrix(X))
        curve = [np.interp(raw, self.calibrator["x"], self.calibrator[name]) for name in ("y", "low", "high")]
        reasons = self._reasons(X, self.booster.predict(data, pred_contribs=True)[:, :-1])
        answers = dict(zip(OUTPUTS, (*curve, reasons), strict=False))
        return answers if self.causes is None else {**answers, **self._causes(X, self.causes)}

    def _causes(self, X: np.ndarray, served: dict[str, Any]) -> dict[str, Any]:
        score = np.tile(np.asarray(served["intercepts"], dtype="float64"), (len(X), 1))
        for term in served["terms"]:
            value = _term_value(term, X[:, self.names.index(term["feature"])])
            score += ((value - term["mean"]) / term["scale"])[:, None] * np.asarray(term["coefficients"])
        odds = np.exp(score - score.max(axis=1, keepdims=True))
        p = odds / odds.sum(axis=1, keepdims=True)
        top = p.argmax(axis=1)
        enough = p.max(axis=1) >= np.asarray(served["name_from"])[top]
        named = np.where(enough, np.array(served["causes"])[top], "unknown")
        return {f"p_{cause}": p[:, k] for k, cause in enumerate(served["causes"])} | {"primary_cause": named}

    def _matrix(self, X: np.ndarray) -> xgb.DMatrix:
        types = ["c" if feature["kind"] == "category" else "q" for feature in self.features]
        names = self.booster.feature_names
        return xgb.DMatrix(X, feature_names=names, feature_types=types, enable_categorical=True)

    def _raw(self, data: xgb.DMatrix) -> np.ndarray:
        return 1 / (1 + np.exp(-self.booster.predict(data, output_margin=True).astype("float64")))

    def _reasons(self, X: np.ndarray, contributions: np.ndarray) -> list[str]:
        top = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, : self.limits["top_reasons"]]
        told = [
            [self._reason(i, X[row, i], contributions[row, i]) for i in chosen if contributions[row, i]]
            for row, chosen in enumerate(top)
        ]
        return [json.dumps(reasons, ensure_ascii=False) for reasons in told]

    def _reason(self, column: int, value: float, contribution: float) -> dict[str, Any]:
        feature = self.features[column]
        shown: float | str | None = None if math.isnan(value) else round(float(value), 4)
        if shown is not None and feature["kind"] == "category":
            shown = feature["categories"][int(value)]
        reason = {"feature": feature["name"], "value": shown, "contribution": round(float(contribution), 4)}
        direction = self.sentences["raises" if contribution > 0 else "lowers"]
        for lang in ("en", "zh"):
            written = self._written(feature, shown, lang)
            reason[f"label_{lang}"] = feature[lang]
            reason[f"text_{lang}"] = direction[lang].format(name=feature[lang], value=written)
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
        plain = scaled == round(scaled) or abs(scaled) >= 100
        decimals = (0 if plain else 2) if decimals is None else decimals
        number = f"{scaled:,.{decimals}f}"
        nothing = float(number.replace(",", "")) == 0
        return shape[lang].format(value=number.removeprefix("-") if nothing else number)


class SurvivalModel(RequestModel):
    """Survival probability at each horizon (p_stay_<days>d), and expected days of stay in the next year.

    Boosted trees: a hazard for each interval ahead; Cox: Breslow's baseline on the clock of tenure ("cox") or of
    days from now ("cox_landmark"). Beyond the follow-up of training, the last hazard goes on.
    """

    files = SURVIVAL_FILES

    def _load(self, files: dict[str, Path]) -> None:
        super()._load(files)
        self.metadata = _read(files["metadata"])
        if self.metadata["kind"] == "boosted":
            self.booster = xgb.Booster(model_file=str(files["booster"]))
        else:
            self.terms = pd.read_csv(files["coefficients"], float_precision="round_trip").to_dict("records")
            baseline = pd.read_csv(files["baseline"], float_precision="round_trip")
            self.baseline = baseline["cumulative"].to_numpy()

    def stay(self, X: np.ndarray, days: int) -> np.ndarray:
        """Survival probability after 0 … `days` days for encoded rows; (n, days + 1)."""
        return self._boosted(X, days) if self.metadata["kind"] == "boosted" else self._cox(X, days)

    def _answers(self, X: np.ndarray) -> dict[str, Any]:
        horizons, until = self.metadata["horizons"], self.metadata["value_days"]
        curve = self.stay(X, max(*horizons, until))
        chances = {f"p_stay_{days}d": curve[:, days] for days in horizons}
        return {**chances, "expected_stay_days": curve[:, 1 : until + 1].sum(axis=1)}

    def _boosted(self, X: np.ndarray, days: int) -> np.ndarray:
        edges = np.r_[0, self.metadata["bounds"]].astype("float64")
        width = np.diff(edges)
        if self.metadata["variant"] == "landmark":
            trained = max(int((edges[1:] <= self.metadata["learned_days"]).sum()), 1)
            learned = np.minimum(np.arange(len(width)), trained - 1)
            margin = np.column_stack([self._margin(X, edges[k + 1]) for k in range(trained)])[:, learned]
            learned_width = width[learned]
        else:  # the first interval again and again, tenure and calendar moved on
            margin = np.column_stack([self._margin(self._aged(X, start), edges[1]) for start in edges[:-1]])
            learned_width = np.full(len(width), edges[1])
        a, b = self.metadata["line"]
        hazard = 1 - (1 - 1 / (1 + np.exp(-(a + b * margin)))) ** (width / learned_width)
        steps = -np.log1p(-np.minimum(hazard, 1 - 1e-9))
        cumulative = np.column_stack([np.zeros(len(X)), np.cumsum(steps, axis=1)])
        at = np.arange(days + 1)
        right = np.clip(np.searchsorted(edges, at, side="left"), 1, len(edges) - 1)
        share = (at - edges[right - 1]) / width[right - 1]
        return np.exp(-(cumulative[:, right - 1] + steps[:, right - 1] * share))

    def _margin(self, X: np.ndarray, ahead: float) -> np.ndarray:
        types = ["c" if feature["kind"] == "category" else "q" for feature in self.features]
        data = xgb.DMatrix(
            np.hstack([X, np.full((len(X), 1), ahead, dtype="float32")]),
            feature_names=self.booster.feature_names, feature_types=[*types, "q"], enable_categorical=True,
        )  # fmt: skip
        return self.booster.predict(data, output_margin=True)

    def _aged(self, X: np.ndarray, days: float) -> np.ndarray:
        moved = X.copy()
        for column, name in enumerate(self.names):
            if name == "tenure_days":
                moved[:, column] += days
            elif name == "month_of_year":
                moved[:, column] = (X[:, column] - 1 + round(days / 30.4375)) % 12 + 1
        return moved

    def _cox(self, X: np.ndarray, days: int) -> np.ndarray:
        log_ratio = np.zeros(len(X))
        for term in self.terms:
            value = _term_value(term, X[:, self.names.index(term["feature"])])
            log_ratio += term["coefficient"] * (value - term["mean"]) / term["scale"]
        start = np.zeros(len(X), dtype="int64")
        if self.metadata["kind"] == "cox" and "tenure_days" in self.names:
            tenure = np.nan_to_num(X[:, self.names.index("tenure_days")])
            start = np.maximum(tenure, 0).astype("int64")
        rate = self.baseline[-1] - self.baseline[-2]
        extra = max(0, int(start.max(initial=0)) + days + 1 - len(self.baseline))
        whole = np.r_[self.baseline, self.baseline[-1] + rate * np.arange(1, extra + 1)]
        hazard = whole[start[:, None] + np.arange(days + 1)] - whole[start][:, None]
        return np.exp(-hazard * np.exp(log_ratio)[:, None])


_UNKNOWN = -1.0  # a category that was not in training
_EXPECTED = {"number": "a number or null", "flag": "true, false or null", "category": "text or null"}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _term_value(term: Mapping[Any, Any], x: np.ndarray) -> np.ndarray:
    """One encoded feature as a term of a regression."""
    if term["kind"] == "missing":
        return np.isnan(x).astype("float64")
    if term["kind"] == "level":
        return (x == term["code"]).astype("float64")
    value = np.clip(np.where(np.isnan(x), term["fill"], x.astype("float64")), term["low"], term["high"])
    return np.log1p(value) if term["log"] else value


def _category_codes(values: np.ndarray, categories: list[str]) -> np.ndarray | None:
    """Positions of the categories, NaN where null, `_UNKNOWN` for others; None if a value is no text."""
    given = ~pd.isna(values)
    if not all(isinstance(value, str) for value in values[given]):
        return None
    codes = {text: float(code) for code, text in enumerate(categories)}
    return np.array([codes.get(one, _UNKNOWN) if isinstance(one, str) else np.nan for one in values])


def _numbers(values: np.ndarray, kind: str) -> np.ndarray | None:
    """Floats, NaN where null; None if a value is no number, or for a flag neither true nor false."""
    if values.dtype.kind in "iuf" or (values.dtype.kind == "b" and kind == "flag"):
        numbers = values.astype("float64")
    else:  # numbers and nulls mixed, as JSON brings them
        allowed = (bool, np.bool_, int, float, np.number) if kind == "flag" else (int, float, np.number)
        given = ~pd.isna(values)
        wrong = (bool,) if kind == "number" else ()
        if not all(isinstance(v, allowed) and not isinstance(v, wrong) for v in values[given]):
            return None
        numbers = np.full(len(values), np.nan)
        numbers[given] = values[given].astype("float64")
    if kind == "flag" and not (np.isnan(numbers) | (numbers == 0) | (numbers == 1)).all():
        return None
    return numbers


_SERVES = ModelConfig(development_config={"serves": "risk"}).get("serves")
set_model(SurvivalModel() if _SERVES == "survival" else RiskModel())
