"""The command line: thin, one function a command."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from whychurn.contract.errors import WhychurnError, refused_by_machine
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.system.processes import cores
from whychurn.stages.pipeline import STAGES, run_study


class _Commands(TyperGroup):
    """Ctrl-C is one line and code 130."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            errors.print("whychurn: stopped; what is finished is kept, the same command goes on from there")
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Why members leave, and what would keep them.",
)
data = typer.Typer(no_args_is_help=True, help="Look at input, bring it in, look a member up.")
experiment = typer.Typer(no_args_is_help=True, help="Try a change of parameters; promote a model.")
world = typer.Typer(invoke_without_command=True, help="Simulate a programme; score attributions on it.")
bench = typer.Typer(invoke_without_command=True, help="The public benchmark: write its worlds, rank methods.")
app.add_typer(world, name="world")
app.add_typer(bench, name="bench")
app.add_typer(data, name="data")
app.add_typer(experiment, name="experiment")
console = Console()
errors = Console(stderr=True)
StudyOption = Annotated[
    Path | None, typer.Option("--study", help="Folder of a programme; the demo by default.")
]


@app.command()
def run(
    study: StudyOption = None,
    until: Annotated[str | None, typer.Option(help=f"Last stage: {', '.join(STAGES)}.")] = None,
    force: Annotated[bool, typer.Option(help="Run stages even where nothing changed.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Stages side by side: 1 where memory is short.")] = 2,
) -> None:
    """Run the whole pipeline; what is up to date is skipped, a killed run resumes."""
    place = StudyPaths.existing(study)
    if until is not None:
        _check_stage(until)
    run_study(place, until, force, min(jobs, cores()))
    if until in (None, "report", "delivery"):
        console.print(f"\nThe reports are ready. Open\n  {place.reports / 'index.html'}", soft_wrap=True)


@app.command()
def stage(name: str, study: StudyOption = None) -> None:
    """Run one stage alone, as DVC does."""
    _check_stage(name)
    place = StudyPaths.existing(study)
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
    from whychurn.stages.asking import FOLDER, Request, write_list
    from whychurn.stages.asking import ask as draw

    place, today = StudyPaths.existing(study), pd.Timestamp.now().normalize()
    request = Request(budget, who, months, seed, skip_opted_out, real_ids)
    asked = draw(place, load_params(place), request, today)
    files = write_list(asked, out or place.root / FOLDER / f"{today:%Y-%m-%d}-{who}.csv")
    for key, values in asked.notes:
        console.print(say(f"asking.{key}", "en", **values), markup=False, highlight=False)
    for file in files:
        console.print(f"Wrote {file}", markup=False, soft_wrap=True)


@world.callback()
def world_simulate(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="New study folder; gets raw/ and data/truth/.")] = None,
    program: Annotated[str, typer.Option(help="shop, gym, school, app.")] = "shop",
    members: Annotated[int | None, typer.Option(help="As in the project's params.yaml by default.")] = None,
    months: Annotated[int | None, typer.Option()] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    interviews: Annotated[int, typer.Option(min=0, help="Leavers drawn by lot who answer.")] = 0,
    mechanism: Annotated[str | None, typer.Option(help="How leaving works, additive by default.")] = None,
) -> None:
    """Simulate a programme into a study folder, its true causes planted."""
    if context.invoked_subcommand is not None:
        return
    if out is None:
        context.fail("Missing option '--out'.")
    from whychurn.world.build import build_world

    given = {"program": program, "members": members, "months": months, "seed": seed, "interviews": interviews}
    given["mechanism"] = mechanism
    over = {"world": {key: value for key, value in given.items() if value is not None}}
    place = StudyPaths.at(out)
    if place.is_demo:
        raise WhychurnError(
            "the demo's own world is a stage", remedy="change params.yaml: world, then `whychurn run`"
        )
    build_world(load_params(StudyPaths.at(PROJECT), over).world, place.root, place.raw)
    console.print(f"Now: whychurn run --study {out}")


@world.command("score")
def world_score(study: StudyOption = None) -> None:
    """Score the attributions of a simulated programme against its planted causes, method by method."""
    from whychurn.contract.files import read_table
    from whychurn.report.causes.sentences.method_overview import method_overview

    place = StudyPaths.existing(study)
    importlib.import_module("whychurn.stages.score").run(place, load_params(place))
    overview = method_overview(read_table(place.results / "cause_scores.parquet"))
    table = Table(*(name.replace("_", " ") for name in overview.columns), box=None)
    table.columns[0].no_wrap = True
    for row in overview.itertuples(index=False):
        table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
    console.print(
        table if len(overview) else "No causes were planted in this programme: nothing to score against."
    )


@bench.callback()
def bench_write(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="New folder; gets a folder a world.")] = None,
    csv: Annotated[bool, typer.Option(help="Tables as CSV instead of Parquet.")] = False,
) -> None:
    """Write the worlds of the public benchmark, their true causes apart."""
    if context.invoked_subcommand is not None:
        return
    if out is None:
        context.fail("Missing option '--out'.")
    from whychurn.score.public_benchmark.worlds import write_worlds

    names = write_worlds(out, as_csv=csv)
    console.print(f"{len(names)} worlds are written. Answer them, then: whychurn bench score {out} FILE…")


