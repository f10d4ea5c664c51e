"""Commands on what keeps members: read a test out, size the next one, export lists for staff."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from whychurn.cli.groups import StudyOption, action, console
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths

if TYPE_CHECKING:
    import pandas as pd

Counts = tuple[int, int, int, int]
Rates = tuple[int, float, float, float]


@action.command("read")
def action_read(
    campaign: Annotated[
        str | None, typer.Argument(help="Campaign drawn by lot; all: each action over all of them.")
    ] = None,
    outcome: Annotated[str, typer.Option(help="left, spend, orders, repurchased, renewed, …")] = "left",
    study: StudyOption = None,
    counts: Annotated[
        Counts | None, typer.Option(help="Without a study: contacted, left of them, held out, left of them.")
    ] = None,
    rates: Annotated[
        Rates | None,
        typer.Option(help="Or: members, share contacted, share that left of them, and of the others."),
    ] = None,
) -> None:
    """Read a test by lot out: what it showed, and what it could have shown."""
    if sum(given is not None for given in (campaign, counts, rates)) != 1:
        raise WhychurnError(
            "name one test to read",
            remedy="whychurn action read CAMPAIGN; or --counts 9010 303 2886 105; or --rates 11896 0.7574 0.0336 0.0364",
        )
    if campaign is None:
        _read_numbers(counts, rates)
        return
    from whychurn.stages.on_demand.reading_tests import read_campaign, set_aside

    place = StudyPaths.existing(study)
    reading = read_campaign(place, load_params(place), campaign, outcome)
    for text in [*reading.sentences, *set_aside(place)]:
        console.print(text["en"], markup=False, highlight=False, soft_wrap=True)
    if len(reading.table):
        names = ["action", "stratum", "treated", "control", "rate_treated", "rate_control", "effect", "low", "high",
                 "effect_adjusted", "low_adjusted", "high_adjusted", "q_value", "srm_p"]  # fmt: skip
        table = Table(*(name.replace("_", " ") for name in names), box=None)
        for row in reading.table[names].itertuples(index=False):
            table.add_row(*(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row))
        console.print(table)


def _read_numbers(counts: Counts | None, rates: Rates | None) -> None:
    from whychurn.action.tests_by_lot.sentences import read_counts, read_rates, sentence, verdict

    row = read_counts(*counts) if counts is not None else read_rates(*(rates or (0, 0.0, 0.0, 0.0)))
    console.print(
        sentence(verdict(row, false_discovery=0.05))["en"], markup=False, highlight=False, soft_wrap=True
    )


@action.command("size")
def action_size(
    name: Annotated[str, typer.Argument(metavar="ACTION", help="Such as coupon.")],
    power: Annotated[float, typer.Option(help="Chance to find the effect that is believed.")] = 0.8,
    study: StudyOption = None,
) -> None:
    """Say how many members the next test of an action needs, design by design."""
    from whychurn.stages.on_demand.reading_tests import size_of

    for text in size_of(StudyPaths.existing(study), name, power):
        console.print(text["en"], markup=False, highlight=False, soft_wrap=True)


@action.command("export")
def action_export(
    out: Annotated[Path, typer.Option("--out", help="CSV that is written; only you may read it.")],
    name: Annotated[str, typer.Argument(metavar="[plan|warnings|winback]")] = "plan",
    study: StudyOption = None,
    tier: Annotated[str | None, typer.Option(help="Members of one tier: high, middle or low.")] = None,
    limit: Annotated[int | None, typer.Option(help="So many members, the first of the list.")] = None,
) -> None:
    """Write a list with your own member ids, for staff or a delivery system; it takes the key of the pseudonyms."""
    from whychurn.stages.on_demand.exporting import Wanted, list_to_export, write_export

    place = StudyPaths.existing(study)
    frame = list_to_export(place, load_params(place), Wanted(name, tier, limit))
    write_export(frame, out)
    members = frame["member_id"].nunique()
    console.print(
        f"{len(frame):,} rows of {members:,} members: {out}", markup=False, highlight=False, soft_wrap=True
    )
    console.print("The file holds real ids: keep it where only those who need it can read it.", markup=False)


@action.command("executed")
def action_executed(
    out: Annotated[Path, typer.Option("--out", help="CSV that is written, to add to the table touches.")],
    plan: Annotated[
        Path | None, typer.Argument(help="The exported plan, rows that were not carried out left out.")
    ] = None,
    outcomes: Annotated[
        list[Path] | None,
        typer.Option(help="Or: what the buttons of member cards wrote; several times for several files."),
    ] = None,
    study: StudyOption = None,
) -> None:
    """Turn a plan that was carried out into rows of touches, so that the next run reads it out."""
    from whychurn.stages.on_demand.exporting import touches_of, write_export

    if (plan is None) == (not outcomes):
        raise WhychurnError(
            "name the exported plan or files of outcomes",
            remedy="whychurn action executed PLAN.csv --out FILE; or --outcomes outcomes.csv --study FOLDER --out FILE",
        )
    touches = touches_of(plan) if plan is not None else _noted(outcomes or [], study)
    write_export(touches, out)
    controls = int(touches["action"].eq("control").sum())
    console.print(
        f"{len(touches):,} rows, {controls:,} of them of members held out: {out}. Put them into raw/ with the other "
        "touches: a folder raw/touches/ of several files is read as one table.",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    if not controls:
        console.print("Without members held out the plan cannot be read out: keep their rows.", markup=False)


def _noted(files: list[Path], study: Path | None) -> pd.DataFrame:
    from whychurn.stages.on_demand.outcomes import touches_of_outcomes

    place = StudyPaths.existing(study)
    found = touches_of_outcomes(place, load_params(place), files)
    for count, what in (
        (found.beside, "outcomes are of no contact of the plan (answered requests, win-back): left out"),
        (
            found.waiting,
            "contacts of the plan have no outcome yet: left out; the read-out needs those not reached too",
        ),
    ):
        if count:
            console.print(f"{count:,} {what}", markup=False, highlight=False, soft_wrap=True)
    return found.touches
