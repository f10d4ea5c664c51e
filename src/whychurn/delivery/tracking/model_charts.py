"""The figures that MLflow keeps beside a model: drawn by the risk stage's own functions from its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from whychurn.contract.files import read_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def model_figures(study: StudyPaths, params: Params) -> Iterator[tuple[str, Figure]]:
    """Name and figure (English) of every results table that is there and not empty."""
    from whychurn.report.risk import charts as figures

    capacity, small = params.business.capacity, params.privacy.min_cell
    draw: dict[str, Callable[[pd.DataFrame, str], Figure]] = {
        "risk_metrics": figures.draw_models,
        "risk_calibration": lambda table, lang: figures.draw_reliability(
            table[table["members"] >= small], lang
        ),
        "risk_lift": lambda table, lang: figures.draw_lift(table, lang, capacity),
        "risk_backtest": figures.draw_backtest,
        "risk_shap_features": figures.draw_features,
    }
    for name, function in draw.items():
        path = study.results / f"{name}.parquet"
        table = read_table(path) if path.exists() else pd.DataFrame()
        if len(table):
            yield name, function(table, "en")
