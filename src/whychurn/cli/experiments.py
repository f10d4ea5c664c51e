"""Commands that try a change of parameters, and promote a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from whychurn.cli.groups import StudyOption, console, experiment
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.stages.pipeline import run_study


@experiment.command("run")
def experiment_run(
    folder: Annotated[Path, typer.Argument(help="Such as experiments/2026-11-horizon.")],
) -> None:
    """Apply the folder's params.yaml, run up to risk, record result.json, compare with the demo."""
    from whychurn.delivery.registry.experiment import run_experiment

    comparison = run_experiment(folder.resolve(), lambda place: run_study(place, until="risk"))
    table = Table(*comparison.columns)
    for row in comparison.itertuples(index=False):
        table.add_row(*(f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row))
    console.print(table)


@experiment.command("promote")
def experiment_promote(
    reason: Annotated[str, typer.Option(help="Why this model should serve from now on.")],
    study: StudyOption = None,
    if_none: Annotated[bool, typer.Option(help="Only where no champion exists yet.")] = False,
    model: Annotated[list[str], typer.Option(help="Which models: risk, survival.")] = ["risk"],  # noqa: B006
) -> None:
    """Make the challenger the champion, if it passes the gates."""
    from whychurn.delivery.registry.promotion import promote
    from whychurn.delivery.registry.survival_model import promote_survival
    from whychurn.delivery.store_file import store_errors

    decide = {"risk": promote, "survival": promote_survival}
    if unknown := [name for name in model if name not in decide]:
        raise WhychurnError(f"no model {unknown[0]!r} to promote", remedy="choose risk or survival")
    place = StudyPaths.existing(study)
    params = load_params(place)
    with store_errors(place):
        for name in model:
            console.print(decide[name](place, params, reason, if_none=if_none))
