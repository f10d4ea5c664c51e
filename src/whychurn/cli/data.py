"""Commands that look at input, bring it in, look a member up, erase one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from whychurn.cli.groups import StudyOption, console, data
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths


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
    from whychurn.intake.draft.params_text import write_draft

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
    anew: Annotated[bool, typer.Option("--all", help="Fetch rows again that were copied before.")] = False,
) -> None:
    """Copy the contract's tables from a database into a study's raw/ folder; the next time only what is new."""
    from whychurn.intake.read.database_import import import_tables

    place = StudyPaths.at(study)
    counts = import_tables(address, place.raw, load_params(place).intake, anew=anew)
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
