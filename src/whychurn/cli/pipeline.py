"""Commands that run a study and show what came of it."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from whychurn.cli.groups import StudyOption, app, console
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.system.processes import cores
from whychurn.stages.pipeline import STAGES, phases, run_study
from whychurn.stages.running.blocks import ENGINE
from whychurn.stages.stage_times import JOBS, timed, times


@app.command()
def run(
    study: StudyOption = None,
    until: Annotated[str | None, typer.Option(help=f"Last stage: {', '.join(STAGES)}.")] = None,
    force: Annotated[bool, typer.Option(help="Run stages even where nothing changed.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Stages side by side, where memory suffices.")] = 2,
    memory: Annotated[
        float | None, typer.Option(min=0.1, help="GB that the run may take; what is free by default.")
    ] = None,
    engine: Annotated[
        Literal["here", "spark"], typer.Option(help="Where blocks of members are worked on.")
    ] = "here",
) -> None:
    """Run the whole pipeline; what is up to date is skipped, a killed run resumes."""
    place = StudyPaths.existing(study)
    os.environ[ENGINE] = engine
    if until is not None:
        _check_stage(until)
    started = time.time()
    run_study(place, until, force, min(jobs, cores()), memory)
    _say_times(place, started)
    if until in (None, "report", "delivery"):
        _say_answer(place)


@app.command()
def stage(name: str, study: StudyOption = None) -> None:
    """Run one stage alone, as DVC does."""
    _check_stage(name)
    place = StudyPaths.existing(study)
    with timed(place, name, phases(int(os.environ.get(JOBS, 1)))):
        importlib.import_module(f"whychurn.stages.{name}").run(place, load_params(place))


@app.command()
def report(
    study: StudyOption = None,
    lang: Annotated[list[str] | None, typer.Option(help="en, zh; both by default.")] = None,
    notebook: Annotated[list[str] | None, typer.Option(help="Such as 30_risk; all by default.")] = None,
) -> None:
    """Render the reports again from the results that are there."""
    from whychurn.report.render.render_reports import check_results, render_reports

    place = StudyPaths.existing(study)
    check_results(place)
    render_reports(place, load_params(place), languages=lang, notebooks=notebook)


@app.command()
def ask(
    budget: Annotated[int, typer.Option(min=1, help="How many are asked.")],
    study: StudyOption = None,
    out: Annotated[Path | None, typer.Option(help="New .csv or .xlsx; below data/ask by default.")] = None,
    who: Annotated[str, typer.Option("--list", help="left: those who left lately; at-risk.")] = "left",
    months: Annotated[int, typer.Option(min=1, help="Leavers of so many months.")] = 12,
    seed: Annotated[int | None, typer.Option(help="Of the lot; run.seed by default.")] = None,
    real_ids: Annotated[bool, typer.Option(help="The company's ids, for who holds the key.")] = False,
    skip_opted_out: Annotated[bool, typer.Option(help="Leave out who refused marketing.")] = False,
) -> None:
    """Draw by lot whom to interview about leaving: a list to fill in, and a guide with the codes."""
    import pandas as pd

    from whychurn.labels import say
    from whychurn.stages.on_demand.asking import FOLDER, Request, write_list
    from whychurn.stages.on_demand.asking import ask as draw

    place, today = StudyPaths.existing(study), pd.Timestamp.now().normalize()
    request = Request(budget, who, months, seed, skip_opted_out, real_ids)
    asked = draw(place, load_params(place), request, today)
    files = write_list(asked, out or place.root / FOLDER / f"{today:%Y-%m-%d}-{who}.csv")
    for key, values in asked.notes:
        console.print(say(f"asking.{key}", "en", **values), markup=False, highlight=False)
    for file in files:
        console.print(f"Wrote {file}", markup=False, soft_wrap=True)


@app.command()
def params(
    section: Annotated[str | None, typer.Option(help="Such as risk; all by default.")] = None,
) -> None:
    """List every parameter that a study's params.yaml may set: type, default, meaning."""
    from whychurn.contract.params.reference import entries

    parameters = entries(section)
    if not parameters:
        sections = ", ".join(Params.model_fields)
        raise WhychurnError(f"no section {section!r} of parameters", remedy=f"choose one of {sections}")
    table = Table("key", "type", "default", "meaning", box=None)
    table.columns[0].no_wrap = True
    for entry in parameters:
        table.add_row(*map(escape, (entry.key, entry.kind, entry.default, entry.meaning)))
    console.print(table)


@app.command()
def serve(
    study: StudyOption = None,
    host: str = "127.0.0.1",
    port: int = 5001,
    model: Annotated[str, typer.Option(help="Which model: risk or survival.")] = "risk",
    token_file: Annotated[
        Path | None, typer.Option(help="File with the token that callers send; or WHYCHURN_SERVE_TOKEN.")
    ] = None,
    certfile: Annotated[Path | None, typer.Option(help="Certificate chain, for https.")] = None,
    keyfile: Annotated[Path | None, typer.Option(help="Its key.")] = None,
) -> None:
    """Serve the champion over HTTP."""
    from whychurn.delivery.serving.server import Endpoint
    from whychurn.delivery.serving.server import serve as serve_champion

    place = StudyPaths.existing(study)
    files = [str(file.resolve()) if file else None for file in (token_file, certfile, keyfile)]
    serve_champion(place, load_params(place), Endpoint(host, port, *files), model)


@app.command()
def mlflow(study: StudyOption = None, port: int = 5000) -> None:
    """Open MLflow's pages over the study's runs."""
    from whychurn.delivery.serving.server import mlflow_ui

    mlflow_ui(StudyPaths.existing(study), port)


def _say_times(place: StudyPaths, started: float) -> None:
    """A line for each stage that ran, and the whole."""
    ran = times(place, started)
    if ran.empty:
        return
    table = Table("stage", "seconds", "of processors", "peak GB", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in ran.to_dict("records"):
        figures = (f"{row['seconds']:.0f}", f"{row['processor_seconds']:.0f}", f"{row['peak_gb']:.1f}")
        table.add_row(str(row["stage"]), *figures)
    total = ran["processor_seconds"].sum()
    table.add_row("all", f"{time.time() - started:.0f}", f"{total:.0f}", f"{ran['peak_gb'].max():.1f}")
    console.print(table)


def _say_answer(place: StudyPaths) -> None:
    """The first finding of each part of the answer, and where the pages are."""
    from whychurn.report.page.headlines import place_of, read_headlines

    first: dict[str, str] = {}
    for key, entry in read_headlines(place).items():
        text = entry["text"].get("en") or next(iter(entry["text"].values()))
        first.setdefault(place_of(key), text.replace("**", ""))
    lines = [first[part] for part in ("why", "what_keeps", "how_many") if part in first]
    console.print("\n" + "\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    console.print(f"\nThe reports are ready. Open\n  {place.reports / 'index.html'}", soft_wrap=True)


def _check_stage(name: str) -> None:
    if name not in STAGES:
        raise WhychurnError(f"unknown stage {name!r}", remedy=f"choose one of {', '.join(STAGES)}")
