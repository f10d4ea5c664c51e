"""Commands that simulate programmes and score methods on them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from whychurn.cli.groups import StudyOption, bench, console, world
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths

if TYPE_CHECKING:
    from whychurn.world.play.play_plan import Outcome


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


@world.command("play")
def world_play(
    study: StudyOption = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="CSV or Parquet: member_id, action, channel, send_on; the study's own."),
    ] = None,
    futures: Annotated[int, typer.Option(min=2, help="Futures in which every plan is played.")] = 8,
    against: Annotated[
        str, typer.Option(help="Plans to compare with, by comma; all by default.")
    ] = "none,blanket,random,rule,highest_risk,playbook,informed,clairvoyant",
    out: Annotated[Path | None, typer.Option(help="CSV that receives the table.")] = None,
) -> None:
    """Carry out a plan in futures of a simulated programme, beside other plans at the same budget."""
    from whychurn.contract.files import write_whole
    from whychurn.stages.on_demand.playing import game_of, play_study

    place = StudyPaths.existing(study)
    params = load_params(place)
    names = [name.strip() for name in against.split(",") if name.strip()]
    played = play_study(place, params, plan, game_of(place, params, futures, names), console.print)
    _show_played(played)
    if out is not None:
        with write_whole(out) as temporary:
            played.table.to_csv(temporary, index=False)
        console.print(f"Wrote {out}", markup=False, soft_wrap=True)


def _show_played(played: Outcome) -> None:
    """What was carried out of the plan, and a line a plan."""
    made = played.contacts["plan"]
    console.print(
        f"budget {played.budget:,.0f}; of the plan {len(made.rows):,} contacts are made for {made.cost:,.0f}"
    )
    for reason, rows in made.dropped.items():
        console.print(f"  {reason.replace('_', ' ')}: {rows:,} rows are not carried out")
    if made.without_channel:
        console.print(f"  {made.without_channel:,} contacts go to members who do not have the channel named")
    table = Table(*(name.replace("_", " ") for name in played.table.columns), box=None)
    for row in played.table.itertuples(index=False):
        table.add_row(*(f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in row))
    console.print(table)


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