@bench.command("score")
def bench_score(folder: Path, files: list[Path]) -> None:
    """Rank methods, a file each: world, member_id, p_<cause>…; or world, cause, share, low, high."""
    from whychurn.score.public_benchmark.ranking import score_submissions

    ranked = score_submissions(folder, files)
    table = Table(*(name.replace("_", " ") for name in ranked.columns), box=None)
    for row in ranked.itertuples(index=False):
        table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
    console.print(table)


@data.command("check")
def data_check(folder: Annotated[Path, typer.Argument(help="Study folder, with raw/ below it.")]) -> None:
    """Say what fits, what does not, what must be decided (exit code 1); write nothing."""
    from whychurn.intake.preview import check_source
    from whychurn.intake.preview_text import render_check

    place = StudyPaths.existing(folder)
    report = check_source(place, load_params(place))
    render_check(report, console)
    if not report.fits:
        raise typer.Exit(1)


@data.command("draft")
def data_draft(
    folder: Annotated[Path, typer.Argument(help="Folder of exports, or a study folder with raw/ below it.")],
) -> None:
    """Look at the files and write params.yaml: the most likely mapping, each line with its reason."""
    from whychurn.intake.draft.write_draft import write_draft

    target, draft = write_draft(folder)
    table = Table("table", "file", "columns", "to choose", "why", box=None)
    for match in draft.tables:
        lacking = [f"{name} (required)" for name in match.lacking]
        choose = ", ".join([*lacking, *(choice.column for choice in match.choices)])
        table.add_row(match.table, ", ".join(match.files), str(len(match.columns)), choose, match.reason)
    console.print(table)
    for name, why in draft.others.items():
        console.print(f"Not used: {name} ({why})", markup=False)
    console.print(
        f"Wrote {target}. Read it, correct it, then: whychurn data check {target.parent}", markup=False
    )


@data.command("import")
def data_import(
    address: Annotated[str, typer.Argument(help="duckdb:///…, sqlite:///… or postgresql://…")],
    study: Annotated[Path, typer.Option("--study", help="Study folder; tables go to its raw/.")],
) -> None:
    """Copy the contract's tables from a database into a study's raw/ folder."""
    from whychurn.intake.read.database_source import import_tables

    place = StudyPaths.at(study)
    counts = import_tables(address, place.raw, load_params(place).intake.tables)
    for table, rows in counts.items():
        console.print(f"{table:12s} {rows:>12,} rows")


@data.command("lookup")
def data_lookup(pseudonyms: list[str], study: StudyOption = None) -> None:
    """Turn pseudonyms back into the company's ids, for whoever holds the key and the source."""
    from whychurn.intake.reidentify import lookup

    place = StudyPaths.existing(study)
    ids = lookup(place, load_params(place), pseudonyms)
    table = Table("member_id", "source_id")
    for row in ids.itertuples(index=False):
        source = row.source_id if isinstance(row.source_id, str) else "no member of this source"
        table.add_row(str(row.member_id), source)
    console.print(table)


@data.command("erase")
def data_erase(
    members: Annotated[list[str] | None, typer.Argument(help="Ids of the company, or pseudonyms.")] = None,
    study: StudyOption = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="File with one id a line; - reads the input, and no id stands in the shell's history.",
        ),
    ] = None,
) -> None:
    """Remove all that was computed of members, stored copies included, and show what was removed."""
    from whychurn.stages.erasure.erase_members import erase_members, read_ids

    place = StudyPaths.at(study)
    ids = [*(members or []), *(read_ids(source) if source else [])]
    done = erase_members(place, load_params(place), ids)
    for name, (files, size) in done.removed.items():
        console.print(f"removed {name}: {files:,} files, {size / 1e6:,.1f} MB", markup=False, soft_wrap=True)
    console.print(
        f"{done.known} of {done.members} members stood in the tables; {done.searched:,} files were searched afterwards"
    )
    for name in done.left:
        console.print(f"still holds one of them, and no run made it: {name}", markup=False, soft_wrap=True)
    for table, rows in done.in_source.items():
        console.print(
            f"the source still holds {rows:,} rows of them in {table}: take them out, or the next run brings them back"
        )
    console.print("Nothing of them is left." if done.complete else "Not complete.")
    console.print(f"Then: whychurn run --study {place.root}", markup=False, soft_wrap=True)
    if not done.complete:
        raise typer.Exit(1)


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
) -> None:
    """Serve the champion over HTTP."""
    from whychurn.delivery.serving.server import serve as serve_champion

    place = StudyPaths.existing(study)
    serve_champion(place, load_params(place), host, port, model)


@app.command()
def mlflow(study: StudyOption = None, port: int = 5000) -> None:
    """Open MLflow's pages over the study's runs."""
    from whychurn.delivery.serving.server import mlflow_ui

    mlflow_ui(StudyPaths.existing(study), port)


def _check_stage(name: str) -> None:
    if name not in STAGES:
        raise WhychurnError(f"unknown stage {name!r}", remedy=f"choose one of {', '.join(STAGES)}")


def main() -> None:
    """Entry point: an error that the user can mend is one message and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal or log file that cannot show a sign shows ?
            stream.reconfigure(errors="replace")
    logging.basicConfig(level=os.environ.get("WHYCHURN_LOG", "INFO"), format="%(message)s")
    try:
        app()
    except Exception as raised:
        error = raised if isinstance(raised, WhychurnError) else refused_by_machine(raised)
        if error is None:
            raise
        logging.debug("", exc_info=raised)  # WHYCHURN_LOG=DEBUG shows where
        errors.print(f"whychurn: {error}", style="bold", highlight=False, soft_wrap=True, markup=False)
        raise SystemExit(2) from None
