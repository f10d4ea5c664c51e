"""The served model of risk: the chance to leave with its top reasons and causes.

MLflow keeps one file that is written from this one and `served_request` (see `served_file`) and runs it there (models from
code), so both import nothing else of the project; what the model was fitted to lies beside it in native files.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb

from whychurn.delivery.registry.served_actions import ActionChoice
from whychurn.delivery.registry.served_request import (
    RequestModel,
    Terms,
    column_values,
    for_trees,
    predict_trees,
    read_flag,
    read_native,
)

FILES = {
    "booster": "model.ubj",
    "calibrator": "calibrator.json",
    "features": "features.json",
    "limits": "limits.json",
    "causes": "served.json",  # of stage causes; without it the answer names no causes
    "actions": "actions.json",  # of stage action; without it the answer names no action
}
STILL_THERE = "still_there"  # optional column of a request about risk; false: no forecast
GONE = {
    "reasons": "[]",
    "primary_cause": "unknown",
    "do_not_send": True,
    "do_not_send_reason": "already_gone",
    "notes": "already gone: no forecast",
}  # the rest is null
OUTPUTS = ("p_churn", "p_churn_low", "p_churn_high", "reasons", "notes")


class RiskModel(RequestModel):
    """Probability of leaving within the horizon, its interval, and the features that moved it most.

    The interval is the calibrator's. Contributions (JSON list, largest first) are exact TreeSHAP values in
    log-odds before calibration; they explain the model and are no causes. Causes come from the method behind
    the report on causes, as a regression on the same features: p_<cause> of each that can be told, and of
    "unknown" unless all can (they sum to one); primary_cause the likeliest.
    Where stage action has run, the best contact by `ActionChoice`, or why none is to be sent.
    The model knows members still there only: a row with `STILL_THERE` false gets no probabilities, and a note.
    """

    files = FILES

    def _load(self, files: dict[str, Path]) -> None:
        super()._load(files)
        self.booster = self._trees(files["booster"])
        self.calibrator = {
            name: np.asarray(x) for name, x in read_native(files["calibrator"]).items() if name != "kind"
        }
        self.sentences = read_native(files["features"])["sentences"]
        self.causes = CauseChances(read_native(files["causes"]), self.names) if "causes" in files else None
        actions = read_native(files["actions"]) if "actions" in files else None
        self.actions = ActionChoice(actions, self.names) if actions else None
        told = self.actions.optional if self.actions else ()
        self.optional = (STILL_THERE, *(name for name in told if name not in self.names))

    def probability(self, rows: pd.DataFrame) -> np.ndarray:
        """p_churn of rows of any number, without reasons."""
        columns = zip(self.names, self.readers, strict=True)
        numbers = [[read(value) for value in column_values(rows[name])] for name, read in columns]
        self._refuse({column for column, told in enumerate(numbers) if None in told})
        X, _ = self._matrix(np.array(numbers).T)
        return np.interp(self._raw(for_trees(X)), self.calibrator["x"], self.calibrator["y"])

    def answer(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """As `RequestModel.answer`; a row with `STILL_THERE` false gets a note and no forecast."""
        answers = super().answer(rows)
        for answer, row in zip(answers, rows, strict=True):
            if read_flag(row.get(STILL_THERE)) == 0:
                answer.update({name: GONE.get(name) for name in answer})
        return answers

    def _answers(self, X: np.ndarray, flags: dict[str, list[Any]]) -> dict[str, list[Any]]:
        data = for_trees(X)
        raw = self._raw(data)
        curve = [np.interp(raw, self.calibrator["x"], self.calibrator[name]) for name in ("y", "low", "high")]
        reasons = self._reasons(X, predict_trees(self.booster, data, pred_contribs=True)[:, :-1])
        answers = dict(zip(OUTPUTS, (*(line.tolist() for line in curve), reasons), strict=False))
        mix = None
        if self.causes is not None:
            chances = self.causes.chances(X)
            answers |= self.causes.answers(chances)
            mix = dict(zip(self.causes.causes, chances.T, strict=True))
        if self.actions is not None:
            answers |= self.actions.answers(X, curve[0], mix, flags)
        return answers

    def _raw(self, rows: xgb.DMatrix) -> np.ndarray:
        margin = predict_trees(self.booster, rows, output_margin=True)
        return 1 / (1 + np.exp(-margin.astype("float64")))

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


class CauseChances:
    """Chances of the causes, and the likeliest one's name where it is likely enough."""

    def __init__(self, served: dict[str, Any], names: list[str]) -> None:
        self.terms, self.causes = Terms(served["terms"], names, "coefficients"), served["causes"]
        self.intercepts = np.asarray(served["intercepts"], dtype="float64")
        self.name_from = np.asarray(served["name_from"])

    def chances(self, X: np.ndarray) -> np.ndarray:
        """Chance of each cause; (n, causes), rows sum to one."""
        score = self.intercepts + self.terms.score(X)
        odds = np.exp(score - score.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def answers(self, p: np.ndarray) -> dict[str, list[Any]]:
        """Output columns of `chances`: p_<cause> and primary_cause."""
        top = p.argmax(axis=1)
        named = np.where(p.max(axis=1) >= self.name_from[top], np.array(self.causes)[top], "unknown")
        chances = {f"p_{cause}": p[:, k].tolist() for k, cause in enumerate(self.causes)}
        return {**chances, "primary_cause": named.tolist()}
