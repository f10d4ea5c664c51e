"""Who is next: a calibrated model of leaving within the horizon, in the manner of scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

from whychurn.api.features import KEYS, panel_catalogue, require_columns
from whychurn.api.html import html_table
from whychurn.api.settings import given
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params, RiskParams
from whychurn.risk.evaluation.already_gone import measure_gone, with_gone
from whychurn.risk.evaluation.holdout import forecast_test, measure_models
from whychurn.risk.facts import headline, metadata, model_facts
from whychurn.risk.member_scores import score_members
from whychurn.risk.model.scorer import RiskScorer
from whychurn.risk.model.training import Trained, fit_risk
from whychurn.risk.saved_model import panel_size, read_model, write_model

NEEDED: Final = ("member_id", "as_of", "churned_in_horizon")
MAKE_ONE: Final = "make a panel: whychurn.panel(tables)"


class RiskModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Gradient-boosted trees, tuned forward in time, calibrated on later months and tested on the last ones.

    Parameters
    ----------
    horizon_days
        Days within which a leaving counts; the panel's own.
    trials
        Settings of the trees that are tried.
    seed
        Of search, calibration and bootstrap.
    settings
        All other parameters (`Params`), or those of the model alone; `trials` and `seed` stand above them.

    Attributes
    ----------
    scorer_
        Inputs, trees, calibration.
    classes_
        False (stays), True (leaves).

    Notes
    -----
    A probability says who, not why: what the model looks at need not be what makes members leave.
    """

    _trained: Trained | None = None  # how it was found; None where it was read from files
    _measured: pd.DataFrame | None = None

    def __init__(
        self,
        horizon_days: int = 90,
        trials: int = 12,
        seed: int = 7,
        settings: Params | RiskParams | None = None,
    ) -> None:
        self.horizon_days = horizon_days
        self.trials = trials
        self.seed = seed
        self.settings = settings

    def fit(self, panel: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002  scikit-learn's signature
        """Learn from the labelled snapshots of a panel; its column churned_in_horizon is the label, `y` is not used.

        Raises
        ------
        WhychurnError
            If there are too few snapshots, leavers or features, or the panel has another horizon.
        """
        require_columns(panel, NEEDED, "the panel", MAKE_ONE)
        made_for = panel.attrs.get("horizon_days", self.horizon_days)
        if made_for != self.horizon_days:
            raise WhychurnError(
                f"the panel says who left within {made_for} days, the model is asked for {self.horizon_days}",
                remedy=f"horizon_days={made_for}, or a panel with horizon_days={self.horizon_days}",
            )
        params = self._params()
        known_days = panel.attrs.get("label_known_days")
        trained = fit_risk(panel, panel_catalogue(panel), self.horizon_days, params, known_days)
        self._trained, self._measured = trained, None
        self._test = forecast_test(panel, trained, params)
        self._gone = measure_gone(panel, trained, params)
        self._size = panel_size(panel)
        self._definition = panel.attrs.get("definition")
        return self._ready(trained.scorer)

    def _ready(self, scorer: RiskScorer) -> Self:
        self.scorer_ = scorer
        self.classes_ = np.array([False, True])
        self.feature_names_in_ = np.array([feature.name for feature in scorer.features], dtype=object)
        self.n_features_in_ = len(scorer.features)
        return self

    def predict_proba(self, panel: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Calibrated chances to stay and to leave within the horizon, one row a snapshot; shape (rows, 2)."""
        scorer = self._fitted()
        needed = tuple(feature.name for feature in scorer.features)
        require_columns(panel, needed, "the panel", MAKE_ONE)
        p = scorer.probability(panel)
        return np.column_stack([1 - p, p])

    def predict(self, panel: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether leaving is likelier than staying."""
        return np.asarray(self.predict_proba(panel)[:, 1] >= 0.5)

    @property
    def metrics(self) -> pd.DataFrame:
        """The model on the test months: metric, estimate, low, high (bootstrap by member)."""
        self._fitted()
        figures = self._kept["metrics"] if self._trained is None else headline(self.evaluation)
        lines = [
            (name, *(one[key] for key in ("estimate", "low", "high")))
            for name, one in sorted(figures.items())
        ]
        return pd.DataFrame(lines, columns=["metric", "estimate", "low", "high"])

    @property
    def evaluation(self) -> pd.DataFrame:
        """The model and its baselines on the test months, overall, by month and by spend tier (``risk_metrics``).

        Raises
        ------
        WhychurnError
            If the model was read from files: only its own figures are kept with it.
        """
        self._fitted()
        if self._trained is None:
            raise WhychurnError(
                "the figures of the baselines are not kept with the model",
                remedy="see study.results['risk_metrics'], or .metrics for the model's own",
            )
        if self._measured is None:
            self._measured = with_gone(measure_models(self._test, self._params()), self._gone)
        return self._measured

    def scores(self, panel: pd.DataFrame) -> pd.DataFrame:
        """Members still there at the latest snapshot: member_id, as_of, p_churn, its interval, value_at_risk, reasons."""
        scorer = self._fitted()
        require_columns(panel, (*KEYS[:2], *self.feature_names_in_), "the panel", MAKE_ONE)
        return score_members(panel, scorer, self.horizon_days, self._params())

    def reasons(self, panel: pd.DataFrame) -> pd.DataFrame:
        """What the model looked at, one row a member and reason.

        Returns
        -------
        DataFrame
            member_id, feature, value, contribution (log-odds, exact SHAP value), text_en, text_zh; strongest first.
        """
        scores = self.scores(panel)
        lines = [
            {"member_id": member, **reason}
            for member, told in zip(scores["member_id"], scores["reasons"], strict=True)
            for reason in json.loads(told)
        ]
        columns = ["member_id", "feature", "value", "contribution", "text_en", "text_zh"]
        return pd.DataFrame(lines, columns=columns)

    def save(self, path: str | Path) -> Path:
        """Write the model to the folder `path` in native files, without pickles; `load` reads them.

        Raises
        ------
        WhychurnError
            If the model was itself read from files: copy those.
        """
        self._fitted()
        if self._trained is None:
            raise WhychurnError("this model lies in files already", remedy="copy its folder")
        params = self._params()
        made = model_facts(
            self._trained, {"definition": self._definition, "horizon_days": self.horizon_days}, params.risk
        )
        write_model(Path(path), self._trained, metadata(made, self.evaluation, self._size, params))
        return Path(path)

    @classmethod
    def load(cls, path: str | Path, settings: Params | None = None) -> RiskModel:
        """The model that lies in the folder `path`, such as ``data/processed/risk_model`` of a study.

        Parameters
        ----------
        settings
            Margin, value horizon, number of reasons; those it was made with if not given.
        """
        scorer, kept = read_model(Path(path))
        own = settings or Params.model_validate(kept["params"])
        model = cls(kept["horizon_days"], own.risk.trials, own.run.seed, own)
        model._trained, model._kept = None, kept
        return model._ready(scorer)

    def _fitted(self) -> RiskScorer:
        scorer: RiskScorer | None = getattr(self, "scorer_", None)
        if scorer is None:
            raise WhychurnError("the model is not fitted", remedy="call fit(panel), or whychurn.risk(panel)")
        return scorer

    def _params(self) -> Params:
        return given(self.settings, {"risk": {"trials": self.trials}, "run": {"seed": self.seed}})

    def _repr_html_(self) -> str:
        return html_table(f"Leaving within {self.horizon_days} days, on the test months", self.metrics)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": repr(self)} | (
            {"text/html": self._repr_html_()} if hasattr(self, "scorer_") else {}
        )


def risk(
    panel: pd.DataFrame,
    *,
    horizon_days: int = 90,
    trials: int = 12,
    seed: int = 7,
    settings: Params | RiskParams | None = None,
) -> RiskModel:
    """Calibrated model of churn within the horizon.

    Parameters
    ----------
    panel
        From `whychurn.panel`; columns of your own beside its features are features as well.
    horizon_days, trials, seed, settings
        As in `RiskModel`.

    Returns
    -------
    RiskModel
        ``.metrics``, ``.scores(panel)``, ``.reasons(panel)``, ``.save(path)``.

    Raises
    ------
    WhychurnError
        If the data carry no model; the reason is told.

    Examples
    --------
    >>> import whychurn
    >>> model = whychurn.risk(rows, trials=1, settings=quick.risk)
    >>> model.metrics["metric"].head(3).tolist()
    ['auc', 'brier', 'ece']
    >>> bool(model.scores(rows)["p_churn"].between(0, 1).all())
    True
    """
    return RiskModel(horizon_days, trials, seed, settings).fit(panel)
