"""The command line: thin, one function a command."""

from __future__ import annotations

import importlib
import logging
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.paths import Study

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console(stderr=True)
StudyOption = Annotated[Path | None, typer.Option("--study", help="Folder of another programme (default: the demo).")]
STAGES = ("world", "intake", "panel", "retention", "risk", "delivery")


@app.command()
def stage(name: str, study: StudyOption = None) -> None:
    """Run one STAGE as DVC does."""
    if name not in STAGES:
        raise WhychurnError(f"unknown stage {name!r}", remedy=f"choose one of {', '.join(STAGES)}")
    place = Study.at(study)
    importlib.import_module(f"whychurn.stages.{name}").run(place, load_params(place))


def main() -> None:
    """Entry point: a mendable error is one message and exit code 2."""
    logging.basicConfig(level=os.environ.get("WHYCHURN_LOG", "INFO"), format="%(message)s")
    try:
        app()
    except WhychurnError as error:
        console.print(f"[bold red]whychurn:[/] {error}", highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
