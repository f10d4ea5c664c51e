"""MLflow runs of what stages fitted: one parent run a section, one nested run a fit."""

from __future__ import annotations

from functools import partial
from typing import Final

import mlflow
from mlflow import MlflowClient

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.contract.fit_records import FitRecord, fits_file, read_fits
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.suppression import suppress_small_cells
from whychurn.delivery.descriptions import NOTE, described, page_of, told
from whychurn.delivery.mlflow_store import CONTENT, find_logged, open_run, write_run

SECTIONS: Final = ("voice", "survival", "causes", "score")


def track_fits(
    client: MlflowClient,
    experiment: str,
    study: StudyPaths,
    params: Params,
    section: str,
    tags: dict[str, str],
) -> str | None:
    """Log the fits of `section`; what is logged already is not logged again.

    Parameters
    ----------
    tags
        With `CONTENT`, the digest of the fits and the parameters behind them.

    Returns
    -------
    Id of the section's run; None where its stage has not run.
    """
    fits = read_fits(study, section)
    if not fits:
        return None
    if logged := find_logged(client, experiment, tags[CONTENT]):
        return logged
    with open_run(client, experiment, section, {"section": section, **tags}) as run_id:
        mlflow.log_artifact(str(fits_file(study, section)))
        for fit in fits:
            note = described(params, page_of(section), partial(told, fit.metrics))
            child_tags = {"section": section, "candidate": fit.name, NOTE: note}
            with open_run(client, experiment, f"{section}/{fit.name}", child_tags, nested=True) as child:
                figures = {f"{section}.{key}": value for key, value in fit.metrics.items()}
                write_run(client, child, figures, fit.settings)
                _log_files(study, params, fit)
    return run_id


def _log_files(study: StudyPaths, params: Params, fit: FitRecord) -> None:
    for name in fit.tables:
        table = read_table(study.results / f"{name}.parquet")
        if "member_id" in table:  # the tracker keeps aggregates only
            raise WhychurnError(f"{name} holds members", remedy="track aggregated tables only")
        if "members" in table:
            values = list(table.select_dtypes("number").columns.drop("members"))
            table = suppress_small_cells(table, "members", values, params.privacy.min_cell)
        mlflow.log_text(table.to_csv(index=False), f"tables/{name}.csv")
    for file in fit.files:
        path = study.root / file
        if path.is_dir():
            mlflow.log_artifacts(str(path), f"model/{path.name}")
        else:
            mlflow.log_artifact(str(path), "model")
